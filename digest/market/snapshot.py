"""All quotes of one moment, from the first provider with sane figures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from digest.errors import MarketError
from digest.market.base import Provider
from digest.market.sample import SAMPLE_NAME
from digest.market.sanity import far_apart, find_fault, is_suspicious, trim
from digest.market.sparkline import draw_sparkline
from digest.model.market import Quote, Snapshot


def take_snapshot(
    providers: Sequence[Provider], coins: tuple[str, ...], currency: str, now: datetime
) -> tuple[Snapshot | None, list[MarketError]]:
    """The snapshot, or None where nobody has a sane figure (or no coin is asked for); and what went wrong, to be said.

    The first provider with a sane figure for at least one coin wins; a coin that it lacks is left out and reported.
    What has a series has its sparkline, too.
    A change of more than 40 percent in 24 hours must not be contradicted by the next provider, or the coin is left out.
    """
    problems: list[MarketError] = []
    for place, provider in enumerate(providers if coins else ()):
        quotes = _sane_quotes(provider, coins, currency, now, problems)
        if not quotes:
            continue
        doubtful = tuple(coin for coin, quote in quotes.items() if is_suspicious(quote))
        if doubtful and provider.name != SAMPLE_NAME:
            others = [other for other in providers[place + 1 :] if other.name != SAMPLE_NAME]
            second = _second_opinion(others, doubtful, currency, now, problems)
            for coin in doubtful:
                if coin in second and far_apart(quotes[coin].price, second[coin].price):
                    other = second[coin]
                    problem = f"{coin} at {quotes[coin].price} {currency} is far from {other.price} at {other.provider}"
                    problems.append(MarketError(provider.name, problem))
                    del quotes[coin]
        if not quotes:
            return None, problems
        drawn = tuple(
            msgspec.structs.replace(quote, sparkline=draw_sparkline(quote.series)) for quote in quotes.values()
        )
        return Snapshot(taken_at=now, provider=provider.name, quotes=drawn), problems
    return None, problems


def _sane_quotes(
    provider: Provider,
    coins: tuple[str, ...],
    currency: str,
    now: datetime,
    problems: list[MarketError],
) -> dict[str, Quote]:
    """By coin, in the order of `coins`; what is wrong or missing goes into `problems`."""
    try:
        found = provider.quotes(coins, currency, now)
    except MarketError as error:
        problems.append(error)
        return {}
    offered = {quote.coin: quote for quote in reversed(found) if quote.currency == currency}
    sane: dict[str, Quote] = {}
    for coin in dict.fromkeys(coins):
        fault = find_fault(offered[coin], now, provider.max_age) if coin in offered else f"{coin} is missing"
        if fault:
            problems.append(MarketError(provider.name, fault))
        else:
            sane[coin] = trim(offered[coin])
    return sane


def _second_opinion(
    others: Sequence[Provider],
    coins: tuple[str, ...],
    currency: str,
    now: datetime,
    problems: list[MarketError],
) -> dict[str, Quote]:
    for other in others:
        if quotes := _sane_quotes(other, coins, currency, now, problems):
            return quotes
    return {}
