"""The one statement that SQLite and PostgreSQL spell apart, and how long a list of values may be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from sqlalchemy import Connection, Insert, Table
from sqlalchemy.dialects import postgresql, sqlite

#: Values in one IN (...): older SQLite libraries take 999 parameters in a statement.
IN_LIMIT = 500

T = TypeVar("T")


def insert_if_absent(conn: Connection, table: Table, *columns: str) -> Insert:
    """INSERT that leaves a row alone where one with the same unique `columns` is there; other conflicts raise."""
    if conn.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing(index_elements=columns)
    return sqlite.insert(table).on_conflict_do_nothing(index_elements=columns)


def in_chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """`values` in pieces that fit into one IN (...)."""
    for start in range(0, len(values), IN_LIMIT):
        yield values[start : start + IN_LIMIT]
