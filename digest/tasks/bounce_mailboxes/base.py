"""What a mailbox is, for who watches it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Protocol

import msgspec

#: Of a mail, no more is fetched.
MAX_OCTETS = 26 * 1024 * 1024


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A mail that was not taken in yet; `name` names it in this mailbox and to people."""

    name: str
    raw: bytes


class Mailbox(Protocol):
    """One mailbox, used by one watcher at a time. Every method may raise MailboxError; the next call begins anew."""

    def waiting(self) -> Iterator[Waiting]:
        """The mails that wait now, the oldest first. Each is settled or set aside before the next is asked for."""
        ...

    def settle(self, name: str) -> None:
        """It was taken in: it will not wait again."""
        ...

    def set_aside(self, name: str) -> None:
        """It could not be taken in: it will not wait again, and a person finds it marked."""
        ...

    def wait(self, seconds: float, stop: threading.Event) -> None:
        """Return when mail may have come, after `seconds`, or soon after `stop` is set."""
        ...

    def where(self) -> str:
        """For people: a path, or a user and a host."""
        ...

    def close(self) -> None:
        """Let go of it; never raises."""
        ...
