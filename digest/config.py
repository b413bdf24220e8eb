"""config.toml and the environment -> Settings. Each room owns its part; the tables of rooms to come stand here."""

from __future__ import annotations

import copy
import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec.structs import replace

from digest.deliver.alert_settings import AlertsSettings
from digest.deliver.settings import DeliverySettings, DkimSettings
from digest.errors import SettingsError
from digest.gather.settings import GatherSettings, SourceSettings
from digest.logs import LOG_VARIABLE
from digest.market.settings import MarketSettings
from digest.model.bounces import BouncesSettings
from digest.model.holidays import check_place
from digest.model.newsletter import Newsletter
from digest.model.privacy import PrivacySettings
from digest.model.settings import Table
from digest.model.site import Site
from digest.model.web import WebSettings
from digest.render.settings import TemplatesSettings
from digest.storage.settings import DatabaseSettings, RetentionSettings

PREFIX = "DIGEST_"
CONFIG_VARIABLE = "DIGEST_CONFIG"
_ENVIRONMENT = "the environment"
#: What msgspec calls a type -> what people call it.
_WORDS = {
    "`str`": "text",
    "`int`": "a whole number",
    "`float`": "a number",
    "`int | float`": "a number",
    "`bool`": "true or false",
    "`array`": "a list [...]",
    "`object`": "a table",
}


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
    retention: RetentionSettings = RetentionSettings()


def load_settings(path: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of the file at `path`, overridden by the environment.

    Raises SettingsError, which names the key, and the file or the variable that it stands in.
    """
    where = str(path)
    raw = _read(path, where)
    merged, overridden = _override(raw, environ, where)
    try:
        settings = _convert(merged, where)
        _check_names(settings, where)
    except SettingsError as wrong:
        if overridden:
            # The file is asked alone: what is wrong in it is not blamed on the environment.
            _check_names(_convert(raw, where), where)
            path_of = {variable: ".".join(_keys(variable)) for variable in overridden}
            blamed = [name for name, key in path_of.items() if wrong.key.startswith(key)] or overridden
            raise SettingsError(", ".join(blamed), wrong.problem, _ENVIRONMENT) from None
        raise
    return _with_absolute_paths(settings, path.resolve().parent, where)


def _read(path: Path, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        raise SettingsError("--config", "there is no such file; name one by --config or DIGEST_CONFIG", where) from None
    except OSError as problem:
        raise SettingsError("--config", f"the file cannot be read: {problem.strerror}", where) from problem
    except UnicodeDecodeError as problem:
        raise SettingsError("--config", f"the file is not UTF-8: {problem}", where) from problem
    except (ValueError, RecursionError) as problem:
        raise SettingsError("--config", f"the file is not TOML: {problem}", where) from problem


def _convert(raw: dict[str, Any], where: str) -> Settings:
    try:
        return msgspec.convert(raw, Settings)
    except msgspec.ValidationError as problem:
        message, _, place = str(problem).partition(" - at ")
        key = _spelled(raw, place.strip("`").removeprefix("$").lstrip("."))
        unknown = re.search(r"contains unknown field `(.+)`", message)
        missing = re.search(r"missing required field `(.+)`", message)
        options = [str(option) for option in get_args(_kind_at(key))] if message.startswith("Invalid enum") else []
        if unknown:
            message = "there is no such setting" + _near(unknown[1], _fields(_kind_at(key)))
            key = f"{key}.{unknown[1]}" if key else unknown[1]
        elif missing:
            message, key = "is missing", f"{key}.{missing[1]}" if key else missing[1]
        elif options:
            message = f"{message.removeprefix('Invalid enum value ')} is none of {', '.join(options)}"
        raise SettingsError(key or "(file)", _in_words(message), where) from None


def _check_names(settings: Settings, where: str) -> None:
    """Names are unique, and whoever is named exists."""
    for table, key, names in (
        ("sources", "name", [source.name for source in settings.sources]),
        ("newsletters", "slug", [newsletter.slug for newsletter in settings.newsletters]),
    ):
        for place, name in enumerate(names):
            if name in names[:place]:
                raise SettingsError(f"{table}[{place}].{key}", f"there are two {table} named {name!r}", where)
    for place, newsletter in enumerate(settings.newsletters):
        if newsletter.holidays:
            try:
                check_place(newsletter.holidays)
            except ValueError as wrong:
                raise SettingsError(f"newsletters[{place}].holidays", str(wrong), where) from None
    known = [source.name for source in settings.sources]
    for place, newsletter in enumerate(settings.newsletters):
        for name in newsletter.sources:
            if name not in known:
                problem = f"newsletter {newsletter.slug!r} wants a source {name!r} that does not exist"
                raise SettingsError(f"newsletters[{place}].sources", problem + _near(name, known), where)


def _near(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; do you mean `{close[0]}`?" if close else ""


def _in_words(message: str) -> str:
    for spelled, plain in _WORDS.items():
        message = message.replace(spelled, plain)
    return message[:1].lower() + message[1:]


def _spelled(raw: Any, key: str) -> str:
    """`key` with the name of the entry that msgspec leaves out: "topics[...]" is the first that is no text."""
    if not key.endswith("[...]"):
        return key
    place = key.removesuffix("[...]")
    for name in place.split("."):
        raw = raw[name]
    return f"{place}.{next(name for name, value in raw.items() if not isinstance(value, str))}"


def _kind_at(key: str) -> Any:
    """The type of what `key` names, such as "market.providers[0]"."""
    kind: Any = Settings
    for name, _index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", key):
        if not name:
            kind = get_args(kind)[0]
        elif get_origin(kind) is dict:
            kind = get_args(kind)[1]
        else:
            kind = get_type_hints(kind)[name]
    return kind


def _fields(kind: Any) -> tuple[str, ...]:
    return tuple(getattr(kind, "__struct_fields__", ()))


def _keys(variable: str) -> list[str]:
    return variable.removeprefix(PREFIX).lower().split("__")


def _override(raw: dict[str, Any], environ: Mapping[str, str], where: str) -> tuple[dict[str, Any], list[str]]:
    """A copy of `raw` with what the environment says put into it; and the names of the variables that said it."""
    merged = copy.deepcopy(raw)
    pointed_to = set(_values_of_env_keys(raw))
    used: list[str] = []
    unknown: dict[str, str] = {}
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable in (CONFIG_VARIABLE, LOG_VARIABLE) or variable in pointed_to:
            continue
        if _has_stray_octets(environ[variable]):
            raise SettingsError(variable, "its value is not UTF-8", _ENVIRONMENT)
        *tables, key = _keys(variable)
        kind: Any = Settings
        table: Any = merged
        for name in tables:
            kind = get_type_hints(kind).get(name) if _fields(kind) else None
            if kind is None:
                break
            if get_origin(kind) is tuple:
                whole = variable.partition(f"__{key.upper()}")[0]
                raise SettingsError(
                    variable, f"`{name}` is a list; give the whole of it as JSON in {whole}", _ENVIRONMENT
                )
            table = table.setdefault(name, {})
            if not isinstance(table, dict):
                _convert(raw, where)  # the file says what is wrong in it
                raise SettingsError(variable, f"`{name}` is not a table here", _ENVIRONMENT)
        if get_origin(kind) is dict:
            # Names of entries are the operator's own; the environment's are all capitals.
            key = next((known for known in table if known.lower() == key), key)
            table[key] = environ[variable]
        elif key in _fields(kind):
            table[key] = _parse(environ[variable], get_type_hints(kind)[key])
        else:
            unknown[variable] = _near(key, _fields(kind)).replace("`", "")
            continue
        used.append(variable)
    exempt = pointed_to.union(_values_of_env_keys(merged))
    for variable, hint in unknown.items():
        if variable not in exempt:
            raise SettingsError(variable, f"there is no such setting{hint}", _ENVIRONMENT)
    return merged, used


def _has_stray_octets(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)


def _parse(text: str, kind: Any) -> Any:
    """Text stays text; numbers, booleans, lists and tables are JSON. What is no JSON is left for the conversion."""
    if kind is str or get_origin(kind) is Literal:
        return text
    try:
        return msgspec.json.decode(text)
    except ValueError:
        return text


def _values_of_env_keys(value: Any) -> list[str]:
    """Every variable that a key such as `password_env` names, at any depth."""
    if isinstance(value, list):
        return [found for item in value for found in _values_of_env_keys(item)]
    if not isinstance(value, dict):
        return []
    named = [item for key, item in value.items() if key.endswith("_env") and isinstance(item, str)]
    return named + [found for item in value.values() for found in _values_of_env_keys(item)]


def _with_absolute_paths(settings: Settings, folder: Path, where: str) -> Settings:
    def absolute(key: str, path: str) -> str:
        try:
            return str(folder / Path(path).expanduser()) if path else ""
        except RuntimeError as nobody:
            raise SettingsError(key, f"{path}: there is no such home folder", where) from nobody

    url, scheme = settings.database.url, "sqlite:///"
    if url.startswith(scheme):
        url = scheme + absolute("database.url", url.removeprefix(scheme))
    site, delivery, bounces = settings.site, settings.delivery, settings.bounces
    return replace(
        settings,
        site=replace(site, secret_file=absolute("site.secret_file", site.secret_file)),
        database=replace(settings.database, url=url),
        sources=tuple(replace(source, path=absolute("sources.path", source.path)) for source in settings.sources),
        delivery=replace(delivery, path=absolute("delivery.path", delivery.path)),
        dkim=replace(settings.dkim, key_file=absolute("dkim.key_file", settings.dkim.key_file)),
        bounces=replace(bounces, maildir=absolute("bounces.maildir", bounces.maildir)),
        templates=replace(settings.templates, path=absolute("templates.path", settings.templates.path)),
    )
