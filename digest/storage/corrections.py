"""Editions that correct others: what they correct, who received the fault, and what the archive says of it."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Connection, insert, select

from digest.model.delivery import DeliveryState
from digest.model.edition import EditionState
from digest.storage.editions import load_extras
from digest.storage.tables import corrections, deliveries, editions
from subscribers.model import Subscriber
from subscribers.rows import PUBLIC_COLUMNS, subscriber_of
from subscribers.tables import subscribers

#: Whoever stands in one of these states has the message, or may have it.
_RECEIVED = (DeliveryState.SUBMITTED, DeliveryState.UNKNOWN)


class Corrected(msgspec.Struct, frozen=True):
    """What a correction corrects; `article` is a number in that edition, None for what everybody got."""

    edition: int
    article: int | None


class CorrectionNote(msgspec.Struct, frozen=True, kw_only=True):
    """A correction that was sent: when, of which article (None: of what everybody got), and its words."""

    number: int
    sent_at: datetime
    article: int | None
    title: str
    text: tuple[str, ...]


def add_correction(connection: Connection, number: int, corrected: Corrected) -> None:
    """Edition `number` is one that corrects another."""
    connection.execute(
        insert(corrections).values(edition_id=number, corrects_id=corrected.edition, article=corrected.article)
    )


def find_corrected(connection: Connection, number: int) -> Corrected | None:
    """What edition `number` corrects, None where it corrects nothing."""
    query = select(corrections.c.corrects_id, corrections.c.article).where(corrections.c.edition_id == number)
    row = connection.execute(query).first()
    return Corrected(row.corrects_id, row.article) if row else None


def corrections_of(connection: Connection, edition: int) -> list[CorrectionNote]:
    """The corrections of that edition that were sent, the oldest first."""
    query = (
        select(corrections.c.edition_id, corrections.c.article, editions.c.sent_at)
        .join(editions, editions.c.id == corrections.c.edition_id)
        .where(corrections.c.corrects_id == edition, editions.c.state == EditionState.SENT)
        .order_by(corrections.c.edition_id)
    )
    notes = []
    for number, article, sent_at in connection.execute(query).all():
        said = load_extras(connection, number).correction
        if said:
            notes.append(
                CorrectionNote(number=number, sent_at=sent_at, article=article, title=said.title, text=said.text)
            )
    return notes


def receivers(
    connection: Connection, corrected: Corrected, *, after: int, limit: int
) -> tuple[list[Subscriber], int | None]:
    """Those of the next `limit` people in the ledger, behind the id `after`, who received what is corrected.

    With it the last id that was looked at, None at the end. Who was erased is not among them.
    """
    query = (
        select(*PUBLIC_COLUMNS, deliveries.c.choice)
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        .where(
            deliveries.c.edition_id == corrected.edition,
            deliveries.c.subscriber_id > after,
            deliveries.c.state.in_(_RECEIVED),
        )
        .order_by(deliveries.c.subscriber_id)
        .limit(limit)
    )
    rows = connection.execute(query).all()
    got = [row for row in rows if corrected.article is None or corrected.article in bytes(row.choice)]
    return [subscriber_of(row[:-1]) for row in got], rows[-1].id if rows else None
