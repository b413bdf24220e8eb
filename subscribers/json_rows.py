"""Many rows as the one parameter of a statement: a JSON array of arrays, read as a table by the database itself.

A statement with a thousand rows then costs one round trip and no bound values of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Insert,
    Row,
    Text,
    bindparam,
    cast,
    column,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeEngine


class JsonRows:
    """The table that the parameter `rows` holds. Its cells are texts, numbers, nulls, and JSON inside JSON."""

    def __init__(self, conn: Connection) -> None:
        self._postgresql = conn.dialect.name == "postgresql"
        document = bindparam("rows", type_=Text)
        self.table: TableValuedAlias
        if self._postgresql:
            from sqlalchemy.dialects.postgresql import JSONB  # read only where it is needed

            array = func.jsonb_array_elements(cast(document, JSONB))
            self.table = array.table_valued(column("value", JSONB), name="given")
        else:
            self.table = func.json_each(document).table_valued("value", name="given")

    def cell(self, place: int, kind: TypeEngine[Any]) -> ColumnElement[Any]:
        """What stands at `place` of each row; `kind` is the type of the column that it is for."""
        if self._postgresql:
            return cast(self.table.c.value.op("->>")(place), kind)
        return func.json_extract(self.table.c.value, f"$[{place}]", type_=Text)

    @staticmethod
    def parameter(rows: Iterable[Iterable[Any]]) -> dict[str, str]:
        """The parameter for `conn.execute`."""
        return {"rows": msgspec.json.encode(list(rows)).decode()}


def insert_rows(
    conn: Connection,
    inserting: Insert,
    columns: Sequence[str],
    rows: Sequence[Iterable[Any]],
    constants: Mapping[str, Any],
) -> Sequence[Row[Any]]:
    """Insert `rows` (values of `columns`), each with `constants`; the rows that `inserting` returns, if it does."""
    if not rows:
        return []
    given = JsonRows(conn)
    kinds = {column.name: column.type for column in inserting.table.c}
    cells = [given.cell(place, kinds[name]) for place, name in enumerate(columns)]
    same = [literal(value, kinds[name]) for name, value in constants.items()]
    # Without a condition SQLite would take ON CONFLICT for a join's.
    query = select(*cells, *same).select_from(given.table).where(true())
    found = conn.execute(inserting.from_select([*columns, *constants], query), given.parameter(rows))
    return found.all() if found.returns_rows else []


def keys_of(conn: Connection, document: ColumnElement[Any]) -> TableValuedAlias:
    """The keys of a column of JSON objects, as a table with a column `key`, to be joined to the column's own."""
    if conn.dialect.name == "postgresql":
        keys = func.jsonb_object_keys(document).table_valued("key", name="attribute", joins_implicitly=True)
        return keys.render_derived()
    return func.json_each(document).table_valued("key", name="attribute", joins_implicitly=True)


def stored_time(conn: Connection, at: datetime) -> str:
    """An aware time as the database writes it: without its zone on SQLite, where all are UTC."""
    text = at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    return text + "+00" if conn.dialect.name == "postgresql" else text
