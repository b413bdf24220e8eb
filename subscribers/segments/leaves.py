"""A field, an operator and a value -> one condition, where they go together."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from subscribers.segments.fields import CHOICES, FIELDS, OPERATORS, Field, Kind, near
from subscribers.segments.folding import fold
from subscribers.segments.tree import Compare, Condition, Contains, Equals, IsEmpty, Not, Operator

#: Figures in a number, decimals included.
_FIGURES_MAX = 15
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_GERMAN_DAY = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_YEARS = range(1900, 2200)
_OTHER_SPELLINGS = {"==": "=", "<>": "!="}
_ORDERS: dict[str, Operator] = {"=": "=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


class PlaceError(Exception):
    """Something is wrong at a place of the expression, in characters; `parse_segment` makes a SegmentError of it."""

    def __init__(self, problem: str, place: tuple[int, int]) -> None:
        self.problem, self.place = problem, place
        super().__init__(problem)


def make_leaf(field: Field, operator: str, text: str, place: tuple[int, int]) -> Condition:
    """The condition that `field` stands so to `text`, which was written at `place`. Raises PlaceError."""
    operator = _OTHER_SPELLINGS.get(operator, operator)
    if operator not in OPERATORS[field.kind]:
        raise PlaceError(_unsuited(field, operator), field.place)
    if operator == "!=":
        return Not(make_leaf(field, "=", text, place))
    if operator == "is empty" or (not text and operator == "=" and "is empty" in OPERATORS[field.kind]):
        return IsEmpty(field)
    if not text:
        raise PlaceError("There is nothing between the quotation marks.", place)
    match field.kind:
        case Kind.DAY:
            return Compare(field, _ORDERS[operator], _read_day(text, place))
        case Kind.NUMBER:
            return Compare(field, _ORDERS["=" if operator == "in" else operator], _read_number(text, place))
        case Kind.CHOICE:
            return Equals(field, _read_choice(field, text, place))
        case Kind.ATTRIBUTE if operator in ("<", "<=", ">", ">="):
            return Compare(field, _ORDERS[operator], _read_number_or_day(text, place))
        case Kind.TEXT | Kind.ATTRIBUTE if operator == "contains":
            return Contains(field, text)
        case _:
            return Equals(field, text)


def day_of(text: str) -> date | None:
    """The day that a text such as 2026-01-31 or 31.01.2026 is."""
    if found := _DAY.fullmatch(text):
        year, month, day = map(int, found.groups())
    elif found := _GERMAN_DAY.fullmatch(text):
        day, month, year = map(int, found.groups())
    else:
        return None
    try:
        return date(year, month, day) if year in _YEARS else None
    except ValueError:
        return None


def _read_day(text: str, place: tuple[int, int]) -> date:
    day = day_of(text)
    if day is None:
        raise PlaceError("This is no day; write one such as 2026-01-31.", place)
    return day


def _read_number(text: str, place: tuple[int, int]) -> Decimal:
    if not _NUMBER.fullmatch(text) or len(text) > _FIGURES_MAX:
        raise PlaceError("This is no number; write one such as 5 or 12.5.", place)
    return Decimal(text)


def _read_number_or_day(text: str, place: tuple[int, int]) -> Decimal | date:
    if _NUMBER.fullmatch(text) and len(text) <= _FIGURES_MAX:
        return Decimal(text)
    day = day_of(text)
    if day is None:
        raise PlaceError("An attribute is compared with a number such as 12.5 or a day such as 2026-01-31.", place)
    return day


def _read_choice(field: Field, text: str, place: tuple[int, int]) -> str:
    for choice in CHOICES[field.name]:
        if fold(choice) == fold(text):
            return choice
    choices = ", ".join(CHOICES[field.name])
    raise PlaceError(f"`{field.name}` is one of {choices}, or empty.", place)


def _unsuited(field: Field, operator: str) -> str:
    """Why this field is not asked this way, and how it is."""
    if operator == ":" and field.kind is Kind.ATTRIBUTE:
        asked = [name for name, kind in FIELDS.items() if ":" in OPERATORS[kind]]
        hint = near(field.name, [*asked, *FIELDS])
        return f"`{field.name}` is no field that is asked with `:`; those are {', '.join(asked)}{hint}"
    ways = ", ".join(sorted(OPERATORS[field.kind] - {"!="}))
    return f"`{field.name}` is not asked with `{operator}`; it takes {ways}."
