"""What stands beside a person in an export: their state, and the newest proof of their consent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, select

from subscribers.json_rows import JsonRows, keys_of
from subscribers.model import ConsentEventKind, SubscriptionState
from subscribers.tables import consent_events, subscribers, subscriptions

#: The better ones first: whoever is on any list is on a list.
_BEST = (SubscriptionState.ACTIVE, SubscriptionState.PENDING, SubscriptionState.UNSUBSCRIBED)
_GIVEN = (ConsentEventKind.CONFIRMED, ConsentEventKind.ADDED, ConsentEventKind.IMPORTED)


class Exported(msgspec.Struct):
    """How somebody stands, and the consent that they gave last."""

    state: SubscriptionState | None = None
    consent_at: datetime | None = None
    consent_source: str = ""
    consent_ip: str = ""


def load_exported(conn: Connection, ids: Sequence[int], list_id: int | None) -> dict[int, Exported]:
    """Of these people, with the list; with None with any list, the best of it."""
    found = {number: Exported() for number in ids}
    if not ids:
        return found
    given = JsonRows(conn)
    parameter = given.parameter([number] for number in ids)
    mine = subscriptions.c.subscriber_id
    standing = select(mine, subscriptions.c.state).where(mine.in_(select(given.cell(0, mine.type))))
    event = consent_events.c
    consents = select(event.subscriber_id, event.at, event.source, event.ip).where(
        event.subscriber_id.in_(select(given.cell(0, mine.type))), event.event.in_(_GIVEN)
    )
    if list_id is not None:
        standing = standing.where(subscriptions.c.list_id == list_id)
        consents = consents.where(event.list_id == list_id)
    for number, state in conn.execute(standing, parameter):
        person = found[number]
        if person.state is None or _BEST.index(state) < _BEST.index(person.state):
            person.state = state
    for number, at, source, ip in conn.execute(consents.order_by(event.id), parameter):
        person = found[number]
        person.consent_at, person.consent_source, person.consent_ip = at, source, ip
    return found


def attribute_names(conn: Connection) -> list[str]:
    """The names of all attributes that anybody has, sorted."""
    names = keys_of(conn, subscribers.c.attributes)
    return sorted(conn.execute(select(names.c.key).select_from(subscribers, names).distinct()).scalars())
