"""Markup tokens -> a tree of elements and fences, with what is not well-formed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from digest.render.lint.markup import Attribute, Run, Tag, tokens

#: HTML elements that never have content (HTML, 13.1.2).
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})


class Fence(msgspec.Struct, frozen=True):
    """Where a block begins or ends. `form` is "raw" within <mj-raw>, "comment" where it is a bare comment."""

    number: int
    opens: bool
    form: str
    start: int


class Element:
    """One element. `texts` are its own runs of text and raw text, `items` its elements and fences in order."""

    def __init__(self, tag: Tag, parent: Element | None) -> None:
        self.name, self.tag, self.parent = tag.name, tag, parent
        self.end = tag.end
        self.texts: list[Run] = []
        self.items: list[Element | Fence] = []

    def __iter__(self) -> Iterator[Element]:
        """Itself and everything in it, in the order of the text."""
        # Without recursion: a template may nest deeper than Python calls.
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            waiting += reversed(element.children)

    @property
    def children(self) -> list[Element]:
        return [item for item in self.items if isinstance(item, Element)]

    def get(self, name: str) -> Attribute | None:
        return next((attribute for attribute in self.tag.attributes if attribute.name == name), None)

    def within(self, *names: str) -> bool:
        """Whether it stands in an element of one of these names, at any depth."""
        parent = self.parent
        while parent is not None:
            if parent.name in names:
                return True
            parent = parent.parent
        return False


class Mistake(msgspec.Struct, frozen=True):
    """What is not well-formed, and where."""

    start: int
    end: int
    problem: str


class Tree:
    """`root` holds the outermost elements; `runs` are all texts, comments and tags in order."""

    def __init__(self, text: str, fence_mark: re.Pattern[str]) -> None:
        self.text = text
        self.root = Element(Tag("open", "", 0, 0), None)
        self.mistakes: list[Mistake] = []
        self.tokens = list(tokens(text))
        self._fence_mark = fence_mark
        self._open = [self.root]
        for token in self.tokens:
            if isinstance(token, Run):
                self._add_run(token)
            elif token.kind == "close":
                self._close(token)
            else:
                self._add(token)
        for left in self._open[1:]:
            self._mistake(left.tag, f"<{left.name}> is never closed")

    def __iter__(self) -> Iterator[Element]:
        for child in self.root.children:
            yield from child

    def first(self, name: str) -> Element | None:
        return next((element for element in self if element.name == name), None)

    def source(self, element: Element) -> str:
        """The element's opening tag as it stands in the text."""
        return self.text[element.tag.start : element.tag.end]

    def content(self, element: Element) -> str:
        """Everything between the element's tags."""
        return self.text[element.tag.end : element.end]

    def _mistake(self, token: Tag | Run, problem: str) -> None:
        self.mistakes.append(Mistake(token.start, token.end, problem))

    def _add_run(self, run: Run) -> None:
        if run.problem:
            self._mistake(run, run.problem)
        mark = self._fence_mark.fullmatch(self.text[run.start : run.end]) if run.kind == "comment" else None
        if mark:
            self._open[-1].items.append(Fence(int(mark[2]), mark[1] == "o", "comment", run.start))
        elif run.kind in ("text", "raw"):
            self._open[-1].texts.append(run)

    def _add(self, tag: Tag) -> None:
        element = Element(tag, self._open[-1])
        self._open[-1].items.append(element)
        if tag.kind == "open" and tag.name not in VOID:
            self._open.append(element)

    def _close(self, tag: Tag) -> None:
        names = [element.name for element in self._open[1:]]
        if tag.name not in names:
            if tag.name not in VOID:
                self._mistake(tag, f"</{tag.name}> closes nothing that is open")
            return
        while True:
            element = self._open.pop()
            element.end = tag.start
            if element.name == tag.name:
                break
            self._mistake(element.tag, f"<{element.name}> is not closed before </{tag.name}>")
        self._unwrap_fence(element)

    def _unwrap_fence(self, element: Element) -> None:
        """<mj-raw> around nothing but a fence's mark is that fence."""
        if element.name == "mj-raw" and element.parent and len(element.items) == 1 and not element.texts:
            only = element.items[0]
            if isinstance(only, Fence):
                element.parent.items[-1] = Fence(only.number, only.opens, "raw", only.start)
