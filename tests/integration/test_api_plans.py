"""What a call of the API, or a webhook's turn, reads does not grow with the list."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import event

from digest.app import App
from digest.model.api_key import Scope
from digest.storage import webhooks as store
from digest.storage.keys import create_key
from subscribers.events import record_event
from subscribers.model import EventKind

GROWING = (
    "subscribers", "subscriptions", "consent_events", "suppressions", "events", "audit", "deliveries",
    "webhook_attempts",
)  # fmt: skip
CALLS: list[tuple[str, str, Any]] = [
    ("GET", "/subscribers?after=1", None),
    ("GET", "/subscribers?list=morgen&state=active", None),
    ("GET", "/subscribers?list=morgen", None),
    ("GET", "/subscribers/1", None),
    ("POST", "/subscribers/lookup", {"email": "anna@probe.example"}),
    ("POST", "/subscribers", {"email": "anna@probe.example", "lists": ["morgen"], "first_name": "Anna"}),
    ("POST", "/subscribers", {"email": "new@probe.example", "lists": ["morgen"], "consent": {"source": "x"}}),
    ("PATCH", "/subscribers/1", {"last_name": "Weber"}),
    ("DELETE", "/subscribers/1/subscriptions/morgen", None),
    ("PUT", "/subscribers/1/subscriptions/morgen", {}),
    ("GET", "/suppressions?after=1", None),
    ("POST", "/suppressions", {"address": "bert@probe.example"}),
    ("POST", "/suppressions", {"domain": "elsewhere.example"}),
    ("GET", "/events?after=1", None),
    ("DELETE", "/subscribers/1", None),
]


class Statements:
    """What is said to the database from now on, and how it answers."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.seen: list[tuple[str, Any]] = []
        event.listen(app.database.engine, "before_cursor_execute", self._note)

    def _note(self, _conn: Any, _cursor: Any, text: str, parameters: Any, _context: Any, many: bool) -> None:
        self.seen.append((text, parameters[0] if many else parameters))

    def whole_tables(self) -> Iterator[str]:
        """The steps that read a growing table from end to end, with their statement."""
        with self._app.database.read() as connection:
            cursor = connection.connection.cursor()
            for text, parameters in list(self.seen):
                if text.startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
                    cursor.execute(f"EXPLAIN QUERY PLAN {text}", parameters)
                    for row in cursor.fetchall():
                        if any(row[3].startswith(f"SCAN {table}") for table in GROWING):
                            yield f"{row[3]} in\n{text}"


@pytest.mark.parametrize(("method", "path", "body"), CALLS, ids=[f"{call[0]} {call[1]}" for call in CALLS])
def test_a_call(
    make_website: Callable[..., Any], add_person: Callable[..., Any], method: str, path: str, body: Any
) -> None:
    website = make_website()
    add_person(website.app, "anna@probe.example")
    with website.app.database.write() as connection:
        _, key = create_key(connection, "crm", Scope, now=website.app.clock())
    statements = Statements(website.app)
    options = {} if body is None else {"json": body}
    answer = website.client.request(method, f"/api/v1{path}", headers={"Authorization": f"Bearer {key}"}, **options)
    assert answer.is_success, answer.text
    assert len(statements.seen) > 2
    assert list(statements.whole_tables()) == []


def test_a_webhooks_turn(make_app: Callable[..., Any], add_person: Callable[..., Any]) -> None:
    app = make_app()
    with app.database.write() as connection:
        store.add_webhook(connection, "http://127.0.0.1:1/", EventKind, "whsec_", now=app.clock())
    anna = add_person(app, "anna@probe.example")
    with app.database.write() as connection:
        record_event(connection, EventKind.BOUNCED, at=app.clock(), subscriber_id=anna.id)
    statements = Statements(app)
    (report,) = app.deliver_webhooks()
    assert report.failed == 1
    assert len(statements.seen) > 5
    assert list(statements.whole_tables()) == []
