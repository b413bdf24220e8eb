"""A person's address changes, and all that is known of them stays theirs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import Connection, func, select

from subscribers.address_changes import wait_for_address, waiting_address
from subscribers.addresses import parse_address
from subscribers.audit import list_changes
from subscribers.consent import consent_history
from subscribers.errors import AddressTakenError, SuppressedError, UnknownSubscriberError
from subscribers.former_addresses import change_address, former_addresses_of, formerly_at
from subscribers.model import Consent, FormerAddress, Subscriber, SuppressionReason
from subscribers.privacy import erase_subscriber
from subscribers.repository import get_subscriber
from subscribers.subscriptions import subscribe, subscriptions_of
from subscribers.suppression import suppress_address, suppress_domain
from subscribers.tables import former_addresses

OLD, NEW = parse_address("anna@alt.example"), parse_address("Anna@neu.example")


@pytest.fixture
def anna(conn: Connection, person: Callable[..., Subscriber], now: datetime) -> Subscriber:
    found = person(OLD.email, first_name="Anna", tags=("vip",))
    subscribe(conn, found.id, "morgen", consent=Consent(source="Messe"), now=now)
    return found


def test_the_history_stays(conn: Connection, anna: Subscriber, secret: bytes, now: datetime) -> None:
    standings, consents = subscriptions_of(conn, anna.id), consent_history(conn, anna.id)
    wait_for_address(conn, anna.id, "andere@x.example", 7, now)
    moved = change_address(conn, anna, NEW, who="cli:admin", secret=secret, now=now)
    assert (moved.id, moved.handle, moved.email, moved.tags) == (anna.id, anna.handle, "Anna@neu.example", ("vip",))
    assert subscriptions_of(conn, anna.id) == standings
    assert consent_history(conn, anna.id) == consents
    assert former_addresses_of(conn, anna.id) == [FormerAddress(email=OLD.email, until=now)]
    assert formerly_at(conn, parse_address("ANNA@alt.example"), secret=secret) == [moved]
    assert waiting_address(conn, anna.id) == ""
    with pytest.raises(UnknownSubscriberError):
        get_subscriber(conn, OLD.email, secret=secret)
    (change,) = list_changes(conn, subscriber_id=anna.id)
    assert (change.who, change.what) == ("cli:admin", "subscriber.change-address")
    assert "example" not in repr(change)


def test_the_same_address_is_no_change(conn: Connection, anna: Subscriber, secret: bytes, now: datetime) -> None:
    assert change_address(conn, anna, OLD, who="cli:admin", secret=secret, now=now) == anna
    assert former_addresses_of(conn, anna.id) == []
    assert list_changes(conn) == []


def test_nobody_takes_over_an_address(
    conn: Connection, anna: Subscriber, person: Callable[..., Subscriber], secret: bytes, now: datetime
) -> None:
    ben = person("ben@example.org")
    with pytest.raises(AddressTakenError, match="BEN@example") as refused:
        change_address(conn, anna, parse_address("BEN@example.org"), who="x", secret=secret, now=now)
    assert refused.value.exit_code == 2
    assert get_subscriber(conn, OLD.email, secret=secret) == anna
    assert get_subscriber(conn, ben.email, secret=secret) == ben


def test_no_address_that_must_not_be_mailed(conn: Connection, anna: Subscriber, secret: bytes, now: datetime) -> None:
    suppress_address(conn, NEW, reason=SuppressionReason.REQUEST, source="x", secret=secret, now=now)
    suppress_domain(conn, "firma.example", reason=SuppressionReason.ADMIN, source="x", now=now)
    for address in (NEW, parse_address("anna@firma.example")):
        with pytest.raises(SuppressedError, match="suppressed"):
            change_address(conn, anna, address, who="x", secret=secret, now=now)


@pytest.mark.parametrize(
    ("reason", "may"), [("hard_bounce", True), ("soft_bounces", True), ("complaint", False), ("request", False)]
)
def test_a_new_address_mends_a_mailbox_but_no_objection(
    conn: Connection, anna: Subscriber, secret: bytes, now: datetime, reason: str, may: bool
) -> None:
    suppress_address(conn, OLD, reason=SuppressionReason(reason), source="x", secret=secret, now=now)
    if may:
        assert change_address(conn, anna, NEW, who="x", secret=secret, now=now).email == NEW.email
    else:
        with pytest.raises(SuppressedError, match=reason):
            change_address(conn, anna, NEW, who="x", secret=secret, now=now)


def test_former_addresses_are_erased_with_the_person(
    conn: Connection, anna: Subscriber, secret: bytes, now: datetime
) -> None:
    moved = change_address(conn, anna, NEW, who="x", secret=secret, now=now)
    erase_subscriber(conn, moved, source="x", secret=secret, now=now)
    assert conn.execute(select(func.count()).select_from(former_addresses)).scalar() == 0
