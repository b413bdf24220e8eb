"""Letters in the ledger: one edition for all that ask for the same letter before it leaves."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Connection, insert, select, update

from digest.model.delivery import Recipient
from digest.model.edition import EditionContent, EditionKind, EditionState
from digest.storage.late_editions import WAITING, has_delivery
from digest.storage.ledger import enter_recipients
from digest.storage.tables import deliveries, editions

#: A letter in one of these is sent, or gone on with, by the next `send`.
_OPEN = (EditionState.APPROVED, EditionState.SENDING)


def letter_edition(
    connection: Connection, content: EditionContent, shell: bytes, now: datetime, *, shared: bool = True
) -> int:
    """The number of an edition of kind letter with that content, made where none waits to be sent.

    It is approved, and its recipients count as planned: whoever is entered gets it. One that has begun to leave takes
    nobody in. With `shared` False it is always a new one.
    """
    letter_hash = content.hash
    if shared:
        query = (
            select(editions.c.id)
            .where(
                editions.c.newsletter == content.newsletter.slug,
                editions.c.day == content.date,
                editions.c.kind == EditionKind.LETTER,
                editions.c.content_hash == letter_hash,
                editions.c.state == EditionState.APPROVED,
            )
            .order_by(editions.c.id.desc())
            .limit(1)
            .with_for_update()
        )
        if number := connection.execute(query).scalar():
            return int(number)
    row = {
        "newsletter": content.newsletter.slug,
        "kind": EditionKind.LETTER,
        "day": content.date,
        "at": content.at,
        "state": EditionState.APPROVED,
        "reason": "",
        "content": content.to_json(),
        "content_hash": letter_hash,
        "approved_hash": letter_hash,
        "shell": shell,
        "prepared_at": now,
        "planned_at": now,
    }
    return int(connection.execute(insert(editions).values(row).returning(editions.c.id)).scalar_one())


def enter_letter(connection: Connection, edition: int, subscriber: int, recipient: Recipient) -> None:
    """Queue it for one person; nothing happens where they stand in its ledger already."""
    if not has_delivery(connection, edition, subscriber):
        enter_recipients(connection, edition, [(subscriber, recipient)])


def letters_due(connection: Connection) -> list[int]:
    """The numbers of the letters that somebody waits for, the oldest first.

    A letter whose last recipient is deferred is among them before their next try has come, too.
    """
    waiting = select(deliveries.c.id).where(deliveries.c.edition_id == editions.c.id, deliveries.c.state.in_(WAITING))
    query = select(editions.c.id).where(
        editions.c.kind == EditionKind.LETTER, editions.c.state.in_(_OPEN), waiting.exists()
    )
    return list(connection.execute(query.order_by(editions.c.id)).scalars())


def drop_shells_of_letters(connection: Connection, before: date) -> int:
    """Forget how letters looked that were sent before that day: there are many, and nobody joins them; how many."""
    old = (editions.c.kind == EditionKind.LETTER, editions.c.day < before)
    closed = editions.c.state.in_((EditionState.SENT, EditionState.CANCELLED))
    dropped = connection.execute(
        update(editions).where(*old, closed, editions.c.shell.is_not(None)).values(shell=None, content=None)
    )
    return dropped.rowcount
