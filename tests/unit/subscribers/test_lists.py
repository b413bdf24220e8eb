"""Lists renamed, archived, deleted, and how they grow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, func, select

from subscribers.audit import list_changes
from subscribers.errors import UnknownListError, WrongValueError
from subscribers.lists import archive_list, create_list, delete_list, get_list, list_growth, rename_list, summarize_list
from subscribers.model import Consent, ListGrowth, Subscriber
from subscribers.recipients import count_recipients
from subscribers.subscriptions import confirm, subscribe, unsubscribe
from subscribers.tables import consent_events, subscriptions

Person = Callable[..., Subscriber]
STATED = Consent(source="Messe")


def test_rename(conn: Connection, now: datetime) -> None:
    assert rename_list(conn, "morgen", " Der\nMorgen ", who="cli:anna", now=now).name == "Der Morgen"
    rename_list(conn, "morgen", "Der Morgen", who="cli:anna", now=now)
    (change,) = list_changes(conn)
    assert (change.who, change.what, change.subject, change.detail) == (
        "cli:anna",
        "list.rename",
        "morgen",
        {"name": "Der Morgen"},
    )


@pytest.mark.parametrize("name", ["", " \t", "x" * 201])
def test_a_name_that_is_none(conn: Connection, now: datetime, name: str) -> None:
    with pytest.raises(WrongValueError, match="name"):
        rename_list(conn, "morgen", name, now=now)
    assert get_list(conn, "morgen").name == "Am Morgen"


def test_archived_and_taken_back(conn: Connection, person: Person, now: datetime) -> None:
    subscribe(conn, person("anna@example.org").id, "morgen", consent=STATED, now=now)
    later = now + timedelta(days=1)
    assert archive_list(conn, "morgen", who="cli:anna", now=now)[1]
    found, changed = archive_list(conn, "morgen", who="cli:anna", now=later)
    assert (found.archived_at, changed) == (now, False)
    assert count_recipients(conn, ["morgen"]) == 0
    with pytest.raises(WrongValueError, match="archived"):
        subscribe(conn, person("ben@example.org").id, "morgen", consent=STATED, now=now)
    found, changed = archive_list(conn, "morgen", archived=False, who="cli:anna", now=later)
    assert (found.archived_at, changed) == (None, True)
    assert count_recipients(conn, ["morgen"]) == 1
    assert [each.what for each in list_changes(conn)] == ["list.unarchive", "list.archive"]


def test_deleted_with_its_subscriptions_but_not_the_evidence(conn: Connection, person: Person, now: datetime) -> None:
    create_list(conn, "abend", "Abend", now=now)
    for number in range(3):
        subscribe(conn, person(f"{number}@example.org").id, "morgen", consent=STATED if number else None, now=now)
    subscribe(conn, person("abend@example.org").id, "abend", consent=STATED, now=now)
    gone = delete_list(conn, "morgen", who="cli:anna", now=now)
    assert (gone.active, gone.pending, gone.unsubscribed) == (2, 1, 0)
    assert conn.execute(select(func.count()).select_from(subscriptions)).scalar() == 1
    assert conn.execute(select(func.count()).select_from(consent_events)).scalar() == 4
    assert list_changes(conn)[0].detail == {"active": "2", "pending": "1", "unsubscribed": "0"}
    with pytest.raises(UnknownListError):
        get_list(conn, "morgen")
    assert create_list(conn, "morgen", "Neu", now=now).id != gone.mailing_list.id


@pytest.mark.parametrize("verb", [rename_list, archive_list, delete_list, summarize_list])
def test_of_a_list_that_is_not_there(conn: Connection, now: datetime, verb: Callable[..., object]) -> None:
    arguments = {rename_list: ("x",)}.get(verb, ())
    options = {} if verb is summarize_list else {"who": "cli:anna", "now": now}
    with pytest.raises(UnknownListError, match="mittag"):
        verb(conn, "mittag", *arguments, **options)
    assert list_changes(conn) == []


def test_growth(conn: Connection, person: Person, now: datetime) -> None:
    def days_ago(days: float) -> datetime:
        return now - timedelta(days=days)

    create_list(conn, "abend", "Abend", now=now)
    people = [person(f"{number}@example.org").id for number in range(6)]
    subscribe(conn, people[0], "morgen", consent=STATED, now=days_ago(31))
    subscribe(conn, people[1], "morgen", consent=STATED, now=days_ago(29.9))
    subscribe(conn, people[2], "morgen", now=days_ago(20))
    confirm(conn, people[2], "morgen", consent=STATED, now=days_ago(6.9))
    subscribe(conn, people[3], "morgen", now=days_ago(1))  # who has not confirmed has not joined
    subscribe(conn, people[4], "abend", consent=STATED, now=days_ago(1))
    subscribe(conn, people[5], "morgen", consent=Consent(source="x", at=days_ago(900)), now=days_ago(2))
    unsubscribe(conn, people[0], "morgen", source="x", now=days_ago(10))
    unsubscribe(conn, people[5], "morgen", source="x", now=days_ago(1))
    found = list_growth(conn, get_list(conn, "morgen").id, now=now)
    assert found == ListGrowth(joined_7_days=2, left_7_days=1, joined_30_days=3, left_30_days=2)
