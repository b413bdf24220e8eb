"""Today does not grow with the recipients: it reads counts, and finds everything by an index."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from digest.app import App
from digest.model.edition import EditionState
from digest.storage.editions import get_edition, take_step
from tests.integration.conftest import MakeWebsite
from tests.integration.newsroom import newsroom

_FILL = text(
    "INSERT INTO delivery_counts (edition_id, state, reason, count) VALUES "
    "(:edition, 'queued', '', 400000), (:edition, 'submitted', '', 590000), "
    "(:edition, 'rejected', 'unknown_user', 9000), (:edition, 'skipped', 'suppressed', 1000)"
)
#: Many of everything else that Today might be tempted to look through.
_OTHERS = [
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO editions (newsletter, "
    "kind, day, at, state, reason, content_hash, approved_hash) SELECT 'morgen', CASE WHEN i % 10 THEN 'letter' ELSE "
    "'regular' END, date('2025-01-01', '-' || i || ' days'), '2025-01-01 05:30:00.000000', 'sent', '', '', '' FROM n",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO audit (at, who, what, "
    "subject, detail) SELECT '2026-03-06 05:30:00.000000', 'cli', 'subscriber.change', i, '{}' FROM n",
]


class Queries(list[tuple[str, Any]]):
    """What the database is asked while it is open."""


@pytest.fixture
def watch() -> Iterator[Callable[[App], Queries]]:
    asked = Queries()
    watched: list[Any] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        asked.append((statement, parameters))

    def start(app: App) -> Queries:
        event.listen(app.database.engine, "before_cursor_execute", note)
        watched.append(app.database.engine)
        return asked

    yield start
    for engine in watched:
        event.remove(engine, "before_cursor_execute", note)


def test_today_with_a_million_recipients(
    make_website: MakeWebsite, add_articles: Callable[..., None], now: Any, watch: Callable[[App], Queries]
) -> None:
    site = newsroom(make_website())
    app = site.app
    add_articles(app, *((f"Artikel {number}", now() - timedelta(minutes=number)) for number in range(1, 30)))
    number = app.prepare(app.newsletters("morgen")[0], app.today()).edition.number
    with app.database.write() as connection:
        take_step(connection, get_edition(connection, number), EditionState.SENDING)
        connection.execute(_FILL, {"edition": number})
        for each in _OTHERS:
            connection.execute(text(each))
    page = site.client.get("/redaktion").text
    assert "600.000 von 1.000.000 erledigt" in page

    times = []
    for _ in range(9):
        begun = time.perf_counter()
        site.client.get("/redaktion")
        times.append(time.perf_counter() - begun)
    assert sorted(times)[len(times) // 2] < 0.05

    asked = watch(app)
    site.client.get("/redaktion")
    site.client.get(f"/redaktion/ausgaben/{number}/stand")
    statements = [(statement, parameters) for statement, parameters in asked if statement.startswith("SELECT")]
    assert len(statements) < 40
    with app.database.read() as connection:
        for statement, parameters in statements:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            # A row per source, and subqueries of a few rows, are read as a whole.
            scanned = [row[3] for row in plan if re.match(r"SCAN (?!source_health|anon_)", row[3])]
            # The newest of many is found at the end of an index.
            scanned = [step for step in scanned if not (" INDEX " in step and " LIMIT " in statement)]
            assert scanned == [], statement
    assert not [statement for statement, _ in statements if re.search(r"FROM deliveries\b", statement)]
