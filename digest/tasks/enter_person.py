"""Somebody is added by a program, or more is said of them; whoever is pending then gets a confirmation letter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from subscribers.addresses import Address, parse_address
from subscribers.audit import record_change
from subscribers.errors import SuppressedError
from subscribers.model import Changes, Consent, Profile, Subscriber, SubscriptionState
from subscribers.repository import add_subscriber, change_subscriber, find_subscriber, subscribers_by_id
from subscribers.subscriptions import subscribe
from subscribers.suppression import suppression_of


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Who is added, to which lists; without `consent` they are pending there until they confirm."""

    address: Address
    profile: Profile
    lists: Sequence[str]
    consent: Consent | None = None


def enter_person(
    connection: Connection, entry: Entry, *, who: str, secret: bytes, now: datetime
) -> tuple[Subscriber, bool]:
    """Add a person, or add to what is known of them; and whether they are new.

    Raises SuppressedError, UnknownListError and WrongValueError (archived); the transaction is then to be given up.
    """
    known = find_subscriber(connection, entry.address.email, secret=secret)
    person = add_subscriber(connection, entry.address, entry.profile, secret=secret, now=now)
    if known is None:
        _record(connection, who, "subscriber.add", person, now)
    elif changed := _changed_fields(known, person):
        _record(connection, who, "subscriber.change", person, now, {"fields": " ".join(changed)})
    for slug in dict.fromkeys(entry.lists):
        subscribe(connection, person.id, slug, consent=entry.consent, source=who, who=who, now=now)
    return person, known is None


def put_on_list(
    connection: Connection,
    person: Subscriber,
    list_slug: str,
    consent: Consent | None,
    *,
    who: str,
    secret: bytes,
    now: datetime,
) -> SubscriptionState:
    """How they stand with the list then. Raises SuppressedError, UnknownListError and WrongValueError (archived)."""
    if suppression := suppression_of(connection, parse_address(person.email), secret=secret):
        raise SuppressedError(person.email, suppression.reason, suppression.since)
    return subscribe(connection, person.id, list_slug, consent=consent, source=who, who=who, now=now)


def change_person(
    connection: Connection, subscriber_id: int, changes: Changes, *, who: str, now: datetime
) -> Subscriber:
    """Set what `changes` names. Raises UnknownSubscriberError."""
    before = subscribers_by_id(connection, [subscriber_id]).get(subscriber_id)
    person = change_subscriber(connection, subscriber_id, changes, now=now)
    if before is not None and (changed := _changed_fields(before, person)):
        _record(connection, who, "subscriber.change", person, now, {"fields": " ".join(changed)})
    return person


def _changed_fields(before: Subscriber, after: Subscriber) -> list[str]:
    return [name for name in Profile.__struct_fields__ if getattr(before, name) != getattr(after, name)]


def _record(
    connection: Connection,
    who: str,
    what: str,
    person: Subscriber,
    now: datetime,
    detail: Mapping[str, str] | None = None,
) -> None:
    record_change(
        connection, who=who, what=what, subject=str(person.id), subscriber_id=person.id, at=now, detail=detail
    )
