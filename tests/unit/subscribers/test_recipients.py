from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import Connection, update

from subscribers.addresses import parse_address
from subscribers.errors import UnknownListError
from subscribers.lists import create_list
from subscribers.model import Consent, Subscriber, SubscriptionState, SuppressionReason
from subscribers.privacy import erase_subscriber
from subscribers.recipients import count_recipients, list_subscribers, recipients, refusals
from subscribers.subscriptions import subscribe, unsubscribe
from subscribers.suppression import suppress_address, suppress_domain
from subscribers.tables import lists

Person = Callable[..., Subscriber]
STATED = Consent(source="Messe")


@pytest.fixture
def people(conn: Connection, person: Person, now: datetime, secret: bytes) -> dict[str, Subscriber]:
    """One person for every way to stand with the lists morgen and abend."""
    create_list(conn, "abend", "Am Abend", now=now)
    found = {}
    for name in ("active", "abend", "both", "pending", "left", "left_one", "nowhere", "suppressed"):
        found[name] = person(f"{name}@example.org")
    found["bad_domain"] = person("bad@firma.example")
    for name in ("active", "both", "left", "left_one", "suppressed", "bad_domain"):
        subscribe(conn, found[name].id, "morgen", consent=STATED, now=now)
    for name in ("abend", "both", "left_one"):
        subscribe(conn, found[name].id, "abend", consent=STATED, now=now)
    subscribe(conn, found["pending"].id, "morgen", now=now)
    for name in ("left", "left_one"):
        unsubscribe(conn, found[name].id, "morgen", source="Link", now=now)
    bounce = SuppressionReason.HARD_BOUNCE
    address = parse_address("suppressed@example.org")
    suppress_address(conn, address, reason=bounce, source="MTA", secret=secret, now=now)
    suppress_domain(conn, "firma.example", reason=SuppressionReason.ADMIN, source="Admin", now=now)
    return found


MORGEN, BOTH = ["active", "both"], ["active", "abend", "both", "left_one"]


@pytest.mark.parametrize(
    ("slugs", "names"), [(["morgen"], MORGEN), (["abend"], ["abend", "both", "left_one"]), (["morgen", "abend"], BOTH)]
)
@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_each_once_in_order_page_by_page(
    conn: Connection, people: dict[str, Subscriber], slugs: list[str], names: list[str], limit: int
) -> None:
    found: list[Subscriber] = []
    while page := recipients(conn, slugs, after=found[-1].id if found else 0, limit=limit):
        assert len(page) <= limit
        found += page
        if len(page) < limit:
            break
    assert found == [people[name] for name in names]
    assert count_recipients(conn, slugs) == len(names)


def test_archived_and_missing_lists(conn: Connection, people: dict[str, Subscriber], now: datetime) -> None:
    conn.execute(update(lists).where(lists.c.slug == "abend").values(archived_at=now))
    assert recipients(conn, ["abend"]) == []
    assert count_recipients(conn, ["abend"]) == 0
    assert recipients(conn, ["abend", "morgen"]) == [people[name] for name in MORGEN]
    assert refusals(conn, [people["abend"].id], ["abend"]) == {people["abend"].id: "unsubscribed"}
    assert recipients(conn, []) == []
    with pytest.raises(UnknownListError, match="mittag"):
        recipients(conn, ["morgen", "mittag"])
    with pytest.raises(UnknownListError):
        count_recipients(conn, ["mittag"])


def test_refusals(conn: Connection, people: dict[str, Subscriber], now: datetime, secret: bytes) -> None:
    gone = people["nowhere"]
    erase_subscriber(conn, gone, source="Antrag", secret=secret, now=now)
    by_id = {one.id: name for name, one in people.items()}
    expected = {
        "abend": "unsubscribed",
        "pending": "unsubscribed",
        "left": "unsubscribed",
        "left_one": "unsubscribed",
        "nowhere": "erased",
        "suppressed": "suppressed",
        "bad_domain": "suppressed",
    }
    found = refusals(conn, list(by_id), ["morgen"])
    assert {by_id[number]: reason for number, reason in found.items()} == expected
    assert refusals(conn, [], ["morgen"]) == {}
    both = refusals(conn, list(by_id), ["morgen", "abend"])
    assert {by_id[number] for number in both} == set(expected) - {"abend", "left_one"}
    letters = refusals(conn, list(by_id), [])
    assert {by_id[number] for number in letters} == {"nowhere", "suppressed", "bad_domain"}
    assert set(refusals(conn, list(by_id), ["no-such-list"])) == set(by_id)


def test_refusals_of_many(conn: Connection, people: dict[str, Subscriber]) -> None:
    wanted = [people["active"].id, *range(10_000, 12_001)]
    assert refusals(conn, wanted, ["morgen"]) == dict.fromkeys(range(10_000, 12_001), "erased")


def test_list_subscribers(conn: Connection, people: dict[str, Subscriber]) -> None:
    def names(**options: object) -> list[str]:
        return [one.email.partition("@")[0] for one in list_subscribers(conn, **options)]  # type: ignore[arg-type]

    assert len(names()) == len(people)
    assert names(limit=2, after=people["abend"].id) == ["both", "pending"]
    assert names(list_slug="morgen", state=SubscriptionState.PENDING) == ["pending"]
    assert names(state=SubscriptionState.UNSUBSCRIBED) == ["left", "left_one"]
    assert names(list_slug="abend") == ["abend", "both", "left_one"]
    assert names(list_slug="abend", limit=1, after=people["abend"].id) == ["both"]
