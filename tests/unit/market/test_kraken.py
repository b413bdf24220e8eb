from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.errors import MarketError
from digest.market.http import decode
from digest.market.kraken import (
    Candle,
    UnknownPairError,
    is_pair,
    make_quote,
    pair_name,
    price_at,
    read_candles,
    read_ticker,
)

NOW = datetime(2026, 3, 2, 6, 10, tzinfo=UTC)
#: For machines that have other things to do.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
HOUR = 3600
FULL_HOUR = int(datetime(2026, 3, 2, 6, 0, tzinfo=UTC).timestamp())

TICKER = b"""{"error": [], "result": {
 "XLTCZEUR": {"a": ["84.3", "1", "1.000"], "b": ["84.1", "1", "1.000"], "c": ["84.20000", "0.5"], "o": "83.9"},
 "XXBTZEUR": {"a": ["63413.0", "1", "1.000"], "b": ["63411.0", "1", "1.000"], "c": ["63412.10000", "0.0008"]},
 "SOLEUR": {"c": []}}}"""


@pytest.mark.parametrize(
    ("coin", "currency", "asked", "answered"),
    [
        ("BTC", "EUR", "XBTEUR", ["XXBTZEUR", "XBTEUR", "BTC/EUR", "XBT/EUR"]),
        ("ETH", "EUR", "ETHEUR", ["XETHZEUR", "ETHEUR"]),
        ("LTC", "USD", "LTCUSD", ["XLTCZUSD"]),
        ("DOGE", "EUR", "XDGEUR", ["XDGEUR", "XXDGZEUR"]),
        ("SOL", "EUR", "SOLEUR", ["SOLEUR"]),
    ],
)
def test_pairs_and_what_kraken_calls_them(coin: str, currency: str, asked: str, answered: list[str]) -> None:
    assert pair_name(coin, currency) == asked
    assert all(is_pair(name, coin, currency) for name in answered)
    assert not is_pair("XETCZEUR", coin, currency)
    assert not is_pair(f"{asked}X", coin, currency)


def test_reads_the_documented_ticker() -> None:
    prices = read_ticker(decode(TICKER), ("BTC", "ETH", "LTC", "SOL"), "EUR")
    assert list(prices) == ["BTC", "LTC", "SOL"]
    assert (prices["BTC"], prices["LTC"]) == (Decimal("63412.10000"), Decimal("84.20000"))
    assert prices["SOL"].is_nan()


@pytest.mark.parametrize(
    ("answer", "kind", "problem"),
    [
        (b'{"error": ["EQuery:Unknown asset pair"]}', UnknownPairError, "Unknown asset pair"),
        (b'{"error": ["EGeneral:Too many requests"]}', MarketError, "Too many requests"),
        (b'{"error": ["EService:\\r\\nUnavailable"], "result": {}}', MarketError, "EService:Unavailable$"),
        (b'{"error": []}', MarketError, "another shape"),
        (b"[]", MarketError, "another shape"),
    ],
)
def test_errors_that_come_with_http_200(answer: bytes, kind: type[MarketError], problem: str) -> None:
    with pytest.raises(kind, match=problem):
        read_ticker(decode(answer), ("BTC",), "EUR")


def test_a_warning_is_no_error() -> None:
    assert read_ticker(decode(b'{"error": ["WGeneral:Beta"], "result": {}}'), ("BTC",), "EUR") == {}


def test_reads_the_documented_candles_sorted_and_without_broken_rows() -> None:
    rows = b"""{"error": [], "result": {"last": 1772427600, "XXBTZEUR": [
      [1772431200, "63000.0", "63500.0", "62900.0", "63400.0", "63200.0", "12.5", 812],
      [1772427600, "62000.0", "63100.0", "61900.0", "63000.0", "62500.0", "10.5", 790],
      [1772424000, "0", "0", "0", "0", "0", "0", 0], ["x"], null]}}"""
    assert read_candles(decode(rows), "BTC", "EUR") == (
        Candle(1772427600, Decimal("62000.0"), Decimal("63000.0")),
        Candle(1772431200, Decimal("63000.0"), Decimal("63400.0")),
    )


def candles(hours: int, prices: dict[int, int]) -> list[Candle]:
    """One candle an hour up to the current one; `prices` maps hours ago to the price in that hour, else 100."""
    hourly = ((ago, Decimal(prices.get(ago, 100))) for ago in range(hours, -1, -1))
    return [Candle(FULL_HOUR - ago * HOUR, price, price) for ago, price in hourly]


def test_the_price_at_a_moment_lies_on_a_line_through_its_candle() -> None:
    week = [Candle(0, Decimal(10), Decimal(20)), Candle(3600, Decimal(20), Decimal(50))]
    at = [price_at(week, datetime.fromtimestamp(second, UTC)) for second in (0, 900, 3600, 5400, 7199, 7200)]
    assert at[:4] == [Decimal(10), Decimal("12.5"), Decimal(20), Decimal(35)]
    assert at[4] is not None
    assert at[5] is None
    daily = [Candle(0, Decimal(10), Decimal(20)), Candle(86400, Decimal(20), Decimal(50))]
    assert price_at(daily, datetime.fromtimestamp(43200, UTC)) == 15
    assert price_at((), NOW) is None


def test_changes_are_from_a_day_and_a_week_ago() -> None:
    quote = make_quote("BTC", "EUR", Decimal(120), candles(169, {24: 96, 168: 160}), NOW)
    assert quote.at == NOW
    assert quote.change_24h == Decimal(25)
    assert quote.change_7d == Decimal(-25)
    assert len(quote.series) == 168


def test_a_young_market_has_no_week() -> None:
    quote = make_quote("BTC", "EUR", Decimal(120), candles(30, {24: 96}), NOW)
    assert (quote.change_24h, quote.change_7d, len(quote.series)) == (Decimal(25), None, 31)


def test_no_candles_and_no_price_give_no_change() -> None:
    assert make_quote("BTC", "EUR", Decimal(120), (), NOW).change_24h is None
    assert make_quote("BTC", "EUR", Decimal("NaN"), candles(169, {}), NOW).change_24h is None


LEAVES = st.none() | st.booleans() | st.decimals(allow_nan=True) | st.text(max_size=20)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=9) | st.dictionaries(st.sampled_from(["c", "XXBTZEUR", "last"]), inner),
)


@UNHURRIED
@given(JSON, JSON)
def test_no_answer_breaks_the_reading(error: object, result: object) -> None:
    document = {"error": error, "result": result}
    try:
        prices = read_ticker(document, ("BTC",), "EUR")
        week = read_candles(document, "BTC", "EUR")
    except MarketError:
        return
    for coin, price in prices.items():
        make_quote(coin, "EUR", price, week, NOW)
