"""Rendering with places: which line of which template file wrote which part of the output.

Jinja's output has no line numbers of its templates. While the templates are read, marks are put before every piece of
literal text and every expression; they are taken out of the output again and become a map.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

from digest.render.environment import make_environment, render
from digest.render.limits import BoundedEnvironment
from digest.render.lint.findings import Place

#: Private-use signs around digits: no filter changes them, and no template writes them.
_MARK = re.compile("\ue000(\\d+)\\.(\\d+)\\.([01])\ue001")
#: Blocks whose content is a value rather than output: a mark in it would change what the template does.
_CAPTURING = {"set": "endset", "filter": "endfilter"}


class Rendered:
    """A template's output, and where each part of it comes from."""

    def __init__(self, text: str, name: str, sources: Iterable[tuple[int, Place, bool]] = ()) -> None:
        self.text, self.name = text, name
        self._sources = [(0, Place(name), False), *sources]
        self._starts = [start for start, _, _ in self._sources]

    def at(self, offset: int) -> Place:
        """The template file and line that wrote the sign at `offset`."""
        start, place, literal = self._sources[bisect_right(self._starts, offset) - 1]
        if literal and place.line is not None:
            return Place(place.file, place.line + self.text.count("\n", start, offset))
        return place


class PlaceMarks(Extension):
    """Puts the marks in. `names` are the templates in the order that the marks number them."""

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self.names: list[str] = []

    def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
        self.names.append(stream.name or "")
        return self._marked(list(stream), len(self.names) - 1)

    def _marked(self, tokens: list[Token], file: int) -> Iterator[Token]:
        capturing: list[str] = []
        for place, token in enumerate(tokens):
            word = tokens[place + 1].value if token.type == "block_begin" and place + 1 < len(tokens) else ""
            if capturing and word == capturing[-1]:
                capturing.pop()
            elif word in _CAPTURING and (word != "set" or _is_block_set(tokens, place)):
                capturing.append(_CAPTURING[word])
            shown = token.type in ("data", "variable_begin") or word == "fence"
            if shown and not capturing:
                literal = int(token.type == "data")
                yield Token(token.lineno, "data", f"\ue000{file}.{token.lineno}.{literal}\ue001")
            yield token


def _is_block_set(tokens: list[Token], place: int) -> bool:
    """Whether the `{% set` at `place` has no `=` before it ends."""
    for token in tokens[place:]:
        if token.type == "block_end":
            return True
        if token.type == "assign":
            return False
    return False


@lru_cache(maxsize=8)
def _environments(templates: tuple[tuple[str, str], ...]) -> tuple[BoundedEnvironment, BoundedEnvironment]:
    """One that leaves no marks and one that does; kept, for reading templates takes longer than rendering them."""
    marking = make_environment(dict(templates))
    marking.add_extension(PlaceMarks)
    return make_environment(dict(templates)), marking


def render_with_places(templates: Mapping[str, str], name: str, make: Any) -> Rendered:
    """What `name` gives with the variables that `make()` returns, anew for each of two renderings.

    Where the marks would change the output the places are lost, and the output is right. Raises TemplateError.
    """
    without, environment = _environments(tuple(templates.items()))
    plain = render(without, name, make())
    marked = render(environment, name, make())
    marks: Any = environment.extensions[PlaceMarks.identifier]
    pieces: list[str] = []
    sources: list[tuple[int, Place, bool]] = []
    length = end = 0
    for mark in _MARK.finditer(marked):
        pieces.append(marked[end : mark.start()])
        length += mark.start() - end
        end = mark.end()
        if int(mark[1]) < len(marks.names):
            sources.append((length, Place(marks.names[int(mark[1])], int(mark[2])), mark[3] == "1"))
    text = "".join((*pieces, marked[end:]))
    return Rendered(plain, name, sources) if text == plain else Rendered(plain, name)
