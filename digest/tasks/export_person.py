"""Everything that is kept about one person, for themselves (Art. 15 and 20 GDPR)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from digest.storage.deliveries import deliveries_of
from subscribers.addresses import parse_address
from subscribers.audit import list_changes
from subscribers.consent import consent_history
from subscribers.events import list_events
from subscribers.former_addresses import former_addresses_of
from subscribers.model import Subscriber
from subscribers.subscriptions import subscriptions_of
from subscribers.suppression import suppression_of

#: More than anybody gets in their life.
_ALL = 1_000_000


def export_person(connection: Connection, person: Subscriber, *, secret: bytes, now: datetime) -> dict[str, Any]:
    """What the database holds about `person`, in values that JSON has; times in UTC."""
    names = ("edition", "newsletter", "date", "state", "reason", "reply", "attempts", "settled_at")
    exported = {
        "exported_at": now,
        "person": person,
        "former_addresses": list(reversed(former_addresses_of(connection, person.id))),
        "subscriptions": subscriptions_of(connection, person.id),
        "consent": consent_history(connection, person.id),
        "deliveries": [
            dict(zip(names, row, strict=True)) for row in reversed(deliveries_of(connection, person.id, _ALL))
        ],
        "events": list_events(connection, subscriber_id=person.id, limit=_ALL),
        "suppression": suppression_of(connection, parse_address(person.email), secret=secret),
        "changes": list(reversed(list_changes(connection, subscriber_id=person.id, limit=_ALL))),
    }
    built: dict[str, Any] = msgspec.to_builtins(exported)
    return built
