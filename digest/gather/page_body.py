"""The paragraphs that trafilatura found, without the page's furniture among them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import msgspec
from lxml.etree import _Element
from lxml.html import HtmlElement

from digest.gather.byline import read_byline
from digest.gather.dates import parse_date
from digest.gather.furniture import is_furniture, read_credit, split_related
from digest.gather.lines import key_of, one_line
from digest.gather.page_tree import text_of

#: trafilatura's own element names: what holds one paragraph, and what holds such.
_LEAVES = frozenset({"p", "head", "item", "cell", "code", "fw", "ab"})
_SENTENCE_END = re.compile(r"[.!?…:][“”\"»«)\]’‘']*$")
_BIO = re.compile(r"\b(?:ist|war|sind|schreibt|arbeitet|beschäftigt|studierte|leitet|lebt|verantwortet|berichtet)\b")
_STAMPED = re.compile(r"\d{1,2}\.\d{1,2}\.\d{4}(?:,? \d{1,2}[:.]\d{2})?(?: Uhr)?$")


class BodyText(msgspec.Struct, frozen=True, kw_only=True):
    paragraphs: tuple[str, ...]
    related: tuple[str, ...] = ()
    credit: str = ""


def read_body(
    body: _Element, tree: HtmlElement, titles: tuple[str, ...], names: tuple[str, ...], zone: ZoneInfo
) -> BodyText:
    """The article's paragraphs out of trafilatura's `body`; `titles` and `names` stand elsewhere and are left out."""
    lines = [line for line in _lines(body) if line]
    linked = {key_of(text_of(link)) for link in tree.iter("a")}
    heads = {key for title in titles if len(key := key_of(title)) >= 8}
    total = sum(map(len, lines))
    kept: list[str] = []
    related: list[str] = []
    credit = ""
    passed = 0
    announced = False
    for index, line in enumerate(lines):
        passed += len(line)
        key = key_of(line)
        text, titled = split_related(line)
        if titled is not None:
            related.extend(titled)
            announced = not titled
            if announced and kept and (total - passed) * 5 < total:
                related.extend(_titles_only(lines[index + 1 :], linked))
                break
            line = text
        elif announced and not _SENTENCE_END.search(line) and len(line) <= 160 and key in linked:
            related.append(line)
            continue
        else:
            announced = False
        if found := read_credit(line):
            credit = credit or found
            continue
        headline = key in heads or (index < 4 and any(head in key and len(key) < len(head) + 60 for head in heads))
        if line and not headline and not is_furniture(line) and not _is_stamp(line, zone):
            kept.extend([] if _is_byline(line, names, index) else [line])
    while len(kept) > 2 and _is_bio(kept[-1], names):
        kept.pop()
    return BodyText(paragraphs=_once(kept), related=tuple(dict.fromkeys(related))[:20], credit=credit)


def _lines(body: _Element) -> Iterator[str]:
    """One string per paragraph, heading, list item or table row; two line breaks in a row end a paragraph."""
    pieces: list[str] = []

    def flush() -> Iterator[str]:
        text = "".join(pieces)
        pieces.clear()
        yield from (one_line(part) for part in re.split(r"\n\s*\n", text))

    stack: list[tuple[_Element, bool]] = [(body, False)]
    while stack:
        node, done = stack.pop()
        block = node.tag in _LEAVES or node.tag in {"quote", "list", "table", "body", "row", "div"}
        if done:
            if block:
                yield from flush()
            if node is not body and node.tail:
                pieces.append(node.tail.replace("\n", " "))
            continue
        if block:
            yield from flush()
        pieces.append("\n" if node.tag == "lb" else (node.text or "").replace("\n", " "))
        stack.append((node, True))
        stack.extend((child, False) for child in reversed(node) if isinstance(child.tag, str))


def _titles_only(lines: list[str], linked: set[str]) -> Iterator[str]:
    return (line for line in lines if len(line) <= 160 and key_of(line) in linked and not is_furniture(line))


def _is_stamp(line: str, zone: ZoneInfo) -> bool:
    """A date, or a short line that ends in one."""
    return len(line) <= 120 and (parse_date(line, zone) is not None or bool(_STAMPED.search(line)))


def _is_byline(line: str, names: tuple[str, ...], index: int) -> bool:
    """The authors' names once more: with "Von" before them, or alone."""
    if len(line) > 160 or not (written := read_byline(line)):
        return False
    return (index < 6 and line.startswith(("Von ", "von ", "VON "))) or set(written) <= set(names)


def _is_bio(line: str, names: tuple[str, ...]) -> bool:
    """Who the author is, at the text's end."""
    return any(line.startswith(name) and " " in name and _BIO.search(line[:120]) for name in names)


def _once(lines: list[str]) -> tuple[str, ...]:
    """Long paragraphs that come twice are kept once; short ones (an answer, a verse) may repeat."""
    seen: set[str] = set()
    kept: list[str] = []
    for line in lines:
        if len(line) < 80 or line not in seen:
            kept.append(line)
        seen.add(line)
    return tuple(kept)
