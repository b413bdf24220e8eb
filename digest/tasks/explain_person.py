"""Why somebody got what they got, and did not get the rest."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from digest.model.delivery import DeliveryState
from digest.storage.database import Database
from digest.storage.ledger import deliveries_of
from subscribers.addresses import parse_address
from subscribers.model import Subscription
from subscribers.repository import find_subscriber
from subscribers.subscriptions import subscriptions_of
from subscribers.suppression import suppression_of


class DeliveryAccount(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the ledger about this person."""

    edition: int
    newsletter: str
    date: date
    state: DeliveryState
    reason: str
    reply: str
    attempts: int
    settled_at: datetime | None


class PersonAccount(msgspec.Struct, frozen=True, kw_only=True):
    """All that bears on what a person gets; `standing` says it in a sentence."""

    address: str
    standing: str
    subscriptions: list[Subscription]
    deliveries: list[DeliveryAccount]


def explain_person(database: Database, address: str, secret: bytes) -> PersonAccount:
    """What the lists and the ledger say of `address`. Raises AddressError for what is no address."""
    parsed = parse_address(address)
    with database.read() as connection:
        suppression = suppression_of(connection, parsed, secret=secret)
        person = find_subscriber(connection, parsed.email, secret=secret)
        standings = subscriptions_of(connection, person.id) if person else []
        rows = deliveries_of(connection, person.id) if person else []
    if suppression is not None:
        standing = f"suppressed since {suppression.since:%Y-%m-%d} ({suppression.reason}); gets nothing"
    elif person is None:
        standing = "not a subscriber; gets nothing"
    elif not any(each.state == "active" for each in standings):
        standing = "no active subscription; gets nothing"
    else:
        standing = "gets what goes to the lists with an active subscription"
    return PersonAccount(
        address=parsed.email,
        standing=standing,
        subscriptions=standings,
        deliveries=[
            DeliveryAccount(
                edition=row.edition_id,
                newsletter=row.newsletter,
                date=row.day,
                state=row.state,
                reason=row.reason,
                reply=row.reply,
                attempts=row.attempts,
                settled_at=row.settled_at,
            )
            for row in rows
        ],
    )
