"""The batches of an import: while one is written, the rows of the next are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime
from types import TracebackType

from sqlalchemy import Connection

from subscribers.import_batch import Entry, Fate, Outcome, Standing, apply_batch
from subscribers.import_log import make_room, note_progress
from subscribers.import_report import Tally
from subscribers.seen_keys import SeenKeys

Begin = Callable[[], AbstractContextManager[Connection]]


class Batches:
    """Collects rows and puts them onto the list, each batch in a transaction of its own, one after the other.

    A thread of its own writes: the database works outside the interpreter's lock. What it raises is raised by the next
    call here. Without an `import_id` nothing is written.
    """

    def __init__(self, begin: Begin, list_id: int, tally: Tally, import_id: int | None, now: datetime) -> None:
        self._begin, self._list_id, self._tally, self._import_id, self._now = begin, list_id, tally, import_id, now
        self._entries: list[Entry] = []
        self._written: tuple[list[Entry], Future[list[Outcome]]] | None = None

    def __enter__(self) -> Batches:
        with ExitStack() as stack:
            self._seen = stack.enter_context(SeenKeys())
            self._writer = stack.enter_context(ThreadPoolExecutor(1, "import"))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def add(self, entry: Entry) -> int:
        """How many rows the next batch has now."""
        self._entries.append(entry)
        return len(self._entries)

    def begin_next(self) -> None:
        """Have the rows written that were added, once those before them are."""
        self._settle()
        entries, self._entries = self._entries, []
        if entries:
            self._written = (entries, self._writer.submit(self._write, entries))

    def finish(self) -> None:
        """Return when every row is written."""
        self.begin_next()
        self._settle()

    def _write(self, entries: Sequence[Entry]) -> list[Outcome]:
        with self._begin() as conn:
            make_room(conn)
            outcomes = apply_batch(conn, self._list_id, entries, now=self._now, import_id=self._import_id)
            if self._import_id is not None:
                note_progress(conn, self._import_id, entries[-1].line)
        return outcomes

    def _settle(self) -> None:
        if self._written is None:
            return
        (entries, writing), self._written = self._written, None
        outcomes = writing.result()
        # Whom the file bars stands there with a negative line.
        earlier = self._seen.add(
            [(entry.key, -entry.line if entry.standing is Standing.BARRED else entry.line) for entry in entries]
        )
        for entry, outcome, line in zip(entries, outcomes, earlier, strict=True):
            if line is None:
                self._tally.count(entry, outcome)
            else:
                fate = outcome if self._import_id is not None else _in_a_dry_run(outcome, line)
                self._tally.count(entry, fate, abs(line))


def _in_a_dry_run(outcome: Outcome, earlier_line: int) -> Outcome:
    """What a row comes to whose address an earlier batch would have added, or barred."""
    if outcome.fate is not Fate.ADDED:
        return outcome
    return Outcome(Fate.SUPPRESSED if earlier_line < 0 else Fate.UPDATED)
