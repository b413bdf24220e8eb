"""Articles' blocks within a document: where they stand, and all that the HTML of each depends on."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from digest.render.checks import NUMBERED
from digest.render.marks import Marks

#: Of a document's head, what differs from edition to edition and reaches no block.
_TITLE = re.compile(r"<mj-(title|preview)\b[^>]*>.*?</mj-\1>", re.DOTALL)
_TAG = re.compile(r"<mj-[^>]*>")
_OWN_VALUE = re.compile(r'\b(src|href|alt|title|aria-label)="[^"]*"')


class MarkedBlock(NamedTuple):
    """A fenced article. `start` and `end` are its place in the MJML, marks included.

    `source` is its MJML, and `numbers` are those of its marks, which it has under their places in `source`. `around` is
    all else that its HTML depends on, and `build` its tags: what the document's head needs to know of it.
    """

    fence: int
    group: str
    start: int
    end: int
    source: str
    numbers: tuple[tuple[str, str], ...]
    around: str
    build: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str]:
        """Blocks of one key have the same HTML, but for the numbers of their marks."""
        return self.around, self.source

    def renumbered(self, html: str, marks: Marks) -> str:
        """Its HTML with each mark under its place."""
        return _by_place(html, marks, self.numbers.index)

    def numbered(self, html: str, marks: Marks) -> str:
        """The other way round: HTML of the same key with this block's own numbers."""
        own = re.compile("\0([soc])(\\d+)\0")
        return own.sub(lambda found: f"{marks.nonce}{found[1]}{self.numbers[int(found[2])][1]}e", html)


class _Span(NamedTuple):
    """A fence in MJML; `parent` is the outermost fence that it stands in, itself where it is that one."""

    fence: int
    start: int
    end: int
    parent: int
    raw: bool


def find_blocks(source: str, marks: Marks) -> list[MarkedBlock]:
    """The articles' blocks in their order; none where a template fences them in a way that cannot be told apart."""
    spans = list(_spans(source, marks))
    articles = [span for span in spans if marks.group_of(span.fence) in NUMBERED]
    overlapping = any(later.start < earlier.end for earlier, later in pairwise(articles))
    if overlapping or not all(span.raw for span in articles):
        return []
    outermost = [span for span in spans if span.parent == span.fence]
    remainder = without(source, [(span.start, span.end) for span in outermost])
    around = {span.fence: _around(source, remainder, span, articles, marks) for span in outermost}
    return [_block(source, span, around[span.parent], marks) for span in articles]


def without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """`text` without those stretches of it, which come in their order."""
    kept, place = [], 0
    for start, end in spans:
        kept.append(text[place:start])
        place = end
    return "".join((*kept, text[place:]))


def in_html(fence: int, marks: Marks) -> Callable[[str], tuple[int, int]]:
    """Finds where that fence's block stands in HTML, marks included."""
    opening, closing = (f"<!--{marks.nonce}{kind}{fence}e-->" for kind in "oc")
    return lambda html: (html.index(opening), html.index(closing) + len(closing))


def _spans(source: str, marks: Marks) -> Iterable[_Span]:
    mark = re.compile(rf"(<mj-raw>)?<!--{marks.nonce}([oc])(\d+)e-->(?:</mj-raw>)?")
    open_: list[tuple[int, int, bool]] = []
    found = []
    for match in mark.finditer(source):
        fence = int(match[3])
        if match[2] == "o":
            open_.append((fence, match.start(), bool(match[1])))
        elif open_ and open_[-1][0] == fence:
            _, start, raw = open_.pop()
            parent = open_[0][0] if open_ else fence
            found.append(_Span(fence, start, match.end(), parent, raw))
    return sorted(found, key=lambda span: span.start)


def _around(source: str, remainder: str, parent: _Span, articles: Sequence[_Span], marks: Marks) -> str:
    inner = [(span.start - parent.start, span.end - parent.start) for span in articles if span.parent == parent.fence]
    chunk = without(source[parent.start : parent.end], inner)
    told = _by_place(_TITLE.sub("", remainder) + "\0" + chunk, marks, _Places().index)
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


def _block(source: str, span: _Span, around: str, marks: Marks) -> MarkedBlock:
    places = _Places()
    own = _by_place(source[span.start : span.end], marks, places.index)
    return MarkedBlock(
        fence=span.fence,
        group=marks.group_of(span.fence),
        start=span.start,
        end=span.end,
        source=own,
        numbers=tuple(places.numbers),
        around=around,
        build=_build(own),
    )


@lru_cache(maxsize=2_048)
def _build(own: str) -> tuple[str, ...]:
    return tuple(_TAG.findall(_OWN_VALUE.sub("", own)))


class _Places:
    """The places of marks in the order in which they are met."""

    def __init__(self) -> None:
        self.numbers: dict[tuple[str, str], int] = {}

    def index(self, mark: tuple[str, str]) -> int:
        return self.numbers.setdefault(mark, len(self.numbers))


def _by_place(text: str, marks: Marks, place: Callable[[tuple[str, str]], int]) -> str:
    """`text` with every mark under its place: a fence has one, whether it opens or closes."""
    mark = re.compile(rf"{marks.nonce}([soc])(\d+)e")
    return mark.sub(
        lambda found: f"\0{found[1]}{place(('s' if found[1] == 's' else 'f', found[2]))}\0",
        text,
    )
