"""From when to when an edition takes articles."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from digest.model.article import Article
from digest.model.newsletter import Newsletter


class Window(NamedTuple):
    """[start, end), both in UTC."""

    start: datetime
    end: datetime


def edition_window(
    newsletter: Newsletter, day: date, zone: ZoneInfo, last_prepared: datetime | None, today: date
) -> Window:
    """The window of the regular edition of `day`.

    It begins at `at - lookback_hours`, or at the last edition's preparation where that is earlier, so that a weekend or
    a late article is never lost; for a day before `today`, at `at - lookback_hours` alone. Where the clock changes in
    between, hours are counted by the clock or as they pass, whichever is earlier: no hour falls between two editions.
    """
    at = newsletter.sends_at(day, zone)
    lookback = timedelta(hours=newsletter.lookback_hours)
    end = at.astimezone(UTC)
    start = min(end - lookback, (at - lookback).astimezone(UTC))
    if last_prepared is not None and day >= today:
        start = min(start, last_prepared.astimezone(UTC))
    return Window(start, end)


def falls_in(article: Article, first_seen: datetime, window: Window, now: datetime, zone: ZoneInfo) -> bool:
    """Whether the article belongs to the window.

    A date without a time matches if any moment of its day does. Without a date, an article counts as published when it
    was first seen; if the edition is prepared after its own time, what was first seen until `now` still counts.
    """
    if article.published is None:
        return window.start <= first_seen < max(window.end, now) or first_seen == now
    if not article.date_only:
        return window.start <= article.published < window.end
    day = article.published.astimezone(zone).date()
    return _midnight(day, zone) < window.end and _midnight(day + timedelta(days=1), zone) > window.start


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
