"""A headless Chromium of our own, spoken to through two pipes: no port is opened, and it cannot reach the network.

The Chrome DevTools Protocol with `--remote-debugging-pipe`: JSON messages that end in a zero octet, read by the browser
from descriptor 3 and written to descriptor 4.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from typing import Any

from digest.errors import DigestError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_COMMANDS, _ANSWERS = 3, 4  # the descriptors that Chromium expects
_FLAGS = (
    "--headless",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--hide-scrollbars",
    # Nothing answers at the discard port: pictures of others are not fetched, by name or by number.
    "--proxy-server=127.0.0.1:9",
    "--proxy-bypass-list=<-loopback>",
)


class Chromium:
    """One running browser. `seconds` bounds everything that is asked of it, starting included."""

    def __init__(self, commands: int, answers: int, seconds: float) -> None:
        self._commands, self._answers, self._unread = commands, answers, b""
        self._deadline = time.monotonic() + seconds
        self._count = 0

    def ask(self, method: str, session: str = "", **params: object) -> dict[str, Any]:
        """The result of one command. Raises DigestError when it fails, takes too long, or the browser ends."""
        self._count += 1
        command = {"id": self._count, "method": method, "params": params} | ({"sessionId": session} if session else {})
        self._write(json.dumps(command).encode("utf-8") + b"\0")
        while True:
            answer = json.loads(self._read())
            if answer.get("id") != self._count:
                continue  # an event, which nobody asked for
            if "error" in answer:
                raise DigestError(f"Chromium refuses {method}: {answer['error'].get('message')}")
            result: dict[str, Any] = answer["result"]
            return result

    def _write(self, octets: bytes) -> None:
        while octets:
            self._wait([], [self._commands])
            try:
                octets = octets[os.write(self._commands, octets[:65536]) :]
            except BrokenPipeError as ended:
                raise DigestError(_ENDED) from ended

    def _read(self) -> bytes:
        while b"\0" not in self._unread:
            self._wait([self._answers], [])
            received = os.read(self._answers, 1 << 20)
            if not received:
                raise DigestError(_ENDED)
            self._unread += received
        answer, _, self._unread = self._unread.partition(b"\0")
        return answer

    def _wait(self, readable: list[int], writable: list[int]) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0 or not any(select.select(readable, writable, [], left)):
            raise DigestError("Chromium did not answer in time; the picture was not made.")


_ENDED = "Chromium ended by itself; start it once by hand to see why."


@contextlib.contextmanager
def running_chromium(seconds: float = 30.0) -> Iterator[Chromium]:
    """Start Chromium, and end it afterwards whatever happens. Raises DigestError where none is installed."""
    program = next((path for path in map(shutil.which, NAMES) if path), None)
    if program is None:
        raise DigestError(f"A picture needs Chromium, and none of {', '.join(NAMES)} is on the PATH.")
    with tempfile.TemporaryDirectory(prefix="digest-chromium-", ignore_cleanup_errors=True) as profile:
        theirs_in, ours_out = _pipe()
        ours_in, theirs_out = _pipe()
        try:
            pid = _start(program, profile, theirs_in, theirs_out)
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        try:
            yield Chromium(ours_out, ours_in, seconds)
        finally:
            _end(pid)
            os.close(ours_out)
            os.close(ours_in)


def _start(program: str, profile: str, commands: int, answers: int) -> int:
    """The id of the new process, which leads a process group."""
    return os.posix_spawn(
        program,
        [
            *(program, *_FLAGS, f"--user-data-dir={profile}"),
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
            "about:blank",
        ],
        os.environ | {"HOME": profile},
        file_actions=[
            (os.POSIX_SPAWN_DUP2, commands, _COMMANDS),
            (os.POSIX_SPAWN_DUP2, answers, _ANSWERS),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ],
        setpgroup=0,
    )


def _pipe() -> tuple[int, int]:
    """A pipe's two ends, both above the descriptors that the browser gets."""
    low = os.pipe()
    reading, writing = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 16) for end in low)
    for end in low:
        os.close(end)
    return reading, writing


def _end(pid: int) -> None:
    """End the browser with all its children, which are in its process group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
