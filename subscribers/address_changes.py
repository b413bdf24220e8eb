"""A new address that waits for its owner's word. One at a time per person: a new request takes the last one's place."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from subscribers.addresses import Address, address_key
from subscribers.errors import AddressTakenError, SuppressedError
from subscribers.model import Subscriber
from subscribers.repository import find_subscriber
from subscribers.suppression import suppression_of
from subscribers.tables import address_changes, former_addresses, subscribers

_C = address_changes.c


def wait_for_address(conn: Connection, subscriber_id: int, email: str, edition_id: int, now: datetime) -> None:
    """Remember which address the letter `edition_id` asks about."""
    drop_address_change(conn, subscriber_id)
    row = {"subscriber_id": subscriber_id, "email": email, "edition_id": edition_id, "asked_at": now}
    conn.execute(insert(address_changes).values(row))


def waiting_address(conn: Connection, subscriber_id: int, edition_id: int | None = None) -> str:
    """The address that waits, by the letter `edition_id` where that is named; empty where none does."""
    query = select(_C.email).where(_C.subscriber_id == subscriber_id)
    if edition_id is not None:
        query = query.where(_C.edition_id == edition_id)
    return conn.execute(query).scalar() or ""


def drop_address_change(conn: Connection, subscriber_id: int) -> None:
    conn.execute(delete(address_changes).where(_C.subscriber_id == subscriber_id))


def drop_old_address_changes(conn: Connection, before: datetime) -> int:
    """Forget the addresses that nobody confirmed in time; how many."""
    return conn.execute(delete(address_changes).where(_C.asked_at < before)).rowcount


def move_to_address(conn: Connection, person: Subscriber, address: Address, *, secret: bytes, now: datetime) -> None:
    """Make `address` the one on file; the former one is kept until the person is erased.

    Raises AddressTakenError where it is somebody else's, SuppressedError where it must not be mailed.
    """
    if suppression := suppression_of(conn, address, secret=secret):
        raise SuppressedError(address.email, suppression.reason, suppression.since)
    other = find_subscriber(conn, address.email, secret=secret)
    if other is not None and other.id != person.id:
        raise AddressTakenError(address.email)
    key = address_key(secret, address.email)
    former = {"subscriber_id": person.id, "email": person.email, "email_key": address_key(secret, person.email)}
    conn.execute(insert(former_addresses).values(**former, until=now))
    conn.execute(
        update(subscribers)
        .where(subscribers.c.id == person.id)
        .values(email=address.email, email_key=key, domain=address.domain, updated_at=now)
    )
