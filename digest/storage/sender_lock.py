"""One sender per lane of a SQLite database: whoever holds the lock knows that nobody else's claims are alive there."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from digest.errors import SenderBusyError, StorageError


@contextmanager
def sender_lock(database_file: Path | None, lane: str = "") -> Iterator[bool]:
    """Hold the lock beside the database file; it goes with the process, however that ends.

    Senders of different lanes may work at the same time, so that a letter need not wait until a large edition has left;
    without a lane nobody else may send at all. Yields whether nobody else is in the lane: True with a file, False for a
    server, where leases decide. Raises SenderBusyError where somebody else is.
    """
    if database_file is None:
        yield False
        return
    with ExitStack() as locks:
        everybody = database_file.with_name(database_file.name + ".sender")
        locks.enter_context(_locked(everybody, fcntl.LOCK_SH if lane else fcntl.LOCK_EX))
        if lane:
            locks.enter_context(_locked(everybody.with_name(f"{everybody.name}.{lane}"), fcntl.LOCK_EX))
        yield True


def _locked(lock: Path, how: int) -> IO[str]:
    """The file, open and locked until it is closed."""
    try:
        file = os.fdopen(os.open(lock, os.O_WRONLY | os.O_CREAT, 0o600), "w")
    except OSError as problem:
        raise StorageError(f"The lock {lock} cannot be opened: {problem.strerror}.") from problem
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise SenderBusyError("Another process is sending from this database; leave it to finish.") from None
    return file
