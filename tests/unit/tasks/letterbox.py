"""What waits for whom in the ledger, and the links in it, without sending anything."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select

from digest.app import App
from digest.model.delivery import Recipient
from digest.render.assemble import Assembler
from digest.render.letterhead import find_letterhead
from digest.render.shell import Shell
from digest.storage.deliveries import frozen_recipient
from digest.storage.editions import get_edition, load_shell
from digest.storage.tables import deliveries
from subscribers.model import Subscriber
from subscribers.repository import get_subscriber


class Waiting(NamedTuple):
    """A letter that waits: its name, its edition, whom for, the end of its one link, and the message as text."""

    name: str
    edition: int
    recipient: Recipient
    token: str
    data: bytes


def letterbox(app: App) -> list[Waiting]:
    """Every letter that is queued, the oldest first."""
    found = []
    with app.database.read() as connection:
        rows = connection.execute(
            select(deliveries.c.edition_id, deliveries.c.subscriber_id)
            .where(deliveries.c.state == "queued")
            .order_by(deliveries.c.id)
        ).all()
        for edition, subscriber in rows:
            content = get_edition(connection, edition, content=True).content
            frozen = frozen_recipient(connection, edition, subscriber)
            letterhead = find_letterhead(content) if content else None
            if content is None or frozen is None or letterhead is None:
                continue
            recipient, token = frozen[0], ""
            if letterhead.purpose and content.expires:
                url = app.links.letter(letterhead.purpose, recipient.handle, edition, content.expires)
                token = url.rpartition("/")[2]
            maker = Assembler(Shell.from_bytes(load_shell(connection, edition)), content, edition, None, app.links)
            name = content.newsletter.template.rpartition("/")[2]
            found.append(Waiting(name, edition, recipient, token, maker.message(recipient, content.at).data))
    return found


def newest(app: App, name: str) -> Waiting:
    """The newest letter of that name; fails where there is none."""
    return [letter for letter in letterbox(app) if letter.name == name][-1]


def names(app: App) -> list[tuple[str, str]]:
    """(letter, address) of all that waits."""
    return [(letter.name, letter.recipient.address) for letter in letterbox(app)]


def person(app: App, email: str) -> Subscriber:
    with app.database.read() as connection:
        return get_subscriber(connection, email, secret=app.secret)


def dump(app: App) -> list[str]:
    """Everything in the database, as SQL."""
    raw = app.database.engine.raw_connection()
    try:
        return list(raw.driver_connection.iterdump())  # type: ignore[union-attr]
    finally:
        raw.close()
