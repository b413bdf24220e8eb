"""Messages as files in a Maildir, where any mail program can read them.

A file holds the message's very bytes, CRLF included: what a server would receive can be checked, and a DKIM signature
still verifies. Mail programs and Python's email package read either line end.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import os
import re
import threading
from collections.abc import Mapping
from pathlib import Path

from digest.deliver.settings import DeliverySettings
from digest.errors import PausedError
from digest.model.delivery import DeliveryState, Message, Outcome

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class MaildirBackend:
    """`path` gets the folders tmp, new and cur. Writing runs in threads: while one waits for the disk, others write."""

    connections = 4

    def __init__(self, settings: DeliverySettings, environ: Mapping[str, str]) -> None:  # noqa: ARG002, the contract
        self.path = Path(settings.path)
        self._opening = threading.Lock()
        self._read: frozenset[str] | None = None

    def connect(self) -> MaildirConnection:
        self._read = None  # readers go on between two runs
        return MaildirConnection(self)

    def where(self) -> str:
        return str(self.path)

    def already_read(self) -> frozenset[str]:
        """The names in cur without their flags, as they were when this run began; makes the folders. Reads the disk."""
        with self._opening:
            self._read = self._open() if self._read is None else self._read
            return self._read

    def store(self, message: Message) -> Outcome:
        """Write to tmp, fsync, rename into new, fsync the folder; a repeat replaces its file or finds it in cur."""
        name = file_name(message.message_id)
        if name in self.already_read():
            return Outcome(state=DeliveryState.SUBMITTED, reply="already there")
        store_file(self.path / "tmp" / name, self.path / "new" / name, message.data)
        return Outcome(state=DeliveryState.SUBMITTED, reply=name)

    def _open(self) -> frozenset[str]:
        for folder in ("tmp", "new", "cur"):
            (self.path / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        _sync_folder(self.path)
        with os.scandir(self.path / "cur") as entries:
            return frozenset(entry.name.partition(":")[0] for entry in entries)


class MaildirConnection:
    def __init__(self, backend: MaildirBackend) -> None:
        self._backend = backend

    async def submit(self, message: Message) -> Outcome:
        """See `Connection.submit`; any fault of the disk pauses, and leaves no half file."""
        try:
            return await asyncio.to_thread(self._backend.store, message)
        except OSError as fault:
            raise disk_fault(fault, self._backend.path) from fault

    async def close(self) -> None:
        """Nothing is held between two messages."""


def file_name(message_id: str) -> str:
    """A name that belongs to this Message-ID alone: readable, without colon, slash or leading dot, 120 octets at most.

    A colon would begin the flags, a leading dot hides a file.
    """
    readable = re.sub(r"[^A-Za-z0-9@._+=-]", "_", message_id.strip("<> ")).lstrip(".-")[:100]
    return f"{readable or 'message'}.{hashlib.sha256(message_id.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}"


def store_file(draft: Path, final: Path, data: bytes) -> None:
    """`data` as `final`, durably, and whole or not at all; until then it is `draft`, which must be on the same disk."""
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(descriptor, left) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        draft.replace(final)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
    _sync_folder(final.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def disk_fault(fault: OSError, path: Path) -> PausedError:
    """What a fault of the disk that `path` is on means, in a sentence."""
    if fault.errno in _FULL:
        return PausedError(f"No room is left in {path}. Make some, then run `digest send --resume`; nobody was lost.")
    problem = fault.strerror or fault
    return PausedError(f"{path} cannot be written: {problem}. Mend it, then run `digest send --resume`.")
