"""Answers of a provider that were made to do harm: no figure that makes no sense is shown or kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from digest.errors import MarketError
from digest.market.coingecko import read_markets
from digest.market.http import decode, retry_after
from digest.market.snapshot import take_snapshot
from digest.model.market import Quote, Snapshot

NOW = datetime(2026, 3, 6, 5, tzinfo=UTC)


class Answering:
    """A provider that has answered `body`."""

    name = "CoinGecko"
    max_age = timedelta(hours=1)

    def __init__(self, body: str) -> None:
        self.body = body

    def quotes(self, coins: tuple[str, ...], currency: str, now: datetime) -> tuple[Quote, ...]:  # noqa: ARG002, the contract
        try:
            return read_markets(decode(self.body.encode()), coins, currency)
        except ValueError as odd:
            raise MarketError(self.name, "the answer is not JSON") from odd


def take(body: str) -> tuple[Snapshot | None, list[MarketError]]:
    return take_snapshot([Answering(body)], ("BTC",), "EUR", NOW)


def row(price: str, more: str = "") -> str:
    return f'[{{"id": "bitcoin", "last_updated": "{NOW.isoformat()}", "current_price": {price}{more}}}]'


@pytest.mark.parametrize(
    "price",
    [
        *("NaN", "Infinity", "-Infinity", "1e400", "-5", "0", "null", "true", "[5]", '{"a": 5}', '"sNaN"', '"x"', '""'),
        *("1e999999999", f"1e{'9' * 50}", "1" * 100_000, "1." + "1" * 100_000, '"' + "1" * 1_000 + '"', "[" * 100_000),
    ],
    ids=lambda price: price[:20],
)
def test_no_price(price: str) -> None:
    snapshot, problems = take(row(price))
    assert snapshot is None
    assert problems
    assert all(len(str(problem)) < 200 and str(problem).startswith("Prices from CoinGecko") for problem in problems)


def test_of_two_prices_in_one_object_none_is_nonsense() -> None:
    assert take(row('5, "current_price": "x"'))[0] is None
    snapshot = take(row('"x", "current_price": 5'))[0]
    assert snapshot is not None
    assert snapshot.quotes[0].price == Decimal(5)


@pytest.mark.parametrize("point", ["5", "1e12", "1e-18"])
def test_a_series_without_end_is_not_kept(point: str) -> None:
    series = ",".join([point] * 200_000)
    snapshot, _ = take(row(point, f', "sparkline_in_7d": {{"price": [{series}]}}'))
    assert snapshot is not None
    assert len(msgspec.json.encode(snapshot)) < 5_000


@pytest.mark.parametrize(
    "value",
    [
        "Mon, 01 Jan 2024 00:00:00 +99999999999999999999",
        "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
        f"Mon, 01 Jan {'9' * 5_000} 00:00:00 GMT",
        "²",
        "-5",
        "nan",
    ],
    ids=lambda value: value[:50],
)
def test_retry_after_that_says_nothing(value: str) -> None:
    assert retry_after(value, NOW) is None
