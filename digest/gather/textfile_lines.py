"""The lines of a page that was saved as plain text, and what a single line says of itself. Pure."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec

from digest.gather.byline import read_byline
from digest.gather.coins import KNOWN, ticker_coins
from digest.gather.dates import parse_date
from digest.gather.furniture import is_credit_label, is_furniture, read_credit, split_related
from digest.gather.lines import split_lines

#: Bounds for hostile files, in lines and characters.
MAX_LINES = 5_000
MAX_CHARS = 2_000_000
#: From here on a line is a paragraph, in characters.
LONG = 120
_DOMAIN = re.compile(r"(?:https?://)?(?:www\.)?(?P<site>(?:[\w-]+\.)+(?:[a-z]{2,12}))/?(?:\s+[|–-].*)?", re.IGNORECASE)
_URL = re.compile(r"(?:(?:url|link|quelle|artikel|original|permalink)\s*:\s*)?(?P<url>https?://\S+)", re.IGNORECASE)
_TOPICS = re.compile(
    r"(?:kategorien?|ressort|rubrik|themen?|schlagw[oö]rter|schlagwort|tags?|stichw[oö]rter)\s*:\s*(?P<names>.{2,150})",
    re.IGNORECASE,
)
_SOURCE_LINE = re.compile(r"quellen?\s*:\s*.{2,80}", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?…][“”\"»«)\]’‘']*$")
_DATELINE_CUT = re.compile(r"\s*[|·•–—,;/]\s*|\s+-\s+|\s+(?:(?=von\s)|(?:am|vom)\s+)")


class Line(msgspec.Struct, frozen=True):
    """One line with text; `gap` says whether an empty line stands before it."""

    text: str
    gap: bool


class Findings(msgspec.Struct):
    """What the sorted lines have yielded so far."""

    title: str = ""
    kicker: str = ""
    names: list[str] = []
    published: tuple[datetime, bool] | None = None
    credit: str = ""
    site: str = ""
    url: str | None = None
    coins: list[str] = []
    topics: list[str] = []
    related: list[str] = []
    #: Lines of the page's head: wherever they come again they are furniture.
    seen: set[str] = set()


def read_lines(text: str) -> list[Line]:
    lines: list[Line] = []
    gap = True
    for line in split_lines(text)[: MAX_LINES * 4]:
        if line:
            lines.append(Line(line, gap))
        gap = not line
    return lines[:MAX_LINES]


def unwrapped(lines: list[Line]) -> list[Line]:
    """Hard-wrapped paragraphs joined again, where the lines are wrapped; else the lines as they are."""
    width = max((len(line.text) for line in lines), default=0)
    inner = [line for line, after in pairwise(lines) if not after.gap]
    torn = [line for line in inner if len(line.text) > width * 0.6 and not _SENTENCE_END.search(line.text)]
    if not 40 <= width <= LONG or len(torn) * 3 < len(inner) * 2 or not torn:
        return lines
    joined: list[Line] = []
    full = False
    for line in lines:
        if joined and full and not line.gap:
            joined[-1] = Line(f"{joined[-1].text} {line.text}", joined[-1].gap)
        else:
            joined.append(line)
        full = len(line.text) > width * 0.6
    return joined


def is_sentence(text: str) -> bool:
    return len(text) >= LONG or (bool(_SENTENCE_END.search(text)) and len(text.split()) >= 4)


def read_dateline(text: str, zone: ZoneInfo) -> tuple[tuple[datetime, bool], tuple[str, ...]] | None:
    """The date of a line that holds a date, perhaps with the authors beside it; None for any other line."""
    if len(text) > LONG:
        return None
    if date := parse_date(text, zone):
        return date, ()
    for cut in _DATELINE_CUT.finditer(text):
        for written, beside in ((text[: cut.start()], text[cut.end() :]), (text[cut.end() :], text[: cut.start()])):
            date = parse_date(written, zone)
            if date is None:
                continue
            names = read_byline(beside)
            if names or is_furniture(beside) or _DOMAIN.fullmatch(beside):
                return date, () if is_furniture(beside) or _DOMAIN.fullmatch(beside) else names
    return None


def read_site(text: str) -> str:
    """The site of a line that is a domain ("zeitung.example", "www.zeitung.example | Startseite"), else ""."""
    found = _DOMAIN.fullmatch(text)
    return found["site"] if found else ""


def is_marked(text: str) -> bool:
    """Lines that say themselves what they are, and so are no headline."""
    return bool(
        ticker_coins(text)
        or is_furniture(text)
        or _DOMAIN.fullmatch(text)
        or _URL.fullmatch(text)
        or _TOPICS.fullmatch(text)
        or read_credit(text)
        or is_credit_label(text)
        or split_related(text) == ("", ())
    )


def read_marked(text: str, found: Findings) -> bool:
    """Take what a line says by its label; True where nothing is left of it for the text."""
    if coins := ticker_coins(text):
        known = any(coin in KNOWN for coin in coins)
        found.coins.extend(coins if known else ())
        return known
    if credit := read_credit(text):
        found.credit = found.credit or credit
        return True
    if address := _URL.fullmatch(text):
        found.url = found.url or address["url"].rstrip(".,;)")
        return True
    if topics := _TOPICS.fullmatch(text):
        if is_sentence(text):
            return False
        found.topics.extend(name.strip(" #") for name in re.split(r"[,;|]", topics["names"]) if name.strip(" #"))
        return True
    if site := _DOMAIN.fullmatch(text):
        found.site = found.site or site["site"]
        return True
    return is_furniture(text) or bool(_SOURCE_LINE.fullmatch(text))
