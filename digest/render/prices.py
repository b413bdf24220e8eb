"""The market block's edition slots: filled once, from the snapshot that is taken when sending begins."""

from __future__ import annotations

from digest import german
from digest.model.edition import EditionContent
from digest.model.market import PROVIDER_PAGES, Quote, Snapshot

#: Width of a price and a change in the text part, so that the columns stand under each other.
_PRICE_WIDTH, _CHANGE_WIDTH = 14, 9


def direction(quote: Quote) -> str:
    """Where the price went in 24 hours as the table shows it: up, down, flat, or none where nobody knows."""
    written = german.percent(quote.change_24h)
    return {german.MISSING: "none", "+": "up", german.MINUS: "down"}.get(written[:1], "flat")


def price_values(snapshot: Snapshot, content: EditionContent, *, text: bool) -> dict[str, str]:
    """Slot name -> what goes there, for HTML or for the text part. A time of another day than the edition's says so."""
    site = content.site
    oldest = min((quote.at for quote in snapshot.quotes), default=snapshot.taken_at).astimezone(site.zone)
    day = "" if oldest.date() == content.date else f"{german.short_date(oldest.date())}, "
    values = {
        "market:time": day + german.time_of_day(oldest),
        "market:provider": snapshot.provider,
        "market:provider_url": PROVIDER_PAGES.get(snapshot.provider, site.base_url),
    }
    for quote in snapshot.quotes:
        price = german.price(quote.price, quote.currency)
        change = german.percent(quote.change_24h)
        values[f"price:{quote.coin}"] = price.rjust(_PRICE_WIDTH) if text else price
        values[f"change:{quote.coin}"] = change.rjust(_CHANGE_WIDTH) if text else change
    return values


def coin_blocks(snapshot: Snapshot | None, coins: tuple[str, ...]) -> tuple[str, ...]:
    """The keys of the rows to show for `coins`, in that order; coins without a quote have none."""
    quotes = [snapshot.quote(coin) for coin in coins] if snapshot else []
    return tuple(f"coin:{quote.coin}:{direction(quote)}" for quote in quotes if quote is not None)
