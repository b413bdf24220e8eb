from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Connection, event

from subscribers.addresses import parse_address
from subscribers.errors import WrongValueError
from subscribers.finding import find_people
from subscribers.former_addresses import change_address
from subscribers.model import Subscriber


@pytest.fixture
def people(conn: Connection, person: Callable[..., Subscriber], secret: bytes, now: datetime) -> Connection:
    person("anna.weber@gmx.example", first_name="Anna", last_name="Weber", tags=("vip",))
    person("jürgen@bücher.example", first_name="Jürgen", last_name="Groß", tags=("vip2", "50%"))
    moved = person("alt@gmx.example", last_name="O'Hara_x")
    change_address(conn, moved, parse_address("neu@web.example"), who="x", secret=secret, now=now)
    return conn


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("anna", "anna.weber"),
        ("WEBER anna", "anna.weber"),
        ("anna groß", ""),
        ("JÜRGEN", "jürgen"),
        ("GROẞ", "jürgen"),
        ("vip", "anna.weber"),
        ("50%", "jürgen"),
        ("%", ""),
        ("_", "neu"),
        ("*", ""),
        ("o'hara_", "neu"),
        (".weber@g", "anna.weber"),
        ("ANNA.WEBER@gmx.example", "anna.weber"),
        ("alt@gmx.example", "neu"),
        ("@gmx.example", "anna.weber"),
        ("@Bücher.example", "jürgen"),
        ("@", "anna.weber jürgen neu"),
        ("nobody@gmx.example", ""),
    ],
)
def test_find(people: Connection, secret: bytes, text: str, found: str) -> None:
    assert " ".join(each.email.partition("@")[0] for each in find_people(people, text, secret=secret)) == found


def test_page_by_page(people: Connection, secret: bytes) -> None:
    first = find_people(people, "e", secret=secret, limit=1)
    rest = find_people(people, "e", secret=secret, after=first[0].id)
    assert first + rest == find_people(people, "e", secret=secret)
    assert find_people(people, "alt@gmx.example", secret=secret, after=100) == []


@pytest.mark.parametrize("text", ["", "  \n", "a " * 9])
def test_what_cannot_be_looked_for(people: Connection, secret: bytes, text: str) -> None:
    with pytest.raises(WrongValueError, match="words"):
        find_people(people, text, secret=secret)


@pytest.mark.parametrize("text", ["anna.weber@gmx.example", "alt@gmx.example", "@gmx.example"])
def test_an_address_and_a_domain_are_found_by_index(people: Connection, secret: bytes, text: str) -> None:
    seen: list[Any] = []
    event.listen(people.engine, "before_cursor_execute", lambda *given: seen.append(given[2:4]))
    assert find_people(people, text, secret=secret)
    cursor = people.connection.cursor()
    for statement, parameters in list(seen):
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        assert not [row for row in cursor.fetchall() if row[3].startswith(("SCAN subscribers", "SCAN former"))]
