"""The client's end of an open SMTP session: commands go out in groups, replies come in, in the commands' order."""

from __future__ import annotations

import asyncio
from collections import deque

from digest.deliver.replies import Reply

#: Octets of one reply, all its lines together; generous over any that means something.
MAX_REPLY = 32 * 1024


class Wire(asyncio.Protocol):
    """Takes an open transport over from whoever opened it.

    Nothing may have been received and not read before that, or somebody speaks out of turn (RFC 2920, 3.2).
    """

    def __init__(self, transport: asyncio.WriteTransport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._rest = b""
        self._text: list[bytes] = []
        self._replies: deque[Reply] = deque()
        self._owed = 0
        self._waiter: asyncio.Future[None] | None = None
        self._fault: OSError | None = None
        transport.set_protocol(self)

    @property
    def alive(self) -> bool:
        return self._fault is None and not self._transport.is_closing()

    def write(self, *chunks: bytes, replies: int) -> None:
        """Send `chunks`, which the server answers with so many replies. Raises OSError where the connection is gone."""
        if self._fault is not None:
            raise self._fault
        self._owed += replies
        self._transport.writelines(chunks)

    async def reply(self, seconds: float) -> Reply:
        """The next reply. Raises OSError where the connection breaks or talks nonsense, or after `seconds`."""
        if not self._replies:
            if self._fault is not None:
                raise self._fault
            self._waiter = self._loop.create_future()
            alarm = self._loop.call_later(seconds, self._fail, TimeoutError(f"no reply within {seconds:g} s"))
            try:
                await self._waiter
            finally:
                alarm.cancel()
                self._waiter = None
        return self._replies.popleft()

    def abort(self) -> None:
        """Close at once, without a word."""
        self._transport.abort()

    # What the event loop calls

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._take_line(line)
        if len(self._rest) + sum(map(len, self._text)) > MAX_REPLY:
            self._fail(ConnectionError("a reply without end"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(exc if isinstance(exc, OSError) else ConnectionError("connection lost"))

    def _take_line(self, line: bytes) -> None:
        """RFC 5321, 4.2: three digits, then a hyphen where more lines follow."""
        if self._fault is not None:
            return
        if not line[:3].isdigit():
            self._fail(ConnectionError(f"a reply that is none: {line[:200].decode('utf-8', 'replace')}"))
            return
        self._text.append(line[4:].strip())
        if line[3:4] == b"-":
            return
        reply = Reply(int(line[:3]), b"\n".join(self._text).decode("utf-8", "surrogateescape"))
        self._text = []
        if not self._owed:
            self._fail(ConnectionError(f"unasked, the server said {str(reply)!r}"))
            return
        self._owed -= 1
        self._replies.append(reply)
        self._wake()

    def _fail(self, fault: OSError) -> None:
        self._fault = self._fault or fault
        self._transport.abort()
        self._wake()

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is None or waiter.done():
            return
        if self._replies:
            waiter.set_result(None)
        elif self._fault is not None:
            waiter.set_exception(self._fault)
