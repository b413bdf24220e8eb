from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.errors import MarketError
from digest.market.coingecko import NEVER, CoinGeckoProvider, read_markets
from digest.market.http import JsonClient, decode
from digest.market.sanity import find_fault
from digest.market.settings import CoinGeckoSettings

NOW = datetime(2026, 3, 2, 6, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
#: For machines that have other things to do.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

BITCOIN = b"""{"id": "bitcoin", "symbol": "btc", "name": "Bitcoin", "current_price": 63412.10000000000001,
 "price_change_percentage_24h": 2.1, "price_change_percentage_24h_in_currency": 2.41234,
 "price_change_percentage_7d_in_currency": -4.5, "last_updated": "2026-03-02T06:08:31.736Z",
 "sparkline_in_7d": {"price": [61000.5, null, 62000, 63400.25]}}"""


def test_reads_the_documented_shape_exactly() -> None:
    (quote,) = read_markets(decode(b"[" + BITCOIN + b"]"), ("BTC", "ETH"), "EUR")
    assert (quote.coin, quote.currency, quote.provider) == ("BTC", "EUR", "CoinGecko")
    assert quote.price == Decimal("63412.10000000000001")
    assert quote.change_24h == Decimal("2.41234")
    assert quote.change_7d == Decimal("-4.5")
    assert quote.at == datetime(2026, 3, 2, 6, 8, 31, 736000, UTC)
    assert quote.series == (Decimal("61000.5"), Decimal(62000), Decimal("63400.25"))


def test_order_is_the_askers_and_the_plain_change_will_do() -> None:
    rows = b'[{"id": "litecoin", "current_price": 84.2, "price_change_percentage_24h": -1},' + BITCOIN + b"]"
    quotes = read_markets(decode(rows), ("BTC", "LTC"), "EUR")
    assert [(quote.coin, quote.change_24h) for quote in quotes] == [("BTC", Decimal("2.41234")), ("LTC", Decimal(-1))]


def test_a_series_in_dollars_ends_at_the_price() -> None:
    row = b'[{"id": "bitcoin", "current_price": 60000, "sparkline_in_7d": {"price": [66000, 69300, 72600]}}]'
    (quote,) = read_markets(decode(row), ("BTC",), "EUR")
    assert [round(value) for value in quote.series] == [54545, 57273, 60000]


@pytest.mark.parametrize("moment", [b"null", b'"gestern"', b"1772431711", b'""'])
def test_a_price_that_is_not_dated_is_never_fresh(moment: bytes) -> None:
    row = b'[{"id": "bitcoin", "current_price": 60000, "last_updated": ' + moment + b"}]"
    (quote,) = read_markets(decode(row), ("BTC",), "EUR")
    assert quote.at == NEVER


@pytest.mark.parametrize("answer", [b"{}", b"null", b'{"status": {"error_code": 429}}', b'"bitcoin"', b"7"])
def test_another_shape_is_an_error(answer: bytes) -> None:
    with pytest.raises(MarketError, match="CoinGecko: the answer has another shape"):
        read_markets(decode(answer), ("BTC",), "EUR")


def test_coins_that_it_cannot_know() -> None:
    with pytest.raises(MarketError, match="knows none of XYZ"):
        CoinGeckoProvider(CoinGeckoSettings(), {}, HOUR).quotes(("XYZ",), "EUR", NOW)


@pytest.mark.parametrize(
    ("environ", "problem"),
    [
        ({}, "GECKO_KEY, named by market.coingecko.key_env, is not set"),
        ({"GECKO_KEY": " "}, "is not set"),
        ({"GECKO_KEY": "geheim\r\nHost: x"}, "does not hold a key"),
        ({"GECKO_KEY": "schlüssel"}, "does not hold a key"),
    ],
)
def test_a_key_that_cannot_be_sent_is_an_error_that_does_not_tell_it(environ: dict[str, str], problem: str) -> None:
    provider = CoinGeckoProvider(CoinGeckoSettings(key_env="GECKO_KEY"), environ, HOUR)
    with pytest.raises(MarketError, match=problem) as caught:
        provider.quotes(("BTC",), "EUR", NOW)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("base_url", "header"),
    [
        ("https://pro-api.coingecko.com/api/v3", "x-cg-pro-api-key"),
        ("https://api.coingecko.com/api/v3", "x-cg-demo-api-key"),
        ("http://127.0.0.1:8080", "x-cg-demo-api-key"),
    ],
)
def test_the_pro_key_has_a_header_of_its_own(base_url: str, header: str) -> None:
    asked: list[Mapping[str, str]] = []

    class Recording(JsonClient):
        def get(self, path: str, params: Mapping[str, str], headers: Mapping[str, str] | None = None) -> object:  # noqa: ARG002
            asked.append(headers or {})
            return []

    settings = CoinGeckoSettings(base_url=base_url, key_env="GECKO_KEY")
    CoinGeckoProvider(settings, {"GECKO_KEY": "CG-abc"}, HOUR, Recording("CoinGecko", base_url)).quotes(
        ("BTC",), "EUR", NOW
    )
    assert asked == [{header: "CG-abc"}]


LEAVES = st.none() | st.booleans() | st.decimals(allow_nan=True) | st.text(max_size=20)
KEYS = st.sampled_from(
    ["id", "current_price", "last_updated", "sparkline_in_7d", "price", "price_change_percentage_24h", "x"]
)
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5))


@UNHURRIED
@given(JSON | st.lists(st.dictionaries(KEYS, JSON).map(lambda row: {**row, "id": "bitcoin"}), max_size=2))
def test_no_answer_breaks_the_reading(document: object) -> None:
    try:
        quotes = read_markets(document, ("BTC", "ETH"), "EUR")
    except MarketError:
        return
    for quote in quotes:
        find_fault(quote, NOW, NOW - NEVER)
