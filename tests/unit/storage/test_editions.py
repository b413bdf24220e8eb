"""Editions in the database: one per day, frozen, and moved by one at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from digest.errors import NotFoundError, StepError, StorageError
from digest.model.edition import Edition, EditionContent, EditionState
from digest.storage import editions
from digest.storage.database import Database

NOW = datetime(2026, 3, 6, 5, 0, tzinfo=UTC)
DAY = date(2026, 3, 6)

Freeze = Callable[..., Edition]


def test_there_is_one_regular_edition_per_newsletter_and_day(database: Database) -> None:
    with database.write() as connection:
        first = editions.regular_edition(connection, "morgen", DAY, NOW)
        assert editions.regular_edition(connection, "morgen", DAY, NOW) == first
        assert editions.regular_edition(connection, "abend", DAY, NOW).number != first.number
        assert editions.regular_edition(connection, "morgen", date(2026, 3, 7), NOW).number != first.number
    assert first.state is EditionState.GATHERING


def test_the_database_itself_refuses_a_second_one(database: Database) -> None:
    copy = (
        "INSERT INTO editions (newsletter, kind, day, at, state, reason, content_hash, approved_hash) "
        "SELECT newsletter, :kind, day, at, state, reason, content_hash, approved_hash FROM editions"
    )

    def insert(kind: str) -> None:
        with database.write() as connection:
            editions.regular_edition(connection, "morgen", DAY, NOW)
            connection.execute(text(copy), {"kind": kind})

    insert("extra")
    with pytest.raises(StorageError, match="UNIQUE"):
        insert("regular")


def test_what_is_frozen_comes_back_equal(
    database: Database, freeze: Freeze, content: Callable[..., EditionContent]
) -> None:
    edition = freeze("A", "B")
    with database.read() as connection:
        found = editions.get_edition(connection, edition.number, content=True)
        assert editions.load_shell(connection, edition.number) == b"shell"
    assert found.content == content("A", "B")
    assert found.content_hash == content("A", "B").hash
    assert found.prepared_at == NOW


def test_the_hash_does_not_depend_on_the_order_of_the_templates(content: Callable[..., EditionContent]) -> None:
    made = content()
    turned = dict(reversed(made.templates.items()))
    assert list(turned) != list(made.templates)
    assert (
        EditionContent(**{n: getattr(made, n) for n in made.__struct_fields__} | {"templates": turned}).hash
        == made.hash
    )
    assert content("Anderer").hash != made.hash


def test_content_that_was_changed_in_the_database_is_noticed(database: Database, freeze: Freeze) -> None:
    edition = freeze("A")
    with database.write() as connection:
        connection.execute(text("UPDATE editions SET content = CAST(replace(content, 'Betreff', 'Anders') AS BLOB)"))
    with database.read() as connection:
        assert editions.get_edition(connection, edition.number).number == edition.number
        with pytest.raises(StorageError, match=f"edition {edition.number} is not the one that was prepared"):
            editions.get_edition(connection, edition.number, content=True)


@pytest.mark.parametrize(
    "state", [EditionState.APPROVED, EditionState.SENDING, EditionState.SENT, EditionState.CANCELLED]
)
def test_what_was_decided_on_is_not_frozen_again(
    database: Database, freeze: Freeze, content: Callable[..., EditionContent], state: EditionState
) -> None:
    edition = freeze("A", to=state)
    with pytest.raises(StepError), database.write() as connection:
        editions.freeze(connection, edition, content("B"), ["B"], b"", EditionState.PREPARED, NOW)
    with database.read() as connection:
        assert editions.get_edition(connection, edition.number).content_hash == edition.content_hash


def test_freezing_again_voids_what_was_before(
    database: Database, freeze: Freeze, content: Callable[..., EditionContent]
) -> None:
    edition = freeze("A", "B")
    with database.write() as connection:
        editions.freeze(connection, edition, content("C"), ["C"], b"new", EditionState.PREPARED, NOW)
        assert editions.carried_articles(connection, "morgen", 0) == {"C"}
        assert editions.load_shell(connection, edition.number) == b"new"


def test_a_step_that_somebody_else_took_first_is_said(database: Database, freeze: Freeze) -> None:
    seen = freeze("A")
    with database.write() as connection:
        editions.take_step(connection, seen, EditionState.HELD)
    with pytest.raises(StepError, match="became held in the meantime"), database.write() as connection:
        editions.take_step(connection, seen, EditionState.APPROVED)
    with database.read() as connection:
        assert editions.get_edition(connection, seen.number).state is EditionState.HELD


def test_a_decision_about_an_older_content_is_void(
    database: Database, freeze: Freeze, content: Callable[..., EditionContent]
) -> None:
    seen = freeze("A", to=EditionState.IN_REVIEW)
    with database.write() as connection:
        editions.freeze(connection, seen, content("B"), ["B"], b"", EditionState.IN_REVIEW, NOW)
    with pytest.raises(StepError, match="was prepared anew"), database.write() as connection:
        editions.take_step(connection, seen, EditionState.APPROVED, approved_hash=seen.content_hash)


@pytest.mark.parametrize(
    ("state", "carries"),
    [
        (EditionState.PREPARED, True),
        (EditionState.IN_REVIEW, True),
        (EditionState.APPROVED, True),
        (EditionState.SENDING, True),
        (EditionState.PAUSED, True),
        (EditionState.SENT, True),
        (EditionState.HELD, False),
        (EditionState.SKIPPED, False),
        (EditionState.CANCELLED, False),
    ],
)
def test_which_editions_have_carried_their_articles(
    database: Database, freeze: Freeze, state: EditionState, carries: bool
) -> None:
    edition = freeze("A", "B", to=state)
    with database.read() as connection:
        assert editions.carried_articles(connection, "morgen", 0) == ({"A", "B"} if carries else set())
        assert editions.carried_articles(connection, "morgen", edition.number) == set()
        assert editions.carried_articles(connection, "abend", 0) == set()
        assert [each.title for each in editions.recent_articles(connection, "morgen", 0)] == (
            ["A", "B"] if carries else []
        )
        last = editions.last_preparation(connection, "morgen", DAY + timedelta(days=1))
        assert last == (NOW if carries else None)


def test_the_last_preparation_is_of_a_day_before(database: Database, freeze: Freeze) -> None:
    for days in (1, 2, 3):
        freeze(f"A{days}", day=DAY - timedelta(days=days), now=NOW - timedelta(days=days))
    freeze("heute")
    with database.read() as connection:
        assert editions.last_preparation(connection, "morgen", DAY) == NOW - timedelta(days=1)
        assert editions.last_preparation(connection, "morgen", DAY - timedelta(days=3)) is None


def test_unfinished_days(database: Database, freeze: Freeze) -> None:
    freeze(day=DAY, to=EditionState.SENT)
    for days in (1, 40):
        freeze(day=DAY - timedelta(days=days), to=EditionState.SENDING)
    freeze(day=DAY - timedelta(days=2), to=EditionState.PAUSED)
    with database.read() as connection:
        assert editions.unfinished_days(connection, "morgen") == [DAY - timedelta(days=40), DAY - timedelta(days=1)]


def test_editions_are_listed_the_newest_day_first(database: Database, freeze: Freeze) -> None:
    for days in (0, 2, 1):
        freeze(day=DAY - timedelta(days=days))
    with database.read() as connection:
        assert [each.date for each in editions.list_editions(connection)] == [
            DAY - timedelta(days=days) for days in range(3)
        ]
        assert len(editions.list_editions(connection, limit=1)) == 1
        assert editions.list_editions(connection, newsletter="abend") == []


def test_what_is_not_there_is_named(database: Database) -> None:
    with database.read() as connection:
        for ask in (editions.get_edition, editions.load_shell):
            with pytest.raises(NotFoundError, match="99"):
                ask(connection, 99)
        assert editions.load_snapshot(connection, 99) is None
        assert editions.find_regular_edition(connection, "morgen", DAY) is None
