"""The body of a page that was saved as plain text, down to its foot. Pure."""

from __future__ import annotations

import re
import statistics
from zoneinfo import ZoneInfo

from digest.gather.furniture import is_credit_label, is_furniture, read_credit, split_credit, split_related
from digest.gather.lines import key_of
from digest.gather.textfile_lines import Findings, Line, is_marked, is_sentence, read_dateline, read_marked


def read_body(lines: list[Line], found: Findings, zone: ZoneInfo) -> list[Line]:
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
        if not line.text or key_of(line.text) == key_of(found.title) or key_of(line.text) in found.seen:
            continue
        if is_credit_label(line.text) and index < len(lines) and len(lines[index].text) <= 100:
            found.credit = found.credit or lines[index].text
            index += 1
            continue
        if read_marked(line.text, found):
            continue
        if date := read_dateline(line.text, zone):
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
    return is_sentence(own) and not is_furniture(own) and not read_credit(own)


def _read_related(lines: list[Line], index: int, titles: tuple[str, ...], found: Findings, *, footer: bool) -> int:
    """Collect the titles after "Lesen Sie auch:"; the index of the first line that is none."""
    found.related.extend(titles)
    taken = 0
    while index < len(lines) and (footer or not titles):
        more = re.sub(r"^[\s•·*»›→►–-]+", "", lines[index].text)
        if lines[index].gap and (titles or (taken and not footer)):
            break
        if is_marked(more) or split_related(more)[1] is not None or not _is_title(more):
            break
        found.related.append(more)
        taken += 1
        index += 1
    return index


def _is_title(text: str) -> bool:
    return len(text) <= 200 and not (text.endswith(".") and len(text) > 60)


def split_lead(paragraphs: list[Line], *, adjacent: bool) -> tuple[str, tuple[str, ...]]:
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
