"""Signing on more than one processor: small processes that do the key's work, and nothing else.

Threads would do, since `cryptography` lets go of the GIL while it signs, but each signature makes them and the event
loop struggle for that lock twice, which costs more than a socket does: on two processors, over SMTP, 1,900 messages a
second signed in line, 2,600 with threads, 3,000 with one process.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import struct
import subprocess
import sys
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import cast

from digest.deliver.dkim import Signer, Unsigned
from digest.model.delivery import Message

_log = logging.getLogger(__name__)
_PROGRAM = Path(__file__).with_name("signing_worker.py")
#: One process signs about as fast as one event loop can send.
_MOST = 4


class SigningPool:
    """`async with SigningPool(signer) as pool: signed = await pool.sign(message)`, as many at once as wanted.

    Its processes end when it is closed, and when this process ends in whatever way.
    """

    def __init__(self, signer: Signer, workers: int | None = None) -> None:
        """`workers` is how many processes sign: by default one less than there are processors, 0 for signing here."""
        self._signer = signer
        self._count = min(_usable_processors() - 1, _MOST) if workers is None else workers
        self._workers: list[_Worker] = []

    async def __aenter__(self) -> SigningPool:
        try:
            for _ in range(self._count):
                self._workers.append(await _start_worker(self._signer))
        except OSError as problem:
            _log.warning("%d of %d signing processes run: %s.", len(self._workers), self._count, problem)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        workers, self._workers = self._workers, []
        for worker in workers:
            worker.close()
        for worker in workers:
            await worker.ended()

    @property
    def processes(self) -> list[subprocess.Popen[bytes]]:
        return [worker.process for worker in self._workers]

    async def sign(self, message: Message) -> Message:
        """What `Signer.sign` gives, byte for byte."""
        unsigned = self._signer.prepare(message)
        return self._signer.finish(message, unsigned, await self._seal(unsigned))

    async def _seal(self, unsigned: Unsigned) -> bytes:
        while self._workers:
            worker = min(self._workers, key=_Worker.load)
            try:
                return await worker.seal(unsigned.digest)
            except ConnectionError:
                await self._lose(worker)
        return self._signer.seal(unsigned)

    async def _lose(self, worker: _Worker) -> None:
        if worker in self._workers:
            self._workers.remove(worker)
            _log.warning("A signing process ended by itself; %d are left.", len(self._workers))
            await worker.ended()


class _Worker(asyncio.Protocol):
    """One process, which answers in the order in which it is asked."""

    def __init__(self, process: subprocess.Popen[bytes], signature_octets: int) -> None:
        self.process, self._octets = process, signature_octets
        self._waiting: deque[asyncio.Future[bytes]] = deque()
        self._received = b""
        self._lost = False

    def load(self) -> int:
        return len(self._waiting)

    async def seal(self, digest: bytes) -> bytes:
        """Raises ConnectionError where the process is gone."""
        if self._lost:
            raise ConnectionError("the signing process is gone")
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting.append(answer)
        self._transport.write(digest)
        return await answer

    def close(self) -> None:
        self._transport.close()

    async def ended(self) -> None:
        """Wait for its end, which closing its socket brings about within one signature."""
        await asyncio.to_thread(self.process.wait)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        received, at = self._received + data, 0
        while len(received) - at >= self._octets:
            answer = self._waiting.popleft()
            if not answer.done():  # whoever asked may have been cancelled
                answer.set_result(received[at : at + self._octets])
            at += self._octets
        self._received = received[at:]

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002, asyncio's shape
        self._lost = True
        for answer in self._waiting:
            if not answer.done():
                answer.set_exception(ConnectionError("the signing process is gone"))
        self._waiting.clear()


async def _start_worker(signer: Signer) -> _Worker:
    """The key goes over the socket: it is on no command line, and surely the one that `signer` has."""
    # -P: nothing beside the program or in the working directory may stand in for a library.
    command = (sys.executable, "-P", str(_PROGRAM))
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            process = subprocess.Popen(command, stdin=theirs.fileno(), stdout=subprocess.DEVNULL)  # noqa: S603, ours
        except OSError:
            ours.close()
            raise
    key = signer.exported_key()
    worker = _Worker(process, signer.signature_octets)
    transport, _ = await asyncio.get_running_loop().create_unix_connection(lambda: worker, sock=ours)
    transport.write(struct.pack(">I", len(key)) + key)
    return worker


def _usable_processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
