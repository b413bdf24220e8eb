"""What came back, beside the ledger: which delivery it is about, and what came back before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from digest.model.delivery import DeliveryState, Recipient
from digest.storage.tables import deliveries, editions
from subscribers.bounces.streaks import PastDelivery
from subscribers.model import BounceClass
from subscribers.tables import bounces, subscribers
from subscribers.upsert import insert_was_new

_decode = msgspec.msgpack.Decoder(Recipient).decode
#: Whose message may have arrived.
_LEFT_US = (DeliveryState.SUBMITTED, DeliveryState.UNKNOWN)


class BouncedDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery and its person; `mailed` is the address that was mailed, empty where it is not kept any more."""

    edition: int
    newsletter: str
    day: date
    subscriber: int
    email: str
    mailed: str


def find_delivery(connection: Connection, handle: str, edition: int) -> BouncedDelivery | None:
    """The delivery that a genuine token names; None where the person or the delivery is gone."""
    query = (
        select(editions.c.newsletter, editions.c.day, subscribers.c.id, subscribers.c.email, deliveries.c.recipient)
        .join(deliveries, deliveries.c.subscriber_id == subscribers.c.id)
        .join(editions, editions.c.id == deliveries.c.edition_id)
        .where(subscribers.c.handle == handle, deliveries.c.edition_id == edition)
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    return BouncedDelivery(
        edition=edition,
        newsletter=row.newsletter,
        day=row.day,
        subscriber=row.id,
        email=row.email,
        mailed=_decode(row.recipient).address if row.recipient else "",
    )


def rejected_deliveries(connection: Connection, since: date, reasons: Sequence[str], limit: int) -> list[Any]:
    """Rows (handle, edition_id, reason, reply) of what servers refused in our own session and is not written down yet.

    Of the editions of the day `since` and later.
    """
    written_down = (
        select(bounces.c.id)
        .where(bounces.c.subscriber_id == deliveries.c.subscriber_id, bounces.c.edition_id == deliveries.c.edition_id)
        .exists()
    )
    query = (
        select(subscribers.c.handle, deliveries.c.edition_id, deliveries.c.reason, deliveries.c.reply)
        .join(editions, editions.c.id == deliveries.c.edition_id)
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        .where(editions.c.day >= since, deliveries.c.state == DeliveryState.REJECTED)
        .where(deliveries.c.reason.in_(reasons), ~written_down)
        .order_by(deliveries.c.id)
        .limit(limit)
    )
    return list(connection.execute(query))


def record_bounce(
    connection: Connection,
    digest: str,
    *,
    at: datetime,
    bounce_class: BounceClass,
    reason: str,
    status: str = "",
    waiting: bool = False,
    edition: int | None = None,
    subscriber: int | None = None,
    effect: str,
) -> bool:
    """Write down what came back; False where a copy of it was written down before."""
    row = {
        "digest": digest,
        "at": at,
        "edition_id": edition,
        "subscriber_id": subscriber,
        "bounce_class": bounce_class,
        "reason": reason,
        "status": status,
        "waiting": waiting,
        "effect": effect,
    }
    return insert_was_new(connection, bounces, row, "digest")


def is_recorded(connection: Connection, digest: str) -> bool:
    return connection.execute(select(bounces.c.id).where(bounces.c.digest == digest)).first() is not None


def name_effect(connection: Connection, digest: str, effect: str) -> None:
    """Say what followed from what was written down."""
    connection.execute(bounces.update().where(bounces.c.digest == digest).values(effect=effect))


def past_deliveries(connection: Connection, subscriber: int, limit: int) -> list[PastDelivery]:
    """A person's newest deliveries that left us or came back, the newest first, with what came back of each."""
    came_back: dict[int, list[Any]] = {}
    for row in connection.execute(
        select(bounces.c.edition_id, bounces.c.bounce_class, bounces.c.reason, bounces.c.waiting).where(
            bounces.c.subscriber_id == subscriber, bounces.c.edition_id.is_not(None)
        )
    ):
        came_back.setdefault(row.edition_id, []).append(row)
    query = (
        select(deliveries.c.edition_id, deliveries.c.state, editions.c.day)
        .join(editions, editions.c.id == deliveries.c.edition_id)
        .where(deliveries.c.subscriber_id == subscriber)
        .order_by(editions.c.day.desc(), deliveries.c.id.desc())
        .limit(limit)
    )
    return [
        PastDelivery(
            day=row.day,
            reasons=tuple(
                each.reason
                for each in came_back.get(row.edition_id, ())
                if not each.waiting and each.bounce_class in (BounceClass.HARD, BounceClass.SOFT)
            ),
        )
        for row in connection.execute(query)
        if row.state in _LEFT_US or row.edition_id in came_back
    ]


def bounces_of(connection: Connection, subscriber: int, limit: int = 30) -> list[Any]:
    """Rows (edition_id, at, bounce_class, reason, status, waiting, effect) of one person, the newest first."""
    query = (
        select(
            bounces.c.edition_id,
            bounces.c.at,
            bounces.c.bounce_class,
            bounces.c.reason,
            bounces.c.status,
            bounces.c.waiting,
            bounces.c.effect,
        )
        .where(bounces.c.subscriber_id == subscriber)
        .order_by(bounces.c.id.desc())
        .limit(limit)
    )
    return list(connection.execute(query))


def count_bounces(connection: Connection, edition: int) -> dict[BounceClass, int]:
    """How many of an edition's deliveries came back, by class."""
    query = (
        select(bounces.c.bounce_class, func.count(func.distinct(bounces.c.subscriber_id)).label("deliveries"))
        .where(bounces.c.edition_id == edition, ~bounces.c.waiting)
        .group_by(bounces.c.bounce_class)
    )
    return {row.bounce_class: row.deliveries for row in connection.execute(query)}
