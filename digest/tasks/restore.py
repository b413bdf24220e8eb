"""Put a backup in the place of what is there now, which is kept beside it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from digest.errors import StorageError
from digest.model.newsletter import Newsletter
from digest.model.site import Site
from digest.storage import backup_file
from digest.storage.backup import (
    SIDE_FILES,
    check_database,
    close_database,
    highest_numbers,
    last_change,
    skip_numbers,
)
from digest.storage.backup_file import Manifest, unpack_backup
from digest.storage.database import SCHEMA_VERSION, open_database
from digest.storage.sender_lock import sender_lock
from digest.tasks.backup import Places
from digest.tasks.hold_after_restore import hold_after_restore
from subscribers.audit import record_change

#: Numbers that are never given out again where nobody knows how far they had come: links and bounces name editions.
_MARGIN = 100_000


class StoppedEdition(msgspec.Struct, frozen=True, kw_only=True):
    """An edition that waits for somebody's decision now; `reason` says why, and what there is to decide."""

    edition: int
    newsletter: str
    kind: str
    state: str
    reason: str


class RestoreReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was restored. `kept` are the files that stood here before, under their new names."""

    made_at: datetime
    database: str
    kept: tuple[str, ...]
    stopped: tuple[StoppedEdition, ...]
    pictures: int
    restored: tuple[str, ...]


class Unpacked(msgspec.Struct, frozen=True, kw_only=True):
    """A backup that is proven whole; `newer` is when what stands here now was last changed, if that was after it."""

    folder: Path
    manifest: Manifest
    newer: datetime | None


@contextmanager
def unpacked(file: Path, places: Places) -> Iterator[Unpacked]:
    """Unpack `file` beside the database, for as long as the block lasts. Raises StorageError.

    Raises UsageError for a server's database.
    """
    database = places.sqlite()
    try:
        database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        holder = tempfile.TemporaryDirectory(prefix=".restore-", dir=database.parent)
    except OSError as problem:
        raise StorageError(f"Nothing can be unpacked beside {database}: {problem.strerror or problem}.") from problem
    with holder as name:
        folder = Path(name)
        manifest = unpack_backup(file, folder)
        version = check_database(folder / backup_file.DATABASE, name=f"in {file}")
        if version > SCHEMA_VERSION:
            raise StorageError(
                f"The database in {file} is of version {version}, newer than this program, which knows "
                f"{SCHEMA_VERSION}. Install the newer program (it was {manifest.program})."
            )
        changed = last_change(database)
        newer = datetime.fromtimestamp(changed, UTC) if changed else None
        yield Unpacked(folder=folder, manifest=manifest, newer=newer if newer and newer > manifest.made_at else None)


def restore_backup(
    backup: Unpacked, places: Places, newsletters: Sequence[Newsletter], site: Site, *, who: str, now: datetime
) -> RestoreReport:
    """Put the unpacked backup in place: database, secret and pictures; templates and a DKIM key where there are none.

    What it does not know to be sent is held or paused first. What stood here is kept beside it. Raises StorageError
    where the installation is still at work; then, and whenever it fails, everything is as it was.
    """
    database, staged = places.sqlite(), backup.folder / backup_file.DATABASE
    with sender_lock(database):
        readable = not database.is_file() or close_database(database)
        stopped = _stop(staged, newsletters, site, backup.manifest.made_at, who, now)
        used = highest_numbers(database) if readable and database.is_file() else {}
        known = highest_numbers(staged)
        skip_numbers(staged, used or {table: number + _MARGIN for table, number in known.items()})
        stamp = f"before-restore-{now.astimezone(UTC):%Y-%m-%dT%H-%M-%SZ}"
        replaced = [(staged, database), (backup.folder / backup_file.SECRET, places.secret)]
        kept = _swap(replaced, stamp)
    pictures = sum(_add(file, places.pictures / file.name, 0o644) for file in _below(backup, backup_file.PICTURES))
    return RestoreReport(
        made_at=backup.manifest.made_at,
        database=str(database),
        kept=tuple(map(str, kept)),
        stopped=tuple(stopped),
        pictures=pictures,
        restored=tuple(_restore_the_rest(backup, places)),
    )


def _stop(
    staged: Path, newsletters: Sequence[Newsletter], site: Site, made_at: datetime, who: str, now: datetime
) -> list[StoppedEdition]:
    database = open_database(f"sqlite:///{staged}", migrate=True)
    try:
        with database.write() as connection:
            stopped = hold_after_restore(connection, newsletters, site, made_at, now)
            detail = {"made_at": made_at.isoformat(timespec="seconds"), "stopped": str(len(stopped))}
            record_change(connection, who=who, what="database.restore", subject="backup", at=now, detail=detail)
    finally:
        database.close()
    if not close_database(staged):
        raise StorageError("The restored database cannot be closed; nothing was changed.")
    return [
        StoppedEdition(
            edition=each.number, newsletter=each.newsletter, kind=each.kind, state=each.state, reason=each.reason
        )
        for each in stopped
    ]


def _swap(replaced: Sequence[tuple[Path, Path]], stamp: str) -> list[Path]:
    """Move each new file to its place, and what stands there out of the way; all of it or nothing."""
    undo: list[Callable[[], object]] = []
    kept: list[Path] = []
    try:
        for new, place in replaced:
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            for suffix in ("", *SIDE_FILES):
                old = place.with_name(place.name + suffix)
                if old.is_file():
                    aside = place.with_name(f"{place.name}.{stamp}{suffix}")
                    old.replace(aside)
                    undo.append(lambda aside=aside, old=old: aside.replace(old))  # type: ignore[misc]
                    kept.append(aside)
            _place(new, place)
            undo.append(lambda place=place: place.unlink(missing_ok=True))  # type: ignore[misc]
        _make_durable({place.parent for _, place in replaced})
    except OSError as problem:
        for step in reversed(undo):
            with suppress(OSError):
                step()
        raise StorageError(f"The backup cannot be put in place: {problem.strerror or problem}.") from problem
    return kept


def _place(new: Path, place: Path) -> None:
    """By a rename; the secret may be on another disk than the database, so its copy is made beside its place."""
    if new.stat().st_dev != place.parent.stat().st_dev:
        near = place.with_name(f".{place.name}.restored")
        shutil.copy2(new, near)
        new = near
    new.replace(place)


def _make_durable(folders: set[Path]) -> None:
    for folder in folders:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _restore_the_rest(backup: Unpacked, places: Places) -> Iterator[str]:
    """What is never replaced: a key may have been renewed, and a template mended, since the backup."""
    key = backup.folder / backup_file.DKIM_KEY
    if places.dkim_key is not None and key.is_file() and _add(key, places.dkim_key, 0o600):
        yield str(places.dkim_key)
    if places.templates is not None:
        for file in _below(backup, backup_file.TEMPLATES):
            target = places.templates / file.relative_to(backup.folder / backup_file.TEMPLATES)
            if _add(file, target, 0o644):
                yield str(target)


def _below(backup: Unpacked, folder: str) -> list[Path]:
    return sorted(file for file in (backup.folder / folder).rglob("*") if file.is_file())


def _add(file: Path, target: Path, mode: int) -> bool:
    """Put the file where there is none; whether there was none."""
    if target.exists():
        return False
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
        target.chmod(mode)
    except OSError as problem:
        raise StorageError(f"{target} cannot be restored: {problem.strerror or problem}.") from problem
    return True
