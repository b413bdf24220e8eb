"""CoinGecko, /coins/markets (https://docs.coingecko.com/reference/coins-markets)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal

from digest.errors import MarketError
from digest.market.http import JsonClient
from digest.market.sanity import figure, is_price
from digest.market.settings import CoinGeckoSettings
from digest.model.market import Quote

NAME = "CoinGecko"

#: Symbols are not unique there: each of ours is one of their ids.
IDS = {
    "AAVE": "aave",
    "ADA": "cardano",
    "ALGO": "algorand",
    "ATOM": "cosmos",
    "AVAX": "avalanche-2",
    "BCH": "bitcoin-cash",
    "BNB": "binancecoin",
    "BTC": "bitcoin",
    "DAI": "dai",
    "DOGE": "dogecoin",
    "DOT": "polkadot",
    "ETC": "ethereum-classic",
    "ETH": "ethereum",
    "FIL": "filecoin",
    "HBAR": "hedera-hashgraph",
    "LINK": "chainlink",
    "LTC": "litecoin",
    "NEAR": "near",
    "PEPE": "pepe",
    "SHIB": "shiba-inu",
    "SOL": "solana",
    "SUI": "sui",
    "TON": "the-open-network",
    "TRX": "tron",
    "UNI": "uniswap",
    "USDC": "usd-coin",
    "USDT": "tether",
    "XLM": "stellar",
    "XMR": "monero",
    "XRP": "ripple",
    "ZEC": "zcash",
}

#: What base_url begins with -> header of the key; the first that fits.
KEY_HEADERS = {"https://pro-api.coingecko.com": "x-cg-pro-api-key", "": "x-cg-demo-api-key"}

#: When a price is from that does not say so: too old for any check.
NEVER = datetime.min.replace(tzinfo=UTC)

_SERIES = Context(prec=10)
#: How far, in percent of the price, the last point of a series may lie from it.
_SERIES_END = 5


class CoinGeckoProvider:
    """Asks once for all coins. `environ` is where the variable named by `key_env` is looked up."""

    name = NAME

    def __init__(
        self,
        settings: CoinGeckoSettings,
        environ: Mapping[str, str],
        max_age: timedelta,
        client: JsonClient | None = None,
    ) -> None:
        self.max_age = max_age
        self.settings = settings
        self.environ = environ
        self.client = client or JsonClient(NAME, settings.base_url)

    def quotes(self, coins: tuple[str, ...], currency: str, now: datetime) -> tuple[Quote, ...]:  # noqa: ARG002
        """In the order of `coins`, without those that IDS lacks; `now` is not used, for CoinGecko dates its prices."""
        ids = [IDS[coin] for coin in coins if coin in IDS]
        if not ids:
            raise MarketError(NAME, f"knows none of {', '.join(coins) or 'no coins'}")
        params = {
            "vs_currency": currency.lower(),
            "ids": ",".join(ids),
            "price_change_percentage": "24h,7d",
            "sparkline": "true",
        }
        return read_markets(self.client.get("coins/markets", params, self._key_header()), coins, currency)

    def _key_header(self) -> dict[str, str]:
        variable = self.settings.key_env
        if not variable:
            return {}
        key = self.environ.get(variable, "").strip()
        if not key:
            raise MarketError(
                NAME, f"the environment variable {variable}, named by market.coingecko.key_env, is not set"
            )
        if not (key.isascii() and key.isprintable()):
            raise MarketError(NAME, f"the environment variable {variable} does not hold a key")
        return {next(header for start, header in KEY_HEADERS.items() if self.settings.base_url.startswith(start)): key}


def read_markets(document: object, coins: tuple[str, ...], currency: str) -> tuple[Quote, ...]:
    """The quotes in an answer, unchecked: a price or time that is not there becomes one that no check lets pass."""
    if not isinstance(document, list):
        raise MarketError(NAME, "the answer has another shape than documented")
    rows = {row["id"]: row for row in document if isinstance(row, dict) and isinstance(row.get("id"), str)}
    return tuple(_quote(coin, currency, rows[IDS[coin]]) for coin in coins if IDS.get(coin) in rows)


def _quote(coin: str, currency: str, row: dict[str, object]) -> Quote:
    price = figure(row.get("current_price"))
    sparkline = row.get("sparkline_in_7d")
    points = sparkline.get("price") if isinstance(sparkline, dict) else None
    return Quote(
        coin=coin,
        price=price,
        currency=currency,
        provider=NAME,
        at=_moment(row.get("last_updated")),
        change_24h=_change(row, "price_change_percentage_24h_in_currency", "price_change_percentage_24h"),
        change_7d=_change(row, "price_change_percentage_7d_in_currency"),
        series=_series(points, price) if isinstance(points, list) else (),
    )


def _change(row: dict[str, object], *keys: str) -> Decimal | None:
    return next((figure(row[key]) for key in keys if row.get(key) is not None), None)


def _series(points: list[object], price: Decimal) -> tuple[Decimal, ...]:
    """Gaps are closed. A series that is in another currency than the price keeps its shape, scaled to end there."""
    series = tuple(value for value in map(figure, points) if is_price(value))
    if not series or not is_price(price) or abs(series[-1] - price) * 100 <= price * _SERIES_END:
        return series
    return tuple(_SERIES.divide(_SERIES.multiply(value, price), series[-1]) for value in series)


def _moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else NEVER
    except ValueError:
        return NEVER
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
