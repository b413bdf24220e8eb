"""What a provider of prices is."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from digest.model.market import Quote


class Provider(Protocol):
    """One public interface for prices."""

    name: str

    def quotes(self, coins: tuple[str, ...], currency: str, now: datetime) -> tuple[Quote, ...]:
        """The quotes it has for `coins`, in that order. Raises MarketError where it has none or does not answer."""
        ...
