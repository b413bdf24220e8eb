"""What a segment can ask of a person, and how each field may be asked."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What a field holds."""

    TEXT = "text"
    CHOICE = "choice"
    ENTRIES = "entries"
    LIST = "list"
    DAY = "day"
    NUMBER = "number"
    ATTRIBUTE = "attribute"


_ORDER = frozenset({"<", "<=", ">", ">="})
_SAME = frozenset({"=", "!="})
#: How a field of that kind may be asked. An attribute is text that may turn out to be a number or a day.
OPERATORS: dict[Kind, frozenset[str]] = {
    Kind.TEXT: _SAME | {"contains", "in", "is empty"},
    Kind.CHOICE: _SAME | {"in", "is empty"},
    Kind.ENTRIES: _SAME | {":", "contains", "in", "is empty"},
    Kind.LIST: _SAME | {":", "in"},
    Kind.DAY: _SAME | _ORDER,
    Kind.NUMBER: _SAME | _ORDER | {"in", "is empty"},
    Kind.ATTRIBUTE: _SAME | _ORDER | {"contains", "in", "is empty"},
}

FIELDS: dict[str, Kind] = {
    "email": Kind.TEXT,
    "domain": Kind.TEXT,
    "first_name": Kind.TEXT,
    "last_name": Kind.TEXT,
    "title": Kind.TEXT,
    "salutation": Kind.CHOICE,
    "form": Kind.CHOICE,
    "topic": Kind.ENTRIES,
    "tag": Kind.ENTRIES,
    "coin": Kind.ENTRIES,
    "list": Kind.LIST,
    "joined": Kind.DAY,
    "max_articles": Kind.NUMBER,
}
CHOICES = {"salutation": ("Frau", "Herr", "divers"), "form": ("Sie", "du")}
_PLURALS = {"topics": "topic", "tags": "tag", "coins": "coin", "lists": "list"}


class Field(msgspec.Struct, frozen=True):
    """A field as an expression names it; `place` is where, in characters. An attribute's `name` is as it was written.

    `certain` says that the expression calls it an attribute, whether or not anybody has it.
    """

    name: str
    kind: Kind
    place: tuple[int, int] = (0, 0)
    certain: bool = False


def find_field(text: str, place: tuple[int, int] = (0, 0)) -> Field:
    """The field of that name, of which letters' case does not matter; an attribute where there is none."""
    name = attribute_name(text)
    name = _PLURALS.get(name, name)
    kind = FIELDS.get(name)
    return Field(text, Kind.ATTRIBUTE, place) if kind is None else Field(name, kind, place)


def attribute_name(text: str) -> str:
    """The name under which a column of that heading is kept as an attribute."""
    return unicodedata.normalize("NFC", re.sub(r"\s+", "_", text.strip().casefold()))


def near(name: str, known: Iterable[str]) -> str:
    """A question whether another name is meant, for the end of a sentence; a full stop where none comes close."""
    close = difflib.get_close_matches(name.casefold(), list(known), n=1)
    return f"; do you mean `{close[0]}`?" if close else "."
