"""The [market] table."""

from __future__ import annotations

import re
from typing import Literal

from digest.model.settings import Table


class CoinGeckoSettings(Table, frozen=True, kw_only=True):
    """`key_env` names the environment variable that holds a demo or pro key; empty: the public interface."""

    base_url: str = "https://api.coingecko.com/api/v3"
    key_env: str = ""


class KrakenSettings(Table, frozen=True, kw_only=True):
    base_url: str = "https://api.kraken.com/0/public"


class MarketSettings(Table, frozen=True, kw_only=True):
    """Coins by their symbol, in the order in which they stand; providers in the order in which they are asked."""

    coins: tuple[str, ...] = ("BTC", "ETH", "LTC")
    currency: str = "EUR"
    providers: tuple[Literal["coingecko", "kraken", "sample"], ...] = ("coingecko", "kraken")
    max_age_minutes: int = 60
    coingecko: CoinGeckoSettings = CoinGeckoSettings()
    kraken: KrakenSettings = KrakenSettings()

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Z]{3}", self.currency):
            raise ValueError("currency must be a code such as EUR")
        if not self.max_age_minutes > 0:
            raise ValueError("max_age_minutes must be greater than 0")
