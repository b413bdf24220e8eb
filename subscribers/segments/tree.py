"""What an expression comes to: a small tree of conditions on one person."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

import msgspec

from subscribers.segments.fields import Field

Operator = Literal["=", "<", "<=", ">", ">="]


class Equals(msgspec.Struct, frozen=True):
    """The field's text is `text`, without regard to case; a list of texts has it as an entry."""

    field: Field
    text: str


class Contains(msgspec.Struct, frozen=True):
    """The field's text has `text` in it, without regard to case."""

    field: Field
    text: str


class Compare(msgspec.Struct, frozen=True):
    """The field's number or day stands so to `value`. What is no number, or no day, does not at all."""

    field: Field
    operator: Operator
    value: Decimal | date


class IsEmpty(msgspec.Struct, frozen=True):
    """The field holds nothing."""

    field: Field


class Not(msgspec.Struct, frozen=True):
    part: Condition


class AllOf(msgspec.Struct, frozen=True):
    parts: tuple[Condition, ...]


class AnyOf(msgspec.Struct, frozen=True):
    parts: tuple[Condition, ...]


Leaf: TypeAlias = Equals | Contains | Compare | IsEmpty
Condition: TypeAlias = Leaf | Not | AllOf | AnyOf


def leaves_of(condition: Condition) -> list[Leaf]:
    """The conditions that are made of no others, in their order."""
    match condition:
        case Not(part):
            return leaves_of(part)
        case AllOf(parts) | AnyOf(parts):
            return [leaf for part in parts for leaf in leaves_of(part)]
        case _:
            return [condition]


def depth_of(condition: Condition) -> int:
    """How deep conditions stand in one another; 1 for one alone."""
    match condition:
        case Not(part):
            return 1 + depth_of(part)
        case AllOf(parts) | AnyOf(parts):
            return 1 + max(depth_of(part) for part in parts)
        case _:
            return 1
