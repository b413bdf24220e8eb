"""Figures for whoever watches over the installation: from indexes and counters, however many deliveries there are."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Connection, func, select, text

from digest.errors import OutdatedDatabaseError
from digest.model.delivery import DeliveryState
from digest.model.edition import EditionKind, EditionState
from digest.storage.database import SCHEMA_VERSION, Database
from digest.storage.progress import SILENT_AFTER
from digest.storage.tables import alerts_sent, delivery_counts, editions, sending_progress, snapshots
from subscribers.tables import bounces

_E, _C = editions.c, delivery_counts.c
#: Spelled out, or the index over regular editions cannot be used.
_REGULAR = text("editions.kind = 'regular'")
_OPEN = (EditionState.APPROVED, EditionState.SENDING, EditionState.PAUSED)
_WAITING = (DeliveryState.QUEUED, DeliveryState.DEFERRED)
_BEGUN = (EditionState.SENDING, EditionState.PAUSED, EditionState.SENT)


def last_sent_at(connection: Connection, newsletter: str) -> datetime | None:
    """When the newest regular edition was done, of those that were sent."""
    query = select(_E.sent_at).where(_E.newsletter == newsletter, _REGULAR, _E.state == EditionState.SENT)
    return connection.execute(query.order_by(_E.day.desc()).limit(1)).scalar()


def state_of_day(connection: Connection, newsletter: str, day: date) -> EditionState | None:
    """The state of the day's regular edition, None where there is none."""
    query = select(_E.state).where(_E.newsletter == newsletter, _REGULAR, _E.day == day)
    return connection.execute(query).scalar()


def deliveries_of_day(connection: Connection, newsletter: str, day: date) -> dict[DeliveryState, int]:
    """All deliveries of the day's editions, letters left out, by state."""
    query = (
        select(_C.state, func.sum(_C.count))
        .join(editions, _E.id == _C.edition_id)
        .where(_E.newsletter == newsletter, _E.day == day, _E.kind != EditionKind.LETTER)
        .group_by(_C.state)
    )
    return {state: int(count) for state, count in connection.execute(query)}


def came_back(connection: Connection, newsletter: str) -> dict[str, int]:
    """What came back of the newest regular edition that has begun to leave, by class."""
    query = select(_E.id).where(_E.newsletter == newsletter, _REGULAR, _E.state.in_(_BEGUN))
    number = connection.execute(query.order_by(_E.day.desc()).limit(1)).scalar()
    if number is None:
        return {}
    classes = select(bounces.c.bounce_class, func.count()).where(bounces.c.edition_id == number)
    return {str(kind): count for kind, count in connection.execute(classes.group_by(bounces.c.bounce_class))}


def waiting_deliveries(connection: Connection) -> dict[DeliveryState, int]:
    """Queued and deferred deliveries of everything that is being sent, or is to be."""
    query = (
        select(_C.state, func.sum(_C.count))
        .join(editions, _E.id == _C.edition_id)
        .where(_E.state.in_(_OPEN), _C.state.in_(_WAITING))
        .group_by(_C.state)
    )
    return dict.fromkeys(_WAITING, 0) | {state: int(count) for state, count in connection.execute(query)}


def waiting_letters(connection: Connection) -> tuple[int, datetime | None]:
    """How many letters somebody waits for, and since when the oldest."""
    waits = select(_C.edition_id).where(_C.edition_id == _E.id, _C.state.in_(_WAITING), _C.count > 0).exists()
    query = select(func.count(), func.min(_E.planned_at)).where(
        _E.kind == EditionKind.LETTER, _E.state.in_(_OPEN), waits
    )
    count, oldest = connection.execute(query).one()
    return int(count), oldest


def senders_at_work(connection: Connection, now: datetime) -> int:
    """How many processes say that they are sending."""
    alive = sending_progress.c.at.between(now - SILENT_AFTER, now + SILENT_AFTER)
    return connection.execute(select(func.count()).select_from(sending_progress).where(alive)).scalar_one()


def last_snapshot_at(connection: Connection) -> datetime | None:
    return connection.execute(select(func.max(snapshots.c.taken_at))).scalar()


def open_alerts(connection: Connection) -> int:
    """How many alerts were raised and not resolved."""
    query = select(func.count()).select_from(alerts_sent).where(alerts_sent.c.resolved_at.is_(None))
    return connection.execute(query).scalar_one()


def try_to_write(database: Database) -> None:
    """Raises OutdatedDatabaseError for a database of another version, StorageError for one that takes no changes."""
    with database.read() as connection:
        version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if version != SCHEMA_VERSION:
        raise OutdatedDatabaseError(f"The database is of version {version}, the program needs {SCHEMA_VERSION}.")
    with database.write() as connection:
        # On SQLite the lock of a writer is taken already; a server is asked by a change of nothing.
        connection.execute(text("UPDATE alembic_version SET version_num = version_num WHERE version_num = ''"))
