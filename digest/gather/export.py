"""One article exported as plain text, as a browser saves a page: its lines sorted into what they are. Pure."""

from __future__ import annotations

import re
import statistics
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec

from digest.gather.byline import join_names, read_byline
from digest.gather.coins import KNOWN, coins_in, ticker_coins
from digest.gather.dates import parse_date
from digest.gather.furniture import (
    is_credit_label,
    is_furniture,
    read_credit,
    split_credit,
    split_related,
)
from digest.gather.lines import split_lines
from digest.model.article import Article

#: Bounds for hostile files, in lines and characters.
MAX_LINES = 5_000
MAX_CHARS = 2_000_000

_HEADER_LINES = 30
_LONG = 120
_DOMAIN = re.compile(r"(?:https?://)?(?:www\.)?(?P<site>(?:[\w-]+\.)+(?:[a-z]{2,12}))/?(?:\s+[|–-].*)?", re.IGNORECASE)
_URL = re.compile(r"(?:(?:url|link|quelle|artikel|original|permalink)\s*:\s*)?(?P<url>https?://\S+)", re.IGNORECASE)
_TOPICS = re.compile(
    r"(?:kategorien?|ressort|rubrik|themen?|schlagw[oö]rter|schlagwort|tags?|stichw[oö]rter)\s*:\s*(?P<names>.{2,150})",
    re.IGNORECASE,
)
_SOURCE_LINE = re.compile(r"quellen?\s*:\s*.{2,80}", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?…][“”\"»«)\]’‘']*$")
_DATELINE_CUT = re.compile(r"\s*[|·•–—,;/]\s*|\s+-\s+|\s+(?:(?=von\s)|(?:am|vom)\s+)")
_LOOSE_AND = re.compile(r"^(?:und|&|,)\s+|\s+(?:und|&)$|,$")


class Line(msgspec.Struct, frozen=True):
    """One line with text; `gap` says whether an empty line stands before it."""

    text: str
    gap: bool


class _Findings(msgspec.Struct):
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


def read_text(text: str, *, source: str, zone: ZoneInfo) -> Article | None:
    """The article that `text` holds, or None where it has no title or no text.

    Expects the page from top to bottom, one paragraph a line (or hard-wrapped between empty lines): ticker, site and
    slogan, title, date, authors, lead, body, picture credit, related titles; any of them may be missing.
    """
    if "\0" in text or len(text) > MAX_CHARS:
        return None
    lines = _read_lines(text)
    found = _Findings()
    at = _find_title(lines, zone)
    if at is None:
        return None
    found.title = _unquoted(lines[at].text)
    _read_head(lines[:at], found, zone)
    rest, adjacent = _read_byline_zone(_unwrapped(lines[at + 1 :]), found, zone)
    paragraphs = _read_body(rest, found, zone)
    lead, body = _split_lead(paragraphs, adjacent=adjacent)
    if not body and not lead:
        return None
    named = coins_in(" ".join((found.title, lead, *body)))
    return Article(
        title=found.title,
        source=source,
        kicker=found.kicker,
        lead=lead,
        body=body,
        author=join_names(found.names),
        published=found.published[0] if found.published else None,
        date_only=bool(found.published and found.published[1]),
        url=found.url,
        image_credit=found.credit,
        topics=tuple(dict.fromkeys(found.topics)),
        related=tuple(dict.fromkeys(found.related)),
        site=found.site,
        coins=tuple(dict.fromkeys(found.coins)) or named,
    )


def _read_lines(text: str) -> list[Line]:
    lines: list[Line] = []
    gap = True
    for line in split_lines(text)[: MAX_LINES * 4]:
        if line:
            lines.append(Line(line, gap))
        gap = not line
    return lines[:MAX_LINES]


def _key(text: str) -> str:
    """What makes two lines the same line: letters and digits, in small letters."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _unquoted(title: str) -> str:
    return re.sub(r"^(?:titel|überschrift|schlagzeile|headline)\s*:\s*", "", title, flags=re.IGNORECASE)


def _is_sentence(text: str) -> bool:
    return len(text) >= _LONG or (bool(_SENTENCE_END.search(text)) and len(text.split()) >= 4)


def _dateline(text: str, zone: ZoneInfo) -> tuple[tuple[datetime, bool], tuple[str, ...]] | None:
    """The date of a line that holds a date, perhaps with the authors beside it; None for any other line."""
    if len(text) > _LONG:
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


def _is_marked(text: str) -> bool:
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


def _find_title(lines: list[Line], zone: ZoneInfo) -> int | None:
    """Where the headline stands: the line that comes twice at the top, else the last one before date and authors."""
    head = list(range(min(len(lines), _HEADER_LINES)))
    dated = next((index for index in head if _dateline(lines[index].text, zone)), None)
    end = next((index for index in head if len(lines[index].text) >= _LONG * 1.5), len(head))
    end = min(end, dated + 4 if dated is not None else end)
    plain = [index for index in head[:end] if not _is_marked(lines[index].text) and index != dated]
    keys = {index: _key(lines[index].text) for index in plain}
    twice = [index for index in plain if any(keys[index] == keys[other] for other in plain if other < index)]
    if twice:
        longest = max((keys[index] for index in twice), key=len)
        return max(index for index in twice if keys[index] == longest)
    before = [index for index in plain if dated is None or index < dated]
    titles = [index for index in before if not read_byline(lines[index].text)] or before
    if dated is None:
        # Without a date the lead may follow at once: it ends like a sentence, a headline hardly ever does.
        titles = [index for index in titles if not lines[index].text.endswith(".")] or titles
        first = next((index for index in head if _is_sentence(lines[index].text)), end)
        titles = [index for index in titles if index < first] or titles[:1]
    if titles:
        return titles[-1]
    after = [index for index in plain if dated is not None and index > dated and not read_byline(lines[index].text)]
    return after[0] if after else None


def _read_head(lines: list[Line], found: _Findings, zone: ZoneInfo) -> None:
    """What stands above the headline: ticker, site, slogan, perhaps the date; none of it belongs to the article."""
    title = _key(found.title)
    after_title = False
    for line in lines:
        found.coins.extend(ticker_coins(line.text))
        found.seen.add(_key(line.text))
        site = _DOMAIN.fullmatch(line.text)
        dated = _dateline(line.text, zone)
        if site and not found.site:
            found.site = site["site"]
        elif dated and found.published is None:
            found.published, names = dated
            found.names.extend(names)
        elif _key(line.text).startswith(title):
            after_title = True
        elif after_title and not _is_marked(line.text) and len(line.text) <= 80:
            found.kicker = line.text
    plain = [line.text for line in lines if not _is_marked(line.text) and _key(line.text) != title]
    if not found.site and len(plain) >= 2 and len(plain[0].split()) <= 3:
        found.site = plain[0]


def _read_byline_zone(lines: list[Line], found: _Findings, zone: ZoneInfo) -> tuple[list[Line], bool]:
    """Date and authors below the headline -> the lines after them, and whether the first follows without a gap."""
    dated = credit_next = named = False
    gaps = 0
    for index, line in enumerate(lines):
        text = line.text
        loose = _LOOSE_AND.sub("", text).strip()
        date = _dateline(text, zone)
        follows = lines[index + 1 : index + 2]
        if credit_next:
            found.credit, credit_next = found.credit or text, False
        elif date:
            found.published = found.published or date[0]
            found.names.extend(date[1])
            dated, named = True, bool(date[1])
            gaps += line.gap and index > 0
        elif _key(text) == _key(found.title) or _key(text) in found.seen or _read_marked(text, found):
            continue
        elif is_credit_label(text):
            credit_next = True
        elif (names := read_byline(loose)) and follows and _is_author(names, text, dated=dated and not found.names):
            if found.names and not named and not date:
                return lines[index:], not line.gap
            found.names.extend(names)
            named = True
            gaps += line.gap and dated
        elif not _is_sentence(text) and len(text.split()) <= 3 and follows:
            continue
        else:
            return lines[index:], not line.gap and gaps == 0
    return [], False


def _is_author(names: tuple[str, ...], text: str, *, dated: bool) -> bool:
    """A lone word is an author only where one is due: right after the date."""
    return len(text) <= 100 and (dated or len(names) > 1 or " " in names[0] or names[0].islower())


def _read_marked(text: str, found: _Findings) -> bool:
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
        if _is_sentence(text):
            return False
        found.topics.extend(name.strip(" #") for name in re.split(r"[,;|]", topics["names"]) if name.strip(" #"))
        return True
    if site := _DOMAIN.fullmatch(text):
        found.site = found.site or site["site"]
        return True
    return is_furniture(text) or bool(_SOURCE_LINE.fullmatch(text))


def _read_body(lines: list[Line], found: _Findings, zone: ZoneInfo) -> list[Line]:
    """The paragraphs of the text; credit, related titles and furniture among them are taken or dropped."""
    last = max((index for index, line in enumerate(lines) if _is_text(line.text)), default=-1)
    kept: list[Line] = []
    index = 0
    while index < len(lines):
        line, footer = lines[index], index > last
        index += 1
        text, titles = split_related(line.text)
        if titles is not None:
            index = _read_related(lines, index, titles, found, footer=footer)
            line = Line(text, line.gap)
        if not line.text or _key(line.text) == _key(found.title) or _key(line.text) in found.seen:
            continue
        if is_credit_label(line.text) and index < len(lines) and len(lines[index].text) <= 100:
            found.credit = found.credit or lines[index].text
            index += 1
            continue
        if _read_marked(line.text, found):
            continue
        if date := _dateline(line.text, zone):
            found.published = found.published or date[0]
            found.names.extend(date[1] if not found.names else ())
            continue
        text, credit = split_credit(line.text)
        if credit:
            found.credit = found.credit or credit
            if len(text) < 200 and not text.count(". "):
                continue
        if text and not footer:
            kept.append(Line(text, line.gap))
    return kept


def _is_text(text: str) -> bool:
    """Whether a line is a paragraph of the article, so that what follows the last of them is the page's foot."""
    own, _titles = split_related(text)
    return _is_sentence(own) and not is_furniture(own) and not read_credit(own)


def _read_related(lines: list[Line], index: int, titles: tuple[str, ...], found: _Findings, *, footer: bool) -> int:
    """Collect the titles after "Lesen Sie auch:"; the index of the first line that is none."""
    found.related.extend(titles)
    taken = 0
    while index < len(lines) and (footer or not titles):
        more = re.sub(r"^[\s•·*»›→►–-]+", "", lines[index].text)
        if lines[index].gap and (titles or (taken and not footer)):
            break
        if _is_marked(more) or split_related(more)[1] is not None or not _is_title(more):
            break
        found.related.append(more)
        taken += 1
        index += 1
    return index


def _is_title(text: str) -> bool:
    return len(text) <= 200 and not (text.endswith(".") and len(text) > 60)


def _unwrapped(lines: list[Line]) -> list[Line]:
    """Hard-wrapped paragraphs joined again, where the lines are wrapped; else the lines as they are."""
    width = max((len(line.text) for line in lines), default=0)
    inner = [line for line, after in pairwise(lines) if not after.gap]
    torn = [line for line in inner if len(line.text) > width * 0.6 and not _SENTENCE_END.search(line.text)]
    if not 40 <= width <= _LONG or len(torn) * 3 < len(inner) * 2 or not torn:
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


def _split_lead(paragraphs: list[Line], *, adjacent: bool) -> tuple[str, tuple[str, ...]]:
    """The lead and the body. A lead stands close under the byline where gaps mean something, else it is far shorter."""
    texts = tuple(line.text for line in paragraphs)
    if len(texts) < 2:
        return "", texts
    gaps = [line.gap for line in paragraphs[1:]]
    if adjacent and sum(gaps) * 2 >= len(gaps) and gaps[0]:
        is_lead = len(texts[0]) <= 700
    else:
        is_lead = len(texts[0]) <= 300 and len(texts[0]) * 2 < statistics.median(len(text) for text in texts[1:])
    return (texts[0], texts[1:]) if is_lead and _is_lead_like(texts[0]) else ("", texts)


def _is_lead_like(text: str) -> bool:
    return len(text.split()) >= 4
