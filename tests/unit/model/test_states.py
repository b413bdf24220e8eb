"""The step tables: complete, and closed at their ends."""

from __future__ import annotations

import pytest

from digest.errors import StepError
from digest.model.delivery import DELIVERY_STEPS, DeliveryState
from digest.model.edition import EDITION_STEPS, EditionState
from subscribers.model import SUBSCRIPTION_STEPS, SubscriptionState

TABLES = [
    pytest.param(DeliveryState, DELIVERY_STEPS, {"submitted", "rejected", "skipped"}, "queued", id="delivery"),
    pytest.param(EditionState, EDITION_STEPS, {"sent", "cancelled"}, "gathering", id="edition"),
    pytest.param(SubscriptionState, SUBSCRIPTION_STEPS, {"unsubscribed"}, "pending", id="subscription"),
]


@pytest.mark.parametrize(("states", "steps", "ends", "start"), TABLES)
def test_every_state_has_its_entry_and_the_ends_have_no_exit_but_to_begin_anew(states, steps, ends, start) -> None:  # type: ignore[no-untyped-def]
    assert set(steps) == set(states)
    assert {state.value for state, exits in steps.items() if exits <= {start}} == ends


@pytest.mark.parametrize(("states", "steps", "ends", "start"), TABLES)
def test_every_state_can_be_reached_and_leads_to_an_end(states, steps, ends, start) -> None:  # type: ignore[no-untyped-def]
    def reached(begin: str) -> set[str]:
        found: set[str] = set()
        waiting = [states(begin)]
        while waiting:
            state = waiting.pop()
            if state not in found:
                found.add(state)
                waiting.extend(steps[state])
        return found

    assert reached(start) == set(states)
    for state in states:
        assert not ends or reached(state) & ends


@pytest.mark.parametrize(("states", "steps", "ends", "start"), TABLES)
def test_check_step_is_the_table(states, steps, ends, start) -> None:  # type: ignore[no-untyped-def]
    for state in states:
        for to in states:
            if to in steps[state]:
                state.check_step(to)
            else:
                with pytest.raises(Exception, match=f"that is {state} cannot become {to}"):
                    state.check_step(to)


def test_what_was_sent_or_cancelled_is_never_sent_again() -> None:
    for state in (EditionState.SENT, EditionState.CANCELLED):
        with pytest.raises(StepError):
            state.check_step(EditionState.SENDING)


def test_nothing_in_review_or_held_is_sent_without_a_step_between() -> None:
    for state in (EditionState.IN_REVIEW, EditionState.HELD, EditionState.SKIPPED, EditionState.GATHERING):
        assert EditionState.SENDING not in EDITION_STEPS[state]


def test_only_what_is_in_flight_can_be_submitted() -> None:
    assert [state for state, exits in DELIVERY_STEPS.items() if DeliveryState.SUBMITTED in exits] == [
        DeliveryState.IN_FLIGHT
    ]
