"""What the ledger says of editions and of people: reading only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from digest.model.delivery import DeliveryState, Recipient
from digest.storage.counts import count_deliveries as count_deliveries
from digest.storage.tables import deliveries, editions
from subscribers.tables import subscribers

#: The reason of those who wait for a limit that we set ourselves (`digest.deliver.replies.Reason.DOMAIN_LIMIT`).
OWN_LIMIT = "domain_limit"
_S = DeliveryState
_decode = msgspec.msgpack.Decoder(Recipient).decode


def next_try(connection: Connection, edition: int) -> datetime | None:
    """When the first of the deferred deliveries is due, None where there are none."""
    query = select(func.min(deliveries.c.next_try)).where(
        deliveries.c.edition_id == edition, deliveries.c.state == _S.DEFERRED
    )
    return connection.execute(query).scalar()


def next_turn(connection: Connection, edition: int) -> tuple[datetime, str] | None:
    """When the first of those is due who wait for a limit of our own, and which; None where nobody does."""
    waits = (
        deliveries.c.edition_id == edition,
        deliveries.c.state == _S.DEFERRED,
        deliveries.c.reason == OWN_LIMIT,
    )
    row = connection.execute(
        select(deliveries.c.next_try, deliveries.c.reply).where(*waits).order_by(deliveries.c.next_try).limit(1)
    ).first()
    return (row.next_try, row.reply) if row else None


def deliveries_of(connection: Connection, subscriber: int, limit: int = 30) -> list[Any]:
    """Rows (edition, newsletter, day, state, reason, reply, attempts, settled_at) of one person, the newest first."""
    query = (
        select(
            deliveries.c.edition_id,
            editions.c.newsletter,
            editions.c.day,
            deliveries.c.state,
            deliveries.c.reason,
            deliveries.c.reply,
            deliveries.c.attempts,
            deliveries.c.settled_at,
        )
        .join(editions, editions.c.id == deliveries.c.edition_id)
        .where(deliveries.c.subscriber_id == subscriber)
        .order_by(deliveries.c.id.desc())
        .limit(limit)
    )
    return list(connection.execute(query))


def deliveries_in(connection: Connection, edition: int, state: DeliveryState, limit: int) -> list[Any]:
    """Rows (email, reason, reply, attempts, settled_at, next_try) of up to `limit` people in that state.

    Whoever was erased since has no address any more.
    """
    query = (
        select(
            subscribers.c.email,
            deliveries.c.reason,
            deliveries.c.reply,
            deliveries.c.attempts,
            deliveries.c.settled_at,
            deliveries.c.next_try,
        )
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id, isouter=True)
        .where(deliveries.c.edition_id == edition, deliveries.c.state == state)
        .order_by(deliveries.c.id)
        .limit(limit)
    )
    return list(connection.execute(query))


def frozen_recipient(connection: Connection, edition: int, subscriber: int) -> tuple[Recipient, datetime | None] | None:
    """What was frozen of one person for the edition, and the Date of their message once it was claimed."""
    row = connection.execute(
        select(deliveries.c.recipient, deliveries.c.choice, deliveries.c.dated).where(
            deliveries.c.edition_id == edition, deliveries.c.subscriber_id == subscriber
        )
    ).first()
    if row is None or row.recipient is None:
        return None
    return recipient_of(row), row.dated


def state_of(connection: Connection, edition: int, subscriber: int) -> DeliveryState | None:
    """Where that person's delivery stands, None where they have none."""
    query = select(deliveries.c.state).where(
        deliveries.c.edition_id == edition, deliveries.c.subscriber_id == subscriber
    )
    return connection.execute(query).scalar()


def recipient_of(row: Any) -> Recipient:
    """The frozen values in a row's `recipient` and `choice`."""
    return msgspec.structs.replace(_decode(row.recipient), choice=bytes(row.choice))
