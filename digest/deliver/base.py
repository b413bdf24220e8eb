"""What a backend is, and what the sending loop asks of a ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from digest.deliver.quota import UsageBook
from digest.model.delivery import Claim, Message, Outcome


class Connection(Protocol):
    """One way out, used by one sender at a time; opened at the first `submit`, and again after a break."""

    async def submit(self, message: Message) -> Outcome:
        """Hand one message over and say what became of it.

        Raises PausedError where the sender is at fault (authentication, TLS, a banner 554): the message was not taken,
        nobody is blamed, and sending stops; UnreachableError where there is no way out for now. Every other fault is an
        Outcome; a deferred one may leave `next_try` to the loop. Cancelling it leaves the message in doubt, unless
        the connection is `Waiting` and says otherwise.
        """
        ...

    async def close(self) -> None:
        """Let go of it; never raises."""
        ...


@runtime_checkable
class Announcing(Protocol):
    """What a connection may offer besides."""

    def announce(self, message: Message) -> None:
        """Told before a `submit` which message the one after it is likely to be, so that something may be sent ahead.

        It may never come: then the connection is closed. Its body, which may still be signed, is not to be relied upon.
        """
        ...


@runtime_checkable
class Waiting(Protocol):
    """What a connection that may have to wait for a way out offers besides."""

    #: After a `submit` that was cancelled: whether its message may have left.
    in_doubt: bool

    def heed(self, halted: Callable[[], bool]) -> None:
        """Told once, before the first `submit`: as soon as `halted` says so, waiting ends in an UnreachableError."""
        ...


class Backend(Protocol):
    """A way for messages to leave, found by its entry point in the group `digest.backends`.

    Made by `Class(settings, environ)`: the DeliverySettings (with an absolute `path`), and the environment
    (a Mapping[str, str]) for secrets that a setting names. The constructor raises SettingsError where a setting is
    missing or contradictory; it opens nothing. See docs/adding-a-backend.md.
    """

    #: How many connections the loop may open at once.
    connections: int

    def connect(self) -> Connection:
        """Called for each connection when a run begins, maybe in another event loop than the last run's."""
        ...

    def where(self) -> str:
        """For people: where the messages go, such as a path or a host."""
        ...


@runtime_checkable
class Metered(Protocol):
    """What a backend with limits of its own (so many messages an hour) has besides.

    Its connections raise QuotaError where a message would be one too many; it was not taken, and nobody is blamed.
    """

    def keep_usage(self, book: UsageBook) -> None:
        """Count in `book`, which outlives the process, before the first connection is made."""
        ...

    def return_usage(self, now: datetime) -> None:
        """A run has ended: return what was reserved of the limits and not used."""
        ...

    def done_at(self, now: datetime, messages: int) -> datetime:
        """About when so many more will have left, as far as limits decide that."""
        ...


class Ledger(Protocol):
    """What the sending loop needs of storage. Each call is one transaction, durable when it returns."""

    def claim(self, limit: int, now: datetime) -> Sequence[Claim]:
        """Take up to `limit` deliveries that are due, with a lease.

        Who may no longer be mailed is skipped, not returned.
        """
        ...

    def settle(self, outcomes: Sequence[tuple[Claim, Outcome]], starting: Sequence[Claim], now: datetime) -> None:
        """Record outcomes and, in the same commit, mark those in flight whose message is about to leave.

        An outcome whose state is queued gives the delivery back: it was started, but nothing was taken over. Raises
        StepError, once the outcomes are recorded, where the edition is not being sent any more: nothing is started.
        """
        ...

    def release(self, claims: Sequence[Claim]) -> None:
        """Give back what was claimed and never started."""
        ...
