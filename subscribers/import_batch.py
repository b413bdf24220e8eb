"""One batch of an import: a handful of statements whatever the number of rows, and what became of each row."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, insert, select, update

from subscribers.addresses import Address
from subscribers.consent import event_row
from subscribers.model import Consent, ConsentEventKind, Profile, SubscriptionState, Suppression, SuppressionReason
from subscribers.profile import join_profiles
from subscribers.rows import PROFILE_COLUMNS, new_row
from subscribers.suppression import suppressions_among
from subscribers.tables import consent_events, subscribers, subscriptions
from subscribers.upsert import in_chunks, insert_if_absent

_PENDING, _ACTIVE, _LEFT = SubscriptionState.PENDING, SubscriptionState.ACTIVE, SubscriptionState.UNSUBSCRIBED


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One valid row of a file; `key` is its `address_key`."""

    line: int
    address: Address
    key: str
    profile: Profile
    consent: Consent | None


class Fate(StrEnum):
    """What became of a row; the names of the counts in an ImportReport."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SUPPRESSED = "suppressed"
    LEFT = "left"
    ERASED = "erased"


class _Person:
    """Somebody of the batch: how they are known, and how they will be. `id` is 0 for somebody new."""

    __slots__ = ("address", "before", "consent", "id", "key", "profile", "standing", "target")

    def __init__(self, entry: Entry) -> None:
        self.address, self.key = entry.address, entry.key
        self.id = 0
        self.before = self.profile = Profile()
        self.standing: SubscriptionState | None = None
        self.target: SubscriptionState | None = None
        self.consent: Consent | None = None

    def take(self, entry: Entry) -> Fate:
        """Join what a row states to what is there."""
        profile, target = join_profiles(self.profile, entry.profile), self.target
        if target is not _ACTIVE:
            target = _ACTIVE if entry.consent else _PENDING
            self.consent = entry.consent
        if self.target is None:
            fate = Fate.ADDED
        elif profile != self.profile or target is not self.target:
            fate = Fate.UPDATED
        else:
            fate = Fate.UNCHANGED
        self.profile, self.target = profile, target
        return fate


def apply_batch(
    conn: Connection, list_id: int, entries: Sequence[Entry], *, now: datetime, write: bool = True
) -> list[tuple[Fate, bool]]:
    """Put the rows onto the list; per row its fate, and whether it was added but waits for a confirmation."""
    domains = {entry.key: entry.address.domain for entry in entries}
    suppressed = suppressions_among(conn, domains)
    people: dict[str, _Person] = {}
    for entry in entries:
        if entry.key not in people and entry.key not in suppressed:
            people[entry.key] = _Person(entry)
    _load(conn, list_id, people)
    fates = [_fate(entry, people.get(entry.key), suppressed.get(entry.key)) for entry in entries]
    if write:
        _store(conn, list_id, [person for person in people.values() if person.standing is not _LEFT], now)
    return [
        (fate, fate is Fate.ADDED and people[entry.key].target is _PENDING)
        for entry, fate in zip(entries, fates, strict=True)
    ]


def _fate(entry: Entry, person: _Person | None, suppression: Suppression | None) -> Fate:
    if suppression:
        return Fate.ERASED if suppression.reason is SuppressionReason.ERASED else Fate.SUPPRESSED
    if person is None or person.standing is _LEFT:
        return Fate.LEFT
    return person.take(entry)


def _load(conn: Connection, list_id: int, people: Mapping[str, _Person]) -> None:
    query = select(subscribers.c.email_key, subscribers.c.id, subscriptions.c.state, *PROFILE_COLUMNS).outerjoin(
        subscriptions,
        (subscriptions.c.subscriber_id == subscribers.c.id) & (subscriptions.c.list_id == list_id),
    )
    names = Profile.__struct_fields__
    for chunk in in_chunks(list(people)):
        for row in conn.execute(query.where(subscribers.c.email_key.in_(chunk))):
            person = people[row[0]]
            person.id, person.standing = row[1], row[2]
            person.before = person.profile = Profile(**dict(zip(names, row[3:], strict=True)))
            person.target = person.standing


def _store(conn: Connection, list_id: int, people: Sequence[_Person], now: datetime) -> None:
    _store_new(conn, [person for person in people if not person.id], now)
    changed = [person for person in people if person.profile != person.before]
    if changed:
        values: dict[str, Any] = {column.name: bindparam(f"new_{column.name}") for column in PROFILE_COLUMNS}
        rows = [
            {f"new_{name}": value for name, value in msgspec.structs.asdict(person.profile).items()}
            | {"known_id": person.id, "changed_at": now}
            for person in changed
        ]
        changing = update(subscribers).where(subscribers.c.id == bindparam("known_id"))
        conn.execute(changing.values(**values, updated_at=bindparam("changed_at")), rows)
    arriving = [person for person in people if person.standing is None]
    if arriving:
        rows = [
            {"subscriber_id": person.id, "list_id": list_id, "state": person.target, "since": now}
            for person in arriving
        ]
        conn.execute(insert_if_absent(conn, subscriptions, "subscriber_id", "list_id"), rows)
    confirmed = [person for person in people if person.standing is _PENDING and person.target is _ACTIVE]
    if confirmed:
        activating = update(subscriptions).where(
            subscriptions.c.subscriber_id == bindparam("known_id"),
            subscriptions.c.list_id == list_id,
            subscriptions.c.state == _PENDING,
        )
        conn.execute(activating.values(state=_ACTIVE, since=now), [{"known_id": person.id} for person in confirmed])
    events = [
        event_row(person.id, list_id, ConsentEventKind.IMPORTED, person.consent, now)
        for person in (*arriving, *confirmed)
        if person.consent
    ]
    if events:
        conn.execute(insert(consent_events), events)


def _store_new(conn: Connection, people: Sequence[_Person], now: datetime) -> None:
    if not people:
        return
    handles = os.urandom(8 * len(people)).hex()
    rows: list[dict[str, Any]] = []
    for number, person in enumerate(people):
        handle = handles[16 * number : 16 * number + 16]
        rows.append(new_row(person.address, person.key, handle, person.profile, now))
        person.before = person.profile
    conn.execute(insert_if_absent(conn, subscribers, "email_key"), rows)
    by_key = {person.key: person for person in people}
    ids = select(subscribers.c.email_key, subscribers.c.id)
    for chunk in in_chunks(list(by_key)):
        for key, number in conn.execute(ids.where(subscribers.c.email_key.in_(chunk))):
            by_key[key].id = number
