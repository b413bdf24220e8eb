"""What senders say of their runs, and which editions are not done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from digest.model.edition import Edition, EditionKind, EditionState
from digest.storage.database import Database
from digest.storage.progress import (
    SILENT_AFTER,
    SendingProgress,
    clear_progress,
    load_progress,
    save_progress,
    unfinished_editions,
)
from digest.storage.tables import editions

NOW = datetime(2026, 3, 6, 5, 0, tzinfo=UTC)
Freeze = Callable[..., Edition]


def progress(holder: str = "mail1:4711", **values: Any) -> SendingProgress:
    return SendingProgress(**({"holder": holder, "at": NOW, "started_at": NOW - timedelta(minutes=3)} | values))


def save(database: Database, edition: Edition, *said: SendingProgress) -> list[SendingProgress]:
    for each in said:
        with database.write() as connection:
            save_progress(connection, edition.number, each)
    with database.read() as connection:
        return load_progress(connection, edition.number)


def test_what_was_said_comes_back_as_it_was(database: Database, freeze: Freeze) -> None:
    said = progress(
        sent_before=7,
        submitted=1200,
        rate=41.5,
        waiting_until=NOW + timedelta(hours=1, microseconds=3),
        waiting_why="relay smtp.example allows 500/hour",
        done_at=NOW + timedelta(days=2),
    )
    assert save(database, freeze(), said) == [said]


def test_a_sender_says_it_anew_each_time_and_for_its_edition_alone(database: Database, freeze: Freeze) -> None:
    edition, another = freeze(), freeze(day=date(2026, 3, 7))
    later = progress(at=NOW + timedelta(seconds=1), submitted=5)
    assert save(database, edition, progress(), later) == [later]
    assert save(database, another) == []


def test_several_senders_stand_side_by_side(database: Database, freeze: Freeze) -> None:
    second = progress("mail2:12", at=NOW + timedelta(seconds=1))
    assert save(database, freeze(), progress(), second) == [second, progress()]


def test_a_new_sender_takes_the_place_of_one_that_is_gone(database: Database, freeze: Freeze) -> None:
    new = progress("mail1:4712", at=NOW + SILENT_AFTER + timedelta(seconds=1))
    assert save(database, freeze(), progress(), new) == [new]


def test_a_sender_that_is_done_leaves_nothing(database: Database, freeze: Freeze) -> None:
    edition = freeze()
    save(database, edition, progress(), progress("mail2:12"))
    with database.write() as connection:
        clear_progress(connection, edition.number, "mail1:4711")
        clear_progress(connection, edition.number, "never seen")
        assert [each.holder for each in load_progress(connection, edition.number)] == ["mail2:12"]


@pytest.mark.parametrize(
    ("seconds", "alive"), [(0, True), (9, True), (10, True), (11, False), (86400, False), (-5, True), (-86400, False)]
)
def test_who_is_silent_for_ten_seconds_is_gone(seconds: float, alive: bool) -> None:
    assert progress().alive(NOW + timedelta(seconds=seconds)) is alive


def test_what_is_being_sent_or_paused_is_not_done(database: Database, freeze: Freeze) -> None:
    made = {
        state: freeze(day=date(2026, 3, day), to=state).number
        for day, state in enumerate(
            (EditionState.PREPARED, EditionState.SENDING, EditionState.SENT, EditionState.PAUSED, EditionState.HELD), 1
        )
    }
    with database.write() as connection:
        assert unfinished_editions(connection) == [made[EditionState.PAUSED], made[EditionState.SENDING]]
        assert unfinished_editions(connection, newsletter="abend") == []
        connection.execute(update(editions).values(kind=EditionKind.LETTER))
        assert unfinished_editions(connection, newsletter="morgen") == [made[EditionState.PAUSED]]
