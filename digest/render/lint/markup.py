"""MJML or HTML as tokens with their places in the text: what a lenient parser would forgive is kept and named."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

#: Elements whose content is no markup.
RAW = frozenset({"mj-style", "style", "script"})
_NAME = re.compile(r"[A-Za-z][^\s/>\"'=<]*")
_SPACE = re.compile(r"\s*")
_ATTRIBUTE = re.compile(r"[^\s/>=\"'<]+")
_UNQUOTED = re.compile(r"[^\s>]*")


class Attribute(msgspec.Struct, frozen=True):
    """`start` is the name's offset, `at` the value's. `quote` is empty without quotes, None without a value."""

    name: str
    value: str
    start: int
    at: int
    quote: str | None


class Tag(msgspec.Struct, frozen=True):
    """`kind` is "open", "close" or "empty" (<br />)."""

    kind: str
    name: str
    start: int
    end: int
    attributes: tuple[Attribute, ...] = ()


class Run(msgspec.Struct, frozen=True):
    """Text ("text"), the content of a style or script ("raw"), a comment or declaration ("comment"), or a mistake."""

    kind: str
    start: int
    end: int
    problem: str = ""


def tokens(text: str) -> Iterator[Tag | Run]:
    """The whole of `text`, in order, nothing left out."""
    place = 0
    while place < len(text):
        if text[place] != "<":
            end = text.find("<", place)
            end = len(text) if end < 0 else end
            yield Run("text", place, end)
        elif text.startswith("<!--", place):
            close = text.find("-->", place + 4)
            end = len(text) if close < 0 else close + 3
            yield Run("comment", place, end, "" if close >= 0 else "a comment is not closed")
        elif text.startswith(("<!", "<?"), place):
            close = text.find(">", place)
            end = len(text) if close < 0 else close + 1
            yield Run("comment", place, end, "" if close >= 0 else "a declaration is not closed")
        elif _NAME.match(text, place + 1) or (text.startswith("</", place) and _NAME.match(text, place + 2)):
            tag, problem = _tag(text, place)
            if problem:
                yield Run("problem", tag.start, tag.end, problem)
            yield tag
            end = tag.end
            if tag.kind == "open" and tag.name in RAW:
                ending = re.compile(rf"</{tag.name}\s*>", re.IGNORECASE).search(text, end)
                stop = ending.start() if ending else len(text)
                yield Run("raw", end, stop)
                end = stop
        else:
            end = place + 1
            yield Run("problem", place, end, "a < that begins no tag must be written &lt;")
        place = end


def _tag(text: str, start: int) -> tuple[Tag, str]:
    """The tag at `start`, and what is wrong with it."""
    closing = text.startswith("</", start)
    named = _NAME.match(text, start + (2 if closing else 1))
    assert named is not None  # noqa: S101, the caller has looked
    # XML is case-sensitive, and so is MRML; HTML is not.
    name = named[0] if named[0].lower().startswith("mj") else named[0].lower()
    attributes: list[Attribute] = []
    problem = ""
    place = named.end()
    while True:
        place = _SPACE.match(text, place).end()  # type: ignore[union-attr]  # matches always
        if place >= len(text) or text[place] == "<":
            problem = problem or f"the tag <{name} is not closed"
            return Tag("close" if closing else "open", name, start, place, tuple(attributes)), problem
        if text[place] == ">" or text.startswith("/>", place):
            empty = text[place] == "/"
            kind = "close" if closing else "empty" if empty else "open"
            return Tag(kind, name, start, place + (2 if empty else 1), tuple(attributes)), problem
        found = _ATTRIBUTE.match(text, place)
        if not found:
            problem = problem or f"<{name}> has a stray {text[place]}"
            place += 1
            continue
        attribute, place = _attribute(text, found[0], place, found.end())
        if attribute.quote == "":
            problem = problem or f"the value of {attribute.name} in <{name}> has no quotes"
        elif attribute.quote is None:
            problem = problem or f"the attribute {attribute.name} in <{name}> has no value"
        if any(other.name == attribute.name for other in attributes):
            problem = problem or f"<{name}> has the attribute {attribute.name} twice"
        attributes.append(attribute)


def _attribute(text: str, name: str, start: int, end: int) -> tuple[Attribute, int]:
    """The attribute whose name stands from `start` to `end`, and where it ends."""
    place = _SPACE.match(text, end).end()  # type: ignore[union-attr]
    if place >= len(text) or text[place] != "=":
        return Attribute(name, "", start, end, None), end
    place = _SPACE.match(text, place + 1).end()  # type: ignore[union-attr]
    quote = text[place : place + 1]
    if quote and quote in "\"'":
        close = text.find(quote, place + 1)
        close = len(text) if close < 0 else close
        return Attribute(name, text[place + 1 : close], start, place + 1, quote), min(close + 1, len(text))
    bare = _UNQUOTED.match(text, place)
    assert bare is not None  # noqa: S101, matches always
    value = bare[0].removesuffix("/")
    return Attribute(name, value, start, place, ""), place + len(value)
