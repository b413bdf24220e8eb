"""From when to when an edition takes articles, as tables."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.compose.window import Window, edition_window, falls_in
from digest.model.article import Article
from digest.model.newsletter import Newsletter

BERLIN = ZoneInfo("Europe/Berlin")


def newsletter(**values: object) -> Newsletter:
    return Newsletter(slug="morgen", name="Der Morgen", lists=("morgen",), **values)  # type: ignore[arg-type]


def berlin(*when: int) -> datetime:
    return datetime(*when, tzinfo=BERLIN)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("day", "last_prepared", "today", "start"),
    [
        pytest.param(date(2026, 3, 6), None, date(2026, 3, 6), berlin(2026, 3, 5, 6, 30), id="first edition"),
        pytest.param(
            date(2026, 3, 6),
            berlin(2026, 3, 5, 6, 0),
            date(2026, 3, 6),
            berlin(2026, 3, 5, 6, 0),
            id="what came after yesterday's preparation",
        ),
        pytest.param(
            date(2026, 3, 9),
            berlin(2026, 3, 6, 6, 0),
            date(2026, 3, 9),
            berlin(2026, 3, 6, 6, 0),
            id="Monday takes the weekend too",
        ),
        pytest.param(
            date(2026, 3, 6),
            berlin(2026, 3, 6, 5, 0),
            date(2026, 3, 6),
            berlin(2026, 3, 5, 6, 30),
            id="never less than the lookback",
        ),
        pytest.param(
            date(2026, 3, 3),
            berlin(2026, 2, 1, 6, 0),
            date(2026, 3, 6),
            berlin(2026, 3, 2, 6, 30),
            id="a past day takes the lookback alone",
        ),
        pytest.param(
            date(2026, 3, 8),
            berlin(2026, 3, 6, 6, 0),
            date(2026, 3, 6),
            berlin(2026, 3, 6, 6, 0),
            id="a day ahead",
        ),
    ],
)
def test_where_the_window_begins(day: date, last_prepared: datetime | None, today: date, start: datetime) -> None:
    window = edition_window(newsletter(), day, BERLIN, last_prepared, today)
    assert window.start == start.astimezone(UTC)
    assert window.end == datetime(day.year, day.month, day.day, 6, 30, tzinfo=BERLIN).astimezone(UTC)


def test_lookback_hours_are_the_newsletters_own() -> None:
    day = date(2026, 3, 6)
    window = edition_window(newsletter(at="18:00", lookback_hours=6), day, BERLIN, None, day)
    assert window == Window(berlin(2026, 3, 6, 12, 0).astimezone(UTC), berlin(2026, 3, 6, 18, 0).astimezone(UTC))


@pytest.mark.parametrize("at", ["06:30", "02:30", "03:00", "00:00", "23:59"])
@pytest.mark.parametrize("change", [date(2027, 3, 28), date(2027, 10, 31)], ids=["spring", "autumn"])
def test_no_hour_falls_between_two_editions_when_the_clock_changes(change: date, at: str) -> None:
    days = [change + timedelta(days=step) for step in (-1, 0, 1, 2)]
    windows = [edition_window(newsletter(at=at), day, BERLIN, None, date(2028, 1, 1)) for day in days]
    for before, after in itertools.pairwise(windows):
        assert after.start <= before.end < after.end


@given(
    day=st.dates(date(2026, 1, 1), date(2028, 12, 31)),
    at=st.times().map(lambda moment: f"{moment:%H:%M}"),
    hours=st.integers(1, 744),
)
def test_every_window_is_at_least_as_long_as_its_lookback(day: date, at: str, hours: int) -> None:
    window = edition_window(newsletter(at=at, lookback_hours=hours), day, BERLIN, None, day)
    assert timedelta(hours=hours) <= window.end - window.start <= timedelta(hours=hours + 1)


WINDOW = Window(berlin(2026, 3, 5, 6, 30).astimezone(UTC), berlin(2026, 3, 6, 6, 30).astimezone(UTC))
NOW = berlin(2026, 3, 6, 6, 0)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("published", "date_only", "expected"),
    [
        pytest.param(WINDOW.start, False, True, id="the first moment"),
        pytest.param(WINDOW.start - SECOND, False, False, id="just before"),
        pytest.param(WINDOW.end - SECOND, False, True, id="the last second"),
        pytest.param(WINDOW.end, False, False, id="the end is the next edition's"),
        pytest.param(berlin(2026, 3, 4), True, False, id="date only, the day before the window"),
        pytest.param(berlin(2026, 3, 5), True, True, id="date only, the day it begins"),
        pytest.param(berlin(2026, 3, 6), True, True, id="date only, the day it ends"),
        pytest.param(berlin(2026, 3, 7), True, False, id="date only, the day after"),
    ],
)
def test_dated_articles(published: datetime, date_only: bool, expected: bool) -> None:
    article = Article(title="Titel", source="s", published=published, date_only=date_only)
    assert falls_in(article, NOW, WINDOW, NOW, BERLIN) is expected


def test_a_date_is_a_day_in_the_sites_zone_also_when_it_was_stored_as_utc() -> None:
    article = Article(
        title="Titel", source="s", published=berlin(2026, 3, 5).astimezone(UTC), date_only=True
    )  # the 4th, in UTC
    assert falls_in(article, NOW, WINDOW, NOW, BERLIN)


def test_a_window_that_ends_at_midnight_does_not_touch_the_next_day() -> None:
    window = Window(berlin(2026, 3, 5).astimezone(UTC), berlin(2026, 3, 6).astimezone(UTC))
    days = [date(2026, 3, 4), date(2026, 3, 5), date(2026, 3, 6)]
    articles = [
        Article(title="T", source="s", published=berlin(day.year, day.month, day.day), date_only=True) for day in days
    ]
    assert [falls_in(article, NOW, window, NOW, BERLIN) for article in articles] == [False, True, False]


@pytest.mark.parametrize(
    ("first_seen", "now", "expected"),
    [
        pytest.param(berlin(2026, 3, 5, 20, 0), NOW, True, id="seen within the window"),
        pytest.param(berlin(2026, 3, 4, 20, 0), NOW, False, id="seen before it"),
        pytest.param(NOW, NOW, True, id="seen just now"),
        pytest.param(berlin(2026, 3, 6, 9, 0), berlin(2026, 3, 6, 9, 1), True, id="prepared late by hand"),
        pytest.param(berlin(2026, 3, 6, 6, 40), NOW, False, id="not seen yet"),
    ],
)
def test_an_undated_article_counts_as_published_when_it_was_first_seen(
    first_seen: datetime, now: datetime, expected: bool
) -> None:
    assert falls_in(Article(title="Titel", source="s"), first_seen, WINDOW, now, BERLIN) is expected
