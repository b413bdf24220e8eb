"""A recurring digest: the [[newsletters]] tables of the settings."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from digest.model.holidays import is_holiday
from digest.model.settings import Table
from digest.model.site import check_mailbox

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
#: How long before an edition is due it is prepared, unless `prepare_at` says otherwise.
_LEAD_TIME = timedelta(minutes=30)
#: An edition holds no more: each article is one octet of a recipient's choice, and a mail has an end.
MOST_ARTICLES = 60
#: No clock changes on it.
_ANY_DAY, _UTC = date(2025, 1, 15), ZoneInfo("UTC")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def read_time(text: str) -> time:
    """ "06:30" as a time of day; ValueError otherwise."""
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise ValueError(f"{text!r} is not a time such as 06:30")
    return time(int(text[:2]), int(text[3:]))


def read_weekdays(text: str) -> frozenset[int]:
    """ "mon-fri", "mon,wed,sat" or "daily" as weekday numbers, Monday 0; ValueError otherwise."""
    wanted = text.replace(" ", "").lower()
    if wanted == "daily":
        return frozenset(range(7))
    days: set[int] = set()
    for part in wanted.split(","):
        first, dash, last = part.partition("-")
        try:
            start, end = WEEKDAYS.index(first), WEEKDAYS.index(last if dash else first)
        except ValueError:
            raise ValueError(f"{text!r} names no days; write mon-fri, mon,wed or daily") from None
        days.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return frozenset(days)


class Section(Table, frozen=True, kw_only=True):
    """A part of the digest under its own heading."""

    name: str
    topics: tuple[str, ...] = ()
    max: int = 0


def section_index(topics: tuple[str, ...], sections: tuple[Section, ...], named: str = "") -> int:
    """The place of the section called `named`, else of the first one that has one of an article's `topics`.

    Behind them all where there is none.
    """
    for index, section in enumerate(sections):
        if named and section.name == named:
            return index
    own = {topic.casefold() for topic in topics}
    for index, section in enumerate(sections):
        if own.intersection(topic.casefold() for topic in section.topics):
            return index
    return len(sections)


class Brand(Table, frozen=True, kw_only=True):
    """How a newsletter looks without templates of its own.

    `accent` is a colour such as #0b5c8a, `footer` holds lines that stand at the end, before the imprint.
    """

    name: str = ""
    logo: str = ""
    logo_dark: str = ""
    accent: str = "#0b5c8a"
    footer: tuple[str, ...] = ()

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
        for key, text in (("at", self.at), ("prepare_at", self.prepare_at), ("remind_at", self.remind_at)):
            if text or key == "at":
                _said_of(key, read_time, text)
        _said_of("days", read_weekdays, self.days)
        if self.remind_at and self.prepare_at and self._lead(self.remind_at) > self._lead(self.prepare_at):
            raise ValueError("remind_at must not be before prepare_at: there would be nothing to show yet")
        if self.remind_at == self.at:
            raise ValueError("remind_at must be before at: then it is too late")
        for key, address in (("sender", self.sender), ("reply_to", self.reply_to)):
            if address:
                check_mailbox(key, address)
        if not self.lists:
            raise ValueError(f"newsletter {self.slug} has no lists to go to")
        if not 1 <= self.max_articles <= MOST_ARTICLES:
            raise ValueError(f"max_articles must be between 1 and {MOST_ARTICLES}")
        if not 1 <= self.lookback_hours <= 24 * 31:
            raise ValueError("lookback_hours must be between 1 and 744")
        if not 0 <= self.late_window_hours <= 24 * 7:
            raise ValueError("late_window_hours must be between 0 and 168")

    def sends_at(self, day: date, zone: ZoneInfo) -> datetime:
        """When the edition of `day` is due. A time that the clock change skips is moved past the gap."""
        return _on_the_clock(day, read_time(self.at), zone)

    def prepares_at(self, day: date, zone: ZoneInfo) -> datetime:
        """When the edition of `day` is prepared: `prepare_at`, or 30 minutes before it is due or for the reminder.

        A `prepare_at` that is later than `at` means the evening before.
        """
        if self.prepare_at:
            return self._ahead(self.prepare_at, day, zone)
        usual = (self.sends_at(day, zone).astimezone(UTC) - _LEAD_TIME).astimezone(zone)
        return min(usual, self.reminds_at(day, zone) or usual)

    def reminds_at(self, day: date, zone: ZoneInfo) -> datetime | None:
        """When editors are reminded of the edition of `day`; None where they are not. As with `prepare_at`."""
        return self._ahead(self.remind_at, day, zone) if self.remind_at else None

    def appears_on(self, day: date) -> bool:
        """Whether the scheduler brings out an edition on `day`: by `days` and `holidays`, which bind nobody else."""
        return day.weekday() in read_weekdays(self.days) and not (self.holidays and is_holiday(self.holidays, day))

    def _ahead(self, text: str, day: date, zone: ZoneInfo) -> datetime:
        evening_before = read_time(text) > read_time(self.at)
        return _on_the_clock(day - timedelta(days=1) if evening_before else day, read_time(text), zone)

    def _lead(self, text: str) -> timedelta:
        """How long before `at` that is, on a day without a clock change."""
        return self.sends_at(_ANY_DAY, _UTC) - self._ahead(text, _ANY_DAY, _UTC)


def _on_the_clock(day: date, moment: time, zone: ZoneInfo) -> datetime:
    # Through UTC and back, since 02:30 does not exist where the clock skips it.
    return datetime.combine(day, moment, zone).astimezone(UTC).astimezone(zone)


def _said_of(key: str, read: Callable[[str], object], text: str) -> None:
    try:
        read(text)
    except ValueError as wrong:
        raise ValueError(f"{key}: {wrong}") from None
