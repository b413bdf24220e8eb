"""Finding the backend that the settings name, among ours and those of other packages."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points

from digest.deliver.base import Backend
from digest.deliver.settings import DeliverySettings
from digest.errors import HeldBackError, SettingsError

GROUP = "digest.backends"

#: Backends by which no mail can reach anybody.
HARMLESS = frozenset({"maildir", "eml", "console", "memory"})


def make_backend(
    settings: DeliverySettings, environ: Mapping[str, str], *, sample_imprint: bool, where: str = "config.toml"
) -> Backend:
    """The backend of `settings`, made by `Class(settings, environ)`; `where` names the settings file in errors.

    Raises SettingsError for an unknown name or a setting that the backend refuses, HeldBackError where mail would leave
    under an empty or a sample imprint.
    """
    entry = _find(settings.backend, where)
    if sample_imprint and settings.backend not in HARMLESS:
        raise HeldBackError(
            f"The imprint is empty or still the sample, so backend {settings.backend} sends nothing. Write your own "
            f"into `site.imprint` in {where} (the law asks for it), or set `delivery.backend` to maildir."
        )
    try:
        factory = entry.load()
    except (ImportError, AttributeError) as broken:
        problem = f"backend {entry.name} ({entry.value}) cannot be loaded: {broken}"
        raise SettingsError("delivery.backend", problem, where) from broken
    backend: Backend = factory(settings, environ)
    return backend


def _find(name: str, where: str) -> EntryPoint:
    known = entry_points(group=GROUP)
    found = {entry.value: entry for entry in known if entry.name == name}
    if not found:
        names = ", ".join(sorted({entry.name for entry in known}))
        raise SettingsError("delivery.backend", f"there is no backend {name!r}; known are {names}", where)
    if len(found) > 1:
        problem = f"more than one package offers {name!r}: {', '.join(sorted(found))}; remove all but one"
        raise SettingsError("delivery.backend", problem, where)
    return next(iter(found.values()))
