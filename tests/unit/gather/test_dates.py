"""Dates as newsrooms write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.gather.dates import parse_date

BERLIN = ZoneInfo("Europe/Berlin")
DAY = (datetime(2025, 10, 17, tzinfo=BERLIN), True)
TIMED = (datetime(2025, 10, 17, 14, 5, tzinfo=BERLIN), False)


@pytest.mark.parametrize(
    "text",
    [
        "Oktober 17, 2025", "17. Oktober 2025", "17.10.2025", "17.10.25", "17. 10. 2025", "2025-10-17", "17/10/2025",
        "Freitag, 17. Oktober 2025", "Fr., 17.10.2025", "Fr 17. Okt. 2025", "17.Okt.2025", "Stand: 17.10.2025",
        "Veröffentlicht am 17. Oktober 2025", "Veröffentlicht am Freitag, den 17. Oktober 2025", "vom 17. Oktober 2025",
        "Oct 17, 2025", "October 17th, 2025", "17 October 2025", "20251017", "2025-10-17Z", " 17.\u00a0Oktober 2025 ",
        "17. Oktober 2025 | Aktualisiert am 18. Oktober 2025", "17 octobre 2025", "17 de octubre de 2025",
    ],
)  # fmt: skip
def test_a_day(text: str) -> None:
    assert parse_date(text, BERLIN) == DAY


@pytest.mark.parametrize(
    "text",
    [
        "17.10.2025, 14:05 Uhr", "Fr, 17. Okt. 2025, 14.05 Uhr", "Freitag, 17. Oktober 2025 um 14:05 Uhr",
        "Stand: 17.10.2025, 14.05 Uhr", "17.10.25 14:05", "17. Oktober 2025 – 14:05", "Oktober 17, 2025 um 2:05 pm",
        "2025-10-17T14:05", "2025-10-17 14:05:00", "2025-10-17T14:05:00+02:00", "2025-10-17T12:05:00Z",
        "2025-10-17t12:05:00.000z", "20251017T120500Z", "2025-10-17 14:05:00 +0200", "2025-10-17T14:05+02",
        "Fri, 17 Oct 2025 14:05:00 +0200", "Fri, 17 Oct 2025 12:05:00 GMT", "17 Oct 25 08:05 EDT",
        "Fri Oct 17 14:05:00 2025",
        "Fri, 17 Oct 2025 14:05:00 +0200 (CEST)", "Fri, 17 Oct 2025 12:05:00 -0000", "17.10.2025, 14:05 Uhr MESZ",
        "17.10.2025, 14:05 Uhr (aktualisiert: 18.10.2025, 9 Uhr)", "17. Oktober 2025, 14h05",
    ],
)  # fmt: skip
def test_a_moment(text: str) -> None:
    assert parse_date(text, BERLIN) == TIMED


@pytest.mark.parametrize(
    ("text", "month"),
    [("3. Jänner 2025", 1), ("3. Feber 2025", 2), ("3. März 2025", 3), ("3. Maerz 2025", 3), ("Mrz 3, 2025", 3),
     ("Mai 3, 2025", 5), ("3. Sept. 2025", 9), ("3. DEZEMBER 2025", 12)],
)  # fmt: skip
def test_months(text: str, month: int) -> None:
    assert parse_date(text, BERLIN) == (datetime(2025, month, 3, tzinfo=BERLIN), True)


@pytest.mark.parametrize(
    "text",
    [
        "", "2025", "Oktober 2025", "17. Oktober", "morgen", "vor 3 Stunden", "heute, 14:05 Uhr", "31.02.2025",
        "32.1.2025",
        "17.13.2025", "0000-00-00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "2025-10-17T25:00:00",
        "17. Oktober 2025, 25 Uhr", "Am 17. Oktober 2025 traf sich der Rat", "17. Oktober 2025 war ein guter Tag",
        "17 Menschen 2025", "Version 1.10.25", "1.2.3", "17.10.2025 14:05 Irgendwo", "Fri, 17 Oct 2025 14:05 +9999",
        "17.10.2025" * 20, "\0", "١٧",
    ],
)  # fmt: skip
def test_no_date(text: str) -> None:
    assert parse_date(text, BERLIN) is None


def test_times_that_the_clock_skips_or_that_end_a_day() -> None:
    assert parse_date("30.03.2025, 02:30 Uhr", BERLIN) == (datetime(2025, 3, 30, 3, 30, tzinfo=BERLIN), False)
    assert parse_date("31.12.2025, 24 Uhr", BERLIN) == (datetime(2026, 1, 1, tzinfo=BERLIN), False)


def test_what_names_no_zone_is_meant_in_the_zone_given() -> None:
    vienna = parse_date("17.10.2025, 14:05", ZoneInfo("America/New_York"))
    assert vienna is not None
    assert vienna[0].astimezone(UTC) == datetime(2025, 10, 17, 18, 5, tzinfo=UTC)


@given(st.text(max_size=150) | st.from_regex(r"[\w.,: +/-]{1,40}"))
def test_never_raises(text: str) -> None:
    found = parse_date(text, BERLIN)
    assert found is None or found[0].utcoffset() is not None


@given(st.dates(date(1970, 1, 2), date(2099, 12, 31)), st.times(), st.integers(-12 * 60, 14 * 60))
def test_rfc_3339_comes_back(day: date, clock: time, minutes: int) -> None:
    sign, span = "-" if minutes < 0 else "+", abs(minutes)
    text = f"{day}T{clock.replace(microsecond=0)}{sign}{span // 60:02}:{span % 60:02}"
    found = parse_date(text, BERLIN)
    assert found is not None
    # Compared as moments: Python calls datetimes of two zones unequal in the hour that a clock change repeats.
    assert (found[0].timestamp(), found[1]) == (datetime.fromisoformat(text).timestamp(), False)


@given(st.dates(date(1970, 1, 2), date(2099, 12, 31)))
def test_numbers_come_back(day: date) -> None:
    expected = (datetime.combine(day, datetime.min.time(), BERLIN), True)
    assert parse_date(f"{day:%d.%m.%Y}", BERLIN) == expected
    assert parse_date(day.isoformat(), BERLIN) == expected
    assert expected[0] + timedelta(days=1) > expected[0]
