"""What became of an edition, over time. Read for one edition when somebody looks at it; never on the way of sending."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, cast, extract, func, literal_column, select

from digest.model.delivery import DeliveryState
from digest.storage.tables import deliveries
from subscribers.model import BounceClass, EventKind
from subscribers.tables import bounces, events

#: A whole minute, in UTC -> how often in it.
Minutes = dict[datetime, int]


def settled_by_minute(connection: Connection, edition: int, state: DeliveryState) -> Minutes:
    """When the edition's deliveries came to stand in that state."""
    minute = _minute(connection, deliveries.c.settled_at)
    query = (
        select(minute, func.count())
        .where(deliveries.c.edition_id == edition, deliveries.c.state == state, deliveries.c.settled_at.is_not(None))
        .group_by(minute)
    )
    return _minutes(connection, query)


def events_by_minute(connection: Connection, edition: int, kind: EventKind) -> Minutes:
    """When something of that kind happened because of the edition."""
    minute = _minute(connection, events.c.at)
    query = select(minute, func.count()).where(events.c.edition_id == edition, events.c.kind == kind).group_by(minute)
    return _minutes(connection, query)


def bounces_by_reason(connection: Connection, edition: int) -> dict[tuple[BounceClass, str], int]:
    """What came back of the edition: (class, reason) -> how often."""
    query = (
        select(bounces.c.bounce_class, bounces.c.reason, func.count())
        .where(bounces.c.edition_id == edition)
        .group_by(bounces.c.bounce_class, bounces.c.reason)
    )
    return {(kind, reason): count for kind, reason, count in connection.execute(query)}


def _minute(connection: Connection, column: ColumnElement[Any]) -> ColumnElement[int]:
    """Minutes since 1970: numbers group faster than texts, and both databases have them."""
    if connection.dialect.name == "sqlite":
        seconds: ColumnElement[Any] = cast(func.strftime(literal_column("'%s'"), column), Integer)
    else:
        seconds = cast(extract("epoch", column), Integer)
    # SQLite divides whole numbers to whole ones, and so does PostgreSQL.
    return seconds.op("/")(literal_column("60"))


def _minutes(connection: Connection, query: Any) -> Minutes:
    rows = connection.execute(query)
    return {datetime.fromtimestamp(int(minute) * 60, UTC): count for minute, count in rows}
