"""The one place where parts are wired together: settings in, tasks ready to be called out.

Every heavy room is imported by the method that needs it, so that a small command stays quick. What it can do stands in
a file per concern: ground, gathering, sending, people, editions, upkeep; each builds on those before it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from digest.app.ground import system_clock as system_clock
from digest.app.upkeep import Upkeep
from digest.config import load_settings
from digest.errors import HeldBackError, SettingsError


class App(Upkeep):
    """The product for one settings file."""

    def reload_settings(self) -> None:
        """Take over the settings as they are now; whatever has begun goes on with those that it began with.

        Raises SettingsError; then the old ones stay.
        """
        settings = load_settings(self.path, self.environ)
        candidate = App(settings, path=self.path, environ=self.environ, backend=self._backend)
        with suppress(HeldBackError):
            candidate.backend()
            candidate._signer()
        if settings.database.url != self.settings.database.url:
            raise SettingsError("database.url", "changes only when the program is started anew", str(self.path))
        self.settings = settings
        for made_from_settings in ("secret", "links", "desk", "_fetch_once"):
            self.__dict__.pop(made_from_settings, None)


def open_app(path: Path, environ: Mapping[str, str] = os.environ) -> App:
    """The app for the settings at `path`. Raises SettingsError."""
    return App(load_settings(path, environ), path=path, environ=environ)
