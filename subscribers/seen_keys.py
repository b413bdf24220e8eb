"""The keys that an import has met, on disk rather than in memory: its memory must not grow with the file."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from types import TracebackType

#: Hex digits of a key that are kept: 60 bits, of which two among ten million are the same once in 20,000 files.
_DIGITS = 15
_CACHE_KILOBYTES = 16_000


class SeenKeys:
    """Where each key stood first, in a temporary file that vanishes at the end."""

    def __enter__(self) -> SeenKeys:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute(f"PRAGMA cache_size = -{_CACHE_KILOBYTES}")
        self._db.execute("CREATE TABLE seen (key INTEGER PRIMARY KEY, line INTEGER NOT NULL)")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def add(self, keys: Sequence[tuple[str, int]]) -> list[int | None]:
        """Add keys (hex) with their lines; for each the line where it stood before, or None."""
        rows = [(int(key[:_DIGITS], 16), line) for key, line in keys]
        self._db.execute("BEGIN")
        new = self._db.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", rows).rowcount
        self._db.execute("COMMIT")
        if new == len(rows):
            return [None] * len(rows)
        first = [self._db.execute("SELECT line FROM seen WHERE key = ?", (key,)).fetchone()[0] for key, _ in rows]
        return [None if line == before else before for (_, line), before in zip(rows, first, strict=True)]
