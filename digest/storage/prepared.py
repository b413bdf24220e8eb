"""Core statements on the hot path: compiled once, then handed to the driver with ready values.

SQLAlchemy looks anew at every parameter of every row; for a commit per few messages that is what costs most.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Update
from sqlalchemy.sql.compiler import SQLCompiler

_Rows = Sequence[Mapping[str, object]]


class Prepared:
    """One INSERT or UPDATE whose `bindparam`s have types. Values are what those types take."""

    def __init__(self, statement: Insert | Update) -> None:
        self._statement = statement
        self._ready: dict[str, tuple[str, _Binds]] = {}

    def run(self, connection: Connection, rows: _Rows) -> int:
        """Execute it for each row; how many rows it touched."""
        known = self._ready.get(connection.dialect.name)
        if known is None:
            known = self._ready[connection.dialect.name] = self._compile(connection.dialect)
        text, binds = known
        cursor = connection.connection.cursor()
        try:
            cursor.executemany(text, binds.convert(rows))
            return int(cursor.rowcount)
        finally:
            cursor.close()

    def _compile(self, dialect: Dialect) -> tuple[str, _Binds]:
        compiled = self._statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)  # noqa: S101, as for every statement but DDL
        converters = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()
        }
        fixed = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        fixed = {name: convert(value) if (convert := converters[name]) else value for name, value in fixed.items()}
        names = list(compiled.positiontup or compiled.binds)
        return str(compiled), _Binds(names, fixed, converters, positional=compiled.positiontup is not None)


class _Binds:
    """The places of a statement: what is the same in every row, and what each row brings."""

    def __init__(
        self,
        names: list[str],
        fixed: Mapping[str, object],
        converters: Mapping[str, Callable[[Any], Any] | None],
        *,
        positional: bool,
    ) -> None:
        self._names = None if positional else names
        self._template = [fixed.get(name) for name in names]
        self._given = [(place, name, converters[name]) for place, name in enumerate(names) if name not in fixed]

    def convert(self, rows: _Rows) -> list[Any]:
        """The rows as the driver takes them. The same moment or state in many rows is converted once."""
        seen: dict[int, object] = {id(None): None}
        out: list[Any] = []
        for row in rows:
            values = self._template.copy()
            for place, name, convert in self._given:
                value = row[name]
                if convert is not None:
                    known = seen.get(id(value), seen)
                    if known is seen:
                        known = seen[id(value)] = convert(value)
                    value = known
                values[place] = value
            out.append(values if self._names is None else dict(zip(self._names, values, strict=True)))
        return out
