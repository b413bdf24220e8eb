"""The very message that somebody would get, without sending it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from digest.errors import NotFoundError
from digest.links import Links
from digest.model.delivery import Message
from digest.model.edition import EditionContent
from digest.model.market import Snapshot
from digest.render.assemble import Assembler
from digest.render.shell import Shell
from digest.storage import deliveries, editions
from digest.storage.database import Database
from digest.tasks.plan_recipients import compose_recipients, find_repeats
from subscribers.model import Subscriber
from subscribers.recipients import recipients
from subscribers.repository import get_subscriber
from subscribers.segment_store import clause_of_segment


def preview_message(
    database: Database,
    number: int,
    address: str,
    secret: bytes,
    links: Links,
    snapshot: Snapshot | None,
    now: datetime,
    bounce_domain: str = "",
) -> Message:
    """The message of edition `number` for `address`, or for the first recipient where that is empty.

    Once sending has begun it is made from what was frozen, before that from the subscriber as they are, `snapshot` and
    `now`. Raises NotFoundError.
    """
    with database.read() as connection:
        content, shell = load_prepared(connection, number)
        person = get_subscriber(connection, address, secret=secret) if address else first_recipient(connection, content)
        frozen = deliveries.frozen_recipient(connection, number, person.id)
        if frozen:
            recipient, dated = frozen
            snapshot = editions.load_snapshot(connection, number)
        else:
            overlaps = find_repeats(connection, number, content)
            [(_, recipient)] = compose_recipients(connection, content, [person], snapshot, overlaps)
            dated = None
    assembler = Assembler(shell, content, number, snapshot, links, bounce_domain)
    return assembler.message(recipient, (dated or now).astimezone(content.site.zone))


def load_prepared(connection: Connection, number: int) -> tuple[EditionContent, Shell]:
    """What a prepared edition is made from, and its shell. Raises NotFoundError."""
    edition = editions.get_edition(connection, number, content=True)
    if edition.content is None:
        raise NotFoundError("prepared edition", number, f"in the database; it is {edition.state}")
    return edition.content, Shell.from_bytes(editions.load_shell(connection, number))


def first_recipient(connection: Connection, content: EditionContent) -> Subscriber:
    """The first of those whom the edition is for. Raises NotFoundError."""
    segment = content.newsletter.segment
    clause = clause_of_segment(connection, segment, zone=content.site.zone)
    people = recipients(connection, content.newsletter.lists, segment=clause, limit=1)
    if not people:
        where = f"on the lists {', '.join(content.newsletter.lists)}" + (
            f" and in the segment {segment}" if segment else ""
        )
        raise NotFoundError("recipient", "at all", where)
    return people[0]
