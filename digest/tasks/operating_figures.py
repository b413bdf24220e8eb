"""What /metrics tells: figures without a person in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from digest.model.delivery import DeliveryState
from digest.model.edition import EditionState
from digest.storage import operating
from digest.storage.backup import SIDE_FILES
from digest.storage.database import Database
from digest.storage.scheduler_lease import read_lease
from digest.storage.source_health import load_health
from digest.tasks.backup import list_backups
from subscribers.model import BounceClass


class Metric(NamedTuple):
    """One gauge: what it says, and the names of its labels."""

    text: str
    labels: tuple[str, ...] = ()


#: Every figure there is. Those of a thing that never happened are left out, so that no alarm takes them for 0.
METRICS = {
    "digest_last_sent_age_seconds": Metric("Since the newsletter's last regular edition was sent.", ("newsletter",)),
    "digest_edition_state": Metric("1 for the state of today's regular edition.", ("newsletter", "state")),
    "digest_edition_deliveries": Metric("Deliveries of today's editions.", ("newsletter", "state")),
    "digest_edition_returns": Metric("What came back of the newest edition, by class.", ("newsletter", "class")),
    "digest_queued_deliveries": Metric("Deliveries that wait to be sent."),
    "digest_deferred_deliveries": Metric("Deliveries that are to be tried again."),
    "digest_waiting_letters": Metric("Letters (confirmations and the like) that somebody waits for."),
    "digest_oldest_letter_age_seconds": Metric("How long the oldest of them has waited."),
    "digest_senders": Metric("Processes that are sending just now."),
    "digest_source_silent_seconds": Metric("Since the source was last read without a fault.", ("source",)),
    "digest_source_failures": Metric("Tries in a row that the source failed.", ("source",)),
    "digest_snapshot_age_seconds": Metric("Since the last snapshot of prices."),
    "digest_scheduler_silent_seconds": Metric("Since a scheduler last said that it is alive."),
    "digest_open_alerts": Metric("Alerts that were raised and are not resolved."),
    "digest_database_bytes": Metric("The database's file."),
    "digest_database_wal_bytes": Metric("The database's write-ahead log."),
    "digest_backup_age_seconds": Metric("Since the newest backup in the default folder."),
}


class Sample(NamedTuple):
    """One value of one metric, with its labels in their order."""

    metric: str
    value: float
    labels: tuple[str, ...] = ()


def operating_figures(
    database: Database, newsletters: Sequence[str], sources: Sequence[str], day: date, now: datetime
) -> Iterator[Sample]:
    """The values of METRICS now; `day` is today where the site is. Raises StorageError."""

    def age(metric: str, since: datetime | None, *labels: str) -> Iterator[Sample]:
        if since is not None:
            yield Sample(metric, max(0.0, (now - since).total_seconds()), labels)

    with database.read() as connection:
        for slug in newsletters:
            yield from age("digest_last_sent_age_seconds", operating.last_sent_at(connection, slug), slug)
            state = operating.state_of_day(connection, slug, day)
            for each in EditionState:
                yield Sample("digest_edition_state", float(each is state), (slug, each))
            counts = operating.deliveries_of_day(connection, slug, day)
            for place in DeliveryState:
                if place not in (DeliveryState.CLAIMED, DeliveryState.IN_FLIGHT):  # moments, counted as queued
                    yield Sample("digest_edition_deliveries", counts.get(place, 0), (slug, place))
            returns = operating.came_back(connection, slug)
            for kind in BounceClass:
                yield Sample("digest_edition_returns", returns.get(kind, 0), (slug, kind))
        waiting = operating.waiting_deliveries(connection)
        yield Sample("digest_queued_deliveries", waiting[DeliveryState.QUEUED])
        yield Sample("digest_deferred_deliveries", waiting[DeliveryState.DEFERRED])
        letters, oldest = operating.waiting_letters(connection)
        yield Sample("digest_waiting_letters", letters)
        yield from age("digest_oldest_letter_age_seconds", oldest)
        yield Sample("digest_senders", operating.senders_at_work(connection, now))
        health = load_health(connection)
        for name in sources:
            if name in health:
                yield from age("digest_source_silent_seconds", health[name].succeeded_at, name)
                yield Sample("digest_source_failures", health[name].failures, (name,))
        yield from age("digest_snapshot_age_seconds", operating.last_snapshot_at(connection))
        lease = read_lease(connection)
        yield from age("digest_scheduler_silent_seconds", lease.renewed_at if lease else None)
        yield Sample("digest_open_alerts", operating.open_alerts(connection))
    if database.file is not None:
        yield from _files(database.file, now)


def _files(database: Path, now: datetime) -> Iterator[Sample]:
    wal = database.with_name(database.name + SIDE_FILES[0])
    yield Sample("digest_database_bytes", database.stat().st_size)
    yield Sample("digest_database_wal_bytes", wal.stat().st_size if wal.exists() else 0)
    backups = list_backups(database.parent / "backups")
    if backups:
        yield Sample("digest_backup_age_seconds", max(0.0, now.timestamp() - backups[0].stat().st_mtime))
