"""One coin's price at one time, and all of them of one moment."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

#: What a coin is called in a German text: the unit of Ethereum is the Ether.
COIN_NAMES = {"BTC": "Bitcoin", "ETH": "Ether", "LTC": "Litecoin"}
#: A provider's name, as readers see it -> the page that it links to.
PROVIDER_PAGES = {"CoinGecko": "https://www.coingecko.com/de", "Kraken": "https://www.kraken.com/prices"}


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """`price` in `currency` (ISO 4217) for one coin at `at` (aware); changes in percent.

    `series` holds the last seven days, oldest first, in the same currency; `sparkline` is its picture, a PNG. What a
    provider lacks is None, or empty.
    """

    coin: str
    price: Decimal
    currency: str
    provider: str
    at: datetime
    change_24h: Decimal | None = None
    change_7d: Decimal | None = None
    series: tuple[Decimal, ...] = ()
    sparkline: bytes = b""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """All quotes of one moment, in the order asked for, from one provider.

    `stale` says that they were older than usual when sending began, so that readers are told.
    """

    taken_at: datetime
    provider: str
    quotes: tuple[Quote, ...] = ()
    stale: bool = False

    def quote(self, coin: str) -> Quote | None:
        """The quote of `coin` (such as "BTC"), or None."""
        return next((quote for quote in self.quotes if quote.coin == coin), None)
