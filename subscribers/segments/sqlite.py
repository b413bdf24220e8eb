"""Conditions on texts and JSON in SQLite.

Its JSON functions take most of the time on a long list, so that they are only asked of rows whose stored text may hold
what is looked for: LIKE on the letters A to Z and the digits of it says so in a third of the time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

from sqlalchemy import REAL, ColumnElement, Text, and_, case, cast, false, func, literal, or_, select, true, type_coerce

from subscribers.segments.folding import cases_of

Order: TypeAlias = Callable[[ColumnElement[Any], Any], ColumnElement[bool]]

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9]+")
#: In a GLOB these have a meaning; in brackets they have none.
_SPECIAL = "*?["


def same(text: ColumnElement[str], wanted: str) -> ColumnElement[bool]:
    """`text` is `wanted`, without regard to case."""
    return text.op("GLOB", is_comparison=True)(_pattern(wanted))


def has(text: ColumnElement[str], wanted: str) -> ColumnElement[bool]:
    """`text` has `wanted` in it, without regard to case."""
    return text.op("GLOB", is_comparison=True)(f"*{_pattern(wanted)}*")


def has_entry(entries: ColumnElement[Any], wanted: str) -> ColumnElement[bool]:
    """The list of texts has `wanted` in it, without regard to case."""
    each = func.json_each(entries).table_valued("value")
    exact = select(literal(1)).select_from(each).where(same(each.c.value, wanted)).exists()
    return and_(may_hold(entries, wanted), exact)


def is_empty(entries: ColumnElement[Any]) -> ColumnElement[bool]:
    """The list has no entries."""
    return func.json_array_length(entries) == 0


def has_attribute(
    attributes: ColumnElement[Any], name: str, holds: Callable[[ColumnElement[str]], ColumnElement[bool]]
) -> ColumnElement[bool]:
    """The JSON object has a text of that name, for which `holds`. `name` has no double quotes in it."""
    # The key is looked for as it is stored, escapes and all.
    text = func.json_extract(attributes, f"$.{json.dumps(name)}", type_=Text)
    # In a CASE, unlike in coalesce(), SQLite stops at the first part of an AND that does not hold.
    return case((holds(text), true()), else_=false())


def may_hold(document: ColumnElement[Any], wanted: str) -> ColumnElement[bool]:
    """False only where the JSON text surely does not hold `wanted`; quick."""
    plain = _NOT_PLAIN.sub("%", wanted)
    return true() if plain == "%" else type_coerce(document, Text).like(f"%{plain}%")


def compares_number(text: ColumnElement[str], order: Order, wanted: Decimal) -> ColumnElement[bool]:
    """`text` is a number such as -12.5, and stands so to `wanted`."""
    # The cheap and the likely go first: each mention of `text` reads the JSON anew.
    only_figures = and_(text.op("GLOB")("[0-9]*"), text.op("NOT GLOB")("*[^0-9]*"))
    with_sign_and_point = and_(
        text.op("GLOB")("[-0-9]*"),
        text.op("NOT GLOB")("-[^0-9]*"),
        func.substr(text, 2).op("NOT GLOB")("*[^0-9.]*"),
        text.op("NOT GLOB")("*.*.*"),
        text.op("GLOB")("*[0-9]"),
    )
    return and_(order(cast(text, REAL), wanted), or_(only_figures, with_sign_and_point))


def compares_day(text: ColumnElement[str], order: Order, wanted: date) -> ColumnElement[bool]:
    """`text` begins with a day such as 2026-01-31, which stands so to `wanted`."""
    is_day = text.op("GLOB")("[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*")
    return and_(order(func.substr(text, 1, 10), wanted.isoformat()), is_day)


def _pattern(text: str) -> str:
    return "".join(_one_of(sign) for sign in text)


def _one_of(sign: str) -> str:
    cases = cases_of(sign)
    return f"[{cases}]" if len(cases) > 1 or sign in _SPECIAL else sign
