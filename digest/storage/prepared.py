"""Core statements on the hot path: compiled once, then handed to the driver with ready values.

SQLAlchemy looks anew at every parameter of every row; for a commit per few messages that is what costs most.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Update
from sqlalchemy.sql.compiler import SQLCompiler

_Row = Callable[[Mapping[str, object]], Any]


class Prepared:
    """One INSERT or UPDATE whose `bindparam`s have types. Values are what those types take."""

    def __init__(self, statement: Insert | Update) -> None:
        self._statement = statement
        self._ready: dict[str, tuple[str, _Row]] = {}

    def run(self, connection: Connection, rows: Sequence[Mapping[str, object]]) -> int:
        """Execute it for each row; how many rows it touched."""
        known = self._ready.get(connection.dialect.name)
        if known is None:
            known = self._ready[connection.dialect.name] = self._compile(connection.dialect)
        text, ready = known
        cursor = connection.connection.cursor()
        try:
            cursor.executemany(text, [ready(row) for row in rows])
            return int(cursor.rowcount)
        finally:
            cursor.close()

    def _compile(self, dialect: Dialect) -> tuple[str, _Row]:
        compiled = self._statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)  # noqa: S101, as for every statement but DDL
        constant: dict[str, object] = {name: bind.value for name, bind in compiled.binds.items()}
        converters = {
            name: convert
            for name, bind in compiled.binds.items()
            if (convert := bind.type.dialect_impl(dialect).bind_processor(dialect)) is not None
        }

        def values(row: Mapping[str, object]) -> dict[str, object]:
            given = {**constant, **row}
            for name, convert in converters.items():
                given[name] = convert(given[name])
            return given

        names = compiled.positiontup
        if names is None:
            return str(compiled), values
        order = list(names)

        def positional(row: Mapping[str, object]) -> list[object]:
            given = values(row)
            return [given[name] for name in order]

        return str(compiled), positional
