"""The statements that take an import back, each for a whole batch of people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Table, bindparam, delete, func, select, true, update

from subscribers.import_log import Import
from subscribers.json_rows import JsonRows, insert_rows
from subscribers.model import ConsentEventKind, EventKind, Profile, SubscriptionState, SuppressionReason
from subscribers.tables import (
    consent_events,
    events,
    import_changes,
    import_suppressions,
    subscribers,
    subscriptions,
    suppressions,
)

_C = import_changes.c
_PROFILE = Profile.__struct_fields__


class Kept(StrEnum):
    """Why somebody stays as the import made them."""

    MAILED = "mailed since"
    OTHER_LISTS = "on other lists"
    CHANGED = "changed since"
    OWN_STEP = "confirmed or left since"


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whom an import changed: how they were (see `import_changes`), and how they are now.

    `state` and `since` are of their subscription to the import's list; `lists` is how many others they are on.
    """

    id: int
    created: bool
    state_before: str | None
    before: Profile | None
    updated_at: datetime
    state: SubscriptionState | None
    since: datetime | None
    lists: int


class Plan(msgspec.Struct, frozen=True):
    """What becomes of one person. `state` is what their subscription goes back to: "" for none, None for no change."""

    remove: bool = False
    state: str | None = None
    restore: bool = False
    kept: Kept | None = None


def load_changed(conn: Connection, undone: Import, *, limit: int) -> list[Changed]:
    """The next people that the import changed, by id."""
    own = subscriptions.alias("own")
    others = select(func.count()).where(
        subscriptions.c.subscriber_id == _C.subscriber_id, subscriptions.c.list_id != undone.list_id
    )
    columns = (_C.subscriber_id, _C.created, _C.state_before, _C.profile_before, subscribers.c.updated_at)
    query = (
        select(*columns, own.c.state, own.c.since, others.scalar_subquery().label("lists"))
        .join(subscribers, subscribers.c.id == _C.subscriber_id)
        .outerjoin(own, (own.c.subscriber_id == _C.subscriber_id) & (own.c.list_id == undone.list_id))
        .where(_C.import_id == undone.id)
        .order_by(_C.subscriber_id)
        .limit(limit)
    )
    return [
        Changed(
            id=row.subscriber_id,
            created=row.created,
            state_before=row.state_before,
            before=None if row.profile_before is None else msgspec.convert(row.profile_before, Profile),
            updated_at=row.updated_at,
            state=row.state,
            since=row.since,
            lists=row.lists,
        )
        for row in conn.execute(query)
    ]


def carry_out(conn: Connection, undone: Import, plans: Sequence[tuple[Changed, Plan]], now: datetime) -> None:
    """Do what the plans say, and forget what the import noted of these people."""
    own = (subscriptions.c.list_id == undone.list_id) & (subscriptions.c.since == undone.at)
    _delete(conn, subscriptions, [person.id for person, plan in plans if plan.state == ""], own)
    _wait_again(conn, [person.id for person, plan in plans if plan.state == SubscriptionState.PENDING], own, now)
    _restore(conn, [(person.id, person.before) for person, plan in plans if plan.restore and person.before], now)
    _record(conn, undone, [pair for pair in plans if pair[1].state is not None], now)
    _delete(conn, import_changes, [person.id for person, _ in plans], _C.import_id == undone.id)
    _delete(conn, subscribers, [person.id for person, plan in plans if plan.remove])


def lift_imported(conn: Connection, import_id: int) -> int:
    """Lift the suppressions that the import added; how many. One that has become an erasure stays."""
    added = select(import_suppressions.c.suppression_id).where(import_suppressions.c.import_id == import_id)
    lifting = delete(suppressions).where(
        suppressions.c.id.in_(added), suppressions.c.reason == SuppressionReason.IMPORTED
    )
    return conn.execute(lifting).rowcount


def _wait_again(conn: Connection, ids: Iterable[int], own: ColumnElement[bool], now: datetime) -> None:
    waiting = update(subscriptions).where(own, subscriptions.c.subscriber_id == bindparam("known_id"))
    if rows := [{"known_id": number} for number in ids]:
        conn.execute(waiting.values(state=SubscriptionState.PENDING, since=now), rows)


def _restore(conn: Connection, people: Iterable[tuple[int, Profile]], now: datetime) -> None:
    rows = [
        {f"old_{name}": value for name, value in msgspec.structs.asdict(profile).items()} | {"known_id": number}
        for number, profile in people
    ]
    values: dict[str, Any] = {name: bindparam(f"old_{name}") for name in _PROFILE}
    restoring = update(subscribers).where(subscribers.c.id == bindparam("known_id"))
    if rows:
        conn.execute(restoring.values(**values, updated_at=now), rows)


def _record(conn: Connection, undone: Import, ended: Sequence[tuple[Changed, Plan]], now: datetime) -> None:
    """The ends of subscriptions, in the history of consent and as events."""
    same = {"list_id": undone.list_id, "at": now}
    everybody = [(person.id,) for person, _ in ended]
    consent = {"event": ConsentEventKind.UNSUBSCRIBED, "recorded_at": now, "source": f"import {undone.id} was undone"}
    insert_rows(conn, consent_events.insert(), ("subscriber_id",), everybody, same | consent | _NO_MORE)
    active = [(person.id,) for person, _ in ended if person.state is SubscriptionState.ACTIVE]
    event = {"kind": EventKind.UNSUBSCRIBED, "detail": {"import": str(undone.id), "reason": "undone"}}
    insert_rows(conn, events.insert(), ("subscriber_id",), active, same | event)


def _delete(conn: Connection, table: Table, ids: Sequence[int], condition: ColumnElement[bool] | None = None) -> None:
    if not ids:
        return
    given = JsonRows(conn)
    number = table.c.id if table is subscribers else table.c.subscriber_id
    deleting = delete(table).where(number.in_(select(given.cell(0, number.type))))
    conn.execute(deleting.where(true() if condition is None else condition), given.parameter([each] for each in ids))


_NO_MORE = {"text": "", "ip": "", "proof": {}}
