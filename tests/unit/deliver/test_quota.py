"""Limits hold in every window, whatever the order of takes, pauses, restarts and crashes, and are used up."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.deliver.limits import PERIODS, Limit, read_domain_limits, read_limit, read_limits
from digest.deliver.quota import BUCKETS, MemoryBook, Quota, Quotas

START = datetime(2027, 3, 1, 6, 30, 0, 1, tzinfo=UTC)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def quotas(*limits: str, book: MemoryBook | None = None, key: str = "relay") -> Quotas:
    return Quotas(key, read_limits(limits), book or MemoryBook())


def fastest(allowed: Quotas, messages: int, now: datetime = START) -> list[datetime]:
    """When each of so many messages leaves, if each goes as soon as there is room."""
    gone: list[datetime] = []
    while len(gone) < messages:
        if allowed.take(now):
            gone.append(now)
        else:
            now = allowed.free_at(now)
    return gone


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("500/hour", Limit(500, 3600)),
        ("30/minute", Limit(30, 60)),
        (" 5 / second ", Limit(5, 1)),
        ("1/day", Limit(1, 86400)),
        ("999999999/second", Limit(999_999_999, 1)),
    ],
)
def test_a_limit_is_read_and_written_alike(text: str, limit: Limit) -> None:
    assert read_limit(text) == limit
    assert read_limit(str(limit)) == limit


@pytest.mark.parametrize(
    "text",
    ["", "500", "500/", "/hour", "0/hour", "-1/hour", "1.5/hour", "500/week", "500/hours", "500 per hour", "٥/hour",
     "500/hour/minute", "1000000000/hour", "500/Hour"],
)  # fmt: skip
def test_what_is_no_limit_is_shown_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="500/hour") as wrong:
        read_limit(text)
    assert repr(text) in str(wrong.value)


def test_two_limits_for_one_period_contradict_each_other() -> None:
    with pytest.raises(ValueError, match="same period"):
        read_limits(["500/hour", "30/minute", "400/hour"])


@pytest.mark.parametrize(
    ("settings", "families"),
    [
        ({}, {}),
        ({"gmx.de": "1/hour"}, {("gmx.de",): "1/hour"}),
        ({"web.de, GMX.de ,@gmx.net.": "9/minute"}, {("gmx.de", "gmx.net", "web.de"): "9/minute"}),
        ({"*": "5/second", "müller.example": "1/day"}, {("*",): "5/second", ("xn--mller-kva.example",): "1/day"}),
    ],
)
def test_domains_that_share_a_limit(settings: dict[str, str], families: dict[tuple[str, ...], str]) -> None:
    assert read_domain_limits(settings) == {names: (read_limit(limit),) for names, limit in families.items()}


def test_a_domain_may_have_several_limits() -> None:
    limits = read_domain_limits({"gmx.de": "500/hour, 30/minute"})
    assert limits == {("gmx.de",): (Limit(30, 60), Limit(500, 3600))}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"gmx.de": "viele"}, "gmx.de: 'viele' is not a limit"),
        ({"gmx.de, ": "1/hour"}, "'' is not a domain"),
        ({"leser@gmx.de": "1/hour"}, "is not a domain"),
        ({"gmx..de": "1/hour"}, "is not a domain"),
        ({"gmx.de web.de": "1/hour"}, "is not a domain"),
        ({"*.gmx.de": "1/hour"}, "is not a domain"),
        ({"gmx.de, *": "1/hour"}, "stands alone"),
        ({"gmx.de": "1/hour", "web.de, GMX.DE": "2/hour"}, "gmx.de stands there twice"),
        ({"a" * 300 + ".example": "1/hour"}, "is not a domain"),
        ({"\ud800.example": "1/hour"}, "is not a domain"),
    ],
)
def test_what_is_wrong_with_domain_limits_is_named(settings: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        read_domain_limits(settings)


def test_all_of_a_limit_may_leave_at_once_and_then_nothing_for_a_period() -> None:
    allowed = quotas("100/minute")
    assert sum(allowed.take(START) for _ in range(150)) == 100
    assert not allowed.take(START + seconds(59))
    free = allowed.free_at(START)
    assert seconds(60) < free - START <= seconds(61)
    assert not allowed.take(free - timedelta(microseconds=1))
    assert sum(allowed.take(free) for _ in range(150)) == 100


def test_without_limits_everything_may_leave() -> None:
    allowed = quotas()
    assert all(allowed.take(START) for _ in range(1000))
    assert allowed.free_at(START) == allowed.done_at(START, 10**6) == START
    assert allowed.room(START) > 10**9
    allowed.give_back(START)


def test_the_strictest_of_several_limits_holds() -> None:
    gone = fastest(quotas("50/hour", "20/minute"), 120)
    most = max(sum(first <= each < first + seconds(60) for each in gone) for first in gone)
    assert most == 20
    assert max(sum(first <= each < first + seconds(3600) for each in gone) for first in gone) == 50


def test_the_limit_in_the_way_is_named() -> None:
    allowed = quotas("50/hour", "20/minute")
    assert allowed.take(START, 20)
    assert allowed.in_the_way(START) == "20/minute"
    assert allowed.take(START + seconds(120), 20)
    assert allowed.take(START + seconds(240), 10)
    assert allowed.in_the_way(START + seconds(240)) == "50/hour"
    assert quotas().in_the_way(START) == ""


def test_so_many_at_once_or_none() -> None:
    allowed = quotas("10/minute")
    assert allowed.take(START, 7)
    assert not allowed.take(START, 7)
    assert allowed.take(START, 3)
    assert not allowed.take(START, 1)
    assert not quotas("10/minute").take(START, 11)


def test_what_did_not_leave_is_put_back() -> None:
    allowed = quotas("1/minute")
    assert allowed.take(START)
    allowed.put_back(START)
    assert allowed.take(START)
    allowed.put_back(START + seconds(2))
    assert not allowed.take(START + seconds(2))


def test_a_restart_remembers_and_a_crash_loses_a_small_part_only() -> None:
    book = MemoryBook()
    crashed = quotas("100/hour", book=book)
    for _ in range(41):
        assert crashed.take(START)
    assert quotas("100/hour", book=book).room(START) == 55  # 45 were reserved: nine chunks of five

    ended = quotas("100/hour", book=book)
    assert ended.take(START)
    ended.give_back(START)
    assert quotas("100/hour", book=book).room(START) == 54


def test_what_was_reserved_and_not_used_goes_back_when_its_bucket_is_over() -> None:
    book = MemoryBook()
    allowed = quotas("100/hour", book=book)
    for minute in range(60):
        assert allowed.take(START + seconds(60 * minute))
    allowed.give_back(START + seconds(59 * 60))
    assert sum(sum(buckets.values()) for buckets in book.pages["relay"].values()) == 60


def test_another_relay_has_its_own_limit_and_another_period_its_own_memory() -> None:
    book = MemoryBook()
    assert quotas("1/hour", book=book).take(START)
    assert quotas("1/hour", book=book, key="another").take(START)
    assert quotas("1/minute", book=book).take(START)
    assert not quotas("2/minute", "1/hour", book=book).take(START)
    assert not quotas("1/hour", book=book).take(START), "a lowered limit counts what was used before"


def test_a_lowered_limit_waits_until_enough_has_left_the_window() -> None:
    book = MemoryBook()
    first = quotas("100/minute", book=book)
    assert first.take(START, 60)
    assert first.take(START + seconds(30), 40)
    lowered = quotas("50/minute", book=book)
    free = lowered.free_at(START + seconds(31))
    assert seconds(60) < free - START <= seconds(61)
    assert lowered.take(free)


@pytest.mark.parametrize("days", [-400, -1, 1, 400])
def test_a_clock_that_is_set_neither_lets_more_through_nor_waits_longer_than_a_period(days: int) -> None:
    book = MemoryBook()
    assert quotas("10/hour", book=book).take(START + timedelta(days=days), 10)
    allowed = quotas("10/hour", book=book)
    assert allowed.take(START) is (days < 0)
    if days > 0:
        assert allowed.free_at(START) - START <= seconds(3600) * (BUCKETS + 1) / BUCKETS


def test_two_processes_share_one_limit() -> None:
    book = MemoryBook()
    first, second = quotas("100/hour", book=book), quotas("100/hour", book=book)
    assert sum(first.take(START) + second.take(START) for _ in range(100)) == 100


def test_the_book_is_asked_once_for_many_messages() -> None:
    class Counting(MemoryBook):
        asked = 0

        def change(self, *arguments: object) -> None:
            self.asked += 1
            super().change(*arguments)  # type: ignore[arg-type]

    book = Counting()
    allowed = quotas("1000/hour", book=book)
    assert sum(allowed.take(START) for _ in range(5000)) == 1000
    assert book.asked <= 21


limit_texts = st.lists(st.integers(1, 100), min_size=1, max_size=3).map(
    lambda counts: [f"{count}/{period}" for count, period in zip(counts, ("minute", "hour", "second"), strict=False)]
)
#: What happens to a sender: how long it waits before, and what it does.
steps = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.0, 0.001, 0.02, 0.5, 1.0, 20.0, 59.0, 60.0, 61.0, 3599.0]),
        st.sampled_from(["take", "take", "take 3", "burst", "put back", "crash", "restart", "other"]),
    ),
    max_size=60,
)


@settings(max_examples=300)
@given(limit_texts, steps, st.floats(0, 3600))
def test_no_window_ever_sees_more_than_the_limit(
    limits: list[str], steps: list[tuple[float, str]], offset: float
) -> None:
    book = MemoryBook()
    senders = [quotas(*limits, book=book), quotas(*limits, book=book)]
    now = START + seconds(offset)
    sent: list[datetime] = []
    for wait, step in steps:
        now += seconds(wait)
        if step == "other":
            senders.reverse()
        elif step == "crash":
            senders[0] = quotas(*limits, book=book)
        elif step == "restart":
            senders[0].give_back(now)
            senders[0] = quotas(*limits, book=book)
        elif step == "put back":
            if senders[0].take(now):
                senders[0].put_back(now)
        else:
            size, times = {"take": (1, 1), "take 3": (3, 1), "burst": (1, 120)}[step]
            sent += [now for _ in range(times) if senders[0].take(now, size) for _ in range(size)]
    for limit in read_limits(limits):
        # Wherever a window begins: one message more than the limit takes longer than the period.
        for first, one_too_many in zip(sent, sent[limit.count :], strict=False):
            assert one_too_many - first >= seconds(limit.period)


@given(st.integers(1, 30), st.sampled_from(list(PERIODS)), steps, st.integers(1, 100))
def test_when_the_last_will_leave_is_foretold(
    count: int, period: str, steps: list[tuple[float, str]], messages: int
) -> None:
    allowed = quotas(f"{count}/{period}")
    now = START
    for wait, _ in steps:
        now += seconds(wait)
        allowed.take(now)
    foretold = allowed.done_at(now, messages)
    assert fastest(allowed, messages, now)[-1] == foretold


@given(st.integers(1, 20), st.integers(20, 60), st.integers(1, 150))
def test_with_several_limits_the_estimate_is_near(by_minute: int, by_hour: int, messages: int) -> None:
    allowed = quotas(f"{by_minute}/minute", f"{by_hour}/hour")
    foretold = allowed.done_at(START, messages) - START
    took = fastest(allowed, messages)[-1] - START
    assert abs(foretold - took) <= 0.25 * took + seconds(61)


@given(
    st.dictionaries(st.integers(-90, 90), st.integers(0, 50), max_size=90),
    st.integers(1, 100),
    st.sampled_from(list(PERIODS.values())),
)
def test_there_is_room_exactly_from_the_moment_that_is_named(used: dict[int, int], count: int, period: int) -> None:
    quota = Quota(Limit(count, period))
    quota.used = {quota.bucket(START) + bucket: messages for bucket, messages in used.items()}
    before = Counter(quota.used)
    free = quota.free_at(START)
    quota.add(START, 0)  # from here on, what lies ahead counts as of now
    assert quota.room(free) > 0
    assert free == START or quota.room(free - timedelta(microseconds=1)) == 0
    assert free - START <= quota.cycle + seconds(period / BUCKETS)
    assert sum(quota.used.values()) <= sum(before.values())
