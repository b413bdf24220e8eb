"""Conditions on texts and JSON in PostgreSQL; the same functions as for SQLite."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Numeric,
    String,
    Text,
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


def number(text: ColumnElement[str]) -> ColumnElement[Any]:
    """The number that a text such as -12.5 is, else NULL."""
    return case((text.regexp_match(r"^-?[0-9]+(\.[0-9]+)?$"), cast(text, Numeric)))


def day(text: ColumnElement[str]) -> ColumnElement[Any]:
    """The day with which a text such as 2026-01-31 begins, as text, else NULL."""
    return case((text.regexp_match("^[0-9]{4}-[0-9]{2}-[0-9]{2}"), collate(func.left(text, 10), "C")))


def _folded(text: ColumnElement[str], wanted: str) -> ColumnElement[str]:
    """`text` with A to Z, and those capitals that bear on `wanted`, in small letters."""
    small = func.lower(collate(cast(text, String), "C"), type_=Text)
    pairs = {large: fold(large) for sign in wanted if not sign.isascii() for large in cases_of(sign)}
    others = {large: own for large, own in pairs.items() if large != own}
    return func.translate(small, "".join(others), "".join(others.values()), type_=Text) if others else small
