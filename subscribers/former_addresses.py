"""Addresses that people had before: remembered until the person is erased, so that an old one still leads to them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from subscribers.address_changes import drop_address_change, move_to_address
from subscribers.addresses import Address, address_key, parse_address
from subscribers.audit import record_change
from subscribers.errors import SuppressedError
from subscribers.model import FormerAddress, Subscriber, SuppressionReason
from subscribers.repository import get_subscriber, subscribers_by_id
from subscribers.suppression import suppression_of
from subscribers.tables import former_addresses

_F = former_addresses.c
#: Suppressed for a fault of the mailbox, which a new address mends; every other reason is about the person.
_MENDED = frozenset({SuppressionReason.HARD_BOUNCE, SuppressionReason.SOFT_BOUNCES})


def change_address(
    conn: Connection, person: Subscriber, address: Address, *, who: str, secret: bytes, now: datetime
) -> Subscriber:
    """Give a person a new address: number, handle, subscriptions, consents and deliveries stay theirs.

    An address that waits for their own confirmation is dropped. Raises AddressTakenError where it is somebody else's,
    SuppressedError where it must not be mailed, or where the person must not, whatever the address.
    """
    if address.email == person.email:
        return person
    suppression = suppression_of(conn, parse_address(person.email), secret=secret)
    if suppression and suppression.address and suppression.reason not in _MENDED:
        raise SuppressedError(person.email, suppression.reason, suppression.since)
    move_to_address(conn, person, address, secret=secret, now=now)
    drop_address_change(conn, person.id)
    record_change(
        conn, who=who, what="subscriber.change-address", subject=str(person.id), subscriber_id=person.id, at=now
    )
    return get_subscriber(conn, address.email, secret=secret)


def former_addresses_of(conn: Connection, subscriber_id: int) -> list[FormerAddress]:
    """The addresses that a person had, the newest first."""
    query = select(_F.email, _F.until).where(_F.subscriber_id == subscriber_id).order_by(_F.id.desc())
    return [FormerAddress(email=email, until=until) for email, until in conn.execute(query)]


def formerly_at(conn: Connection, address: Address, *, secret: bytes) -> list[Subscriber]:
    """Who had that address before, by number."""
    query = select(_F.subscriber_id).distinct().where(_F.email_key == address_key(secret, address.email))
    return [person for _, person in sorted(subscribers_by_id(conn, conn.execute(query).scalars().all()).items())]
