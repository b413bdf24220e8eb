"""What everything else stands on: settings, database, secret, links, folders."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from digest.config import Settings
from digest.errors import NotFoundError, SettingsError
from digest.links import Links
from digest.model.newsletter import Newsletter
from digest.storage.database import Database, open_database
from digest.storage.secret import read_secret

if TYPE_CHECKING:
    from digest.deliver.base import Backend
    from digest.gather.settings import SourceSettings
    from digest.tasks.backup import Places


def system_clock() -> datetime:
    return datetime.now(UTC)


class Ground:
    """Nothing is opened before it is needed; `close` lets go of it all."""

    def __init__(
        self,
        settings: Settings,
        *,
        path: Path = Path("config.toml"),
        environ: Mapping[str, str] = os.environ,
        clock: Callable[[], datetime] = system_clock,
        backend: Backend | None = None,
    ) -> None:
        """`backend` is used instead of the settings' own; every other part is made from `settings`."""
        self.settings, self.path, self.environ, self.clock, self._backend = settings, path, environ, clock, backend

    def close(self) -> None:
        if "database" in self.__dict__:
            self.database.close()

    @cached_property
    def database(self) -> Database:
        return open_database(self.settings.database.url, durability=self.settings.delivery.durability)

    @cached_property
    def secret(self) -> bytes:
        return read_secret(Path(self.settings.site.secret_file))

    @cached_property
    def links(self) -> Links:
        return Links(self.settings.site.base_url, self.secret)

    def today(self) -> date:
        """The day it is where the site is."""
        return self.clock().astimezone(self.settings.site.zone).date()

    def newsletters(self, slug: str = "") -> list[Newsletter]:
        """The one named `slug`, or all. Raises NotFoundError."""
        found = [newsletter for newsletter in self.settings.newsletters if slug in ("", newsletter.slug)]
        if not found:
            raise (
                NotFoundError("newsletter", slug, f"in {self.path}")
                if slug
                else NotFoundError("newsletter", "at all", f"in {self.path}; add a [[newsletters]] table")
            )
        return found

    def sources(self, name: str = "") -> list[SourceSettings]:
        """The one named `name`, or all. Raises NotFoundError."""
        found = [source for source in self.settings.sources if name in ("", source.name)]
        if not found and name:
            raise NotFoundError("source", name, f"in {self.path}")
        return found

    def sources_of(self, newsletters: Sequence[Newsletter]) -> list[SourceSettings]:
        """The sources that these newsletters use, each once, in the order of the settings."""
        wanted = {name for newsletter in newsletters for name in newsletter.sources}
        everything = any(not newsletter.sources for newsletter in newsletters)
        return [source for source in self.settings.sources if everything or source.name in wanted]

    @property
    def _own_templates(self) -> Path | None:
        """The operator's own folder of templates. Raises SettingsError where it is not there."""
        folder = self.settings.templates.path
        if folder and not Path(folder).is_dir():
            raise SettingsError("templates.path", f"there is no folder {folder}", str(self.path))
        return Path(folder) if folder else None

    @property
    def pictures_folder(self) -> Path:
        """Where pictures are kept that the site serves itself: beside the database, or beside the secret."""
        return (self.database.file or Path(self.settings.site.secret_file)).parent / "pictures"

    @property
    def imports_folder(self) -> Path:
        """Where each import's refused rows are kept: beside the database, or beside the secret."""
        return (self.database.file or Path(self.settings.site.secret_file)).parent / "imports"

    @property
    def places(self) -> Places:
        """Where everything is that belongs in a backup."""
        from digest.tasks.backup import Places

        key = self.settings.dkim.key_file
        return Places(
            database=self.database_file,
            secret=Path(self.settings.site.secret_file),
            settings=self.path,
            pictures=(self.database_file or Path(self.settings.site.secret_file)).parent / "pictures",
            dkim_key=Path(key) if key else None,
            templates=self._own_templates,
        )

    @property
    def database_file(self) -> Path | None:
        """The database's file, None for a server's; known without opening it."""
        url, scheme = self.settings.database.url, "sqlite:///"
        return Path(url.removeprefix(scheme)) if url.startswith(scheme) else None
