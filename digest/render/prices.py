"""The market block's edition slots: filled once, from the snapshot that is taken when sending begins."""

from __future__ import annotations

from collections.abc import Container
from decimal import Decimal

from digest import german
from digest.model.edition import EditionContent
from digest.model.market import COIN_NAMES, PROVIDER_PAGES, Quote, Snapshot

#: Width of a price and a change in the text part, so that the columns stand under each other.
_PRICE_WIDTH, _CHANGE_WIDTH = 14, 9


def direction(change: Decimal | None) -> str:
    """Where a price went as the table shows it, by the change in percent: up, down, flat, or none for unknown."""
    written = german.percent(change)
    return {german.MISSING: "none", "+": "up", german.MINUS: "down"}.get(written[:1], "flat")


def price_values(snapshot: Snapshot, content: EditionContent, *, text: bool) -> dict[str, str]:
    """Slot name -> what goes there, for HTML or for the text part. A time of another day than the edition's says so.

    The addresses of the sparklines are not among them: they belong to the message (`inline_pictures.py`).
    """
    site = content.site
    oldest = min((quote.at for quote in snapshot.quotes), default=snapshot.taken_at).astimezone(site.zone)
    day = "" if oldest.date() == content.date else f"{german.short_date(oldest.date())}, "
    time = day + german.time_of_day(oldest)
    values = {
        "market:time": time,
        "market:since": f"{'vom' if day else 'von'} {time}",
        "market:provider": snapshot.provider,
        "market:provider_url": PROVIDER_PAGES.get(snapshot.provider, site.base_url),
    }
    for quote in snapshot.quotes:
        figures = {
            "price": german.price(quote.price, quote.currency).rjust(_PRICE_WIDTH if text else 0),
            "change": german.percent(quote.change_24h).rjust(_CHANGE_WIDTH if text else 0),
            "week": german.percent(quote.change_7d).rjust(_CHANGE_WIDTH if text else 0),
        }
        values |= {f"{name}:{quote.coin}": figure for name, figure in figures.items()}
        if quote.series:
            values[f"coin:{quote.coin}:sparkline_alt"] = describe_week(quote)
    return values


def describe_week(quote: Quote) -> str:
    """What a sparkline shows, in words: "Bitcoin, 7 Tage, gestiegen von 60.450 € auf 63.412 €"."""
    first, last = (german.price(price, quote.currency) for price in (quote.series[0], quote.price))
    name = f"{COIN_NAMES.get(quote.coin, quote.coin)}, 7 Tage"
    if first == last:
        return f"{name}, unverändert bei {last}"
    return f"{name}, {'gestiegen' if quote.price > quote.series[0] else 'gefallen'} von {first} auf {last}"


def edition_blocks(snapshot: Snapshot | None) -> dict[str, tuple[str, ...]]:
    """Group -> the blocks of it that everybody gets, where the prices decide."""
    priced = snapshot is not None and bool(snapshot.quotes)
    decided: dict[str, tuple[str, ...]] = {"stale": ("stale:0",) if snapshot is not None and snapshot.stale else ()}
    return decided if priced else decided | {"market": ()}


def coin_blocks(snapshot: Snapshot | None, coins: tuple[str, ...], known: Container[str]) -> tuple[str, ...]:
    """The keys of the rows to show for `coins`, in that order, of those that are `known` to the template.

    A coin has a row for 24 hours and one for seven days, with its sparkline where there is one. Coins without a quote
    have none.
    """
    rows: list[str] = []
    for quote in filter(None, map(snapshot.quote, coins) if snapshot else ()):
        day = f"coin:{quote.coin}:{direction(quote.change_24h)}"
        week = direction(quote.change_7d)
        plain = f"coin:{quote.coin}:week:{week}" if week != "none" else ""
        drawn = f"coin:{quote.coin}:sparkline:{week}" if quote.sparkline and quote.series else ""
        rows += [key for key in (day, drawn if drawn in known else plain) if key in known]
    return tuple(rows)
