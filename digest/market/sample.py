"""Figures that we made up, so that the first run needs no network; shown under the name "Muster"."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from importlib import resources

import msgspec

from digest.errors import MarketError
from digest.model.market import Quote

SAMPLE_NAME = "Muster"


class _SampleQuote(msgspec.Struct, frozen=True):
    price: Decimal
    change_24h: Decimal
    change_7d: Decimal
    series: tuple[Decimal, ...]


class _Sample(msgspec.Struct, frozen=True):
    note: str
    currency: str
    quotes: dict[str, _SampleQuote]


class SampleProvider:
    name = SAMPLE_NAME
    max_age = timedelta(minutes=1)

    def quotes(self, coins: tuple[str, ...], currency: str, now: datetime) -> tuple[Quote, ...]:
        """The sample's quotes in the order of `coins`, dated to the minute of `now`; there are euros only."""
        text = resources.files("digest").joinpath("samples", "snapshot.json").read_bytes()
        sample = msgspec.json.decode(text, type=_Sample)
        if currency != sample.currency:
            raise MarketError(SAMPLE_NAME, f"the sample is in {sample.currency}, not in {currency}")
        found = tuple(
            Quote(
                coin=coin,
                price=quote.price,
                currency=currency,
                provider=SAMPLE_NAME,
                at=now.replace(second=0, microsecond=0),
                change_24h=quote.change_24h,
                change_7d=quote.change_7d,
                series=quote.series,
            )
            for coin in coins
            if (quote := sample.quotes.get(coin))
        )
        if not found:
            raise MarketError(SAMPLE_NAME, f"the sample has none of {', '.join(coins) or 'no coins'}")
        return found
