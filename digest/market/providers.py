"""Which providers there are. A new one is one file and one line here, and its name in settings.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from digest.market.base import Provider
from digest.market.sample import SampleProvider
from digest.market.settings import MarketSettings

# Imported where they are used, for they bring the HTTP client, which the sample does not need.


def _coingecko(settings: MarketSettings, environ: Mapping[str, str]) -> Provider:
    from digest.market.coingecko import CoinGeckoProvider

    return CoinGeckoProvider(settings.coingecko, environ, timedelta(minutes=settings.max_age_minutes))


def _kraken(settings: MarketSettings, _environ: Mapping[str, str]) -> Provider:
    from digest.market.kraken import KrakenProvider

    return KrakenProvider(settings.kraken, timedelta(minutes=settings.max_age_minutes))


def _sample(_settings: MarketSettings, _environ: Mapping[str, str]) -> Provider:
    return SampleProvider()


PROVIDERS: dict[str, Callable[[MarketSettings, Mapping[str, str]], Provider]] = {
    "coingecko": _coingecko,
    "kraken": _kraken,
    "sample": _sample,
}


def make_providers(settings: MarketSettings, environ: Mapping[str, str]) -> list[Provider]:
    """The providers of the [market] table, in the order in which they are asked."""
    return [PROVIDERS[name](settings, environ) for name in settings.providers]
