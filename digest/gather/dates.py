"""Dates as German newsrooms, feeds and pages write them -> one aware moment. Rules first, dateparser last."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

#: Longer than any date anybody writes; keeps hostile text away from the expressions below.
MAX_CHARS = 120

_MONTH_NAMES = (
    "januar jan jänner jaenner january",
    "februar feb febr feber february",
    "märz maerz mär mrz march mar",
    "april apr",
    "mai may",
    "juni jun june",
    "juli jul july",
    "august aug",
    "september sept sep",
    "oktober okt october oct",
    "november nov",
    "dezember dez december dec",
)
#: German, Austrian and English names, long and short, in small letters -> 1 to 12.
MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}

#: Zone names that the mail standards (RFC 5322, 4.3) and Europeans write -> hours from UTC.
_ZONES = {
    name: float(hours)
    for hours, names in {
        -8: "pst",
        -7: "pdt mst",
        -6: "mdt cst",
        -5: "cdt est",
        -4: "edt",
        0: "z ut utc gmt wet",
        1: "mez cet west bst",
        2: "mesz cest eet",
        3: "eest msk",
    }.items()
    for name in names.split()
}

_LEAD_IN = re.compile(
    r"(?:(?:zuletzt|letzte|erst)\s+)?(?:stand|datum|veröffentlicht|veroeffentlicht|veröffentlichung|publiziert"
    r"|erschienen|erstellt|aktualisiert|aktualisierung|geändert|änderung|update|updated|published|posted|date)"
    r"(?:\s+(?:am|vom|on))?\s*:?\s+|(?:vom|am|den|on)\s+",
    re.IGNORECASE,
)
_SECOND_DATE = re.compile(
    r"\s*[,;|·•(/–-]?\s*(?:(?:zuletzt|letzte|last)\s+)?(?:aktualisiert|aktualisierung|geändert|update|updated)\b",
    re.IGNORECASE,
)
_WEEKDAY = re.compile(
    r"(?:(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|sonnabend|(?:mon|tues|wednes|thurs|fri|satur|sun)day"
    r"|mo|di|mi|do|fr|sa|so|mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun)\b\.?,?\s*",
    re.IGNORECASE,
)
_WORD = r"(?P<word>[^\W\d_]{3,9})\.?"
_DATES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?P<day>\d{{1,2}})\s?(?:\.|st|nd|rd|th)?[\s-]*{_WORD}[\s,-]*(?P<year>\d{{4}}|\d{{2}})(?!\d|[:.]\d)",
        rf"{_WORD}\s*(?P<day>\d{{1,2}})(?:\.|st|nd|rd|th)?,?\s+(?P<year>\d{{4}})(?!\d|[:.]\d)",
        r"(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>\d{4}|\d{2})(?![\d:])",
        r"(?P<day>\d{1,2})(?P<cut>[/-])(?P<month>\d{1,2})(?P=cut)(?P<year>\d{4}|(?<=/)\d{2})(?![\d:])",
        r"(?P<year>\d{4})(?P<cut>[-/.])(?P<month>\d{1,2})(?P=cut)(?P<day>\d{1,2})(?!\d)",
    )
)
#: What C's asctime() writes, as in HTTP (RFC 9110, 5.6.7): the year stands last.
_ASCTIME = re.compile(
    rf"{_WORD}\s+(?P<day>\d{{1,2}})\s+(?P<clock>\d\d:\d\d(?::\d\d)?)\s+(?P<year>\d{{4}})", re.IGNORECASE
)
_CLOCK = re.compile(
    r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?(?:\s?(?:uhr|h)\b)?|\s?uhr\b)"
    r"(?:\s?(?P<half>[ap])\.?m\b\.?)?",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\s*(?:[,;|·•–/-]\s*)?(?:(?:um|gegen|at|ab)\s+|t(?=\d))?", re.IGNORECASE)
_OFFSET = re.compile(r"(?:(?:utc|gmt)\s?)?(?P<sign>[+−-])(?P<hours>\d{2}):?(?P<minutes>\d{2})?", re.IGNORECASE)
_ISO = re.compile(
    r"\d{4}-?\d{2}-?\d{2}[Tt]\d{2}(?::?\d{2}){0,2}(?:[.,]\d+)?(?P<zone>\s?(?:[Zz]|[+-]\d{2}(?::?\d{2})?))?"
)
_COMPACT = re.compile(r"(?:19|20)\d{6}")
_FOREIGN = re.compile(r"\d{1,2}\W{1,3}(?:de\s)?[^\W\d_]{3,12}\W{1,3}(?:de\s)?\d{4}(?:\D{0,6}\d{1,2}:\d{2}(?::\d{2})?)?")


def parse_date(text: str, zone: ZoneInfo) -> tuple[datetime, bool] | None:
    """The moment that `text` names, in `zone`, and whether only its date is known (then midnight); None for no date.

    Understands German and English dates, RFC 5322 and RFC 3339; what names no zone is meant in `zone`. The whole
    text must be the date: a sentence that has one in it is none. Never raises.
    """
    if len(text) > MAX_CHARS:
        return None
    cleaned = " ".join(unicodedata.normalize("NFKC", text).split()).strip(" ,;|·•")
    if not any(letter.isdigit() for letter in cleaned):
        return None
    try:
        return _parse(cleaned, zone)
    except (ValueError, OverflowError):
        return None


def _parse(text: str, zone: ZoneInfo) -> tuple[datetime, bool] | None:
    text = re.sub(r"\[[\w/]+\]$", "", text)
    if _ISO.fullmatch(text):
        return _iso(text, zone), False
    if _COMPACT.fullmatch(text):
        return _moment(date.fromisoformat(text), None, zone, zone)
    bare = text
    for pattern in (_LEAD_IN, _LEAD_IN, _WEEKDAY, _LEAD_IN):
        found = pattern.match(bare)
        bare = bare[found.end() :] if found else bare
    if (second := _SECOND_DATE.search(bare)) and second.start():
        if _written(_LEAD_IN.sub("", bare[second.start() :].strip(" ,;|·•(/–-)"), count=1), zone) is None:
            return None
        bare = bare[: second.start()]
    return _written(bare, zone) or _foreign(bare, zone)


def _iso(text: str, zone: ZoneInfo) -> datetime:
    """RFC 3339 and its relatives. A leap second counts as the second before it."""
    text = re.sub(r"(:\d{2}):60", r"\1:59", text.upper().replace(" ", ""))
    moment = datetime.fromisoformat(text)
    _check_year(moment.year)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(zone)


def _written(text: str, zone: ZoneInfo) -> tuple[datetime, bool] | None:
    """A written date, then perhaps a time and a zone, and nothing else."""
    if found := _ASCTIME.fullmatch(text):
        return _moment(_day(found), _clock(_CLOCK.fullmatch(found["clock"])), zone, zone)
    for pattern in _DATES:
        found = pattern.match(text)
        day = _day(found) if found else None
        if found is None or day is None:
            continue
        rest = text[found.end() :]
        between = _BETWEEN.match(rest)
        clock = _CLOCK.match(rest, between.end() if between else 0)
        written_zone = _zone(rest[clock.end() :] if clock else rest, zone)
        return None if written_zone is None else _moment(day, _clock(clock), written_zone, zone)
    return None


def _day(found: re.Match[str]) -> date | None:
    """The calendar day of a match; None where its word is no month or there is no such day."""
    parts = found.groupdict()
    month = MONTHS.get(parts["word"].lower()) if parts.get("word") else int(parts["month"])
    day, year = int(parts["day"]), int(parts["year"])
    if month is None:
        return None
    if month > 12 >= day and parts.get("cut") == "/":
        day, month = month, day
    if len(parts["year"]) == 2:
        year += 2000 if year < 70 else 1900
    _check_year(year)
    return date(year, month, day)


def _check_year(year: int) -> None:
    if not 1900 <= year < 2200:
        raise ValueError(f"no newspaper's year: {year}")


def _clock(found: re.Match[str] | None) -> timedelta | None:
    """The time of day as the span since midnight, so that 24.00 Uhr is the next day's beginning."""
    if found is None:
        return None
    hour, minute, second = int(found["hour"]), int(found["minute"] or 0), min(int(found["second"] or 0), 60)
    if found["half"]:
        if not 1 <= hour <= 12:
            raise ValueError("no hour of the clock's half")
        hour = hour % 12 + (12 if found["half"].lower() == "p" else 0)
    if minute > 59 or hour > 24 or (hour == 24 and minute + second):
        raise ValueError("no time of day")
    return timedelta(hours=hour, minutes=minute, seconds=min(second, 59))


def _zone(rest: str, zone: ZoneInfo) -> tzinfo | None:
    """The zone that `rest` names, `zone` where it is empty, None where it is anything else."""
    rest = (
        re.sub(r"\s*\([A-Za-z ]{1,40}\)$", "", rest) if rest.count("(") == 1 and _OFFSET.match(rest.strip()) else rest
    )
    name = rest.strip(" .,;|()").lower()
    if not name:
        return zone
    if name in _ZONES:
        return timezone(timedelta(hours=_ZONES[name]))
    if found := _OFFSET.fullmatch(name):
        span = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"] or 0))
        return timezone(span if found["sign"] == "+" else -span)
    return None


def _moment(day: date | None, clock: timedelta | None, written: tzinfo, zone: ZoneInfo) -> tuple[datetime, bool] | None:
    if day is None:
        return None
    if clock is None:
        return datetime.combine(day, time(), zone), True
    day += timedelta(days=clock.days)
    at = time(clock.seconds // 3600, clock.seconds // 60 % 60, clock.seconds % 60)
    moment = datetime.combine(day, at, written)
    # By way of UTC, so that a time that the clock change skips becomes one that exists.
    return moment.astimezone(UTC).astimezone(zone), False


def _foreign(text: str, zone: ZoneInfo) -> tuple[datetime, bool] | None:
    """Other languages' months, by dateparser, which is slow to load: only for what is a day, a word and a year."""
    if not _FOREIGN.fullmatch(text):
        return None
    import dateparser

    moment = dateparser.parse(
        text,
        languages=["fr", "it", "es", "nl", "pl", "da", "sv", "pt", "cs", "tr"],
        settings={
            "STRICT_PARSING": True,
            "REQUIRE_PARTS": ["day", "month", "year"],
            "PARSERS": ["absolute-time"],
            "DATE_ORDER": "DMY",
            "RETURN_AS_TIMEZONE_AWARE": False,
        },
    )
    if moment is None:
        return None
    _check_year(moment.year)
    return moment.replace(tzinfo=zone), ":" not in text
