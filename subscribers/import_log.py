"""The imports: begun, how far they came, and finished; what each changed is written by `import_store`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime

import msgspec
from sqlalchemy import Connection, insert, select, update

from subscribers.audit import record_change
from subscribers.errors import UnknownImportError
from subscribers.model import MailingList
from subscribers.tables import imports

_I = imports.c
#: What the connection may use while many rows are written: a cache that holds the upper pages of every index, and a
#: write-ahead log that is not copied back after every batch.
_CACHE_KILOBYTES, _LOG_PAGES = 64_000, 16_000
#: What SQLite has otherwise.
_USUAL_CACHE_KILOBYTES, _USUAL_LOG_PAGES = 2_000, 1_000


class Import(msgspec.Struct, frozen=True, kw_only=True):
    """One import. The rows up to `line` of its file are in, and `counts` are those of its report.

    `finished_at` is None where it goes on, or was broken off; then there are no counts yet.
    """

    id: int
    list_id: int
    list_slug: str
    file: str
    map: str
    who: str
    at: datetime
    line: int
    counts: dict[str, int]
    finished_at: datetime | None
    undone_at: datetime | None


def start_import(conn: Connection, onto: MailingList, *, file: str, map_name: str, who: str, now: datetime) -> int:
    """A new import's number."""
    row = {
        "list_id": onto.id,
        "list_slug": onto.slug,
        "file": file,
        "map": map_name,
        "who": who,
        "at": now,
        "line": 0,
        "counts": {},
    }
    return int(conn.execute(insert(imports).values(row).returning(_I.id)).scalar_one())


def note_progress(conn: Connection, import_id: int, line: int) -> None:
    """How far it came, in the transaction that brought it there."""
    conn.execute(update(imports).where(_I.id == import_id).values(line=line))


def finish_import(
    conn: Connection, import_id: int, onto: MailingList, counts: Mapping[str, int], *, who: str, now: datetime
) -> None:
    """It reached the end of its file; into the audit trail with it."""
    conn.execute(update(imports).where(_I.id == import_id).values(counts=dict(counts), finished_at=now))
    detail = {name: str(count) for name, count in counts.items() if count} | {"import": str(import_id)}
    record_change(conn, who=who, what="subscribers.import", subject=onto.slug, at=now, detail=detail)


def note_undone(conn: Connection, undone: Import, counts: Mapping[str, int], *, who: str, now: datetime) -> None:
    """It was taken back; into the audit trail with it."""
    conn.execute(update(imports).where(_I.id == undone.id).values(undone_at=now))
    detail = {name: str(count) for name, count in counts.items() if count} | {"import": str(undone.id)}
    record_change(conn, who=who, what="subscribers.undo", subject=undone.list_slug, at=now, detail=detail)


def get_import(conn: Connection, import_id: int) -> Import:
    """Raises UnknownImportError."""
    row = conn.execute(select(imports).where(_I.id == import_id)).mappings().first()
    if row is None:
        raise UnknownImportError(import_id)
    return Import(**row)


def list_imports(conn: Connection, *, limit: int = 100) -> list[Import]:
    """The newest first."""
    rows = conn.execute(select(imports).order_by(_I.id.desc()).limit(limit)).mappings()
    return [Import(**row) for row in rows]


def make_room(conn: Connection) -> None:
    """Give SQLite the memory that many rows take: without it a million take twice as long."""
    _set(conn, _CACHE_KILOBYTES, _LOG_PAGES)


def give_room_back(begin: Callable[[], AbstractContextManager[Connection]]) -> None:
    with begin() as conn:
        _set(conn, _USUAL_CACHE_KILOBYTES, _USUAL_LOG_PAGES)


def _set(conn: Connection, cache_kilobytes: int, log_pages: int) -> None:
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql(f"PRAGMA cache_size = -{cache_kilobytes}")
        conn.exec_driver_sql(f"PRAGMA wal_autocheckpoint = {log_pages}")
