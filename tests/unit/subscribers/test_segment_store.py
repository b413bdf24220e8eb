"""Segments kept, and the recipients of a list who are in one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, event

from subscribers.addresses import parse_address
from subscribers.audit import list_changes
from subscribers.errors import SegmentError, SegmentExistsError, UnknownSegmentError, WrongValueError
from subscribers.lists import create_list
from subscribers.model import Consent, Subscriber, SuppressionReason
from subscribers.recipients import count_recipients, list_subscribers, recipients
from subscribers.segment_store import (
    clause_of_segment,
    count_people,
    create_segment,
    delete_segment,
    expression_clause,
    get_segment,
    is_in_segment,
    list_segments,
    some_people,
    tag_clause,
)
from subscribers.subscriptions import subscribe
from subscribers.suppression import suppress_address, suppress_domain

BERLIN = ZoneInfo("Europe/Berlin")


def test_kept_listed_and_deleted(conn: Connection, now: datetime) -> None:
    made = create_segment(conn, "vip", "", " tag:vip\nor tag:presse ", who="cli:anna", now=now)
    assert (made.slug, made.name, made.expression, made.created_at) == ("vip", "vip", "tag:vip or tag:presse", now)
    create_segment(conn, "alle", "Alle", "not tag:x", now=now)
    assert [each.slug for each in list_segments(conn)] == ["alle", "vip"]
    with pytest.raises(SegmentExistsError, match="vip"):
        create_segment(conn, "vip", "", "tag:x", now=now)
    delete_segment(conn, "vip", who="cli:anna", now=now)
    assert [(each.what, each.subject) for each in list_changes(conn)] == [
        ("segment.delete", "vip"),
        ("segment.create", "vip"),
    ]
    for ask in (get_segment, lambda conn, slug: delete_segment(conn, slug, now=now)):
        with pytest.raises(UnknownSegmentError, match="segment vip"):
            ask(conn, "vip")


@pytest.mark.parametrize(
    ("slug", "name", "expression", "error"),
    [
        ("V I P", "", "tag:a", WrongValueError),
        ("vip", "x" * 201, "tag:a", WrongValueError),
        ("vip", "", "tag", SegmentError),
    ],
)
def test_nothing_wrong_is_kept(
    conn: Connection, now: datetime, slug: str, name: str, expression: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        create_segment(conn, slug, name, expression, who="x", now=now)
    assert list_segments(conn) == []
    assert list_changes(conn) == []


@pytest.fixture
def people(conn: Connection, person: Callable[..., Subscriber], secret: bytes, now: datetime) -> list[Subscriber]:
    """Twelve on morgen, each second one on abend too; each third is a vip; the last two must not be mailed."""
    create_list(conn, "abend", "Abend", now=now)
    found = []
    for number in range(12):
        domain = "bad.example" if number == 11 else "gut.example"
        one = person(f"p{number}@{domain}", tags=("vip",) if number % 3 == 0 else (), attributes={"n": str(number)})
        for slug in ("morgen", "abend")[: 1 + (number % 2 == 0)]:
            subscribe(conn, one.id, slug, consent=Consent(source="x"), now=now)
        found.append(one)
    bounce = SuppressionReason.HARD_BOUNCE
    suppress_address(conn, parse_address("P9@gut.example"), reason=bounce, source="x", secret=secret, now=now)
    suppress_domain(conn, "bad.example", reason=SuppressionReason.ADMIN, source="x", now=now)
    return found


@pytest.mark.parametrize(
    ("expression", "slugs", "numbers"),
    [
        ("tag:vip", ["morgen"], [0, 3, 6]),
        ("tag:vip", ["abend"], [0, 6]),
        ("tag:vip", ["morgen", "abend"], [0, 3, 6]),
        ("not tag:vip and n > 5", ["morgen", "abend"], [7, 8, 10]),
        ("list:abend", ["morgen"], [0, 2, 4, 6, 8, 10]),
        ("domain = bad.example", ["morgen"], []),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 100])
def test_recipients(
    conn: Connection, people: list[Subscriber], expression: str, slugs: list[str], numbers: list[int], limit: int
) -> None:
    segment = expression_clause(conn, expression, zone=BERLIN)
    found: list[Subscriber] = []
    while page := recipients(conn, slugs, segment=segment, after=found[-1].id if found else 0, limit=limit):
        found += page
    assert found == [people[number] for number in numbers]
    assert count_recipients(conn, slugs, segment=segment) == len(numbers)


def test_everybody_without_a_segment(conn: Connection, people: list[Subscriber]) -> None:
    assert clause_of_segment(conn, "", zone=BERLIN) is None
    assert count_recipients(conn, ["morgen", "abend"]) == len(recipients(conn, ["morgen", "abend"])) == 10
    with pytest.raises(UnknownSegmentError, match="segment plus"):
        clause_of_segment(conn, "plus", zone=BERLIN)


def test_people_in_it_whatever_their_lists(conn: Connection, people: list[Subscriber], now: datetime) -> None:
    segment = expression_clause(conn, "tag:vip", zone=BERLIN)
    assert count_people(conn, segment) == 4
    assert some_people(conn, segment, limit=2) == [people[0], people[3]]
    create_segment(conn, "vip", "", "tag:vip", now=now)
    assert [is_in_segment(conn, people[n].id, "vip", zone=BERLIN) for n in (0, 1)] == [True, False]
    assert is_in_segment(conn, people[1].id, "", zone=BERLIN)


def test_lists_of_people_by_tag_and_list(conn: Connection, people: list[Subscriber]) -> None:
    vips = tag_clause(conn, "VIP")
    assert list_subscribers(conn, "abend", where=vips) == [people[0], people[6]]
    assert list_subscribers(conn, where=vips, after=people[3].id, limit=1) == [people[6]]


@pytest.mark.parametrize(
    "expression", ["tag:vip", "n = 3 and not list:abend", "domain = gut.example or joined > 2026-01-01"]
)
def test_pages_and_counts_walk_the_lists_index(conn: Connection, people: list[Subscriber], expression: str) -> None:
    seen: list[Any] = []
    segment = expression_clause(conn, expression, zone=BERLIN)
    event.listen(conn.engine, "before_cursor_execute", lambda *given: seen.append(given[2:4]))
    recipients(conn, ["morgen", "abend"], segment=segment, after=5)
    count_recipients(conn, ["morgen", "abend"], segment=segment)
    cursor = conn.connection.cursor()
    for statement, parameters in list(seen):
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        for _, _, _, step in cursor.fetchall():
            assert not step.startswith(("SCAN subscribers", "SCAN subscriptions", "SCAN suppressions")), step
