"""Times as other programs write them into their exports."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo

from subscribers.cleaning import clean_line

#: As Go prints a time: 2024-05-31 14:05:11.123456 +0200 CEST.
_GO = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)? ([+-]\d\d)(\d\d)(?: [A-Z0-9+-]+)?")
_UNIX = re.compile(r"\d{9,10}")
_MILLISECONDS = re.compile(r"\d{12,13}")
#: 31.05.2024, 5/31/24, 31-05-2024, and a time of day behind it.
_NUMBERS = re.compile(
    r"(?P<first>\d{1,2})(?P<sign>[./-])(?P<second>\d{1,2})(?P=sign)(?P<year>\d{4}|\d\d)"
    r"(?:(?:,? | - )(?:um )?(?P<hour>\d{1,2})[:.](?P<minute>\d\d)(?:[:.](?P<seconds>\d\d))?"
    r" ?(?P<half>[ap]\.?m\.?)?(?: Uhr)?)?",
    re.IGNORECASE | re.ASCII,
)


def read_time(text: str, *, zone: tzinfo, month_first: bool = False) -> datetime | None:
    """The time that `text` is, or None. One without a zone is `zone`'s.

    Takes ISO 8601, Unix times, what Go prints, and numbers in the German, British and American order; `month_first`
    decides between the last two where both are possible. A year of two digits is one from 1969 to 2068.
    """
    text = clean_line(text)
    if found := _GO.fullmatch(text):
        text = f"{found[1]}{found[2]}:{found[3]}"
    try:
        if _UNIX.fullmatch(text):
            return datetime.fromtimestamp(int(text), UTC)
        if _MILLISECONDS.fullmatch(text):
            return datetime.fromtimestamp(int(text) // 1000, UTC)
        at = _from_numbers(found, month_first) if (found := _NUMBERS.fullmatch(text)) else datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=zone)


def _from_numbers(found: re.Match[str], month_first: bool) -> datetime:
    day, month = int(found["first"]), int(found["second"])
    if found["sign"] == "/" and (day <= 12 if month_first else month > 12):
        day, month = month, day
    year = int(found["year"])
    if len(found["year"]) == 2:
        year += 2000 if year < 69 else 1900
    hour, half = int(found["hour"] or 0), (found["half"] or "")[:1].lower()
    if half:
        if not 1 <= hour <= 12:
            raise ValueError(found[0])
        hour = hour % 12 + (12 if half == "p" else 0)
    return datetime(year, month, day, hour, int(found["minute"] or 0), int(found["seconds"] or 0))  # noqa: DTZ001, the caller adds it
