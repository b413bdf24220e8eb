from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.market.sanity import far_apart, figure, find_fault, is_suspicious, trim
from digest.model.market import Quote

NOW = datetime(2026, 3, 2, 6, 10, tzinfo=UTC)
#: For machines that have other things to do.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
HOUR = timedelta(hours=1)
GOOD = Quote(coin="BTC", price=Decimal(63412), currency="EUR", provider="Kraken", at=NOW)


def quote(**changes: object) -> Quote:
    return msgspec.structs.replace(GOOD, **changes)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({}, ""),
        ({"price": Decimal("0.00000812")}, ""),
        ({"at": NOW - HOUR}, ""),
        ({"at": NOW + timedelta(minutes=5)}, ""),
        ({"change_24h": Decimal("-95")}, ""),
        ({"change_24h": Decimal("1000")}, ""),
        ({"price": Decimal("NaN")}, "BTC has no price"),
        ({"price": Decimal("sNaN")}, "BTC has no price"),
        ({"price": Decimal(0)}, "BTC at 0 EUR is no price"),
        ({"price": Decimal("-63412")}, "BTC at -63412 EUR is no price"),
        ({"price": Decimal("Infinity")}, "BTC at Infinity EUR is no price"),
        ({"price": Decimal("1E+400")}, "BTC at 1e+400 EUR is no price"),
        ({"change_24h": Decimal("-95.1")}, "BTC is said to have changed by -95.1 percent in 24 hours"),
        ({"change_24h": Decimal("1000.5")}, "BTC is said to have changed by 1000.5 percent in 24 hours"),
        ({"change_24h": Decimal("NaN")}, "BTC is said to have changed by NaN percent in 24 hours"),
        ({"at": NOW - HOUR - timedelta(seconds=1)}, "BTC is older than 60 minutes"),
        ({"at": datetime.min.replace(tzinfo=UTC)}, "BTC is older than 60 minutes"),
        ({"at": NOW + timedelta(minutes=6)}, "BTC is dated in the future"),
    ],
)
def test_find_fault(changes: dict[str, object], fault: str) -> None:
    assert find_fault(quote(**changes), NOW, HOUR) == fault


@UNHURRIED
@given(
    st.decimals(allow_nan=True, allow_infinity=True),
    st.none() | st.decimals(allow_nan=True, allow_infinity=True),
    st.datetimes(timezones=st.just(UTC)),
)
def test_what_passes_can_be_shown(price: Decimal, change: Decimal | None, at: datetime) -> None:
    if not find_fault(quote(price=price, change_24h=change, at=at), NOW, HOUR):
        assert price.is_finite()
        assert price > 0
        assert change is None or change.is_finite()
        assert NOW - HOUR <= at <= NOW + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("1.5"), "1.5"),
        ("52609.60000", "52609.60000"),
        (None, "NaN"),
        (True, "NaN"),
        ("NaN", "NaN"),
        ("viel", "NaN"),
        ("1" * 41, "NaN"),
        ([Decimal(1)], "NaN"),
    ],
)
def test_figure(value: object, expected: str) -> None:
    assert str(figure(value)) == expected


def test_trim_drops_a_week_that_makes_no_sense() -> None:
    week = (Decimal(1), Decimal(2))
    assert trim(quote(change_7d=Decimal(5), series=week)) == quote(change_7d=Decimal(5), series=week)
    assert trim(quote(change_7d=Decimal("NaN"), series=(*week, Decimal(-1)))) == GOOD
    assert trim(quote(change_7d=Decimal(2000), series=(Decimal(1),))) == GOOD


@pytest.mark.parametrize(
    ("change", "suspicious"), [(None, False), ("40", False), ("-40", False), ("40.1", True), ("-41", True)]
)
def test_is_suspicious(change: str | None, suspicious: bool) -> None:
    assert is_suspicious(quote(change_24h=change and Decimal(change))) is suspicious


@pytest.mark.parametrize(
    ("one", "other", "far"), [("100", "110", False), ("110", "100", False), ("100", "110.1", True)]
)
def test_far_apart(one: str, other: str, far: bool) -> None:
    assert far_apart(Decimal(one), Decimal(other)) is far
