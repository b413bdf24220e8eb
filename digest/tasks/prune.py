"""Delete what is needed no more, by the [retention] and [privacy] settings; a SQLite file gets smaller by it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Table

from digest.errors import StorageError
from digest.model.newsletter import Newsletter
from digest.model.privacy import PrivacySettings
from digest.storage import old_files, prune
from digest.storage.database import Database
from digest.storage.settings import RetentionSettings
from digest.storage.shrink import free_room, shrink, worth_shrinking
from digest.storage.tables import articles, deliveries, editions, snapshots
from digest.tasks.purge import purge
from subscribers.audit import record_change

#: A window is looked through a day further on either side, and an edition may be late.
_SPARE_DAYS = 7
_ANSWERS = timedelta(days=30)


class Folders(msgspec.Struct, frozen=True, kw_only=True):
    """Where files are that a database's rows refer to."""

    pictures: Path
    imports: Path
    cache: Path | None
    beside: Path


class PruneReport(msgspec.Struct, frozen=True, kw_only=True):
    """How much of what was deleted, or would be; sizes of the database in octets, None for a server's.

    `note` says why the file was left as large as it is, where it could be smaller.
    """

    dry_run: bool
    deleted: dict[str, int]
    octets_before: int | None = None
    octets_after: int | None = None
    note: str = ""


class _Step(NamedTuple):
    name: str
    counted: Callable[[], int]
    act: Callable[[], int]


def prune_all(
    database: Database,
    folders: Folders,
    retention: RetentionSettings,
    privacy: PrivacySettings,
    newsletters: Sequence[Newsletter],
    *,
    who: str,
    now: datetime,
    dry_run: bool = False,
) -> PruneReport:
    """Delete in small steps, while everything goes on; broken off, the next run goes on. Raises StorageError.

    With `dry_run` nothing is deleted but counted; what [privacy] says is not counted then.
    """
    steps = _steps(database, folders, retention, newsletters, now)
    before = free_room(database.file)[1] if database.file else None
    if dry_run:
        return PruneReport(dry_run=True, deleted={step.name: step.counted() for step in steps}, octets_before=before)
    purged = purge(database, privacy, now)
    deleted = {f"{name} (privacy)": number for name, number in msgspec.structs.asdict(purged).items()}
    try:
        deleted |= {step.name: step.act() for step in steps}
    except OSError as problem:
        raise StorageError(f"{problem.filename} cannot be removed: {problem.strerror}.") from problem
    if any(deleted.values()):
        with database.write() as connection:
            detail = {name: str(number) for name, number in deleted.items() if number}
            record_change(connection, who=who, what="database.prune", subject="retention", at=now, detail=detail)
    note = ""
    if database.file and worth_shrinking(*free_room(database.file)):
        note = shrink(database.file)
    after = free_room(database.file)[1] if database.file else None
    return PruneReport(dry_run=False, deleted=deleted, octets_before=before, octets_after=after, note=note)


def _steps(
    database: Database, folders: Folders, retention: RetentionSettings, newsletters: Sequence[Newsletter], now: datetime
) -> list[_Step]:
    looked_back = max((newsletter.lookback_hours for newsletter in newsletters), default=0) / 24 + _SPARE_DAYS
    of_articles = now - timedelta(days=max(retention.articles_days, looked_back))
    of_snapshots = now - timedelta(days=retention.articles_days)
    details, rows = (
        (now - timedelta(days=days)).astimezone(UTC).date()
        for days in (retention.details_days, retention.deliveries_days)
    )

    def counted(table: Table, which: ColumnElement[bool]) -> Callable[[], int]:
        def count() -> int:
            with database.read() as connection:
                return prune.count(connection, table, which)

        return count

    def deleted(name: str, table: Table, which: ColumnElement[bool]) -> _Step:
        return _Step(name, counted(table, which), lambda: prune.delete_rows(database, table, which))

    def files(name: str, find: Callable[[], list[Path]]) -> _Step:
        return _Step(name, lambda: len(find()), lambda: old_files.remove_all(find()))

    def unused_pictures() -> list[Path]:
        with database.read() as connection:
            used = prune.pictures_in_use(connection)
        return old_files.unused_pictures(folders.pictures, used, now)

    telling, shells = prune.telling_deliveries(details), prune.old_shells(details)
    old_rows = prune.old_deliveries(rows)
    steps = [
        deleted("articles", articles, prune.old_articles(of_articles)),
        deleted("snapshots", snapshots, prune.old_snapshots(of_snapshots)),
        deleted("deliveries", deliveries, old_rows),
        deleted("letters", editions, prune.bare_letters(rows)),
        _Step(
            "details of deliveries",
            counted(deliveries, telling & ~old_rows),
            lambda: prune.empty_deliveries(database, telling),
        ),
        _Step("looks of editions", counted(editions, shells), lambda: prune.drop_shells(database, shells)),
        files("pictures", unused_pictures),
        files(
            "refused rows of imports",
            lambda: old_files.old_refusals(folders.imports, now - timedelta(days=retention.details_days)),
        ),
        files("left by killed backups", lambda: old_files.left_behind(folders.beside, now)),
    ]
    if (cache := folders.cache) is not None:
        steps.append(
            _Step(
                "answers of sources",
                lambda: old_files.count_answers(cache, now - _ANSWERS),
                lambda: old_files.drop_answers(cache, now - _ANSWERS),
            )
        )
    return steps
