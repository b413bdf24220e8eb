"""Public holidays of a country or a part of it: "DE-BE" is Berlin, "DE" what all of Germany keeps."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holidays import HolidayBase


def check_place(place: str) -> None:
    """ValueError with a sentence where no holidays are known for `place` (ISO 3166-1 or 3166-2, such as DE-BY)."""
    from holidays import list_supported_countries

    country, _, part = place.partition("-")
    known = list_supported_countries(include_aliases=False)
    if country not in known:
        raise ValueError(f"no holidays are known for {place!r}; write a place such as DE-BE, or DE")
    if part and part not in known[country]:
        parts = ", ".join(known[country]) or "none"
        raise ValueError(f"no holidays are known for {place!r}; the parts of {country} are {parts}")
    if place != (f"{country}-{part}" if part else country):
        raise ValueError(f"{place!r} is no place such as DE-BE, or DE")


def is_holiday(place: str, day: date) -> bool:
    """Whether `day` is a public holiday there."""
    return day in _calendar(place)


@lru_cache(maxsize=32)
def _calendar(place: str) -> HolidayBase:
    from holidays import country_holidays  # takes a tenth of a second to import, and few newsletters name a place

    country, _, part = place.partition("-")
    return country_holidays(country, subdiv=part or None)
