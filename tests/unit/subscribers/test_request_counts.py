"""Limits: never more than so many in a window, and what one limit refuses costs nobody else's turn."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from subscribers.addresses import parse_address
from subscribers.request_counts import Limit, count_request, count_requests, delete_old_counts, mailbox_of, network_of
from subscribers.tables import request_counts

HOUR = timedelta(hours=1)
THREE = Limit("test", 3, HOUR)


@given(steps=st.lists(st.integers(0, 5400), max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_a_window_lets_no_more_through_than_its_limit(
    conn: Connection, secret: bytes, now: datetime, steps: list[int]
) -> None:
    conn.execute(request_counts.delete())
    began, inside = None, 0
    for step in steps:
        now += timedelta(seconds=step)
        if began is None or now >= began + HOUR:
            began, inside = now, 0
        inside += 1
        assert count_request(conn, THREE, "anna", secret=secret, now=now) is (inside <= 3)


def test_limits_people_and_spellings_are_kept_apart(conn: Connection, secret: bytes, now: datetime) -> None:
    one, other = Limit("one", 1, HOUR), Limit("other", 1, HOUR)
    asked = [(one, "Anna@x.example"), (one, "anna@X.example"), (one, "bert@x.example"), (other, "anna@x.example")]
    assert [count_request(conn, limit, whom, secret=secret, now=now) for limit, whom in asked] == [
        *(True, False, True, True)
    ]
    assert "anna" not in str(conn.execute(select(request_counts)).all()).lower()


def test_what_one_limit_refuses_does_not_use_up_the_next(conn: Connection, secret: bytes, now: datetime) -> None:
    network, address = Limit("network", 1, HOUR), Limit("address", 1, HOUR)

    def asks(ip: str) -> bool:
        return count_requests(conn, [(network, ip), (address, "anna")], secret=secret, now=now)

    assert count_requests(conn, [(network, "a"), (address, "bert")], secret=secret, now=now)
    assert not asks("a")
    assert asks("b")
    assert not asks("c")
    assert count_requests(conn, [(network, ""), (address, "cleo")], secret=secret, now=now)
    assert count_requests(conn, [(network, ""), (address, "dora")], secret=secret, now=now)


def test_a_clock_that_was_set_back_locks_nobody_out(conn: Connection, secret: bytes, now: datetime) -> None:
    once = Limit("once", 1, HOUR)
    assert count_request(conn, once, "anna", secret=secret, now=now + timedelta(days=300))
    assert count_request(conn, once, "anna", secret=secret, now=now)
    assert not count_request(conn, once, "anna", secret=secret, now=now)


def test_old_windows_are_deleted(conn: Connection, secret: bytes, now: datetime) -> None:
    count_request(conn, THREE, "anna", secret=secret, now=now)
    assert delete_old_counts(conn, now) == 0
    assert delete_old_counts(conn, now + timedelta(seconds=1)) == 1


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unknown", ""),
        ("1.2.3.4, 5.6.7.8", ""),
    ],
)
def test_networks(ip: str, network: str) -> None:
    assert network_of(ip) == network


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("Anna@leser.example", "anna@leser.example"),
        ("anna+news+1@leser.example", "anna@leser.example"),
        ("+1@leser.example", "+1@leser.example"),
        ("an.na@leser.example", "an.na@leser.example"),
        ("an.na+x@googlemail.com", "anna@gmail.com"),
        ("anna@bücher.example", "anna@xn--bcher-kva.example"),
    ],
)
def test_addresses_of_one_mailbox_are_counted_as_one(address: str, mailbox: str) -> None:
    assert mailbox_of(parse_address(address)) == mailbox
