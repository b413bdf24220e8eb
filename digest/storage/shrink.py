"""Giving a SQLite file's free room back to the disk."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from digest.errors import SenderBusyError, StorageError
from digest.storage.sender_lock import sender_lock

#: It is worth rewriting the file from this share of free pages, and this many octets, on.
_WORTH_SHARE, _WORTH_OCTETS = 0.2, 1_000_000
_PATIENCE = 10.0


def free_room(file: Path) -> tuple[int, int]:
    """Octets of the database that are free, and octets in all. Raises StorageError."""
    with _opened(file) as connection:
        size, pages, free = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_size", "page_count", "freelist_count")
        )
    return free * size, pages * size


def worth_shrinking(free: int, total: int) -> bool:
    return free >= _WORTH_OCTETS and free >= _WORTH_SHARE * total


def shrink(file: Path) -> str:
    """Rewrite the database without its free room; why that had to wait, or "".

    Nothing is sent meanwhile, and who else writes waits. Raises StorageError.
    """
    _, total = free_room(file)
    # The new copy, and once more in the journal (SQLite, "VACUUM").
    if shutil.disk_usage(file.parent).free < 2 * total:
        return f"there is no room on the disk for a second copy of {file}"
    try:
        with sender_lock(file), _opened(file) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except SenderBusyError:
        return "an edition is being sent"
    return ""


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    """A connection without a transaction, which VACUUM cannot have."""
    try:
        with closing(sqlite3.connect(file, timeout=_PATIENCE, isolation_level=None)) as connection:
            yield connection
    except sqlite3.Error as problem:
        raise StorageError(f"The database {file} cannot be made smaller: {problem}.") from problem
