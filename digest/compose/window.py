"""From when to when an edition takes articles."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from digest.model.article import Article
from digest.model.newsletter import Newsletter


class Window(NamedTuple):
    """[start, end), both aware."""

    start: datetime
    end: datetime


def edition_window(
    newsletter: Newsletter, day: date, zone: ZoneInfo, last_prepared: datetime | None, today: date
) -> Window:
    """The window of the regular edition of `day`.

    It begins at `at - lookback_hours`, or at the last edition's preparation where that is earlier, so that a weekend or
    a late article is never lost; for a day before `today`, at `at - lookback_hours` alone.
    """
    at = newsletter.sends_at(day, zone)
    start = at - timedelta(hours=newsletter.lookback_hours)
    if last_prepared is not None and day >= today:
        start = min(start, last_prepared)
    return Window(start, at)


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
    midnight = datetime.combine(day, datetime.min.time(), zone)
    next_midnight = datetime.combine(day + timedelta(days=1), datetime.min.time(), zone)
    return midnight < window.end and next_midnight > window.start
