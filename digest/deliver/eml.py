"""Messages as .eml files, one each: to look at, to archive, or to hand to another program."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from digest.deliver.maildir import disk_fault, file_name, store_file
from digest.deliver.settings import DeliverySettings
from digest.model.delivery import DeliveryState, Message, Outcome


class EmlBackend:
    """Files in `path`, each with the message's very bytes; a second copy replaces the first, which it is equal to."""

    connections = 4

    def __init__(self, settings: DeliverySettings, environ: Mapping[str, str]) -> None:  # noqa: ARG002, the contract
        self.path = Path(settings.path)

    def connect(self) -> EmlConnection:
        return EmlConnection(self.path)

    def where(self) -> str:
        return str(self.path)


class EmlConnection:
    def __init__(self, path: Path) -> None:
        self._path = path

    async def submit(self, message: Message) -> Outcome:
        """See `Connection.submit`; any fault of the disk pauses, and leaves no half file."""
        name = f"{file_name(message.message_id)}.eml"
        try:
            await asyncio.to_thread(self._store, name, message.data)
        except OSError as fault:
            raise disk_fault(fault, self._path) from fault
        return Outcome(state=DeliveryState.SUBMITTED, reply=name)

    async def close(self) -> None:
        """Nothing is held between two messages."""

    def _store(self, name: str, data: bytes) -> None:
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        store_file(self._path / f".{name}.part", self._path / name, data)
