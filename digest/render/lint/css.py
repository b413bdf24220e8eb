"""CSS as rules and declarations with their places. Lenient where mail programs are; what is broken is named."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_IMPORTANT = re.compile(r"\s*!\s*important\s*$", re.IGNORECASE)
#: At-rules whose block holds rules again; in any other it holds declarations.
_NESTING = frozenset({"media", "supports", "document", "layer", "container", "keyframes", "-webkit-keyframes"})

#: At-rules within each other; no honest style sheet goes deeper.
_DEEPEST = 8


class Declaration(msgspec.Struct, frozen=True):
    """One property with its value; `start` is the offset of its name."""

    name: str
    value: str
    important: bool
    start: int


class Rule(msgspec.Struct, frozen=True):
    """A selector (or an at-rule such as "@font-face") with its declarations, and the at-rules around it."""

    selector: str
    declarations: tuple[Declaration, ...]
    around: tuple[str, ...]
    start: int

    @property
    def in_media(self) -> bool:
        return any(rule.lower().startswith("@media") for rule in self.around)


class Broken(msgspec.Struct, frozen=True):
    """What cannot be read as CSS."""

    start: int
    text: str
    problem: str


class Sheet(msgspec.Struct, frozen=True):
    """All rules of a style sheet; `at_rules` are the at-rules themselves with what stands before their block."""

    rules: tuple[Rule, ...]
    at_rules: tuple[Rule, ...]
    broken: tuple[Broken, ...]


def parse_sheet(text: str, start: int = 0) -> Sheet:
    """`text` as a style sheet; places count from `start`."""
    rules: list[Rule] = []
    at_rules: list[Rule] = []
    broken: list[Broken] = []
    blank = _COMMENT.sub(lambda comment: " " * len(comment[0]), text)

    def read(begin: int, end: int, around: tuple[str, ...]) -> None:
        place = begin
        while place < end:
            stop = _find(blank, place, end, "{;")
            prelude = blank[place:stop].strip()
            at = place + len(blank[place:stop]) - len(blank[place:stop].lstrip())
            if stop >= end or blank[stop] == ";":
                if prelude.startswith("@"):
                    at_rules.append(Rule(prelude, (), around, start + at))
                elif prelude:
                    why = "is a } too many" if prelude.startswith("}") else "has no { after its selector"
                    broken.append(Broken(start + at, prelude, why))
                place = stop + 1
                continue
            close = _matching(blank, stop, end)
            if close >= end:
                broken.append(Broken(start + at, prelude, "has no } after its declarations"))
            if prelude.startswith("@"):
                at_rules.append(Rule(prelude, (), around, start + at))
            if at_name(prelude) in _NESTING and len(around) < _DEEPEST:
                read(stop + 1, close, (*around, prelude))
            else:
                inner = parse_declarations(blank[stop + 1 : close], start + stop + 1, broken)
                rules.append(Rule(prelude, inner, around, start + at))
                if not prelude:
                    broken.append(Broken(start + stop, "{", "has no selector"))
                elif prelude.startswith("}"):
                    broken.append(Broken(start + at, prelude, "has a } too many before it"))
            place = close + 1

    read(0, len(blank), ())
    return Sheet(tuple(rules), tuple(at_rules), tuple(broken))


def parse_declarations(text: str, start: int = 0, broken: list[Broken] | None = None) -> tuple[Declaration, ...]:
    """`text` as what stands between { and }, or in a style attribute."""
    blank = _COMMENT.sub(lambda comment: " " * len(comment[0]), text)
    found: list[Declaration] = []
    place = 0
    while place < len(blank):
        stop = _find(blank, place, len(blank), ";")
        piece = blank[place:stop]
        name, colon, value = piece.partition(":")
        at = start + place + len(piece) - len(piece.lstrip())
        if colon and re.fullmatch(r"\s*[-\w]+\s*", name) and value.strip():
            important = bool(_IMPORTANT.search(value))
            found.append(Declaration(name.strip().lower(), _IMPORTANT.sub("", value).strip(), important, at))
        elif piece.strip() and broken is not None:
            broken.append(Broken(at, piece.strip(), "is no declaration such as color: #1a1a1a"))
        place = stop + 1
    return tuple(found)


def at_name(prelude: str) -> str:
    """ "media" of "@media screen", empty for what is no at-rule."""
    found = re.match(r"@([-\w]+)", prelude)
    return found[1].lower() if found else ""


def words_outside_strings(value: str) -> str:
    """A value without its strings and url(...): what is left are keywords, numbers and functions."""
    return re.sub(r"url\([^)]*\)|\"[^\"]*\"|'[^']*'|&quot;.*?&quot;|&#39;.*?&#39;", " ", value)


def addresses(value: str) -> Iterator[str]:
    """Every address of a url(...) in `value`."""
    for found in re.finditer(r"url\(\s*(?:&quot;|&#39;|[\"'])?(.*?)(?:&quot;|&#39;|[\"'])?\s*\)", value, re.IGNORECASE):
        yield found[1]


def _find(text: str, place: int, end: int, wanted: str) -> int:
    """Where one of `wanted` stands outside of strings and brackets, or `end`."""
    depth = 0
    quote = ""
    while place < end:
        sign = text[place]
        if sign == "\\":
            place += 1
        elif quote:
            quote = "" if sign == quote or sign == "\n" else quote
        elif sign in "\"'":
            quote = sign
        elif sign == "&" and (entity := re.match(r"&#?\w+;", text[place:end])):
            place += len(entity[0]) - 1  # in a style attribute: its ";" ends nothing
        elif sign in "([":
            depth += 1
        elif sign in ")]":
            depth = max(depth - 1, 0)
        elif (sign in wanted and not depth) or (sign == "{" and "{" in wanted):
            return place
        place += 1
    return end


def _matching(text: str, place: int, end: int) -> int:
    """Where the block that opens at `place` closes, or `end`."""
    depth = 0
    while place < end:
        place = _find(text, place, end, "{}")
        if place >= end:
            return end
        depth += 1 if text[place] == "{" else -1
        if depth == 0:
            return place
        place += 1
    return end
