"""Put everything that cannot be made again into one file: database, secret, keys, settings, templates, pictures."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from digest import __version__
from digest.errors import StorageError, UsageError
from digest.storage import backup_file
from digest.storage.backup import copy_database
from digest.storage.secret import read_secret

_STEM, _SUFFIX = "digest-", ".tar.gz"


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """Where an installation keeps what belongs in a backup; None and empty for what it does not have."""

    database: Path | None
    secret: Path
    settings: Path
    pictures: Path
    dkim_key: Path | None = None
    templates: Path | None = None

    def sqlite(self) -> Path:
        """The database's file. Raises UsageError for a server's."""
        if self.database is None:
            raise UsageError(
                "This database is a server's: back it up by `pg_dump`, and the secret, the pictures and the DKIM key "
                "as files; `digest backup` and `digest restore` are for SQLite."
            )
        return self.database

    @property
    def backups(self) -> Path:
        """Where backups go that nobody gave a name."""
        return self.sqlite().parent / "backups"


class BackupReport(msgspec.Struct, frozen=True, kw_only=True):
    """`octets` is the size of `file`; `pictures` and `templates` count files; `removed` are older backups."""

    file: str
    made_at: datetime
    octets: int
    database_octets: int
    pictures: int
    templates: int
    removed: tuple[str, ...] = ()


def make_backup(places: Places, now: datetime, out: Path | None = None, *, keep: int = 0) -> BackupReport:
    """Back up while everything goes on; `out` is a file, by default one in the folder backups beside the database.

    There, with `keep`, only so many of the newest stay. The file is read back before it counts. Raises StorageError,
    and UsageError for a server's database and for a file that is there already.
    """
    database = places.sqlite()
    if not database.is_file():
        raise UsageError(f"There is no database {database} to back up.")
    file = out or places.backups / f"{_STEM}{now.astimezone(UTC):%Y-%m-%dT%H-%M-%SZ}{_SUFFIX}"
    if file.exists():
        raise UsageError(f"{file} is there already; name another file, or remove it.")
    read_secret(places.secret)  # made where there is none, and looked at where there is one
    try:
        # Beside the database, where there is room for it and the mode of the folder is right.
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=database.parent) as folder:
            copy = Path(folder) / backup_file.DATABASE
            schema = copy_database(database, copy)
            manifest = backup_file.write_backup(
                file, _members(places, copy), made_at=now, program=__version__, schema=schema
            )
    except OSError as problem:
        raise StorageError(f"No backup can be made beside {database}: {problem.strerror or problem}.") from problem
    sizes = {each.name: each.size for each in manifest.files}
    return BackupReport(
        file=str(file),
        made_at=now,
        octets=file.stat().st_size,
        database_octets=sizes[backup_file.DATABASE],
        pictures=sum(name.startswith(backup_file.PICTURES) for name in sizes),
        templates=sum(name.startswith(backup_file.TEMPLATES) for name in sizes),
        removed=tuple(_remove_older(places.backups, keep)) if out is None and keep else (),
    )


def list_backups(folder: Path) -> list[Path]:
    """The backups in `folder` that got their names here, the newest first."""
    return sorted(folder.glob(f"{_STEM}[0-9]*{_SUFFIX}"), key=lambda file: file.name, reverse=True)


def _members(places: Places, copy: Path) -> Iterator[tuple[str, Path]]:
    # The database first: what it refers to is then still there, or was made later and is of no use to it.
    yield backup_file.DATABASE, copy
    yield backup_file.SECRET, places.secret
    yield backup_file.SETTINGS, places.settings
    if places.dkim_key is not None:
        yield backup_file.DKIM_KEY, places.dkim_key
    for picture in sorted(places.pictures.glob("*.jpg")):
        if backup_file.may_hold(name := f"{backup_file.PICTURES}{picture.name}"):
            yield name, picture
    if places.templates is not None:
        for file in sorted(places.templates.rglob("*")):
            name = f"{backup_file.TEMPLATES}{file.relative_to(places.templates).as_posix()}"
            if file.is_file() and backup_file.may_hold(name):
                yield name, file


def _remove_older(folder: Path, keep: int) -> Iterator[str]:
    for file in list_backups(folder)[keep:]:
        file.unlink(missing_ok=True)
        yield str(file)
