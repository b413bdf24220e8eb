"""How each source did when it was last read."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Connection, insert, select, update

from digest.storage.tables import source_health

_H = source_health.c


class SourceHealth(msgspec.Struct, frozen=True, kw_only=True):
    """`found` and `new` articles are those of the last success; `failures` counts the tries since.

    `news_at` is when it last gave an article that was new, `problem` what the last try failed of ("" where it did not).
    """

    source: str
    tried_at: datetime
    succeeded_at: datetime | None = None
    news_at: datetime | None = None
    found: int = 0
    new: int = 0
    failures: int = 0
    problem: str = ""


def note_success(connection: Connection, source: str, *, found: int, new: int, now: datetime) -> None:
    """The source was read: it had `found` articles, `new` of them not in the pool before."""
    values = {"tried_at": now, "succeeded_at": now, "found": found, "new": new, "failures": 0, "problem": ""}
    _save(connection, source, values | ({"news_at": now} if new else {}))


def note_failure(connection: Connection, source: str, problem: str, *, now: datetime) -> None:
    """The source could not be read; what it gave the last time stays on record."""
    _save(connection, source, {"tried_at": now, "failures": _H.failures + 1, "problem": problem})


def load_health(connection: Connection) -> dict[str, SourceHealth]:
    """By source; one that was never read is not in it."""
    rows = connection.execute(select(source_health)).mappings()
    return {row["source"]: SourceHealth(**row) for row in rows}


def _save(connection: Connection, source: str, values: dict[str, object]) -> None:
    changed = connection.execute(update(source_health).where(_H.source == source).values(values))
    if not changed.rowcount:
        failures = 1 if values["problem"] else 0
        first = {"source": source, "found": 0, "new": 0} | values | {"failures": failures}
        connection.execute(insert(source_health).values(first))
