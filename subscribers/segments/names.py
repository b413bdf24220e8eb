"""The names in an expression held against the database: lists that are not there, attributes that nobody has."""

from __future__ import annotations

from datetime import UTC

from sqlalchemy import Connection, select

from subscribers.errors import SegmentError
from subscribers.segments.conditions import segment_clause
from subscribers.segments.fields import FIELDS, Field, Kind, attribute_name, near
from subscribers.segments.tree import Condition, Equals, IsEmpty, Not, leaves_of
from subscribers.tables import lists, subscribers

#: People whose attributes are looked at for a name that comes close.
_LOOKED_AT = 1000


def check_names(conn: Connection, expression: str, condition: Condition) -> None:
    """Raises SegmentError for a list that is not there, and for a field that is none and that nobody has.

    What was called an attribute outright (`attribute:city`) is taken at its word.
    """
    found: set[str] = set()
    for leaf in leaves_of(condition):
        field = leaf.field
        if field.kind is Kind.LIST and isinstance(leaf, Equals):
            known = conn.execute(select(lists.c.slug)).scalars().all()
            if leaf.text.lower() not in known:
                raise SegmentError(expression, f"There is no list {leaf.text}{near(leaf.text, known)}", *field.place)
        elif field.kind is Kind.ATTRIBUTE and not field.certain and field.name not in found:
            if not _somebody_has(conn, field):
                hint = near(attribute_name(field.name), [*FIELDS, *_attributes(conn)])
                problem = f"`{field.name}` is no field, and nobody has an attribute of that name{hint}"
                raise SegmentError(expression, problem, *field.place)
            found.add(field.name)


def _somebody_has(conn: Connection, field: Field) -> bool:
    has_it = segment_clause(conn, Not(IsEmpty(field)), UTC)
    return conn.execute(select(subscribers.c.id).where(has_it).limit(1)).first() is not None


def _attributes(conn: Connection) -> list[str]:
    newest = select(subscribers.c.attributes).order_by(subscribers.c.id.desc()).limit(_LOOKED_AT)
    return sorted({name for attributes in conn.execute(newest).scalars() for name in attributes})
