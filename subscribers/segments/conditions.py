"""A segment's tree -> one condition on rows of `subscribers`, for the database at hand. Never NULL: `not` turns it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Protocol, TypeAlias

from sqlalchemy import Boolean, ColumnElement, Connection, and_, false, func, literal, not_, or_, select, true

from subscribers.addresses import parse_domain
from subscribers.errors import AddressError
from subscribers.model import SubscriptionState
from subscribers.segments import postgresql, sqlite
from subscribers.segments.fields import Field, Kind, attribute_name
from subscribers.segments.tree import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Contains,
    Equals,
    IsEmpty,
    Leaf,
    Not,
    Operator,
)
from subscribers.tables import lists, subscribers, subscriptions

Text: TypeAlias = ColumnElement[str]
Holds: TypeAlias = ColumnElement[bool]
Order: TypeAlias = Callable[[ColumnElement[Any], Any], ColumnElement[bool]]


class Dialect(Protocol):
    """What `sqlite` and `postgresql` know."""

    def same(self, text: Text, wanted: str) -> Holds: ...
    def has(self, text: Text, wanted: str) -> Holds: ...
    def has_entry(self, entries: ColumnElement[Any], wanted: str) -> Holds: ...
    def is_empty(self, entries: ColumnElement[Any]) -> Holds: ...
    def has_attribute(self, attributes: ColumnElement[Any], name: str, holds: Callable[[Text], Holds]) -> Holds: ...
    def may_hold(self, document: ColumnElement[Any], wanted: str) -> Holds: ...
    def compares_number(self, text: Text, order: Order, wanted: Decimal) -> Holds: ...
    def compares_day(self, text: Text, order: Order, wanted: date) -> Holds: ...


_DIALECTS: dict[str, Dialect] = {"sqlite": sqlite, "postgresql": postgresql}
_ORDERS: dict[Operator, Order] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_COLUMNS = {"topic": "topics", "tag": "tags", "coin": "coins", "joined": "created_at"}


def segment_clause(conn: Connection, condition: Condition, zone: tzinfo) -> ColumnElement[bool]:
    """`condition` in SQL, for a query on `subscribers`. Days are those of `zone`."""
    return _Compiler(conn.dialect.name, zone).clause(condition)


class _Compiler:
    def __init__(self, dialect: str, zone: tzinfo) -> None:
        self._sql, self._zone = _DIALECTS[dialect], zone

    def clause(self, condition: Condition) -> Holds:
        match condition:
            case AllOf(parts):
                return and_(true(), *map(self.clause, parts))
            case AnyOf(parts):
                return or_(false(), *map(self.clause, parts))
            case Not(part):
                return not_(self.clause(part))
            case _ if condition.field.kind is Kind.ATTRIBUTE:
                return self._attribute(condition)
            case Equals(field, text):
                return self._equals(field, text)
            case Contains(field, text):
                return self._sql.has(_column(field), text)
            case Compare(field, order, value):
                if isinstance(value, date):
                    return _joined(order, value, self._zone)
                return func.coalesce(_ORDERS[order](_column(field), value), false(), type_=Boolean)
            case IsEmpty(field):
                return self._is_empty(field)

    def _equals(self, field: Field, text: str) -> Holds:
        if field.kind is Kind.ENTRIES:
            return self._sql.has_entry(_column(field), text)
        if field.kind is Kind.LIST:
            return _is_active_on(text)
        if field.name == "domain":
            return subscribers.c.domain == _domain(text)
        return self._sql.same(_column(field), text)

    def _is_empty(self, field: Field) -> Holds:
        if field.kind is Kind.ENTRIES:
            return self._sql.is_empty(_column(field))
        return _column(field).is_(None) if field.kind is Kind.NUMBER else _column(field) == ""

    def _attribute(self, leaf: Leaf) -> Holds:
        name, document = leaf.field.name, subscribers.c.attributes

        def some(holds: Callable[[Text], Holds]) -> Holds:
            names = dict.fromkeys((name, attribute_name(name)))
            return or_(*(self._sql.has_attribute(document, each, holds) for each in names))

        match leaf:
            case Equals(_, text):
                return and_(self._sql.may_hold(document, text), some(lambda own: self._sql.same(own, text)))
            case Contains(_, text):
                return and_(self._sql.may_hold(document, text), some(lambda own: self._sql.has(own, text)))
            case IsEmpty(_):
                return not_(some(lambda own: own != ""))
            case Compare(_, order, value):
                if isinstance(value, date):
                    return some(lambda own: self._sql.compares_day(own, _ORDERS[order], value))
                return some(lambda own: self._sql.compares_number(own, _ORDERS[order], value))


def _column(field: Field) -> ColumnElement[Any]:
    return subscribers.c[_COLUMNS.get(field.name, field.name)]


def _joined(order: Operator, day: date, zone: tzinfo) -> Holds:
    begin, end = (datetime.combine(day + timedelta(days=step), time(), zone) for step in (0, 1))
    joined = subscribers.c.created_at
    # After a day means after its end, up to it means before that.
    ways: dict[Operator, Holds] = {
        "=": and_(joined >= begin, joined < end),
        "<": joined < begin,
        "<=": joined < end,
        ">": joined >= end,
        ">=": joined >= begin,
    }
    return ways[order]


def _is_active_on(slug: str) -> Holds:
    """Whether somebody has an active subscription to the list; never to one that is not there."""
    own = subscriptions.alias()
    wanted = select(lists.c.id).where(lists.c.slug == slug.lower()).scalar_subquery()
    return (
        select(literal(1))
        .where(
            own.c.subscriber_id == subscribers.c.id,
            own.c.list_id == wanted,
            own.c.state == SubscriptionState.ACTIVE,
        )
        .correlate(subscribers)
        .exists()
    )


def _domain(text: str) -> str:
    try:
        return parse_domain(text)
    except AddressError:
        return text.lower()
