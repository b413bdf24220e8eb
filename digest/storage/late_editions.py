"""Sent editions that somebody gets afterwards: whoever has just confirmed need not wait until tomorrow."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, select

from digest.model.delivery import DeliveryState
from digest.model.edition import EditionKind, EditionState
from digest.storage.tables import deliveries, editions

#: Whoever stands in the ledger in one of these states has yet to get the edition.
WAITING = (DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.IN_FLIGHT, DeliveryState.DEFERRED)


def newest_sent_edition(connection: Connection, newsletter: str, since: date) -> int | None:
    """The number of the newest regular edition of `since` or later whose recipients are fixed and got it, or get it."""
    query = (
        select(editions.c.id)
        .where(
            editions.c.newsletter == newsletter,
            editions.c.kind == EditionKind.REGULAR,
            editions.c.day >= since,
            editions.c.state.in_((EditionState.SENDING, EditionState.SENT)),
            editions.c.planned_at.is_not(None),
        )
        .order_by(editions.c.day.desc())
        .limit(1)
    )
    return connection.execute(query).scalar()


def has_delivery(connection: Connection, edition: int, subscriber: int) -> bool:
    """Whether that person stands in the edition's ledger, in any state."""
    query = select(deliveries.c.id).where(deliveries.c.edition_id == edition, deliveries.c.subscriber_id == subscriber)
    return connection.execute(query).first() is not None


def late_editions_due(connection: Connection, since: date) -> list[int]:
    """The numbers of sent editions of `since` or later that somebody waits for, the oldest first."""
    waiting = select(deliveries.c.id).where(deliveries.c.edition_id == editions.c.id, deliveries.c.state.in_(WAITING))
    query = select(editions.c.id).where(
        editions.c.kind != EditionKind.LETTER,
        editions.c.state == EditionState.SENT,
        editions.c.day >= since,
        waiting.exists(),
    )
    return list(connection.execute(query.order_by(editions.c.id)).scalars())
