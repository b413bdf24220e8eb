"""Times as other programs write them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.csv_times import read_time

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2024, 5, 31, 12, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2024-05-31 14:05",
        "2024-05-31T12:05:00Z",
        "2024-05-31 12:05:00+00:00",
        "2024-05-31 14:05:00.000000 +0200 CEST",
        "2024-05-31 12:05:00 +0000 UTC",
        "1717157100",
        "1717157100000",
        "31.05.2024 14:05",
        "31.05.24, 14:05",
        "31.5.2024 - 14.05 Uhr",
        "31.05.2024 um 14:05 Uhr",
        "31/05/2024 14:05:00",
        "31-05-2024 14:05",
        "31.05.24 2:05 pm",
        " 31.05.2024 14:05 ",
    ],
)
def test_forms(text: str) -> None:
    assert read_time(text, zone=BERLIN) == NOON


@pytest.mark.parametrize(
    ("text", "month_first", "month", "day"),
    [
        ("5/6/24", True, 5, 6),
        ("5/6/24", False, 6, 5),
        ("13/6/2024", True, 6, 13),
        ("6/13/2024", False, 6, 13),
        ("05.06.2024", True, 6, 5),
    ],
)
def test_the_order_of_day_and_month(text: str, month_first: bool, month: int, day: int) -> None:
    found = read_time(text, zone=UTC, month_first=month_first)
    assert found == datetime(2024, month, day, tzinfo=UTC)


@pytest.mark.parametrize(("text", "year"), [("1.1.68", 2068), ("1.1.69", 1969), ("1.1.24", 2024)])
def test_years_of_two_digits(text: str, year: int) -> None:
    assert read_time(text, zone=UTC) == datetime(year, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("hour", ["12:05 am", "0:05"])
def test_midnight(hour: str) -> None:
    assert read_time(f"1.1.2024 {hour}", zone=UTC) == datetime(2024, 1, 1, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "gestern", "31.02.2024", "2024-13-01", "1.1.2024 25:00", "1.1.2024 13:00 pm", "ja"]
)
def test_no_time(text: str) -> None:
    assert read_time(text, zone=UTC) is None


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_none(text: str) -> None:
    found = read_time(text, zone=UTC)
    assert found is None or found.tzinfo is not None
