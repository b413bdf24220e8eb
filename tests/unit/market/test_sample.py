from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from digest.errors import MarketError
from digest.market.sample import SampleProvider
from digest.market.snapshot import take_snapshot

NOW = datetime(2026, 3, 2, 6, 10, 42, 5, tzinfo=UTC)


def test_is_marked_and_dated_to_the_minute() -> None:
    quotes = SampleProvider().quotes(("LTC", "BTC"), "EUR", NOW)
    assert [quote.coin for quote in quotes] == ["LTC", "BTC"]
    assert {quote.provider for quote in quotes} == {"Muster"}
    assert {quote.at for quote in quotes} == {datetime(2026, 3, 2, 6, 10, tzinfo=UTC)}


@pytest.mark.parametrize("coin", ["BTC", "ETH", "LTC"])
def test_figures_agree_with_each_other(coin: str) -> None:
    (quote,) = SampleProvider().quotes((coin,), "EUR", NOW)
    assert quote.series[-1] == quote.price
    for ago, change in ((5, quote.change_24h), (29, quote.change_7d)):
        assert change is not None
        assert abs((quote.price / quote.series[-ago] - 1) * 100 - change) < Decimal("0.01")


def test_passes_the_checks() -> None:
    snapshot, problems = take_snapshot([SampleProvider()], ("BTC", "ETH", "LTC"), "EUR", NOW)
    assert problems == []
    assert snapshot is not None
    assert len(snapshot.quotes) == 3


def test_does_not_pass_euros_off_as_dollars() -> None:
    with pytest.raises(MarketError, match="in EUR, not in USD"):
        SampleProvider().quotes(("BTC",), "USD", NOW)


def test_none_of_the_coins() -> None:
    with pytest.raises(MarketError, match="none of XYZ"):
        SampleProvider().quotes(("XYZ",), "EUR", NOW)
