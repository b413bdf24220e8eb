from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, insert, select
from sqlalchemy.exc import IntegrityError, StatementError

from subscribers.addresses import parse_address
from subscribers.errors import (
    ListExistsError,
    SubscribersError,
    UnknownListError,
    UnknownSubscriberError,
    WrongValueError,
)
from subscribers.lists import create_list, get_list, list_lists
from subscribers.model import Changes, Consent, Profile, Subscriber
from subscribers.repository import (
    add_subscriber,
    change_subscriber,
    find_subscriber,
    get_subscriber,
    subscriber_by_handle,
    subscribers_by_id,
)
from subscribers.subscriptions import subscribe
from subscribers.tables import lists, subscribers

Person = Callable[..., Subscriber]


def test_lists(conn: Connection, person: Person, now: datetime) -> None:
    abend = create_list(conn, "abend", "Am\r\nAbend", now=now)
    assert abend.name == "Am Abend"
    assert abend.created_at == now
    assert get_list(conn, "abend") == abend
    subscribe(conn, person("anna@example.org").id, "abend", consent=Consent(source="Messe"), now=now)
    subscribe(conn, person("ben@example.org").id, "abend", now=now)
    assert [(one.mailing_list.slug, one.pending, one.active, one.unsubscribed) for one in list_lists(conn)] == [
        ("abend", 1, 1, 0),
        ("morgen", 0, 0, 0),
    ]
    with pytest.raises(ListExistsError, match="abend"):
        create_list(conn, "abend", "Noch einer", now=now)
    with pytest.raises(UnknownListError, match="mittag"):
        get_list(conn, "mittag")


@pytest.mark.parametrize("slug", ["", "Morgen", "-a", "a-", "a b", "ä", "a" * 65, "a\n", "../a"])
def test_slug_that_cannot_be_one(conn: Connection, now: datetime, slug: str) -> None:
    with pytest.raises(WrongValueError):
        create_list(conn, slug, "Name", now=now)


def test_adding_again_keeps_who_it_is_and_adds_what_is_stated(
    conn: Connection, person: Person, now: datetime, secret: bytes
) -> None:
    first = person("Anna@example.org", first_name="Anna", topics=("politik",), tags=("vip",), max_articles=4)
    again = person("anna@EXAMPLE.org", last_name="Weber", topics=("krypto",), tags=("messe",))
    assert again == Subscriber(
        id=first.id,
        handle=first.handle,
        email="Anna@example.org",
        first_name="Anna",
        last_name="Weber",
        title="",
        salutation="",
        form="",
        topics=("krypto",),
        coins=(),
        max_articles=4,
        tags=("vip", "messe"),
        attributes={},
        created_at=now,
    )
    assert get_subscriber(conn, "ANNA@example.org", secret=secret) == again
    assert subscriber_by_handle(conn, first.handle) == again
    assert subscribers_by_id(conn, [first.id, 999]) == {first.id: again}


def test_handle_is_random_hex(person: Person) -> None:
    one, two = person("anna@example.org"), person("ben@example.org")
    assert one.handle != two.handle
    assert len(one.handle) == 16
    assert set(one.handle) <= set("0123456789abcdef")


def test_unknown_people(conn: Connection, now: datetime, secret: bytes) -> None:
    assert find_subscriber(conn, "anna@example.org", secret=secret) is None
    assert subscriber_by_handle(conn, "0" * 16) is None
    with pytest.raises(UnknownSubscriberError, match=r"anna@example\.org"):
        get_subscriber(conn, "anna@example.org", secret=secret)
    with pytest.raises(UnknownSubscriberError):
        change_subscriber(conn, 5, Changes(first_name="Anna"), now=now)


def test_changes_set_and_empty(conn: Connection, person: Person, now: datetime) -> None:
    anna = person("anna@example.org", first_name="Anna", last_name="Weber", coins=("BTC",), max_articles=3)
    changed = change_subscriber(conn, anna.id, Changes(last_name="", coins=("LTC", "BTC"), max_articles=None), now=now)
    assert (changed.first_name, changed.last_name) == ("Anna", "")
    assert (changed.coins, changed.max_articles) == (("LTC", "BTC"), None)
    assert change_subscriber(conn, anna.id, Changes(), now=now) == changed


_text = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=20)
_texts = st.lists(_text, max_size=4).map(tuple)


@given(
    profile=st.builds(
        Profile,
        first_name=_text,
        last_name=_text,
        title=_text,
        salutation=st.sampled_from(["", "Frau", "Herr", "divers"]),
        form=st.sampled_from(["", "Sie", "du"]),
        topics=_texts,
        coins=_texts,
        max_articles=st.none() | st.integers(1, 999),
        tags=_texts,
        attributes=st.dictionaries(_text, _text, max_size=3),
    ),
    now=st.datetimes(
        min_value=datetime(1970, 1, 2),  # noqa: DTZ001
        max_value=datetime(2200, 1, 1),  # noqa: DTZ001
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
    ),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_values_come_back_as_they_went_in(engine: Engine, secret: bytes, profile: Profile, now: datetime) -> None:
    with engine.connect() as conn:
        found = add_subscriber(conn, parse_address("anna@example.org"), profile, secret=secret, now=now)
        assert Profile(**{name: getattr(found, name) for name in Profile.__struct_fields__}) == profile
        assert found.created_at == now
        assert found.created_at.tzinfo is UTC
        conn.rollback()


def test_naive_time_is_refused(conn: Connection) -> None:
    with pytest.raises(StatementError, match="no time zone"):
        create_list(conn, "abend", "Abend", now=datetime(2026, 1, 1))  # noqa: DTZ001


def test_numbers_are_not_used_twice(conn: Connection, person: Person) -> None:
    gone = person("anna@example.org").id
    conn.execute(delete(subscribers).where(subscribers.c.id == gone))
    assert person("ben@example.org").id > gone


def test_one_person_per_address_in_the_schema_too(conn: Connection, person: Person) -> None:
    person("anna@example.org")
    row: dict[str, Any] = dict(conn.execute(select(subscribers)).mappings().one()) | {"id": None, "handle": "f" * 16}
    with pytest.raises(IntegrityError):
        conn.execute(insert(subscribers).values(row | {"id": 77}))


def test_every_error_says_how_the_command_ends() -> None:
    assert SubscribersError.exit_code == 1
    assert UnknownListError("x").exit_code == 2
    assert {column.name for column in lists.columns} >= {"slug", "archived_at"}
