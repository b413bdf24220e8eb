"""A newsletter's timetable."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model.newsletter import Newsletter, read_time, read_weekdays

BERLIN = ZoneInfo("Europe/Berlin")


def newsletter(**values: object) -> Newsletter:
    return Newsletter(slug="morgen", name="Der Morgen", lists=("morgen",), **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"), [("06:30", time(6, 30)), ("00:00", time()), ("23:59", time(23, 59)), ("09:05", time(9, 5))]
)
def test_clock(text: str, expected: time) -> None:
    assert read_time(text) == expected


@pytest.mark.parametrize(
    "text", ["", "6:30", "24:00", "12:60", "06.30", "06:30:00", " 06:30", "06:30\n", "0630", "-1:00"]
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time such as 06:30"):
        read_time(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("daily", set(range(7))),
        ("mon", {0}),
        ("mon,wed,sat", {0, 2, 5}),
        ("mon, wed", {0, 2}),
        ("fri-mon", {4, 5, 6, 0}),
        ("mon-mon", {0}),
        ("sat-sun,wed", {2, 5, 6}),
        ("Mon-Fri", {0, 1, 2, 3, 4}),
    ],
)
def test_weekdays(text: str, expected: set[int]) -> None:
    assert read_weekdays(text) == expected


@pytest.mark.parametrize("text", ["", "montag", "mon-", "-mon", "mon,,tue", "mon,", "mon-tue-wed", "1-5", "every day"])
def test_what_names_no_days(text: str) -> None:
    with pytest.raises(ValueError, match="names no days"):
        read_weekdays(text)


@pytest.mark.parametrize(
    ("at", "day", "utc"),
    [
        ("06:30", date(2027, 1, 15), "2027-01-15T05:30"),
        ("06:30", date(2027, 7, 15), "2027-07-15T04:30"),
        ("06:30", date(2027, 3, 28), "2027-03-28T04:30"),
        ("02:30", date(2027, 3, 27), "2027-03-27T01:30"),
        pytest.param("02:30", date(2027, 3, 28), "2027-03-28T01:30", id="does not exist: 03:30"),
        pytest.param("02:30", date(2027, 10, 31), "2027-10-31T00:30", id="comes twice: the first"),
        ("03:00", date(2027, 10, 31), "2027-10-31T02:00"),
        ("00:00", date(2027, 10, 31), "2027-10-30T22:00"),
    ],
)
def test_when_an_edition_is_due(at: str, day: date, utc: str) -> None:
    due = newsletter(at=at).sends_at(day, BERLIN)
    assert due.astimezone(UTC) == datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert due.tzinfo is BERLIN


@pytest.mark.parametrize(
    ("values", "day", "utc"),
    [
        ({}, date(2027, 1, 15), "2027-01-15T05:00"),
        ({"at": "00:10"}, date(2027, 1, 15), "2027-01-14T22:40"),
        ({"prepare_at": "05:00"}, date(2027, 1, 15), "2027-01-15T04:00"),
        ({"prepare_at": "06:30"}, date(2027, 1, 15), "2027-01-15T05:30"),
        pytest.param({"prepare_at": "22:00"}, date(2027, 1, 15), "2027-01-14T21:00", id="the evening before"),
        pytest.param({"at": "03:15"}, date(2027, 3, 28), "2027-03-28T00:45", id="over the gap"),
        pytest.param({"at": "02:30"}, date(2027, 3, 28), "2027-03-28T01:00", id="in the gap"),
        pytest.param({"prepare_at": "02:15"}, date(2027, 3, 28), "2027-03-28T01:15", id="prepared in the gap"),
    ],
)
def test_when_an_edition_is_prepared(values: dict[str, str], day: date, utc: str) -> None:
    prepared = newsletter(**values).prepares_at(day, BERLIN)
    assert prepared.astimezone(UTC) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.times(), st.one_of(st.none(), st.times()))
def test_an_edition_is_prepared_before_it_is_due_and_within_a_day(day: date, at: time, prepare_at: time | None) -> None:
    wanted = newsletter(at=f"{at:%H:%M}", prepare_at=f"{prepare_at:%H:%M}" if prepare_at else "")
    ahead = wanted.sends_at(day, BERLIN).astimezone(UTC) - wanted.prepares_at(day, BERLIN).astimezone(UTC)
    assert timedelta() <= ahead <= timedelta(hours=25)
