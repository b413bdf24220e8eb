"""One sending process per SQLite database: whoever holds the lock knows that nobody else's claims are alive."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from digest.errors import SenderBusyError, StorageError


@contextmanager
def sender_lock(database_file: Path | None) -> Iterator[bool]:
    """Hold the lock beside the database file; it goes with the process, however that ends.

    Yields whether this process is the only sender: True with a file, False for a server, where leases decide.
    Raises SenderBusyError where somebody else is sending.
    """
    if database_file is None:
        yield False
        return
    lock = database_file.with_name(database_file.name + ".sender")
    try:
        file = os.fdopen(os.open(lock, os.O_WRONLY | os.O_CREAT, 0o600), "w")
    except OSError as problem:
        raise StorageError(f"The lock {lock} cannot be opened: {problem.strerror}.") from problem
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SenderBusyError("Another process is sending from this database; leave it to finish.") from None
        yield True
