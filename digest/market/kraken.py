"""Kraken, /Ticker and /OHLC (https://docs.kraken.com/api/docs/rest-api/get-ticker-information)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Context, Decimal
from itertools import pairwise
from typing import NamedTuple

from digest.errors import MarketError
from digest.market.http import JsonClient
from digest.market.sanity import figure, is_price
from digest.market.settings import KrakenSettings
from digest.model.market import Quote

NAME = "Kraken"

#: Where Kraken's symbol is another than everybody's.
SYMBOLS = {"BTC": "XBT", "DOGE": "XDG"}

_CANDLE = timedelta(hours=1)
_WEEK = timedelta(days=7)
_PERCENT = Context(prec=8)
_log = logging.getLogger(__name__)


class UnknownPairError(MarketError):
    """Kraken refuses a whole request for one pair that it does not trade."""


class Candle(NamedTuple):
    """One hour's prices; `start` in seconds since 1970."""

    start: int
    open: Decimal
    close: Decimal


class KrakenProvider:
    """Asks once for all prices, and once per coin for its week."""

    name = NAME

    def __init__(self, settings: KrakenSettings, max_age: timedelta, client: JsonClient | None = None) -> None:
        self.max_age = max_age
        self.client = client or JsonClient(NAME, settings.base_url)

    def quotes(self, coins: tuple[str, ...], currency: str, now: datetime) -> tuple[Quote, ...]:
        """In the order of `coins`, dated `now`, for the ticker has no time of its own.

        Changes and series come from hourly candles; where these fail, the log says so and the quotes go without.
        """
        prices = self._prices(coins, currency)
        weeks = self._weeks(tuple(prices), currency, now)
        return tuple(make_quote(coin, currency, prices[coin], weeks.get(coin, ()), now) for coin in prices)

    def _prices(self, coins: tuple[str, ...], currency: str) -> dict[str, Decimal]:
        params = {"pair": ",".join(pair_name(coin, currency) for coin in coins)}
        try:
            return read_ticker(self.client.get("Ticker", params), coins, currency)
        except UnknownPairError:
            if len(coins) == 1:
                raise
        found: dict[str, Decimal] = {}
        for coin in coins:
            try:
                found |= self._prices((coin,), currency)
            except UnknownPairError:
                _log.info("Kraken does not trade %s for %s", coin, currency)
        if not found:
            raise MarketError(NAME, f"trades none of {', '.join(coins)} for {currency}")
        return found

    def _weeks(self, coins: tuple[str, ...], currency: str, now: datetime) -> dict[str, tuple[Candle, ...]]:
        since = int((now - _WEEK - _CANDLE).timestamp())
        weeks: dict[str, tuple[Candle, ...]] = {}
        for coin in coins:
            params = {"pair": pair_name(coin, currency), "interval": "60", "since": str(since)}
            try:
                weeks[coin] = read_candles(self.client.get("OHLC", params), coin, currency)
            except MarketError as error:
                _log.warning("%s; %s and what follows it go without changes", error, coin)
                break
        return weeks


def pair_name(coin: str, currency: str) -> str:
    """ "XBTEUR"."""
    return f"{SYMBOLS.get(coin, coin)}{currency}"


def is_pair(name: str, coin: str, currency: str) -> bool:
    """Whether Kraken means this pair: asked for XBTEUR it says XXBTZEUR or BTC/EUR, asked for SOLEUR it says SOLEUR."""
    bases = {coin, SYMBOLS.get(coin, coin)}
    return name.replace("/", "") in {x + base + z + currency for base in bases for x in ("", "X") for z in ("", "Z")}


def read_ticker(document: object, coins: tuple[str, ...], currency: str) -> dict[str, Decimal]:
    """The last trade's price by coin, unchecked, in the order of `coins`."""
    result = _result(document)
    prices: dict[str, Decimal] = {}
    for coin in coins:
        row = next((row for name, row in result.items() if is_pair(name, coin, currency)), None)
        last = row.get("c") if isinstance(row, dict) else None
        if row is not None:
            prices[coin] = figure(last[0] if isinstance(last, list) and last else None)
    return prices


def read_candles(document: object, coin: str, currency: str) -> tuple[Candle, ...]:
    """Oldest first; a row that is none is left out. A row is [start, open, high, low, close, vwap, volume, count]."""
    result = _result(document)
    rows = next((rows for name, rows in result.items() if is_pair(name, coin, currency)), None)
    candles: dict[int, Candle] = {}
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, list) and len(row) >= 5:
            start, first, last = figure(row[0]), figure(row[1]), figure(row[4])
            if all(map(is_price, (start, first, last))):
                candles[int(start)] = Candle(int(start), first, last)
    return tuple(candles[start] for start in sorted(candles))


def make_quote(coin: str, currency: str, price: Decimal, candles: Sequence[Candle], now: datetime) -> Quote:
    """The quote with the changes and the series that hourly `candles` give it."""
    begin, end = (now - _WEEK).timestamp(), now.timestamp()
    return Quote(
        coin=coin,
        price=price,
        currency=currency,
        provider=NAME,
        at=now,
        change_24h=_change(price_at(candles, now - timedelta(days=1)), price),
        change_7d=_change(price_at(candles, now - _WEEK), price),
        series=tuple(candle.close for candle in candles if begin <= candle.start <= end),
    )


def price_at(candles: Sequence[Candle], moment: datetime) -> Decimal | None:
    """The price at `moment`, on a straight line through the candle that holds it; None where none does."""
    seconds = int(moment.timestamp())
    spacing = min((later.start - earlier.start for earlier, later in pairwise(candles)), default=3600)
    held = next((candle for candle in candles if 0 <= seconds - candle.start < spacing), None)
    return held and held.open + (held.close - held.open) * (seconds - held.start) / spacing


def _change(then: Decimal | None, now: Decimal) -> Decimal | None:
    """In percent."""
    return _PERCENT.divide((now - then) * 100, then) if then is not None and is_price(now) else None


def _result(document: object) -> dict[str, object]:
    """What stands beside "error"; entries there begin with E for an error, W for a warning."""
    if not isinstance(document, dict):
        raise MarketError(NAME, "the answer has another shape than documented")
    said = document.get("error")
    errors = [entry for entry in said if isinstance(entry, str) and entry[:1] == "E"] if isinstance(said, list) else []
    if errors:
        text = "".join(sign for sign in ", ".join(errors) if sign.isprintable())[:200]
        raise UnknownPairError(NAME, text) if "Unknown asset pair" in text else MarketError(NAME, text)
    result = document.get("result")
    if not isinstance(result, dict):
        raise MarketError(NAME, "the answer has another shape than documented")
    return result
