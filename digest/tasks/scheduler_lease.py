"""One scheduler works, others wait until it falls silent. No two clocks are compared with each other."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime

from digest.storage import scheduler_lease as store
from digest.storage.database import Database

#: Seconds between two beats of whoever has the lease.
BEAT = 3.0
#: Whoever was silent for so many seconds, by the watch of the one that waits, is gone.
SILENCE = 15.0


def elapsed() -> float:
    """Seconds that nobody can set, those of a suspended machine included where the system counts them."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class SchedulerLease:
    """This scheduler's hold on a database. `clock` dates the row for people, `watch` measures silence in seconds."""

    def __init__(self, database: Database, clock: Callable[[], datetime], watch: Callable[[], float] = elapsed) -> None:
        self._database, self._clock, self._watch = database, clock, watch
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(2)}"
        #: Who has it, as far as we know; our own name, or "" for nobody.
        self.holder = ""
        self._renewed = 0.0
        self._seen: store.LeaseRow | None = None
        self._seen_since = 0.0
        self._one_at_a_time = threading.Lock()

    @property
    def held(self) -> bool:
        """Whether it is ours. One that slept through its own beats does not know any more."""
        return self.holder == self.name and self._watch() - self._renewed < SILENCE

    def hold(self) -> bool:
        """Renew it or, where nobody has it or whoever has it fell silent, take it; whether it is ours now.

        To be called every `BEAT` seconds. Raises StorageError.
        """
        with self._one_at_a_time:
            return (self.holder == self.name and self._renew()) or self._try_to_take()

    def give_back(self) -> None:
        """Let the next one begin at once. Raises StorageError."""
        with self._one_at_a_time:
            if self.holder == self.name:
                self.holder = ""
                with self._database.write() as connection:
                    store.give_back_lease(connection, self.name)

    def _renew(self) -> bool:
        began = self._watch()
        with self._database.write() as connection:
            ours = store.renew_lease(connection, self.name, self._clock())
        if ours:
            self._renewed = began
        return ours

    def _try_to_take(self) -> bool:
        began = self._watch()
        with self._database.read() as connection:
            row = store.read_lease(connection)
        if row != self._seen:
            self._seen, self._seen_since = row, began
        self.holder = row.holder if row else ""
        if self.holder and began - self._seen_since < SILENCE:
            return False
        with self._database.write() as connection:
            taken = store.take_lease(connection, self.name, row, self._clock())
        if taken:
            self.holder, self._renewed = self.name, began
        return taken
