"""What touches one person, or one page of people, finds its rows by index however long the list is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from subscribers.addresses import parse_address
from subscribers.consent import consent_history
from subscribers.import_batch import Entry, apply_batch
from subscribers.import_log import start_import
from subscribers.lists import create_list, get_list
from subscribers.model import Changes, Consent, Profile, Subscriber, SubscriptionState, SuppressionReason
from subscribers.privacy import erase_subscriber
from subscribers.recipients import list_subscribers, recipients, refusals
from subscribers.repository import add_subscriber, change_subscriber, get_subscriber, subscriber_by_handle
from subscribers.subscriptions import subscribe, subscriptions_of, unsubscribe
from subscribers.suppression import lift_suppression, suppress_address, suppression_of

GROWING = ("subscribers", "subscriptions", "consent_events", "suppressions")
ANNA = parse_address("anna@example.org")


class Statements:
    def __init__(self, engine: Engine) -> None:
        self.seen: list[tuple[str, Any]] = []
        event.listen(engine, "before_cursor_execute", self._note)

    def _note(self, _conn: Any, _cursor: Any, text: str, parameters: Any, _context: Any, many: bool) -> None:
        self.seen.append((text, parameters[0] if many else parameters))

    def plans(self, conn: Connection) -> Iterator[tuple[str, str]]:
        cursor = conn.connection.cursor()
        for text, parameters in list(self.seen):
            if not text.startswith(("PRAGMA", "SAVEPOINT", "RELEASE")):
                cursor.execute(f"EXPLAIN QUERY PLAN {text}", parameters)
                for row in cursor.fetchall():
                    yield text, row[3]


def _entries(secret: bytes) -> list[Entry]:
    return [
        Entry(line=2, address=address, key=str(number), profile=Profile(), consent=Consent(source="x"))
        for number, address in enumerate([ANNA, parse_address("neu@example.org")])
    ]


def _import(conn: Connection, now: datetime) -> int:
    return start_import(conn, get_list(conn, "morgen"), file="x.csv", map_name="", who="test", now=now)


ACTIONS: dict[str, Callable[[Connection, Subscriber, bytes, datetime], object]] = {
    "add": lambda conn, _, secret, now: add_subscriber(conn, ANNA, Profile(title="Dr."), secret=secret, now=now),
    "get": lambda conn, anna, secret, _: get_subscriber(conn, anna.email, secret=secret),
    "handle": lambda conn, anna, _, __: subscriber_by_handle(conn, anna.handle),
    "change": lambda conn, anna, _, now: change_subscriber(conn, anna.id, Changes(title="Dr."), now=now),
    "subscribe": lambda conn, anna, _, now: subscribe(conn, anna.id, "abend", now=now),
    "standing": lambda conn, anna, _, __: subscriptions_of(conn, anna.id),
    "history": lambda conn, anna, _, __: consent_history(conn, anna.id),
    "leave": lambda conn, anna, _, now: unsubscribe(conn, anna.id, source="Link", now=now),
    "suppress": lambda conn, _, secret, now: suppress_address(
        conn, ANNA, reason=SuppressionReason.ERASED, source="x", secret=secret, now=now
    ),
    "suppressed": lambda conn, _, secret, __: suppression_of(conn, ANNA, secret=secret),
    "lift": lambda conn, _, secret, __: lift_suppression(conn, ANNA, secret=secret),
    "erase": lambda conn, anna, secret, now: erase_subscriber(conn, anna, source="x", secret=secret, now=now),
    "page": lambda conn, _, __, ___: recipients(conn, ["morgen"], after=0),
    "page of two lists": lambda conn, _, __, ___: recipients(conn, ["morgen", "abend"], after=5),
    "everybody": lambda conn, _, __, ___: list_subscribers(conn, after=5),
    "pending": lambda conn, _, __, ___: list_subscribers(conn, "morgen", state=SubscriptionState.PENDING),
    "refusals": lambda conn, anna, _, __: refusals(conn, [anna.id, 17], ["morgen", "abend"]),
    "import": lambda conn, _, secret, now: apply_batch(
        conn, 1, _entries(secret), now=now, import_id=_import(conn, now)
    ),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_plan(
    engine: Engine, conn: Connection, person: Callable[..., Subscriber], secret: bytes, now: datetime, action: str
) -> None:
    create_list(conn, "abend", "Am Abend", now=now)
    anna = person("anna@example.org")
    subscribe(conn, anna.id, "morgen", consent=Consent(source="Messe"), now=now)
    statements = Statements(engine)
    ACTIONS[action](conn, anna, secret, now)
    assert statements.seen
    for text, step in statements.plans(conn):
        for table in GROWING:
            whole = step.startswith(f"SCAN {table}") and "INTEGER PRIMARY KEY" not in step
            # Everybody is read page by page along the primary key.
            assert not whole, f"{step} in\n{text}"
