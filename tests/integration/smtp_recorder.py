"""An SMTP server with PIPELINING that keeps what it took over, and calls out at every step of every transaction."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: The steps at which `watch` is called; "taken" is after the message was kept, before its 250.
STEPS = ("MAIL", "RCPT", "DATA", "body", "taken", "answered")


class Recorder:
    """`messages` maps a recipient to every copy taken over, in order. `watch(step, count)` may kill the sender.

    `answers` maps a step (MAIL, RCPT, DATA, taken) to a function from (recipient, count of that step) to a reply, ""
    for the usual one, or "close" to hang up without one.
    """

    def __init__(self) -> None:
        self.messages: dict[str, list[bytes]] = defaultdict(list)
        self.watch: Callable[[str, int], None] = lambda _step, _count: None
        self.answers: dict[str, Callable[[str, int], str]] = {}
        self.counts: dict[str, int] = defaultdict(int)
        self.port = 0

    def copies(self) -> dict[str, int]:
        return {recipient: len(copies) for recipient, copies in self.messages.items()}

    @contextmanager
    def listening(self) -> Iterator[int]:
        """Serves in a thread of its own; yields the port on 127.0.0.1."""
        loop = asyncio.new_event_loop()
        server = loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**20))
        self.port = server.sockets[0].getsockname()[1]
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        try:
            yield self.port
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            server.close()
            for task in asyncio.all_tasks(loop):
                task.cancel()
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    def _step(self, step: str) -> int:
        self.counts[step] += 1
        self.watch(step, self.counts[step])
        return self.counts[step]

    def _answer(self, step: str, recipient: str, usual: str) -> str:
        count = self._step(step)
        return self.answers.get(step, lambda _recipient, _count: "")(recipient, count) or usual

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(b"220 recorder.example\r\n")
            recipient = ""
            while line := (await reader.readline()).decode("utf-8", "replace"):
                verb = line[:4].upper().strip()
                answer = "250 fine"
                if verb == "EHLO":
                    answer = "250-recorder.example\r\n250-PIPELINING\r\n250 8BITMIME"
                elif verb == "MAIL":
                    answer = self._answer("MAIL", recipient, answer)
                elif verb == "RCPT":
                    recipient = line.partition("<")[2].partition(">")[0]
                    answer = self._answer("RCPT", recipient, answer)
                    refused = not answer.startswith("250")
                elif verb == "DATA":
                    answer = "554 no recipient" if refused else self._answer("DATA", recipient, "354 go on")
                elif verb == "QUIT":
                    answer = "221 bye"
                if answer == "close":
                    break
                writer.write(f"{answer}\r\n".encode())
                if verb == "QUIT":
                    break
                if answer.startswith("354") and not await self._take(reader, writer, recipient):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the sender was killed
        finally:
            writer.close()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, recipient: str) -> bool:
        """Read one message and answer it; False where the connection is to end."""
        self._step("body")
        data = await reader.readuntil(b"\r\n.\r\n")
        answer = self.answers.get("before", lambda _recipient, _count: "")(recipient, self.counts["taken"])
        if not answer:
            self.messages[recipient].append(data)
            answer = self._answer("taken", recipient, "250 2.0.0 taken")
        if answer == "close":
            return False
        writer.write(f"{answer}\r\n".encode())
        self._step("answered")
        return True
