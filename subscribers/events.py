"""What happened to people: written down once, read by figures, the API and webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, insert, select

from subscribers.model import Event, EventKind
from subscribers.tables import events


def record_event(
    conn: Connection,
    kind: EventKind,
    *,
    at: datetime,
    subscriber_id: int | None,
    list_id: int | None = None,
    edition_id: int | None = None,
    detail: Mapping[str, str] | None = None,
) -> int:
    """Write one event down; its number. `detail` names no person: it outlives them."""
    row = {
        "kind": kind,
        "at": at,
        "subscriber_id": subscriber_id,
        "list_id": list_id,
        "edition_id": edition_id,
        "detail": dict(detail or {}),
    }
    return int(conn.execute(insert(events).values(row).returning(events.c.id)).scalar_one())


def list_events(conn: Connection, *, after: int = 0, limit: int = 100, subscriber_id: int | None = None) -> list[Event]:
    """Up to `limit` events with a number above `after`, in the order in which they were written down.

    Only those of one person where `subscriber_id` says so.
    """
    query = select(events).where(events.c.id > after).order_by(events.c.id).limit(limit)
    if subscriber_id is not None:
        query = query.where(events.c.subscriber_id == subscriber_id)
    return [Event(**row) for row in conn.execute(query).mappings()]
