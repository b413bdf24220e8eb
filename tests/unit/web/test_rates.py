"""How often a key may call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from digest.web.api.rates import Rates

NOW = datetime(2026, 3, 6, 5, 0, tzinfo=UTC)


def test_a_minutes_calls_at_once_and_then_steadily() -> None:
    rates = Rates(60)
    assert [rates.take(1, NOW) for _ in range(60)] == [0.0] * 60
    assert rates.take(1, NOW) == 1.0
    assert rates.take(2, NOW) == 0.0
    assert rates.take(1, NOW + timedelta(seconds=0.5)) == 0.5
    assert rates.take(1, NOW + timedelta(seconds=1)) == 0.0
    assert rates.take(1, NOW + timedelta(seconds=1)) > 0


@given(st.lists(st.floats(0, 5), min_size=1, max_size=200))
def test_never_more_than_the_bucket_and_what_has_flowed_in(pauses: list[float]) -> None:
    rates, at, taken = Rates(10), NOW, 0
    for pause in pauses:
        at += timedelta(seconds=pause)
        taken += rates.take(1, at) == 0.0
    assert taken <= 10 + (at - NOW).total_seconds() / 6 + 1e-6


def test_a_clock_that_is_set_back_takes_nothing_away() -> None:
    rates = Rates(2)
    assert rates.take(1, NOW) == 0.0
    assert rates.take(1, NOW - timedelta(days=1)) == 0.0
    assert rates.take(1, NOW - timedelta(days=1)) > 0
