"""config.toml and the environment -> Settings. Nothing else: each room owns its part of the settings."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec.structs import replace

from digest.deliver.settings import DeliverySettings, DkimSettings
from digest.errors import SettingsError
from digest.gather.settings import GatherSettings, SourceSettings
from digest.market.settings import MarketSettings
from digest.model.newsletter import Newsletter
from digest.model.settings import Table
from digest.model.site import Site
from digest.render.settings import TemplatesSettings
from digest.storage.settings import DatabaseSettings

PREFIX = "DIGEST_"
CONFIG_VARIABLE = "DIGEST_CONFIG"
#: Tables of the contract whose rooms are not built yet: read, and said to be without effect.
_LATER_TABLES = ("dkim", "bounces", "alerts", "web", "privacy")
_LATER_KEYS = {
    "newsletters": ("segment", "sections", "link_params", "remind_at", "holidays"),
    "sources": ("images", "every_minutes"),
    "delivery": ("domain_limits",),
    "relays": ("limits", "pipelining"),
}


class BouncesSettings(Table, frozen=True, kw_only=True):
    maildir: str = ""
    imap_host: str = ""
    imap_user: str = ""
    imap_password_env: str = ""
    hard_after: int = 1
    soft_days: int = 5


class AlertsSettings(Table, frozen=True, kw_only=True):
    mail_to: str = ""
    relay: str = ""
    webhook_url: str = ""
    heartbeat_url: str = ""


class WebSettings(Table, frozen=True, kw_only=True):
    host: str = "127.0.0.1"
    port: int = 8000
    trusted_proxies: tuple[str, ...] = ()


class PrivacySettings(Table, frozen=True, kw_only=True):
    unconfirmed_days: int = 14
    evidence_years: int = 3
    store_ip: bool = False


class Settings(Table, frozen=True, kw_only=True):
    """The whole of config.toml. Paths in it are absolute once `load_settings` has returned it."""

    site: Site = Site()
    database: DatabaseSettings = DatabaseSettings()
    sources: tuple[SourceSettings, ...] = ()
    topics: dict[str, str] = msgspec.field(default_factory=dict)
    gather: GatherSettings = GatherSettings()
    market: MarketSettings = MarketSettings()
    newsletters: tuple[Newsletter, ...] = ()
    delivery: DeliverySettings = DeliverySettings()
    dkim: DkimSettings = DkimSettings()
    bounces: BouncesSettings = BouncesSettings()
    alerts: AlertsSettings = AlertsSettings()
    templates: TemplatesSettings = TemplatesSettings()
    web: WebSettings = WebSettings()
    privacy: PrivacySettings = PrivacySettings()

    def __post_init__(self) -> None:
        for kind, names in (
            ("source", [source.name for source in self.sources]),
            ("newsletter", [newsletter.slug for newsletter in self.newsletters]),
        ):
            for name in names:
                if names.count(name) > 1:
                    raise ValueError(f"there are two {kind}s named {name!r}")
        known = {source.name for source in self.sources}
        for newsletter in self.newsletters:
            for name in newsletter.sources:
                if name not in known:
                    raise ValueError(f"newsletter {newsletter.slug!r} wants a source {name!r} that does not exist")


def load_settings(path: Path, environ: Mapping[str, str] = os.environ) -> tuple[Settings, list[str]]:
    """The settings of the file at `path`, and sentences about those that have no effect in this version.

    Raises SettingsError, which names key and file.
    """
    where = str(path)
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise SettingsError("--config", "there is no such file; name one by --config or DIGEST_CONFIG", where) from None
    except (OSError, UnicodeDecodeError) as problem:
        raise SettingsError("--config", f"the file cannot be read: {problem}", where) from problem
    except tomllib.TOMLDecodeError as problem:
        raise SettingsError("--config", f"the file is not TOML: {problem}", where) from problem
    _convert(raw, where)  # so that what is wrong in the file is not blamed on the environment
    overridden = _override(raw, environ)
    settings = (
        _convert(raw, f"{where} and the environment ({', '.join(overridden)})") if overridden else _convert(raw, where)
    )
    return _with_absolute_paths(settings, path.resolve().parent), _without_effect(raw)


def _convert(raw: dict[str, Any], where: str) -> Settings:
    try:
        return msgspec.convert(raw, Settings)
    except msgspec.ValidationError as problem:
        message, _, place = str(problem).partition(" - at ")
        key = place.strip("`").removeprefix("$").lstrip(".")
        unknown = re.search(r"contains unknown field `(.+)`", message)
        missing = re.search(r"missing required field `(.+)`", message)
        if unknown or missing:
            name = (unknown or missing)[1]  # type: ignore[index]
            close = difflib.get_close_matches(name, _keys_at(key), n=1) if unknown else []
            hint = f"; do you mean `{close[0]}`?" if close else ""
            message = f"there is no such setting{hint}" if unknown else "is missing"
            key = f"{key}.{name}" if key else name
        raise SettingsError(key or "(file)", _in_words(message), where) from None


def _in_words(message: str) -> str:
    words = {"`str`": "text", "`int`": "a whole number", "`float`": "a number", "`bool`": "true or false"}
    words |= {"`array`": "a list [...]", "`object`": "a table", "`int | float`": "a number"}
    for spelled, plain in words.items():
        message = message.replace(spelled, plain)
    return message[:1].lower() + message[1:]


def _keys_at(key: str) -> tuple[str, ...]:
    kind: Any = Settings
    for name in re.sub(r"\[[^]]*\]", "", key).split("."):
        if name:
            kind = _element(get_type_hints(kind)[name])
    return tuple(getattr(kind, "__struct_fields__", ()))


def _element(kind: Any) -> Any:
    return get_args(kind)[0] if get_origin(kind) is tuple else kind


def _override(raw: dict[str, Any], environ: Mapping[str, str]) -> list[str]:
    """Put what the environment says into `raw`; the names of the variables that did."""
    pointed_to = set(_values_of_env_keys(raw))
    used: list[str] = []
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable == CONFIG_VARIABLE or variable in pointed_to:
            continue
        kind: Any = Settings
        table = raw
        *tables, key = variable.removeprefix(PREFIX).lower().split("__")
        for name in tables:
            kind = get_type_hints(kind).get(name) if hasattr(kind, "__struct_fields__") else None
            table = table.setdefault(name, {}) if kind is not None else {}
        hints = get_type_hints(kind) if hasattr(kind, "__struct_fields__") else {}
        if key not in hints:
            raise SettingsError(variable, "there is no such setting", "the environment")
        table[key] = _parse(environ[variable], hints[key])
        used.append(variable)
    return used


def _parse(text: str, kind: Any) -> Any:
    """Text stays text; numbers, booleans, lists and tables are JSON. What is no JSON is left for the conversion."""
    if kind is str or (get_args(kind) and all(isinstance(option, str) for option in get_args(kind))):
        return text
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text


def _values_of_env_keys(value: Any) -> list[str]:
    """Every variable that a key such as `password_env` names, at any depth."""
    if isinstance(value, list):
        return [found for item in value for found in _values_of_env_keys(item)]
    if not isinstance(value, dict):
        return []
    named = [item for key, item in value.items() if key.endswith("_env") and isinstance(item, str)]
    return named + [found for item in value.values() for found in _values_of_env_keys(item)]


def _with_absolute_paths(settings: Settings, folder: Path) -> Settings:
    def absolute(path: str) -> str:
        return str(folder / Path(path).expanduser()) if path else ""

    url = settings.database.url
    if url.startswith("sqlite:///"):
        url = f"sqlite:///{absolute(url.removeprefix('sqlite:///'))}"
    return replace(
        settings,
        site=replace(settings.site, secret_file=absolute(settings.site.secret_file)),
        database=replace(settings.database, url=url),
        sources=tuple(replace(source, path=absolute(source.path)) for source in settings.sources),
        delivery=replace(settings.delivery, path=absolute(settings.delivery.path)),
        dkim=replace(settings.dkim, key_file=absolute(settings.dkim.key_file)),
        bounces=replace(settings.bounces, maildir=absolute(settings.bounces.maildir)),
        templates=replace(settings.templates, path=absolute(settings.templates.path)),
    )


def _without_effect(raw: dict[str, Any]) -> list[str]:
    found = [name for name in _LATER_TABLES if raw.get(name)]
    tables = {
        "newsletters": raw.get("newsletters", []),
        "sources": raw.get("sources", []),
        "delivery": [raw.get("delivery", {})],
        "relays": raw.get("delivery", {}).get("relays", []),
    }
    for table, keys in _LATER_KEYS.items():
        found += [f"{table}.{key}" for key in keys if any(key in entry for entry in tables[table])]
    return [f"Setting `{key}` has no effect in this version." for key in found]
