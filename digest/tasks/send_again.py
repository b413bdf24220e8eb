"""A sent edition once more to one person, by their wish: counted in the ledger like the first time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from digest.errors import StepError
from digest.model.edition import EditionContent, EditionState
from digest.storage import deliveries, editions, ledger
from digest.storage.database import Database
from digest.tasks.plan_recipients import compose_recipients
from digest.tasks.send_letter import letter_lists
from subscribers.model import Subscriber
from subscribers.recipients import refusals
from subscribers.repository import get_subscriber


def queue_again(database: Database, number: int, address: str, secret: bytes, now: datetime) -> None:
    """Queue edition `number` for the person of that address, whether or not they got it; `Sender.send_late` sends it.

    Who got it gets the same bytes. Raises NotFoundError, UnknownSubscriberError, and StepError where the edition was
    not sent yet, the person's message waits to be sent already, or they may not be mailed: then what the ledger says
    of the first time stays.
    """
    with database.write() as connection:
        edition = editions.get_edition(connection, number, content=True)
        if edition.state is not EditionState.SENT:
            raise StepError(f"Edition {number} is {edition.state}, not sent; there is nothing to repeat yet.")
        person = get_subscriber(connection, address, secret=secret)
        content = edition.content
        assert content is not None  # noqa: S101, it was sent
        refused = refusals(connection, [person.id], letter_lists(content), now=now)
        if refused:
            raise StepError(f"Nothing may be mailed to {person.email} ({refused[person.id]}); edition {number} stays.")
        state = deliveries.state_of(connection, number, person.id)
        if state is None:
            _enter(connection, number, content, person)
        elif not ledger.repeat_delivery(connection, number, person.id):
            raise StepError(f"The message of edition {number} to {person.email} is {state}; `digest send` takes it up.")


def _enter(connection: Connection, number: int, content: EditionContent, person: Subscriber) -> None:
    snapshot = editions.load_snapshot(connection, number)
    ledger.enter_recipients(connection, number, compose_recipients(connection, content, [person], snapshot, {}))
