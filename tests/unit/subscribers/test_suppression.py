from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, select

from subscribers.addresses import parse_address
from subscribers.consent import consent_history
from subscribers.errors import AddressError, SuppressedError
from subscribers.model import Consent, Subscriber, SuppressionReason
from subscribers.privacy import erase_subscriber
from subscribers.repository import find_subscriber
from subscribers.subscriptions import subscribe
from subscribers.suppression import lift_suppression, suppress_address, suppress_domain, suppression_of
from subscribers.tables import metadata, suppressions

ANNA = parse_address("Anna@example.org")
Person = Callable[..., Subscriber]


def test_by_address_without_regard_to_case(conn: Connection, secret: bytes, now: datetime) -> None:
    assert suppression_of(conn, ANNA, secret=secret) is None
    bounced = SuppressionReason.HARD_BOUNCE
    assert suppress_address(conn, ANNA, reason=bounced, source="MTA", secret=secret, now=now)
    found = suppression_of(conn, parse_address("anna@EXAMPLE.org"), secret=secret)
    assert found is not None
    assert (found.scope, found.address, found.reason, found.since) == ("address", ANNA.email, bounced, now)
    assert suppression_of(conn, parse_address("ben@example.org"), secret=secret) is None


def test_first_reason_stays_and_erased_wins(conn: Connection, secret: bytes, now: datetime) -> None:
    def reason_after(reason: SuppressionReason) -> tuple[str, str]:
        later = now + timedelta(days=1)
        suppress_address(conn, ANNA, reason=reason, source="x", secret=secret, now=later)
        found = suppression_of(conn, ANNA, secret=secret)
        assert found
        return found.reason.value, found.address

    assert reason_after(SuppressionReason.COMPLAINT) == ("complaint", ANNA.email)
    assert reason_after(SuppressionReason.ADMIN) == ("complaint", ANNA.email)
    assert reason_after(SuppressionReason.ERASED) == ("erased", "")
    assert reason_after(SuppressionReason.ADMIN) == ("erased", "")


def test_by_domain(conn: Connection, secret: bytes, now: datetime) -> None:
    assert suppress_domain(conn, "Bücher.example", reason=SuppressionReason.ADMIN, source="Admin", now=now)
    assert not suppress_domain(conn, "bücher.EXAMPLE", reason=SuppressionReason.ADMIN, source="Admin", now=now)
    found = suppression_of(conn, parse_address("a@bücher.example"), secret=secret)
    assert found
    assert (found.scope, found.domain) == ("domain", "xn--bcher-kva.example")
    assert suppression_of(conn, parse_address("a@sub.bücher.example"), secret=secret) is None
    with pytest.raises(AddressError):
        suppress_domain(conn, "kein Name", reason=SuppressionReason.ADMIN, source="Admin", now=now)


def test_lifted(conn: Connection, secret: bytes, now: datetime) -> None:
    suppress_address(conn, ANNA, reason=SuppressionReason.SOFT_BOUNCES, source="MTA", secret=secret, now=now)
    assert lift_suppression(conn, ANNA, secret=secret)
    assert not lift_suppression(conn, ANNA, secret=secret)
    assert suppression_of(conn, ANNA, secret=secret) is None


def test_who_is_suppressed_is_not_added(conn: Connection, person: Person, secret: bytes, now: datetime) -> None:
    suppress_address(conn, ANNA, reason=SuppressionReason.COMPLAINT, source="FBL", secret=secret, now=now)
    with pytest.raises(SuppressedError, match="complaint") as refused:
        person("anna@example.org")
    assert refused.value.exit_code == 1


def test_erasing_leaves_no_address_but_the_evidence(
    conn: Connection, person: Person, secret: bytes, now: datetime
) -> None:
    anna = person("Anna@example.org", last_name="Weber")
    subscribe(conn, anna.id, "morgen", consent=Consent(source="Messe"), now=now)
    suppress_address(conn, ANNA, reason=SuppressionReason.COMPLAINT, source="FBL", secret=secret, now=now)
    erase_subscriber(conn, anna, source="Antrag", secret=secret, now=now)
    assert find_subscriber(conn, "anna@example.org", secret=secret) is None
    assert [one.event for one in consent_history(conn, anna.id)] == ["added", "unsubscribed"]
    assert conn.execute(select(suppressions.c.subscriber_id)).scalar_one() == anna.id
    everything = " ".join(str(row) for table in metadata.sorted_tables for row in conn.execute(select(table))).lower()
    assert "anna" not in everything
    assert "weber" not in everything
    assert anna.handle not in everything
    with pytest.raises(SuppressedError):
        person("anna@example.org")
