"""The keys that a dry run has met, on disk rather than in memory: its memory must not grow with the file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from types import TracebackType


class SeenKeys:
    """A set of keys in a temporary file that vanishes at the end."""

    def __enter__(self) -> SeenKeys:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("CREATE TABLE seen (key TEXT PRIMARY KEY) WITHOUT ROWID")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def add(self, keys: Iterable[str]) -> frozenset[str]:
        """Add `keys`, and say which of them were there before."""
        known: set[str] = set()
        self._db.execute("BEGIN")
        for key in set(keys):
            if self._db.execute("INSERT OR IGNORE INTO seen VALUES (?)", (key,)).rowcount == 0:
                known.add(key)
        self._db.execute("COMMIT")
        return frozenset(known)
