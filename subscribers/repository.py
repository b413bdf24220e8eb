"""Subscribers: added, found, changed. The caller owns the transaction; `now` is aware.

How a person is added again (by hand or by an import): the address without regard to case says who it is, and its first
spelling stays. A stated value replaces the one that is there, an empty one leaves it alone; tags and attributes are
added to; nobody's handle or number ever changes.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET
from sqlalchemy import ColumnElement, Connection, Select, select, update

from subscribers.addresses import Address, address_key, parse_address
from subscribers.errors import SuppressedError, UnknownSubscriberError
from subscribers.model import Changes, Profile, Subscriber
from subscribers.profile import join_profiles
from subscribers.rows import PUBLIC_COLUMNS, new_row, profile_of, subscriber_of
from subscribers.suppression import suppression_of
from subscribers.tables import subscribers
from subscribers.upsert import insert_was_new


def add_subscriber(
    conn: Connection, address: Address, profile: Profile | None = None, *, secret: bytes, now: datetime
) -> Subscriber:
    """Add a person, or add to what is known of one. Raises SuppressedError; subscribes nobody to anything."""
    stated = profile or Profile()
    if suppression := suppression_of(conn, address, secret=secret):
        raise SuppressedError(address.email, suppression.reason, suppression.since)
    key = address_key(secret, address.email)
    row = new_row(address, key, secrets.token_hex(8), stated, now)
    if not insert_was_new(conn, subscribers, row, "email_key"):
        known = _one(conn, subscribers.c.email_key == key, address.email)
        joined = join_profiles(profile_of(known), stated)
        if joined != profile_of(known):
            values = msgspec.structs.asdict(joined) | {"updated_at": now}
            conn.execute(update(subscribers).where(subscribers.c.id == known.id).values(values))
    return _one(conn, subscribers.c.email_key == key, address.email)


def find_subscriber(conn: Connection, email: str, *, secret: bytes) -> Subscriber | None:
    """Who has that address, or None. Raises AddressError."""
    key = address_key(secret, parse_address(email).email)
    row = conn.execute(_public().where(subscribers.c.email_key == key)).first()
    return subscriber_of(row) if row else None


def get_subscriber(conn: Connection, email: str, *, secret: bytes) -> Subscriber:
    """Who has that address. Raises UnknownSubscriberError, AddressError."""
    found = find_subscriber(conn, email, secret=secret)
    if found is None:
        raise UnknownSubscriberError(email)
    return found


def subscriber_by_handle(conn: Connection, handle: str) -> Subscriber | None:
    """Who has that public name, or None."""
    row = conn.execute(_public().where(subscribers.c.handle == handle)).first()
    return subscriber_of(row) if row else None


def subscribers_by_id(conn: Connection, ids: Sequence[int]) -> Mapping[int, Subscriber]:
    """Those of `ids` that are there; at most some hundreds at once."""
    return {row.id: subscriber_of(row) for row in conn.execute(_public().where(subscribers.c.id.in_(ids)))}


def change_subscriber(conn: Connection, subscriber_id: int, changes: Changes, *, now: datetime) -> Subscriber:
    """Set what `changes` names, as it is. Raises UnknownSubscriberError."""
    values = {field: value for field, value in msgspec.structs.asdict(changes).items() if value is not UNSET}
    if values:
        conn.execute(update(subscribers).where(subscribers.c.id == subscriber_id).values(**values, updated_at=now))
    return _one(conn, subscribers.c.id == subscriber_id, subscriber_id)


def _public() -> Select[Any]:
    return select(*PUBLIC_COLUMNS)


def _one(conn: Connection, condition: ColumnElement[bool], who: object) -> Subscriber:
    row = conn.execute(_public().where(condition)).first()
    if row is None:
        raise UnknownSubscriberError(who)
    return subscriber_of(row)
