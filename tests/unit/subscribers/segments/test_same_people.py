"""A segment finds the very people that its tree holds for in Python, whatever stands in it and in them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, select

from subscribers.addresses import parse_address
from subscribers.errors import SegmentError
from subscribers.lists import create_list
from subscribers.model import Consent, Profile, Subscriber
from subscribers.repository import add_subscriber
from subscribers.segment_store import expression_clause
from subscribers.segments.conditions import segment_clause
from subscribers.segments.fields import Kind, attribute_name
from subscribers.segments.folding import fold
from subscribers.segments.grammar import parse_segment
from subscribers.segments.tree import AllOf, AnyOf, Compare, Condition, Contains, Equals, IsEmpty, Not
from subscribers.subscriptions import subscribe, unsubscribe
from subscribers.tables import metadata, subscribers

BERLIN = ZoneInfo("Europe/Berlin")
SECRET = b"a secret of the tests, 32 octets"
START = datetime(2025, 12, 30, 21, 30, tzinfo=UTC)
#: Texts with whatever has a meaning in SQL, LIKE, GLOB, JSON or the language itself.
TEXTS = [
    "vip", "VIP", "vip2", "Köln", "KÖLN", "koln", "Straße", "STRASSE", "STRAẞE", "Москва", "москва", "ŁÓDŹ", "łódź",
    "%", "_", "v_p", "v%p", "*", "v*p", "?", "[v]ip", "[", "]", "^", "a-z", "-", 'a"vip', '"', "'", "a'b", "\\",
    "a\\u00f6", "ö\\u00f6", "a, b", ",", "[]", "null", "😀", "İstanbul", "ı", "K", "and", "or not", "x=y", "a (b)",
    "x' OR '1'='1",
    "12",
    "-3.5", "007", "1.2.3", "--5", "-", "5.", ".5", "1e5", "2026-01-31", "2026-02-30", "31.01.2026",
    "2026-01-31T10:00",
]  # fmt: skip
NAMES = ["city", "größe", "plz", "a.b", "kund'e", "$", "x[0]", "back\\slash", "letzter_kauf", "email"]
ON_LISTS: dict[int, set[str]] = {}


@pytest.fixture(scope="module")
def people() -> Iterator[tuple[Connection, list[Subscriber]]]:
    """Some people with such texts everywhere, some on the lists `morgen` and `abend`."""
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    chance = random.Random(11)

    def some(texts: list[str], most: int) -> tuple[str, ...]:
        return tuple(chance.sample(texts, chance.randint(0, most)))

    with engine.connect() as conn:
        found = []
        for slug in ("morgen", "abend"):
            create_list(conn, slug, slug, now=START)
        for number in range(120):
            profile = Profile(
                first_name=chance.choice(["", *TEXTS]),
                last_name=chance.choice(["", *TEXTS]),
                title=chance.choice(["", "Dr.", "Prof. Dr."]),
                salutation=chance.choice(["", "Frau", "Herr", "divers"]),
                form=chance.choice(["", "Sie", "du"]),
                topics=some(["krypto", "politik", "köln"], 2),
                coins=some(["BTC", "ETH"], 2),
                max_articles=chance.choice([None, 1, 3, 12]),
                tags=some(TEXTS, 4),
                attributes={name: chance.choice(TEXTS) for name in some(NAMES, 6)},
            )
            address = parse_address(
                f"{chance.choice(['anna', 'Ben', 'v_p'])}{number}@{chance.choice(['a.example', 'bücher.example'])}"
            )
            now = START + timedelta(minutes=97 * number)
            person = add_subscriber(conn, address, profile, secret=SECRET, now=now)
            ON_LISTS[person.id] = set()
            for slug in some(["morgen", "abend"], 2):
                subscribe(conn, person.id, slug, consent=Consent(source="x"), now=now)
                if chance.random() < 0.2:
                    unsubscribe(conn, person.id, slug, source="x", now=now)
                else:
                    ON_LISTS[person.id].add(slug)
            found.append(person)
        yield conn, found
    engine.dispose()


def holds(condition: Condition, person: Subscriber) -> bool:
    """What the language means, in Python."""
    match condition:
        case AllOf(parts):
            return all(holds(part, person) for part in parts)
        case AnyOf(parts):
            return any(holds(part, person) for part in parts)
        case Not(part):
            return not holds(part, person)
        case IsEmpty(field):
            return not any(text not in ("", None) for text in values(field, person))
        case Equals(field, text) if field.name == "domain":
            return person.email.endswith("@" + text.encode("idna").decode())
        case Equals(field, text):
            return any(fold(value) == fold(text) for value in values(field, person))
        case Contains(field, text):
            return any(fold(text) in fold(value) for value in values(field, person))
        case Compare(field, order, wanted):
            read = day_in if isinstance(wanted, date) else number_in
            known = [read(value) for value in values(field, person)]
            return any(value is not None and compare(value, order, wanted) for value in known)


def values(field: Any, person: Subscriber) -> list[Any]:
    if field.kind is Kind.ATTRIBUTE:
        names = {field.name, attribute_name(field.name)}
        return [person.attributes[name] for name in names if name in person.attributes]
    if field.kind is Kind.LIST:
        return list(ON_LISTS[person.id])
    if field.kind is Kind.ENTRIES:
        return list({"topic": person.topics, "tag": person.tags, "coin": person.coins}[field.name])
    if field.name == "joined":
        return [person.created_at.astimezone(BERLIN).date()]
    return [getattr(person, field.name)]


def day_in(value: Any) -> Any:
    if isinstance(value, date):
        return value
    return value[:10] if re.match(r"\d{4}-\d{2}-\d{2}", value, re.ASCII) else None


def number_in(value: Any) -> float | None:
    text = "" if value is None else str(value)
    return float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text, re.ASCII) else None


def compare(value: Any, order: str, wanted: Any) -> bool:
    wanted = wanted.isoformat() if isinstance(value, str) else wanted
    return {
        "=": value == wanted,
        "<": value < wanted,
        "<=": value <= wanted,
        ">": value > wanted,
        ">=": value >= wanted,
    }[order]


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


SOME_TEXT = st.sampled_from(TEXTS).map(quoted) | st.text(
    st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=6
).filter(lambda text: text.strip()).map(quoted)
ATTRIBUTE = st.sampled_from(NAMES).map(lambda name: f"attribute:{quoted(name)}")
DAY = st.sampled_from(["2025-12-30", "2025-12-31", "01.01.2026", "2026-01-31", "1999-01-01"])
NUMBER = st.sampled_from(["0", "3", "12", "-3.5", "7", "2.99"])
ORDER = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
LEAF = st.one_of(
    st.builds("{}:{}".format, st.sampled_from(["tag", "topic", "coins"]), SOME_TEXT),
    st.builds(
        "{} {} {}".format,
        st.sampled_from(["first_name", "LAST_NAME", "email", "title"]) | ATTRIBUTE,
        st.sampled_from(["=", "!=", "contains", "not contains"]),
        SOME_TEXT,
    ),
    st.builds(
        "{} {} ({}, {})".format,
        st.sampled_from(["tag", "first_name"]) | ATTRIBUTE,
        st.sampled_from(["in", "NOT IN"]),
        SOME_TEXT,
        SOME_TEXT,
    ),
    st.builds(
        "{} is {}".format,
        st.sampled_from(["tag", "topic", "first_name", "form", "max_articles"]) | ATTRIBUTE,
        st.sampled_from(["empty", "not empty"]),
    ),
    st.builds("joined {} {}".format, ORDER, DAY),
    st.builds("max_articles {} {}".format, ORDER, NUMBER),
    st.builds("{} {} {}".format, ATTRIBUTE, ORDER.filter(lambda order: order not in ("=", "!=")), DAY | NUMBER),
    st.sampled_from(
        [
            "list:morgen",
            "list in (morgen, ABEND)",
            "list != abend",
            "domain = bücher.example",
            "form = DU",
            "salutation != frau",
        ]
    ),
)
EXPRESSION = st.recursive(
    LEAF,
    lambda inner: (
        st.builds("({} and {})".format, inner, inner)
        | st.builds("({} or {})".format, inner, inner)
        | st.builds("not {}".format, inner)
    ),
    max_leaves=6,
)


@given(EXPRESSION)
@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example("tag:vip")
@example('tag:"a\\"vip"')
@example('tag:","')
@example('tag:"ö\\\\u00f6"')
@example("not max_articles < 5")
@example('attribute:"größe" = "köln"')
@example('first_name contains "straße"')
def test_sql_and_python_find_the_same_people(people: Any, expression: str) -> None:
    conn, everybody = people
    condition = parse_segment(expression)
    found = conn.execute(select(subscribers.c.id).where(segment_clause(conn, condition, BERLIN))).scalars().all()
    assert set(found) == {person.id for person in everybody if holds(condition, person)}


@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from(
            [
                "tag",
                ":",
                "vip",
                "(",
                ")",
                "and",
                "or",
                "not",
                "=",
                '"',
                "'",
                ",",
                " ",
                "in",
                "is",
                "empty",
                "<",
                "\\",
                "attribute:",
                "joined",
            ]
        ),
        max_size=20,
    ).map(" ".join)
)
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_does_anything_but_find_people_or_be_refused(people: Any, text: str) -> None:
    conn, _ = people
    try:
        clause = expression_clause(conn, text, zone=BERLIN)
    except SegmentError:
        return
    conn.execute(select(subscribers.c.id).where(clause)).all()


@pytest.mark.parametrize(
    "text", ["(" * 100_000, "not " * 100_000, "(" * 1900 + "tag:a" + ")" * 1900, "tag:a and " * 100_000, '"' * 100_000]
)
def test_long_and_deep_texts_are_answered_at_once(people: Any, text: str) -> None:
    conn, _ = people
    if text.startswith("((") and "tag" in text:
        expression_clause(conn, text, zone=BERLIN)  # brackets alone cost nothing
        return
    with pytest.raises(SegmentError):
        parse_segment(text)
