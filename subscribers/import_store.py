"""What an import writes: a handful of statements for a whole batch, each with its rows as one JSON parameter."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, select, update

from subscribers.addresses import Address
from subscribers.json_rows import JsonRows, insert_rows, stored_time
from subscribers.model import (
    Consent,
    ConsentEventKind,
    EventKind,
    Profile,
    SubscriptionState,
    SuppressionReason,
    SuppressionScope,
)
from subscribers.rows import PROFILE_COLUMNS
from subscribers.subscriptions import left_last
from subscribers.tables import (
    consent_events,
    events,
    former_addresses,
    import_changes,
    import_suppressions,
    subscribers,
    subscriptions,
    suppressions,
)
from subscribers.upsert import insert_if_absent, insert_or_fill

_PENDING, _ACTIVE, _LEFT = SubscriptionState.PENDING, SubscriptionState.ACTIVE, SubscriptionState.UNSUBSCRIBED
_PROFILE = Profile.__struct_fields__


class Person(msgspec.Struct, gc=False):
    """Somebody of a batch: how they are known, and how they will be. `id` is 0 for somebody new.

    `state` is that of their subscription, `target` what it will be; None where there is none. `known` says that
    `profile` is of this person. Who left and has not confirmed since `must_confirm`, whatever a file states.
    """

    address: Address
    key: str
    id: int = 0
    known: bool = False
    before: Profile = Profile()
    profile: Profile = Profile()
    state: SubscriptionState | None = None
    target: SubscriptionState | None = None
    consent: Consent | None = None
    must_confirm: bool = False


class Barred(msgspec.Struct, frozen=True, gc=False):
    """An address that a file says must not be mailed, why, and since when."""

    key: str
    address: Address
    why: str
    since: datetime


class Store:
    """The statements for one batch, in the caller's transaction. Everything written bears the time `now`."""

    def __init__(self, conn: Connection, list_id: int, now: datetime) -> None:
        self._conn, self._list_id, self._now = conn, list_id, now

    def load(self, people: Mapping[str, Person]) -> None:
        """Fill in what is known of them; `people` goes by their keys."""
        if self._conn.dialect.name == "postgresql":
            # Nobody signs up between what is read here and what is written; SQLite has one writer anyway.
            self._conn.exec_driver_sql("LOCK TABLE subscribers, subscriptions IN SHARE ROW EXCLUSIVE MODE")
        given = JsonRows(self._conn)
        query = (
            select(subscribers.c.email_key, subscribers.c.id, subscriptions.c.state, *PROFILE_COLUMNS)
            .select_from(given.table)
            .join(subscribers, subscribers.c.email_key == given.cell(0, subscribers.c.email_key.type))
            .outerjoin(
                subscriptions,
                (subscriptions.c.subscriber_id == subscribers.c.id) & (subscriptions.c.list_id == self._list_id),
            )
        )
        for row in self._conn.execute(query, given.parameter([key] for key in people)):
            person = people[row[0]]
            person.id, person.state, person.known = row[1], row[2], True
            person.before = person.profile = Profile(**dict(zip(_PROFILE, row[3:], strict=True)))
            person.target = person.state
        pending = {person.id: person for person in people.values() if person.state is _PENDING}
        for number in left_last(self._conn, list(pending), self._list_id):
            pending[number].must_confirm = True

    def former(self, keys: Iterable[str]) -> set[str]:
        """Those of the keys that are of addresses which somebody had before."""
        given = JsonRows(self._conn)
        key = former_addresses.c.email_key
        query = select(key).where(key.in_(select(given.cell(0, key.type))))
        return set(self._conn.execute(query, given.parameter([each] for each in keys)).scalars())

    def write(self, people: Sequence[Person], import_id: int) -> None:
        """Make them what they will be, each with a target, and note how they were."""
        new = [person for person in people if not person.id]
        known = [person for person in people if person.id]
        self._add(new)
        self._change([person for person in known if person.profile != person.before])
        arriving = [person for person in people if person.state is None]
        confirmed = [person for person in people if person.state is _PENDING and person.target is _ACTIVE]
        self._subscribe(arriving, confirmed)
        self._record([*arriving, *confirmed], import_id)
        self._note(new, known, import_id)

    def bar(self, people: Sequence[Barred], import_id: int) -> int:
        """Suppress addresses; how many were not before."""
        rows = [(each.key, each.address.email, stored_time(self._conn, each.since), each.why) for each in people]
        constants = {"scope": SuppressionScope.ADDRESS, "reason": SuppressionReason.IMPORTED}
        adding = insert_if_absent(self._conn, suppressions, "scope", "value_key").returning(suppressions.c.id)
        added = insert_rows(self._conn, adding, ("value_key", "address", "since", "source"), rows, constants)
        keeping = insert_if_absent(self._conn, import_suppressions, "import_id", "suppression_id")
        insert_rows(self._conn, keeping, ("suppression_id",), [(row.id,) for row in added], {"import_id": import_id})
        return len(added)

    def _add(self, people: Sequence[Person]) -> None:
        handles = os.urandom(8 * len(people)).hex()
        rows = [
            (
                handles[16 * number : 16 * number + 16],
                person.address.email,
                person.key,
                person.address.domain,
                *msgspec.structs.astuple(person.profile),
            )
            for number, person in enumerate(people)
        ]
        columns = ("handle", "email", "email_key", "domain", *_PROFILE)
        adding = insert_if_absent(self._conn, subscribers, "email_key")
        adding = adding.returning(subscribers.c.email_key, subscribers.c.id)
        added = insert_rows(self._conn, adding, columns, rows, {"created_at": self._now, "updated_at": self._now})
        ids: dict[str, int] = dict(map(tuple, added))
        for person in people:
            person.id = ids[person.key]

    def _change(self, people: Sequence[Person]) -> None:
        values: dict[str, Any] = {column.name: bindparam(f"new_{column.name}") for column in PROFILE_COLUMNS}
        rows = [
            {f"new_{name}": value for name, value in msgspec.structs.asdict(person.profile).items()}
            | {"known_id": person.id, "changed_at": self._now}
            for person in people
        ]
        changing = update(subscribers).where(subscribers.c.id == bindparam("known_id"))
        if rows:
            self._conn.execute(changing.values(**values, updated_at=bindparam("changed_at")), rows)

    def _subscribe(self, arriving: Sequence[Person], confirmed: Sequence[Person]) -> None:
        insert_rows(
            self._conn,
            insert_if_absent(self._conn, subscriptions, "subscriber_id", "list_id"),
            ("subscriber_id", "state"),
            [(person.id, person.target) for person in arriving],
            {"list_id": self._list_id, "since": self._now},
        )
        activating = update(subscriptions).where(
            subscriptions.c.subscriber_id == bindparam("known_id"),
            subscriptions.c.list_id == self._list_id,
            subscriptions.c.state == _PENDING,
        )
        if confirmed:
            rows = [{"known_id": person.id} for person in confirmed]
            self._conn.execute(activating.values(state=_ACTIVE, since=self._now, asked_at=None), rows)

    def _record(self, people: Iterable[Person], import_id: int) -> None:
        """Consent and events of those whose subscription changes."""
        stated, active = [], []
        now = stored_time(self._conn, self._now)
        for person in people:
            if person.target is _ACTIVE:
                active.append((person.id,))
            if consent := person.consent:
                kind = ConsentEventKind.UNSUBSCRIBED if person.target is _LEFT else ConsentEventKind.IMPORTED
                at = stored_time(self._conn, consent.at) if consent.at else now
                stated.append((person.id, kind, at, consent.source, consent.text, consent.ip, consent.proof))
        columns = ("subscriber_id", "event", "at", "source", "text", "ip", "proof")
        constants = {"list_id": self._list_id, "recorded_at": self._now}
        insert_rows(self._conn, consent_events.insert(), columns, stated, constants)
        kind_of_all = {"kind": EventKind.SUBSCRIBED, "at": self._now, "list_id": self._list_id}
        constants = kind_of_all | {"detail": {"import": str(import_id)}}
        insert_rows(self._conn, events.insert(), ("subscriber_id",), active, constants)

    def _note(self, new: Sequence[Person], known: Sequence[Person], import_id: int) -> None:
        before: list[tuple[Any, ...]] = []
        for person in known:
            profile = None if person.profile == person.before else msgspec.structs.asdict(person.before)
            moved = person.target is not person.state
            if moved or profile:
                before.append((person.id, (person.state or "") if moved else None, profile))
        noting = insert_or_fill(
            self._conn, import_changes, ("import_id", "subscriber_id"), ("state_before", "profile_before")
        )
        columns = ("subscriber_id", "state_before", "profile_before")
        insert_rows(self._conn, noting, columns, before, {"import_id": import_id, "created": False})
        added = [(person.id,) for person in new]
        constants = {"import_id": import_id, "created": True, "state_before": ""}
        insert_rows(self._conn, import_changes.insert(), ("subscriber_id",), added, constants)
