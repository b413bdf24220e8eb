"""Counts over time: gathered into columns, kept, and drawn."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, update

from digest.model.delivery import DeliveryState
from digest.storage.counts import count_again
from digest.storage.tables import deliveries
from digest.tasks.edition_figures import FiguresBook, series
from digest.web.newsroom.chart import column_chart, width_word
from subscribers.events import record_event
from subscribers.model import EventKind

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 3, 6, 5, 30, tzinfo=UTC)
MINUTES = st.dictionaries(
    st.integers(min_value=0, max_value=400_000).map(lambda minute: START + timedelta(minutes=minute)),
    st.integers(min_value=1, max_value=10**6),
    max_size=60,
)


@given(MINUTES)
def test_nothing_is_lost_and_there_are_never_too_many_columns(minutes: dict[datetime, int]) -> None:
    made = series(minutes, BERLIN)
    assert made.total == sum(minutes.values())
    assert len(made.columns) in ({0} if not minutes else range(12, 41))
    for before, after in zip(made.columns, made.columns[1:], strict=False):
        assert after.start - before.start == made.width
    if minutes:
        assert made.columns[0].start <= min(minutes)
        assert made.most <= made.total


def test_columns_begin_on_the_clock_of_the_newsroom() -> None:
    made = series({START + timedelta(minutes=7): 1, START + timedelta(hours=19): 2}, BERLIN)
    assert made.width == timedelta(minutes=30)
    assert made.columns[0].start.astimezone(BERLIN).strftime("%H:%M") == "06:30"


def test_the_night_of_the_clock_change_loses_no_hour() -> None:
    before, after = datetime(2026, 10, 24, 22, 0, tzinfo=UTC), datetime(2026, 10, 25, 6, 0, tzinfo=UTC)
    made = series({before: 3, after: 4}, BERLIN)
    assert made.total == 7
    assert made.columns[0].start == before


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(1, "1 Minute"), (15, "15 Minuten"), (60, "1 Stunde"), (120, "2 Stunden"), (1440, "1 Tag"), (10080, "7 Tagen")],
)
def test_a_width_in_words(minutes: int, said: str) -> None:
    assert width_word(timedelta(minutes=minutes)) == said


@given(MINUTES)
def test_a_picture_is_well_formed_and_fits(minutes: dict[datetime, int]) -> None:
    drawn = column_chart(series(minutes, BERLIN), 'Rück"läufer <b>')
    if not minutes:
        assert drawn == ""
        return
    root = ElementTree.fromstring(drawn)  # noqa: S314, our own
    assert root.get("role") == "img"
    assert 'Rück"läufer <b>' in (root.get("aria-label") or "")
    for column in root:
        x, y, width, height = (float(column.get(name, "")) for name in ("x", "y", "width", "height"))
        assert 0 <= x <= x + width <= 600
        assert y >= 0
        assert 0 < height <= 100


def test_figures_of_an_edition(make_app: Any, now: Any) -> None:
    app = make_app()
    book = FiguresBook()
    with app.database.write() as connection:
        from digest.storage.editions import regular_edition

        number = regular_edition(connection, "morgen", app.today(), now()).number
        row = {"edition_id": number, "reason": "", "reply": "", "attempts": 1, "choice": b"\0"}
        rows = [(0, DeliveryState.SUBMITTED), (0, DeliveryState.SUBMITTED), (90, DeliveryState.SUBMITTED)]
        rows += [(5, DeliveryState.REJECTED), (0, DeliveryState.QUEUED)]
        for person, (seconds, state) in enumerate(rows):
            settled = None if state is DeliveryState.QUEUED else now() + timedelta(seconds=seconds)
            values = row | {"subscriber_id": person, "state": state, "settled_at": settled}
            connection.execute(insert(deliveries).values(values))
        count_again(connection, number)
        record_event(connection, EventKind.UNSUBSCRIBED, at=now(), subscriber_id=1, edition_id=number)
        record_event(connection, EventKind.UNSUBSCRIBED, at=now(), subscriber_id=2, edition_id=number + 1)
    read = book.read(app.database, number, BERLIN)
    assert [column.count for column in read.submitted.columns][:3] == [2, 1, 0]
    assert read.submitted.columns[0].start == now()
    assert (read.unsubscribed.total, read.bounced.total, read.complained.total) == (1, 0, 0)
    assert book.read(app.database, number, BERLIN) == read
    with app.database.write() as connection:
        changed = update(deliveries).where(deliveries.c.state == DeliveryState.QUEUED)
        connection.execute(changed.values(state=DeliveryState.SUBMITTED, settled_at=now()))
        count_again(connection, number)
    assert book.read(app.database, number, BERLIN).submitted.total == 4
