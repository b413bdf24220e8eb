"""The ledger: who is claimed, settled, skipped and brought back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from digest.errors import StepError
from digest.model.delivery import DeliveryState, Outcome
from digest.model.edition import EditionState
from digest.storage import deliveries, editions, ledger
from digest.storage.database import Database
from subscribers.addresses import parse_address
from subscribers.model import SuppressionReason
from subscribers.privacy import erase_subscriber
from subscribers.subscriptions import unsubscribe
from subscribers.suppression import suppress_address, suppress_domain

NOW = datetime(2026, 3, 6, 5, 0, tzinfo=UTC)
SECRET = b"a secret of the tests, 32 octets"
SENT = Outcome(state=DeliveryState.SUBMITTED, reply="250 ok")

Plan = Callable[..., Any]


def deferred(minutes: float) -> Outcome:
    return Outcome(state=DeliveryState.DEFERRED, reason="temporary", next_try=NOW + timedelta(minutes=minutes))


def addresses(claims: Any) -> str:
    return "".join(claim.recipient.address[0] for claim in claims)


def test_claims_come_in_order_once_and_with_what_was_frozen(plan: Plan) -> None:
    planned = plan("a", "b", "c")
    first = planned.ledger.claim(2, NOW)
    assert addresses(first) == "ab"
    assert first[0].recipient.choice == b"\x00\x02"
    assert first[0].recipient.coins == ("BTC",)
    assert first[0].recipient.handle == planned.people[0].handle
    assert first[0].dated == NOW
    assert first[0].attempt == 1
    assert addresses(planned.ledger.claim(2, NOW)) == "c"
    assert planned.ledger.claim(2, NOW) == []
    assert planned.states() == {"a": "claimed", "b": "claimed", "c": "claimed"}


def test_a_delivery_goes_through_its_states(plan: Plan) -> None:
    planned = plan("a", "b")
    a, b = planned.ledger.claim(9, NOW)
    planned.ledger.settle([], [a], NOW)
    assert planned.states() == {"a": "in_flight", "b": "claimed"}
    planned.ledger.settle([(a, SENT)], [b], NOW)
    assert planned.states() == {"a": "submitted", "b": "in_flight"}
    planned.ledger.settle([(b, Outcome(state=DeliveryState.REJECTED, reason="bad_address"))], [], NOW)
    assert planned.states() == {"a": "submitted", "b": "rejected:bad_address"}
    assert planned.ledger.claim(9, NOW) == []


def test_what_was_never_started_is_given_back(plan: Plan) -> None:
    planned = plan("a", "b")
    a, b = planned.ledger.claim(9, NOW)
    planned.ledger.settle([], [a], NOW)
    planned.ledger.release([a, b])  # what is in flight is not touched
    assert planned.states() == {"a": "in_flight", "b": "queued"}
    assert planned.ledger.claim(9, NOW)[0].attempt == 1


def test_what_was_started_and_not_taken_is_given_back_and_its_attempt_too(plan: Plan) -> None:
    planned = plan("a")
    (claim,) = planned.ledger.claim(9, NOW)
    planned.ledger.settle([], [claim], NOW)
    planned.ledger.settle([(claim, Outcome(state=DeliveryState.QUEUED, reason="paused", tried=False))], [], NOW)
    (again,) = planned.ledger.claim(9, NOW + timedelta(hours=3))
    assert again.attempt == 1
    assert again.dated == NOW  # a second copy has the first one's Date


def test_deferred_ones_come_back_when_they_are_due(plan: Plan, database: Database, later: Any) -> None:
    planned = plan("a", "b")
    a, b = planned.ledger.claim(9, NOW)
    planned.ledger.settle([], [a, b], NOW)
    planned.ledger.settle([(a, deferred(5)), (b, deferred(15))], [], NOW)
    with database.read() as connection:
        assert deliveries.next_try(connection, planned.edition.number) == later(5)
    assert planned.ledger.claim(9, later(4)) == []
    assert addresses(planned.ledger.claim(9, later(5))) == "a"
    (again,) = planned.ledger.claim(9, later(60))
    assert (again.recipient.address[0], again.attempt, again.dated) == ("b", 2, NOW)
    with database.read() as connection:
        assert deliveries.next_try(connection, planned.edition.number) is None


def test_who_may_no_longer_be_mailed_is_skipped_at_claim(plan: Plan, database: Database) -> None:
    planned = plan("anna", "bert", "carl", "dora", "emil", "fritz")
    _anna, bert, carl, dora, emil, fritz = planned.people
    with database.write() as connection:
        suppress_address(
            connection,
            parse_address(bert.email),
            reason=SuppressionReason.COMPLAINT,
            source="test",
            secret=SECRET,
            now=NOW,
        )
        unsubscribe(connection, carl.id, source="link", now=NOW)
        erase_subscriber(connection, dora, source="test", secret=SECRET, now=NOW)
        connection.execute(text("UPDATE deliveries SET recipient = NULL WHERE subscriber_id = :id"), {"id": emil.id})
    assert addresses(planned.ledger.claim(2, NOW)) == "a"  # the second of this page was skipped
    assert addresses(planned.ledger.claim(2, NOW)) == "f"  # and so was the whole page after it
    assert planned.states() == {
        "anna": "claimed",
        "bert": "skipped:suppressed",
        "carl": "skipped:unsubscribed",
        "dora": "skipped:erased",
        "emil": "skipped:erased",
        "fritz": "claimed",
    }
    assert fritz.email.startswith("fritz")


def test_a_suppressed_domain_and_an_archived_list_skip_everybody(plan: Plan, database: Database) -> None:
    planned = plan("a", "b")
    with database.write() as connection:
        suppress_domain(connection, "probe.example", reason=SuppressionReason.ADMIN, source="test", now=NOW)
    assert planned.ledger.claim(9, NOW) == []
    assert set(planned.states().values()) == {"skipped:suppressed"}


def test_a_list_that_was_archived_is_not_mailed(plan: Plan, database: Database) -> None:
    planned = plan("a")
    with database.write() as connection:
        connection.execute(text("UPDATE lists SET archived_at = '2026-01-01'"))
    assert planned.ledger.claim(9, NOW) == []
    assert planned.states() == {"a": "skipped:unsubscribed"}


def test_nobody_stands_in_an_edition_twice(plan: Plan, database: Database) -> None:
    planned = plan("a", "b")
    (claim,) = planned.ledger.claim(1, NOW)
    planned.ledger.settle([], [claim], NOW)
    planned.ledger.settle([(claim, SENT)], [], NOW)
    recipient = claim.recipient
    with database.write() as connection:
        ledger.enter_recipients(
            connection, planned.edition.number, [(person.id, recipient) for person in planned.people]
        )
        assert ledger.last_entered(connection, planned.edition.number) == planned.people[-1].id
    assert planned.states() == {"a": "submitted", "b": "queued"}


def test_a_dead_senders_deliveries_come_back(plan: Plan, database: Database) -> None:
    planned = plan("a", "b", "c")
    a, b, _c = planned.ledger.claim(9, NOW)
    planned.ledger.settle([], [a], NOW)
    planned.ledger.settle([(a, SENT)], [b], NOW)
    with database.write() as connection:
        doubtful = ledger.recover(connection, planned.edition.number, NOW, only_sender=True, on_unknown="retry")
    assert doubtful == 1
    assert planned.states() == {"a": "submitted", "b": "queued:interrupted", "c": "queued"}
    again = planned.ledger.claim(9, NOW + timedelta(hours=1))
    assert [(claim.recipient.address[0], claim.attempt, claim.dated) for claim in again] == [
        ("b", 2, NOW),
        ("c", 1, NOW),
    ]


def test_with_hold_what_is_in_doubt_stays_in_doubt(plan: Plan, database: Database) -> None:
    planned = plan("a")
    claims = planned.ledger.claim(9, NOW)
    planned.ledger.settle([], claims, NOW)
    with database.write() as connection:
        ledger.recover(connection, planned.edition.number, NOW, only_sender=True, on_unknown="hold")
    assert planned.states() == {"a": "unknown:interrupted"}
    assert planned.ledger.claim(9, NOW) == []


def test_where_others_may_be_alive_only_an_expired_lease_is_taken(plan: Plan, database: Database, later: Any) -> None:
    planned = plan("a", "b")
    a, _b = planned.ledger.claim(9, NOW)
    planned.ledger.settle([], [a], later(20))  # the lease begins anew when a message is started
    for minutes, expected in (
        (55, {"a": "in_flight", "b": "claimed"}),
        (70, {"a": "in_flight", "b": "queued"}),
        (90, {"a": "queued:interrupted", "b": "queued"}),
    ):
        with database.write() as connection:
            ledger.recover(connection, planned.edition.number, later(minutes), only_sender=False, on_unknown="retry")
        assert planned.states() == expected


def test_what_is_begun_too_often_stays_unknown(plan: Plan, database: Database) -> None:
    planned = plan("a")
    for _ in range(ledger.MAX_ATTEMPTS):
        planned.ledger.settle([], planned.ledger.claim(9, NOW), NOW)
        with database.write() as connection:
            ledger.recover(connection, planned.edition.number, NOW, only_sender=True, on_unknown="retry")
    assert planned.ledger.claim(9, NOW) == []
    assert planned.states() == {"a": "unknown:interrupted"}


@pytest.mark.parametrize("state", [EditionState.PAUSED, EditionState.CANCELLED])
def test_nothing_is_claimed_of_what_is_not_being_sent(plan: Plan, database: Database, state: EditionState) -> None:
    planned = plan("a")
    with database.write() as connection:
        editions.take_step(connection, planned.edition, state)
    assert planned.ledger.claim(9, NOW) == []


def test_a_sender_learns_at_its_next_step_that_its_claims_were_taken_back(plan: Plan, database: Database) -> None:
    planned = plan("a", "b", "c")
    a, b, c = planned.ledger.claim(9, NOW)
    planned.ledger.settle([], [a], NOW)
    with database.write() as connection:
        ledger.take_back_claims(connection, planned.edition.number)
    with pytest.raises(StepError, match="paused or cancelled"):
        planned.ledger.settle([(a, SENT)], [b], NOW)
    planned.ledger.release([b, c])
    assert planned.states() == {"a": "submitted", "b": "queued", "c": "queued"}
    assert [claim.attempt for claim in planned.ledger.claim(9, NOW)] == [1, 1]


def test_cancelling_reaches_who_waits_and_nobody_else(plan: Plan, database: Database) -> None:
    planned = plan("a", "b", "c", "d", "e")
    a, b, c, _d = planned.ledger.claim(4, NOW)
    planned.ledger.settle([], [a, b, c], NOW)
    planned.ledger.settle([(a, SENT), (b, deferred(1))], [], NOW)
    with database.write() as connection:
        assert ledger.cancel_waiting(connection, planned.edition.number, NOW) == 3
    assert planned.states() == {
        "a": "submitted",
        "b": "skipped:cancelled",
        "c": "in_flight",
        "d": "skipped:cancelled",
        "e": "skipped:cancelled",
    }


def test_counts_and_the_persons_own_account(plan: Plan, database: Database) -> None:
    planned = plan("a", "b")
    (a,) = planned.ledger.claim(1, NOW)
    planned.ledger.settle([], [a], NOW)
    planned.ledger.settle([(a, SENT)], [], NOW)
    with database.read() as connection:
        assert ledger.count_deliveries(connection, planned.edition.number) == {
            (DeliveryState.SUBMITTED, ""): 1,
            (DeliveryState.QUEUED, ""): 1,
        }
        (row,) = deliveries.deliveries_of(connection, planned.people[0].id)
        assert (row.state, row.reply, row.attempts, row.settled_at) == ("submitted", "250 ok", 1, NOW)
        frozen = deliveries.frozen_recipient(connection, planned.edition.number, planned.people[0].id)
        assert frozen == (a.recipient, NOW)
        assert deliveries.frozen_recipient(connection, planned.edition.number, 999) is None


@pytest.mark.parametrize("state", ["queued", "deferred"])
def test_claiming_goes_by_the_index_and_sorts_nothing(plan: Plan, database: Database, state: str) -> None:
    planned = plan("a")
    with database.read() as connection:
        found = connection.execute(
            text(
                "EXPLAIN QUERY PLAN SELECT id, recipient FROM deliveries "
                "WHERE edition_id = :edition AND state = :state ORDER BY id LIMIT 200"
            ),
            {"edition": planned.edition.number, "state": state},
        )
        steps = [row[3] for row in found]
    assert len(steps) == 1
    assert "USING INDEX ix_deliveries_edition_id_state_id (edition_id=? AND state=?)" in steps[0]


def test_the_claims_own_statement_goes_by_the_index(plan: Plan, database: Database) -> None:
    from sqlalchemy import event

    planned = plan("a")
    said: list[tuple[str, Any]] = []
    event.listen(
        database.engine, "before_cursor_execute", lambda _c, _u, sql, values, _x, _m: said.append((sql, values))
    )
    planned.ledger.claim(1, NOW)
    selects = [(sql, values) for sql, values in said if sql.startswith("SELECT deliveries")]
    assert selects
    for sql, values in selects:
        with database.read() as connection:
            steps = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)]
        assert steps == ["SEARCH deliveries USING INDEX ix_deliveries_edition_id_state_id (edition_id=? AND state=?)"]
