"""A test of an edition: the message as its readers would get it, marked as a test, to a few addresses, in no ledger."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace

from digest.compose.personal import Composer
from digest.deliver.base import Backend
from digest.deliver.dkim import Signer
from digest.links import Links
from digest.model.delivery import Message, Outcome
from digest.model.market import Snapshot
from digest.render.assemble import Assembler
from digest.storage.database import Database
from digest.tasks.preview_message import load_prepared
from subscribers.addresses import parse_address
from subscribers.model import Subscriber
from subscribers.repository import find_subscriber

#: What the subject of a test begins with.
MARK = "TEST: "


class TrialReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one test message."""

    address: str
    outcome: Outcome


def send_test(
    database: Database,
    backend: Backend,
    links: Links,
    number: int,
    addresses: Sequence[str],
    snapshot: Snapshot | None,
    secret: bytes,
    now: datetime,
    signer: Signer | None = None,
) -> list[TrialReport]:
    """Send edition `number` to each address, which sees it as the subscriber of that address, or as a new reader.

    Its links lead to nobody: a test that is passed on cannot unsubscribe anyone. Raises NotFoundError, AddressError for
    what is no address, and PausedError where the sender is at fault.
    """
    messages = trial_messages(database, links, number, addresses, snapshot, secret, now)
    return asyncio.run(_send(backend, [signer.sign(each) if signer else each for each in messages]))


def trial_messages(
    database: Database,
    links: Links,
    number: int,
    addresses: Sequence[str],
    snapshot: Snapshot | None,
    secret: bytes,
    now: datetime,
) -> list[Message]:
    """What `send_test` sends, unsigned. Raises NotFoundError and AddressError."""
    asked = [parse_address(address) for address in addresses]
    with database.read() as connection:
        content, shell = load_prepared(connection, number)
        people = [find_subscriber(connection, address.email, secret=secret) for address in asked]
    assembler = Assembler(shell, content, number, snapshot, links)
    composer = Composer(content, snapshot)
    messages = []
    for address, person in zip(asked, people, strict=True):
        recipient = composer.compose(person or _new_reader(address.email))
        marked = replace(recipient, handle=secrets.token_hex(8), subject=MARK + recipient.subject)
        messages.append(assembler.message(marked, now.astimezone(content.site.zone)))
    return messages


async def _send(backend: Backend, messages: Sequence[Message]) -> list[TrialReport]:
    connection = backend.connect()
    try:
        return [TrialReport(address=each.rcpt_to, outcome=await connection.submit(each)) for each in messages]
    finally:
        await connection.close()


def _new_reader(address: str) -> Subscriber:
    return Subscriber(
        id=0,
        handle="",
        email=address,
        first_name="",
        last_name="",
        title="",
        salutation="",
        form="",
        topics=(),
        coins=(),
        max_articles=None,
        tags=(),
        attributes={},
        created_at=datetime.fromtimestamp(0, UTC),
    )
