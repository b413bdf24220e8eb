"""SQLite files as a whole: a consistent copy while others use them, whether one is sound, whether it is in use."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from digest.errors import StorageError

_BUSY_SECONDS = 30.0
#: What SQLite keeps beside a database.
SIDE_FILES = ("-wal", "-shm", "-journal")


def copy_database(file: Path, target: Path) -> str:
    """A copy of the database as it is at one moment, in one file with mode 0600; its version.

    Nobody who writes has to wait. Raises StorageError where it cannot be made, or where the copy is not sound.
    """
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(_open(file)) as source, closing(_open(target)) as copy:
            copy.execute("PRAGMA synchronous=OFF")  # it is made durable as a whole, or not used
            # All pages in one step: in pieces, every commit of somebody else would have it begin anew.
            source.backup(copy, pages=-1)
            copy.execute("PRAGMA journal_mode=DELETE")
    except (sqlite3.Error, OSError) as problem:
        raise StorageError(f"The database {file} cannot be copied: {_said(problem)}.") from problem
    return check_database(target)


def check_database(file: Path, *, name: str = "") -> str:
    """The version of a sound database file of ours; `name` is what people know it by.

    Raises StorageError for one that is damaged, empty or somebody else's.
    """
    shown = name or str(file)
    try:
        with closing(_open(file, read_only=True)) as connection:
            faults = [str(row[0]) for row in connection.execute("PRAGMA quick_check(5)")]
            if faults != ["ok"]:
                raise StorageError(f"The database {shown} is damaged: {'; '.join(faults)}.")
            rows = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    except sqlite3.Error as problem:
        raise StorageError(f"The database {shown} is damaged, or none of ours: {_said(problem)}.") from problem
    if len(rows) != 1:
        raise StorageError(f"The database {shown} belongs to another program.")
    return str(rows[0][0])


def close_database(file: Path) -> bool:
    """Fold the write-ahead log into the file, so that it can be moved; False where it is damaged already.

    Raises StorageError where another process has it open.
    """
    try:
        with closing(_open(file, seconds=1.0)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            # Leaving WAL takes the last connection there is: that is how others are noticed (SQLite, "WAL", 3).
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as problem:
        if problem.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise StorageError(
                f"The database {file} is in use; stop `digest serve`, `digest schedule` and `digest worker` first."
            ) from problem
        return False
    except sqlite3.DatabaseError:
        return False
    return True


def last_change(file: Path) -> float | None:
    """When the database was last written to, in seconds since 1970; None where there is none, or an empty one."""
    if not file.is_file() or not file.stat().st_size:
        return None
    places = [file, *(file.with_name(file.name + suffix) for suffix in SIDE_FILES[:1])]
    return max(place.stat().st_mtime for place in places if place.is_file())


def highest_numbers(file: Path) -> dict[str, int]:
    """The highest number that each table has given out; none where the database cannot be read."""
    try:
        with closing(_open(file)) as connection:
            return dict(connection.execute("SELECT name, seq FROM sqlite_sequence").fetchall())
    except sqlite3.Error:
        return {}


def skip_numbers(file: Path, used: dict[str, int]) -> None:
    """Never give out again, per table, what is at most the number in `used`."""
    with closing(_open(file)) as connection, connection:
        connection.executemany(
            "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?",
            [(number, table) for table, number in used.items()],
        )


def _open(file: Path, *, read_only: bool = False, seconds: float = _BUSY_SECONDS) -> sqlite3.Connection:
    mode = "ro" if read_only else "rw"
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode={mode}", uri=True, timeout=seconds)


def _said(problem: Exception) -> str:
    return str(getattr(problem, "strerror", None) or problem).rstrip(".")
