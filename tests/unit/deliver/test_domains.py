"""Destinations are spared: limits of domains hold, those who wait get turns, and trouble means rest."""

from __future__ import annotations

import heapq
import random
import timeit
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.deliver.domains import LONGEST_REST, PATIENCE, DomainGate
from digest.deliver.quota import MemoryBook, Used
from digest.deliver.replies import Reason
from digest.model.delivery import DeliveryState, Outcome

START = datetime(2027, 3, 1, 6, 30, tzinfo=UTC)
TAKEN = Outcome(state=DeliveryState.SUBMITTED)
TEMPORARY = Outcome(state=DeliveryState.DEFERRED, reason=Reason.TEMPORARY, reply="451 4.7.0 Try later")
BROKEN = Outcome(state=DeliveryState.DEFERRED, reason=Reason.CONNECTION, reply="MAIL: connection lost")


def gate(limits: dict[str, str] | None = None, *, book: MemoryBook | None = None, seed: int = 1) -> DomainGate:
    return DomainGate(limits or {}, random.Random(seed), book)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def failed(gate: DomainGate, domain: str, times: int, now: datetime = START, outcome: Outcome = TEMPORARY) -> None:
    for _ in range(times):
        gate.heard(domain, outcome, now)


def rests(gate: DomainGate, domain: str, now: datetime) -> bool:
    wait = gate.admit(domain, now)
    assert wait is None or wait.reason == Reason.DOMAIN_REST
    return wait is not None


def test_without_limits_and_trouble_everybody_goes_ahead() -> None:
    open_gate = gate()
    assert all(open_gate.admit(f"d{number}.example", START) is None for number in range(1000))


def test_a_few_failures_in_a_row_are_no_trouble_of_the_domain() -> None:
    careful = gate()
    for _ in range(10):
        failed(careful, "gmail.com", PATIENCE - 1)
        careful.heard("gmail.com", TAKEN, START)
    assert not rests(careful, "gmail.com", START)


def test_a_domain_that_fails_rests_and_the_others_carry_on() -> None:
    careful = gate()
    failed(careful, "gmail.com", PATIENCE)
    wait = careful.admit("gmail.com", START)
    assert wait is not None
    assert "gmail.com" in wait.why
    assert "451 4.7.0 Try later" in wait.why
    assert not rests(careful, "web.de", START)
    assert not rests(careful, "gmail.com", wait.until)


def test_those_who_wait_for_a_domain_at_rest_do_not_come_back_all_at_once() -> None:
    careful = gate()
    failed(careful, "gmail.com", PATIENCE)
    waits = [careful.admit("gmail.com", START) for _ in range(50)]
    times = {wait.until for wait in waits if wait}
    assert len(times) == 50
    assert all(not rests(careful, "gmail.com", until) for until in times)


def test_rests_double_up_to_half_an_hour_and_a_success_ends_it() -> None:
    careful = gate()
    now, lengths = START, []
    failed(careful, "gmail.com", PATIENCE - 1)
    for _ in range(9):
        failed(careful, "gmail.com", 30, now)  # those under way fail as well, and count once
        length = next(
            seconds for seconds in range(10**4) if not rests(careful, "gmail.com", now + timedelta(seconds=seconds))
        )
        lengths.append(length)
        now += timedelta(seconds=length)
    for number, length in enumerate(lengths):
        doubled = min(60 * 2**number, LONGEST_REST)
        assert 0.75 * doubled <= length <= doubled + 1
    careful.heard("gmail.com", TAKEN, now)
    failed(careful, "gmail.com", PATIENCE - 1, now)
    assert not rests(careful, "gmail.com", now)
    failed(careful, "gmail.com", 1, now)
    assert not rests(careful, "gmail.com", now + timedelta(seconds=61))


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(state=DeliveryState.DEFERRED, reason=Reason.MAILBOX_FULL),
        Outcome(state=DeliveryState.REJECTED, reason=Reason.BAD_ADDRESS),
        Outcome(state=DeliveryState.UNKNOWN, reason=Reason.BROKEN_OFF),
        Outcome(state=DeliveryState.SKIPPED, reason="unsubscribed"),
        Outcome(state=DeliveryState.DEFERRED, reason=Reason.DOMAIN_LIMIT),
    ],
)
def test_what_is_about_one_person_does_not_speak_against_the_domain(outcome: Outcome) -> None:
    careful = gate()
    failed(careful, "gmail.com", 10, outcome=outcome)
    assert not rests(careful, "gmail.com", START)


def test_broken_connections_count_only_where_others_got_through_meanwhile() -> None:
    careful = gate()
    failed(careful, "gmail.com", 10, outcome=BROKEN)
    assert not rests(careful, "gmail.com", START), "the relay was down"
    for _ in range(PATIENCE):
        careful.heard("web.de", TAKEN, START)
        failed(careful, "gmail.com", 1, outcome=BROKEN)
    assert rests(careful, "gmail.com", START)


def test_a_clock_set_back_ends_a_rest() -> None:
    careful = gate()
    failed(careful, "gmail.com", PATIENCE)
    assert not rests(careful, "gmail.com", START - timedelta(days=1))


def test_domains_of_one_family_share_a_limit_and_others_have_their_own() -> None:
    limited = gate({"gmx.de, web.de": "3/minute", "*": "2/minute"})
    assert [limited.admit(domain, START) is None for domain in ("gmx.de", "web.de") * 3] == [True] * 3 + [False] * 3
    for domain in ("a.example", "b.example", "mail.gmx.de"):
        assert [limited.admit(domain, START) is None for _ in range(3)] == [True, True, False]


def test_a_limited_domain_says_why() -> None:
    limited = gate({"web.de, gmx.de": "1/hour, 1/minute"})
    assert limited.admit("gmx.de", START) is None
    wait = limited.admit("gmx.de", START)
    assert wait is not None
    assert (wait.reason, wait.why) == (Reason.DOMAIN_LIMIT, "the limit of gmx.de, web.de is 1/hour")


def test_a_domain_that_is_not_limited_goes_ahead() -> None:
    limited = gate({"gmx.de": "1/hour"})
    assert all(limited.admit("gmail.com", START) is None for _ in range(10))


def test_limits_hold_across_restarts_and_what_was_not_used_is_given_back() -> None:
    book = MemoryBook()
    first = gate({"*": "40/hour", "gmx.de, web.de": "40/hour"}, book=book)
    for domain in ("gmx.de", "t-online.de"):
        assert first.admit(domain, START) is None
    first.close(START)
    second = gate({"*": "40/hour", "web.de, gmx.de": "40/hour"}, book=book)
    for domain in ("web.de", "t-online.de"):
        assert sum(second.admit(domain, START) is None for _ in range(60)) == 39


def test_a_resting_domain_uses_nothing_of_its_limit() -> None:
    limited = gate({"gmx.de": "2/hour"})
    failed(limited, "gmx.de", PATIENCE)
    for _ in range(10):
        assert rests(limited, "gmx.de", START)
    assert limited.admit("gmx.de", after(100)) is None
    assert limited.admit("gmx.de", after(100)) is None


class Queue:
    """Rows that are asked for when they are due, as a ledger does: whoever is deferred comes back at that time."""

    def __init__(self, gate: DomainGate, rows: int, seconds_each: float) -> None:
        self.asked = [0] * rows
        self.gone: list[datetime] = []
        due = [(START, row) for row in range(rows)]
        now = START
        while due:
            at, row = heapq.heappop(due)
            now = max(now, at) + timedelta(seconds=seconds_each)
            self.asked[row] += 1
            wait = gate.admit("gmx.de", now)
            if wait is None:
                self.gone.append(now)
            else:
                assert wait.until > now
                heapq.heappush(due, (wait.until, row))


@given(
    st.sampled_from(["1/second", "7/second", "30/minute", "100/minute", "500/hour", "30/minute, 200/hour"]),
    st.integers(1, 400),
    st.sampled_from([0.0, 0.0002, 0.003, 0.05]),
    st.integers(0, 60),
)
def test_everybody_who_waits_gets_a_turn_and_hardly_anybody_is_sent_away_twice(
    limits: str, rows: int, seconds_each: float, earlier: int
) -> None:
    book = MemoryBook()
    before = gate({"gmx.de": limits}, book=book)
    for number in range(earlier):
        before.admit("gmx.de", START - timedelta(seconds=number % 50))
    queue = Queue(gate({"gmx.de": limits}, book=book), rows, seconds_each)
    assert len(queue.gone) == rows
    assert sum(queue.asked) <= 2.2 * rows
    for limit in limits.split(", "):
        count, period = int(limit.partition("/")[0]), {"s": 1, "m": 60, "h": 3600}[limit.partition("/")[2][0]]
        span = timedelta(seconds=period)
        for place, first in enumerate(queue.gone[:: max(1, len(queue.gone) // 50)]):
            assert sum(first <= each < first + span for each in queue.gone) <= count, place


@pytest.mark.parametrize(("limit", "rows", "seconds"), [("100/minute", 1000, 9 * 61), ("500/hour", 1500, 2 * 3660)])
def test_a_line_is_nearly_as_fast_as_its_limit_allows(limit: str, rows: int, seconds: int) -> None:
    queue = Queue(gate({"gmx.de": limit}), rows, 0.001)
    assert 0.99 * seconds <= (queue.gone[-1] - START).total_seconds() <= 1.06 * seconds


def test_it_says_when_the_last_has_a_turn() -> None:
    limited = gate({"gmx.de, web.de": "10/minute", "t-online.de": "1/hour", "*": "10/minute"})
    assert limited.done_at(START) == START
    for _ in range(25):
        limited.admit("web.de", START)
    assert after(2 * 60) < limited.done_at(START) < after(2 * 65)
    for domain in ("t-online.de", "t-online.de", "b.example"):
        limited.admit(domain, START)
    assert after(3600) < limited.done_at(START) < after(3800)
    assert limited.done_at(after(9999)) == after(9999)


def test_a_clock_set_back_makes_nobody_wait_for_days() -> None:
    limited = gate({"gmx.de": "10/minute"})
    now = START + timedelta(days=2)
    for _ in range(30):
        limited.admit("gmx.de", now)
    waits = [limited.admit("gmx.de", START) for _ in range(30)]
    assert all(wait.until <= after(60 * 8) for wait in waits if wait)
    assert waits[-1] is not None


def test_the_ordinary_case_costs_next_to_nothing() -> None:
    ordinary = gate()
    failed(ordinary, "gmail.com", 1)
    seconds = min(timeit.repeat(lambda: ordinary.admit("web.de", START), number=2000, repeat=20)) / 2000
    assert seconds < 0.5e-6


def test_many_domains_stay_small() -> None:
    tracemalloc.start()
    limited = gate({"*": "1000/hour"}, book=Forgetful())
    for number in range(20_000):
        limited.heard(f"d{number}.example", TEMPORARY, START)
    for number in range(6_000):
        limited.admit(f"d{number}.example", START)
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert used < 12_000_000


class Forgetful(MemoryBook):
    """Keeps nothing, so that memory tells only what the gate itself keeps."""

    def change(self, key: str, decide: Callable[[Used], Used], now: datetime) -> None:
        super().change(key, decide, now)
        self.pages.clear()
