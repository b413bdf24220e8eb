"""The one statement that SQLAlchemy has apart for SQLite and PostgreSQL, and how long a list of values may be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection, Insert, Table, func
from sqlalchemy.dialects import sqlite

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

#: Values in one IN (...): older SQLite libraries take 999 parameters in a statement.
IN_LIMIT = 500

T = TypeVar("T")


def insert_for(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """INSERT that can go on with ON CONFLICT, for the dialect of that name."""
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql  # read only where it is needed

        return postgresql.insert(table)
    return sqlite.insert(table)


def insert_if_absent(conn: Connection, table: Table, *columns: str) -> Insert:
    """INSERT that leaves a row alone where one with the same unique `columns` is there; other conflicts raise."""
    return insert_for(conn.dialect.name, table).on_conflict_do_nothing(index_elements=columns)


def insert_or_fill(conn: Connection, table: Table, keys: Sequence[str], columns: Sequence[str]) -> Insert:
    """INSERT that, where a row with the same unique `keys` is there, sets those of its `columns` that are NULL."""
    inserting = insert_for(conn.dialect.name, table)
    filled = {name: func.coalesce(table.c[name], inserting.excluded[name]) for name in columns}
    return inserting.on_conflict_do_update(index_elements=keys, set_=filled)


def insert_was_new(conn: Connection, table: Table, row: Mapping[str, object], *columns: str) -> bool:
    """Insert one row with an `id`, unless one with the same unique `columns` is there; whether it was inserted."""
    inserting = insert_if_absent(conn, table, *columns).values(row).returning(table.c.id)
    return conn.execute(inserting).first() is not None


def in_chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """`values` in pieces that fit into one IN (...)."""
    for start in range(0, len(values), IN_LIMIT):
        yield values[start : start + IN_LIMIT]
