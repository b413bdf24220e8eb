"""When a deferred message is tried again, and when it is given up."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.deliver.replies import Reason
from digest.deliver.retries import RETRY_FOR, next_try, retried
from digest.model.delivery import DeliveryState, Outcome

BEGAN = datetime(2027, 3, 1, 6, 30, tzinfo=UTC)
DEADLINE = BEGAN + RETRY_FOR
GREYLISTED = Outcome(state=DeliveryState.DEFERRED, reason=Reason.TEMPORARY, reply="451 4.7.1 Greylisted")


@pytest.mark.parametrize(
    ("reason", "attempt", "seconds"),
    [
        (Reason.CONNECTION, 1, 10),
        (Reason.CONNECTION, 3, 40),
        (Reason.TEMPORARY, 1, 60),
        (Reason.TEMPORARY, 4, 480),
        (Reason.TEMPORARY, 12, 3600),
        (Reason.MAILBOX_FULL, 1, 900),
        ("said by a plug-in", 1, 60),
        (Reason.TEMPORARY, 0, 60),
        (Reason.TEMPORARY, 10**6, 3600),
    ],
)
def test_the_wait_doubles_up_to_an_hour(reason: str, attempt: int, seconds: float) -> None:
    waits = [(next_try(reason, attempt, BEGAN, random.Random(seed)) - BEGAN).total_seconds() for seed in range(20)]
    assert all(0.75 * seconds <= wait <= 1.25 * seconds for wait in waits)
    assert len(set(waits)) > 10


@given(st.sampled_from([*Reason, "another"]), st.integers(-3, 10_000), st.randoms(use_true_random=False))
def test_retries_are_later_but_not_for_ever(reason: str, attempt: int, dice: random.Random) -> None:
    wait = next_try(reason, attempt, BEGAN, dice) - BEGAN
    assert timedelta(seconds=7) < wait <= timedelta(seconds=4500)


def test_a_deferred_message_gets_its_next_try() -> None:
    outcome = retried(GREYLISTED, 1, BEGAN, DEADLINE, random.Random(1))
    assert outcome.state is DeliveryState.DEFERRED
    assert outcome.reply == GREYLISTED.reply
    assert outcome.next_try is not None
    assert BEGAN < outcome.next_try < BEGAN + timedelta(minutes=2)


def test_the_last_try_is_at_the_deadline() -> None:
    outcome = retried(GREYLISTED, 9, DEADLINE - timedelta(minutes=1), DEADLINE, random.Random(1))
    assert outcome.next_try == DEADLINE


def test_a_time_that_the_server_named_is_kept_up_to_the_deadline() -> None:
    for named, kept in ((BEGAN + timedelta(hours=3), BEGAN + timedelta(hours=3)), (BEGAN.replace(year=2028), DEADLINE)):
        outcome = Outcome(state=DeliveryState.DEFERRED, reason=Reason.TEMPORARY, next_try=named)
        assert retried(outcome, 1, BEGAN, DEADLINE, random.Random(1)).next_try == kept


@pytest.mark.parametrize("after", [timedelta(0), timedelta(days=3)])
def test_at_the_deadline_it_is_given_up_without_blaming_the_address(after: timedelta) -> None:
    outcome = retried(GREYLISTED, 2, DEADLINE + after, DEADLINE, random.Random(1))
    assert outcome == Outcome(state=DeliveryState.REJECTED, reason=Reason.TOO_LATE, reply=GREYLISTED.reply)


@pytest.mark.parametrize("state", [state for state in DeliveryState if state is not DeliveryState.DEFERRED])
def test_what_is_not_deferred_stays_as_it_is(state: DeliveryState) -> None:
    outcome = Outcome(state=state, reason="any", reply="any")
    assert retried(outcome, 1, DEADLINE, DEADLINE, random.Random(1)) is outcome


@given(st.integers(1, 20), st.integers(0, 2**32), st.sampled_from([*Reason]))
def test_somebody_who_never_answers_is_given_up_in_bounded_time(first: int, seed: int, reason: Reason) -> None:
    dice, now = random.Random(seed), BEGAN
    for attempt in range(first, first + 60):
        outcome = retried(Outcome(state=DeliveryState.DEFERRED, reason=reason), attempt, now, DEADLINE, dice)
        if outcome.state is DeliveryState.REJECTED:
            break
        assert outcome.next_try is not None
        assert now < outcome.next_try <= DEADLINE
        now = outcome.next_try
    assert outcome.reason == Reason.TOO_LATE
    assert now == DEADLINE
