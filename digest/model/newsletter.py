"""A recurring digest: the [[newsletters]] tables of the settings."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from digest.model.settings import Table

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def clock(text: str) -> time:
    """ "06:30" as a time of day; ValueError otherwise."""
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise ValueError(f"{text!r} is not a time such as 06:30")
    return time(int(text[:2]), int(text[3:]))


def weekdays(text: str) -> frozenset[int]:
    """ "mon-fri", "mon,wed,sat" or "daily" as weekday numbers, Monday 0; ValueError otherwise."""
    if text == "daily":
        return frozenset(range(7))
    days: set[int] = set()
    for part in text.replace(" ", "").split(","):
        first, _, last = part.partition("-")
        try:
            start, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        except ValueError:
            raise ValueError(f"{text!r} names no days; write mon-fri, mon,wed or daily") from None
        days.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return frozenset(days)


class Section(Table, frozen=True, kw_only=True):
    """A part of the digest under its own heading."""

    name: str
    topics: tuple[str, ...] = ()
    max: int = 0


class Brand(Table, frozen=True, kw_only=True):
    """How a newsletter looks without templates of its own. `accent` is a colour such as #0b5c8a."""

    name: str = ""
    logo: str = ""
    logo_dark: str = ""
    accent: str = "#0b5c8a"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", self.accent):
            raise ValueError("accent must be a colour such as #0b5c8a")


class Newsletter(Table, frozen=True, kw_only=True):
    """Empty `sender`, `sender_name`, `reply_to` fall back to the site's; empty `sources` means all of them."""

    slug: str
    name: str
    lists: tuple[str, ...]
    at: str = "06:30"
    days: str = "mon-fri"
    prepare_at: str = ""
    remind_at: str = ""
    sources: tuple[str, ...] = ()
    segment: str = ""
    template: str = "daily"
    lookback_hours: int = 24
    max_articles: int = 12
    approval: Literal["auto", "required"] = "auto"
    if_unapproved: Literal["hold", "send"] = "hold"
    late: Literal["send", "skip"] = "send"
    late_window_hours: int = 4
    empty: Literal["skip", "send"] = "skip"
    subject: Literal["edition", "personal"] = "edition"
    link_params: str = ""
    sender: str = ""
    sender_name: str = ""
    reply_to: str = ""
    brand: Brand = Brand()
    holidays: str = ""
    sections: tuple[Section, ...] = ()

    def __post_init__(self) -> None:
        if not SLUG.fullmatch(self.slug):
            raise ValueError(f"slug {self.slug!r} must be small letters, digits and hyphens, 64 at most")
        for text in (self.at, self.prepare_at, self.remind_at):
            if text:
                clock(text)
        weekdays(self.days)
        if not self.lists:
            raise ValueError(f"newsletter {self.slug} has no lists to go to")
        if not 1 <= self.max_articles <= 60:
            raise ValueError("max_articles must be between 1 and 60")
        if not 1 <= self.lookback_hours <= 24 * 31:
            raise ValueError("lookback_hours must be between 1 and 744")

    def sends_at(self, day: date, zone: ZoneInfo) -> datetime:
        """When the edition of `day` is due. A time that the clock change skips is moved past the gap."""
        due = datetime.combine(day, clock(self.at), zone)
        return datetime.fromtimestamp(due.timestamp(), zone)

    def prepares_at(self, day: date, zone: ZoneInfo) -> datetime:
        """When the edition of `day` is prepared: `prepare_at`, or 30 minutes before it is due."""
        if self.prepare_at:
            return datetime.combine(day, clock(self.prepare_at), zone)
        return datetime.fromtimestamp((self.sends_at(day, zone) - timedelta(minutes=30)).timestamp(), zone)
