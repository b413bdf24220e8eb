"""Whether a figure may be shown. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

import msgspec

from digest.model.market import Quote

NO_FIGURE = Decimal("NaN")
LOWEST_PRICE, HIGHEST_PRICE = Decimal("1E-18"), Decimal("1E+12")
#: Digits of a figure, and points of a series, beyond which nobody means it.
MOST_DIGITS, MOST_POINTS = 40, 2_000
#: Percent in 24 hours: what lies outside is an error, not a market.
LEAST_CHANGE, MOST_CHANGE = Decimal(-95), Decimal(1000)
#: Percent in 24 hours from which a second provider is asked.
SUSPICIOUS_CHANGE = Decimal(40)
#: Percent by which two providers may differ.
FAR_APART = Decimal(10)
#: How far a provider's clock may be ahead of ours.
CLOCK_SKEW = timedelta(minutes=5)


def figure(value: object) -> Decimal:
    """A JSON number (decoded as Decimal) or a string such as "52609.60000"; NO_FIGURE for anything else."""
    if isinstance(value, str) and len(value) <= MOST_DIGITS:
        try:
            return Decimal(value)
        except InvalidOperation:
            return NO_FIGURE
    return value if isinstance(value, Decimal) and len(value.as_tuple().digits) <= MOST_DIGITS else NO_FIGURE


def is_price(value: Decimal) -> bool:
    return value.is_finite() and LOWEST_PRICE <= value <= HIGHEST_PRICE


def is_change(value: Decimal) -> bool:
    return value.is_finite() and LEAST_CHANGE <= value <= MOST_CHANGE


def find_fault(quote: Quote, now: datetime, max_age: timedelta) -> str:
    """Why `quote` must not be shown, as part of a sentence; "" where it may."""
    if quote.price.is_nan():
        return f"{quote.coin} has no price"
    if not is_price(quote.price):
        return f"{quote.coin} at {quote.price:.6g} {quote.currency} is no price"
    if quote.change_24h is not None and not is_change(quote.change_24h):
        return f"{quote.coin} is said to have changed by {quote.change_24h:.6g} percent in 24 hours"
    if quote.at > now + CLOCK_SKEW:
        return f"{quote.coin} is dated in the future"
    if now - quote.at > max_age:
        return f"{quote.coin} is older than {max_age.total_seconds() / 60:.0f} minutes"
    return ""


def trim(quote: Quote) -> Quote:
    """The quote without a seven-day change or series that makes no sense."""
    week = quote.change_7d if quote.change_7d is not None and is_change(quote.change_7d) else None
    series = quote.series if 1 < len(quote.series) <= MOST_POINTS and all(map(is_price, quote.series)) else ()
    return msgspec.structs.replace(quote, change_7d=week, series=series)


def is_suspicious(quote: Quote) -> bool:
    """Whether a second provider should confirm it."""
    return quote.change_24h is not None and abs(quote.change_24h) > SUSPICIOUS_CHANGE


def far_apart(one: Decimal, other: Decimal) -> bool:
    """Whether two positive prices differ by more than FAR_APART percent of the lower one."""
    low, high = sorted((one, other))
    return high - low > low * FAR_APART / 100
