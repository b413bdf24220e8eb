"""Conditions on texts and JSON in PostgreSQL; the same functions as for SQLite."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Numeric,
    String,
    Text,
    and_,
    case,
    cast,
    collate,
    column,
    false,
    func,
    literal,
    select,
    true,
)

from subscribers.segments.folding import cases_of, fold

Order: TypeAlias = Callable[[ColumnElement[Any], Any], ColumnElement[bool]]


def same(text: ColumnElement[str], wanted: str) -> ColumnElement[bool]:
    """`text` is `wanted`, without regard to case."""
    return _folded(text, wanted) == fold(wanted)


def has(text: ColumnElement[str], wanted: str) -> ColumnElement[bool]:
    """`text` has `wanted` in it, without regard to case."""
    return func.strpos(_folded(text, wanted), fold(wanted)) > 0


def has_entry(entries: ColumnElement[Any], wanted: str) -> ColumnElement[bool]:
    """The list of texts has `wanted` in it, without regard to case."""
    each = func.jsonb_array_elements_text(entries).table_valued(column("value", Text)).render_derived()
    return select(literal(1)).select_from(each).where(same(each.c.value, wanted)).exists()


def is_empty(entries: ColumnElement[Any]) -> ColumnElement[bool]:
    """The list has no entries."""
    return func.jsonb_array_length(entries) == 0


def has_attribute(
    attributes: ColumnElement[Any], name: str, holds: Callable[[ColumnElement[str]], ColumnElement[bool]]
) -> ColumnElement[bool]:
    """The JSON object has a text of that name, for which `holds`."""
    text = func.jsonb_extract_path_text(attributes, cast(name, Text), type_=Text)
    return func.coalesce(holds(text), false(), type_=Boolean)


def may_hold(document: ColumnElement[Any], wanted: str) -> ColumnElement[bool]:  # noqa: ARG001, as for SQLite
    """PostgreSQL reads its JSON quickly enough: nothing is ruled out."""
    return true()


def compares_number(text: ColumnElement[str], order: Order, wanted: Decimal) -> ColumnElement[bool]:
    """`text` is a number such as -12.5, and stands so to `wanted`."""
    # In a CASE nothing is cast that is no number.
    return order(case((text.regexp_match(r"^-?[0-9]+(\.[0-9]+)?$"), cast(text, Numeric))), wanted)


def compares_day(text: ColumnElement[str], order: Order, wanted: date) -> ColumnElement[bool]:
    """`text` begins with a day such as 2026-01-31, which stands so to `wanted`."""
    is_day = text.regexp_match("^[0-9]{4}-[0-9]{2}-[0-9]{2}")
    return and_(is_day, order(collate(func.left(text, 10), "C"), wanted.isoformat()))


def _folded(text: ColumnElement[str], wanted: str) -> ColumnElement[str]:
    """`text` with A to Z, and those capitals that bear on `wanted`, in small letters."""
    small = func.lower(collate(cast(text, String), "C"), type_=Text)
    pairs = {large: fold(large) for sign in wanted if not sign.isascii() for large in cases_of(sign)}
    others = {large: own for large, own in pairs.items() if large != own}
    return func.translate(small, "".join(others), "".join(others.values()), type_=Text) if others else small
