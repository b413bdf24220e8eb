"""Files beside the database that are needed no more."""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

#: An edition may be about to name a picture this young.
_YOUNG = timedelta(days=2)
#: What a backup or a restore leaves behind when it is killed; either is done within a day.
_LEFT_BEHIND = re.compile(r"\.(?:backup|restore)-")


def unused_pictures(folder: Path, used: set[str], now: datetime) -> list[Path]:
    """Pictures that nobody shows, and halves of some, if they are old enough."""
    files = (file for file in folder.glob("*") if file.suffix in (".jpg", ".part"))
    return sorted(file for file in files if file.name not in used and _before(file, now - _YOUNG))


def old_refusals(folder: Path, before: datetime) -> list[Path]:
    """Reports of rows that imports refused."""
    return sorted(file for file in folder.glob("*.csv") if _before(file, before))


def left_behind(folder: Path, now: datetime) -> list[Path]:
    """Folders of backups and restores that were killed."""
    found = (each for each in folder.glob(".*") if _LEFT_BEHIND.match(each.name) and each.is_dir())
    return sorted(each for each in found if _before(each, now - timedelta(days=1)))


def remove_all(places: list[Path]) -> int:
    """Remove files and folders; how many. Raises OSError."""
    for place in places:
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
    return len(places)


def drop_answers(cache: Path, before: datetime) -> int:
    """Forget answers of sources that nobody has asked for since; how many.

    A cache that cannot be read is removed: it is made anew.
    """
    if not cache.is_file() or not cache.stat().st_size:
        return 0
    try:
        with closing(sqlite3.connect(cache, timeout=10, isolation_level=None)) as connection:
            connection.execute("PRAGMA foreign_keys=ON")  # what belongs to an answer goes with it
            old = connection.execute("DELETE FROM entries WHERE last_accessed_at < ?", (before.timestamp(),)).rowcount
            if old:
                connection.execute("VACUUM")
            return old
    except sqlite3.OperationalError:
        return 0  # in use, or of another version: it has an end of its own
    except sqlite3.DatabaseError:
        cache.unlink(missing_ok=True)
        return 1


def count_answers(cache: Path, before: datetime) -> int:
    """How many `drop_answers` would forget."""
    if not cache.is_file() or not cache.stat().st_size:
        return 0
    try:
        with closing(sqlite3.connect(cache, timeout=10)) as connection:
            query = "SELECT count(*) FROM entries WHERE last_accessed_at < ?"
            return int(connection.execute(query, (before.timestamp(),)).fetchone()[0])
    except sqlite3.Error:
        return 0


def _before(file: Path, moment: datetime) -> bool:
    try:
        return file.stat().st_mtime < moment.timestamp()
    except FileNotFoundError:
        return False
