"""Messages shown on the terminal: the head that a reader sees, and the text part."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from email import message_from_bytes, policy
from typing import TextIO

from digest.deliver.settings import DeliverySettings
from digest.model.delivery import DeliveryState, Message, Outcome

HEAD = ("From", "To", "Date", "Subject", "Message-ID")


class ConsoleBackend:
    """Prints to stderr, since stdout belongs to a command's own answer; `stream` is for whoever wants it elsewhere."""

    connections = 1

    def __init__(
        self,
        settings: DeliverySettings,  # noqa: ARG002, the contract
        environ: Mapping[str, str],  # noqa: ARG002
        *,
        stream: TextIO | None = None,
    ) -> None:
        self.stream = stream

    def connect(self) -> ConsoleConnection:
        return ConsoleConnection(self.stream or sys.stderr)

    def where(self) -> str:
        return "the console"


class ConsoleConnection:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    async def submit(self, message: Message) -> Outcome:
        encoding = self._stream.encoding or "utf-8"
        self._stream.write(readable(message).encode(encoding, "replace").decode(encoding))
        self._stream.flush()
        return Outcome(state=DeliveryState.SUBMITTED)

    async def close(self) -> None:
        """The stream is not ours."""


def readable(message: Message) -> str:
    """The message as text, without control characters: a terminal obeys them, and texts come from anywhere."""
    parsed = message_from_bytes(message.data, policy=policy.default)
    lines = [f"{name}: {parsed[name]}" for name in HEAD if name in parsed]
    part = parsed.get_body(preferencelist=("plain", "html"))
    text = part.get_content() if part is not None else ""
    shown = ["=" * 72, f"To {message.rcpt_to}", *lines, "", *str(text).splitlines(), ""]
    return "".join(f"{_printable(line)}\n" for line in shown)


def _printable(line: str) -> str:
    return "".join(letter if letter.isprintable() or letter == "\t" else "\N{REPLACEMENT CHARACTER}" for letter in line)
