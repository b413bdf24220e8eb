"""What a provider of prices is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from digest.model.market import Quote


class Provider(Protocol):
    """One public interface for prices. `name` is what readers see as the source."""

    name: str
    #: How old a quote of it may be to be shown.
    max_age: timedelta

    def quotes(self, coins: tuple[str, ...], currency: str, now: datetime) -> tuple[Quote, ...]:
        """The quotes it has for `coins`, in that order. Raises MarketError where it has none or does not answer.

        The figures need not be sane: `take_snapshot` sees to that.
        """
        ...
