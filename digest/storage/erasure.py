"""What a person leaves in the ledger and in the database's files once they are erased."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, select, update

from digest.errors import StorageError
from digest.storage.tables import deliveries

#: How long at most is waited for those who read just now.
_PATIENCE = 5.0


def forget_deliveries(connection: Connection, subscriber: int) -> list[int]:
    """Empty the person's deliveries of all that tells about them; the editions' numbers. What waits is skipped."""
    own = deliveries.c.subscriber_id == subscriber
    numbers = list(connection.execute(select(deliveries.c.edition_id).where(own)).scalars())
    connection.execute(update(deliveries).where(own).values(recipient=None, reply="", choice=b""))
    return numbers


def wipe_journal(file: Path | None) -> bool:
    """Empty the write-ahead log of a SQLite file: what was deleted may still stand there. True where there is none.

    False where somebody keeps reading; SQLite then empties it later. Raises StorageError.
    """
    if file is None:
        return True
    try:
        with closing(sqlite3.connect(file, timeout=_PATIENCE, isolation_level=None)) as connection:
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error as problem:
        raise StorageError(f"The journal of the database {file} cannot be emptied: {problem}.") from problem
    return not busy
