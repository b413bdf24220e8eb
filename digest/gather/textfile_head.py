"""The head of a page that was saved as plain text: what stands above the article, its title, date and authors. Pure."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from digest.gather.byline import read_byline
from digest.gather.coins import ticker_coins
from digest.gather.furniture import is_credit_label
from digest.gather.lines import key_of
from digest.gather.textfile_lines import (
    LONG,
    Findings,
    Line,
    is_marked,
    is_sentence,
    read_dateline,
    read_marked,
    read_site,
)

_HEADER_LINES = 30
_LOOSE_AND = re.compile(r"^(?:und|&|,)\s+|\s+(?:und|&)$|,$")


def find_title(lines: list[Line], zone: ZoneInfo) -> int | None:
    """Where the headline stands: the line that comes twice at the top, else the last one before date and authors."""
    head = list(range(min(len(lines), _HEADER_LINES)))
    dated = next((index for index in head if read_dateline(lines[index].text, zone)), None)
    end = next((index for index in head if len(lines[index].text) >= LONG * 1.5), len(head))
    end = min(end, dated + 4 if dated is not None else end)
    plain = [index for index in head[:end] if not is_marked(lines[index].text) and index != dated]
    keys = {index: key_of(lines[index].text) for index in plain}
    twice = [index for index in plain if any(keys[index] == keys[other] for other in plain if other < index)]
    if twice:
        longest = max((keys[index] for index in twice), key=len)
        return max(index for index in twice if keys[index] == longest)
    before = [index for index in plain if dated is None or index < dated]
    titles = [index for index in before if not read_byline(lines[index].text)] or before
    if dated is None:
        # Without a date the lead may follow at once: it ends like a sentence, a headline hardly ever does.
        titles = [index for index in titles if not lines[index].text.endswith(".")] or titles
        first = next((index for index in head if is_sentence(lines[index].text)), end)
        titles = [index for index in titles if index < first] or titles[:1]
    if titles:
        return titles[-1]
    after = [index for index in plain if dated is not None and index > dated and not read_byline(lines[index].text)]
    return after[0] if after else None


def unlabelled(title: str) -> str:
    """The headline without a word such as "Titel:" before it."""
    return re.sub(r"^(?:titel|überschrift|schlagzeile|headline)\s*:\s*", "", title, flags=re.IGNORECASE)


def read_head(lines: list[Line], found: Findings, zone: ZoneInfo) -> None:
    """What stands above the headline: ticker, site, slogan, perhaps the date; none of it belongs to the article."""
    title = key_of(found.title)
    after_title = False
    for line in lines:
        found.coins.extend(ticker_coins(line.text))
        found.seen.add(key_of(line.text))
        site = read_site(line.text)
        dated = read_dateline(line.text, zone)
        if site and not found.site:
            found.site = site
        elif dated and found.published is None:
            found.published, names = dated
            found.names.extend(names)
        elif key_of(line.text).startswith(title):
            after_title = True
        elif after_title and not is_marked(line.text) and len(line.text) <= 80:
            found.kicker = line.text
    plain = [line.text for line in lines if not is_marked(line.text) and key_of(line.text) != title]
    if not found.site and len(plain) >= 2 and len(plain[0].split()) <= 3:
        found.site = plain[0]


def read_byline_zone(lines: list[Line], found: Findings, zone: ZoneInfo) -> tuple[list[Line], bool]:
    """Date and authors below the headline -> the lines after them, and whether the first follows without a gap."""
    dated = credit_next = named = False
    gaps = 0
    for index, line in enumerate(lines):
        text = line.text
        loose = _LOOSE_AND.sub("", text).strip()
        date = read_dateline(text, zone)
        follows = lines[index + 1 : index + 2]
        if credit_next:
            found.credit, credit_next = found.credit or text, False
        elif date:
            found.published = found.published or date[0]
            found.names.extend(date[1])
            dated, named = True, bool(date[1])
            gaps += line.gap and index > 0
        elif key_of(text) == key_of(found.title) or key_of(text) in found.seen or read_marked(text, found):
            continue
        elif is_credit_label(text):
            credit_next = True
        elif (names := read_byline(loose)) and follows and _is_author(names, text, dated=dated and not found.names):
            if found.names and not named and not date:
                return lines[index:], not line.gap
            found.names.extend(names)
            named = True
            gaps += line.gap and dated
        elif not is_sentence(text) and len(text.split()) <= 3 and follows:
            continue
        else:
            return lines[index:], not line.gap and gaps == 0
    return [], False


def _is_author(names: tuple[str, ...], text: str, *, dated: bool) -> bool:
    """A lone word is an author only where one is due: right after the date."""
    return len(text) <= 100 and (dated or len(names) > 1 or " " in names[0] or names[0].islower())
