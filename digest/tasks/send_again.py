"""A sent edition once more to one person, by their wish: counted in the ledger like the first time."""

from __future__ import annotations

from sqlalchemy import Connection

from digest.errors import StepError
from digest.model.edition import EditionState
from digest.storage import editions, ledger
from digest.storage.database import Database
from digest.tasks.plan_recipients import compose_recipients
from subscribers.model import Subscriber
from subscribers.repository import get_subscriber


def queue_again(database: Database, number: int, address: str, secret: bytes) -> None:
    """Queue edition `number` for the person of that address, whether or not they got it; `Sender.send_late` sends it.

    Who got it gets the same bytes. Raises NotFoundError, UnknownSubscriberError, and StepError where the edition was
    not sent yet, or the person's message waits to be sent already.
    """
    with database.write() as connection:
        edition = editions.get_edition(connection, number)
        if edition.state is not EditionState.SENT:
            raise StepError(f"Edition {number} is {edition.state}, not sent; there is nothing to repeat yet.")
        person = get_subscriber(connection, address, secret=secret)
        state = ledger.state_of(connection, number, person.id)
        if state is None:
            _enter(connection, number, person)
        elif not ledger.repeat_delivery(connection, number, person.id):
            raise StepError(f"The message of edition {number} to {person.email} is {state}; `digest send` takes it up.")


def _enter(connection: Connection, number: int, person: Subscriber) -> None:
    content = editions.get_edition(connection, number, content=True).content
    assert content is not None  # noqa: S101, it was sent
    snapshot = editions.load_snapshot(connection, number)
    ledger.enter_recipients(connection, number, compose_recipients(connection, content, [person], snapshot, {}))
