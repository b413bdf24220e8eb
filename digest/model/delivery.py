"""The ledger's words: one delivery per edition and subscriber, its states, and what a backend says of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from digest.errors import StepError
from digest.model.site import Form


class DeliveryState(StrEnum):
    QUEUED = "queued"
    CLAIMED = "claimed"
    IN_FLIGHT = "in_flight"
    SUBMITTED = "submitted"
    DEFERRED = "deferred"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"

    def check_step(self, to: DeliveryState) -> None:
        """Raise StepError unless a delivery may go from this state to `to`."""
        if to not in DELIVERY_STEPS[self]:
            raise StepError(f"A delivery that is {self} cannot become {to}.")


_D = DeliveryState
_OUTCOMES = frozenset({_D.SUBMITTED, _D.DEFERRED, _D.REJECTED, _D.UNKNOWN, _D.SKIPPED})
DELIVERY_STEPS: dict[DeliveryState, frozenset[DeliveryState]] = {
    _D.QUEUED: frozenset({_D.CLAIMED, _D.SKIPPED}),
    _D.CLAIMED: frozenset({_D.IN_FLIGHT, _D.QUEUED, _D.DEFERRED, _D.SKIPPED}),
    _D.IN_FLIGHT: _OUTCOMES | {_D.QUEUED},
    _D.DEFERRED: frozenset({_D.CLAIMED, _D.SKIPPED, _D.REJECTED}),
    _D.UNKNOWN: frozenset({_D.QUEUED, _D.SKIPPED}),
    # What has come to its end is queued again only where somebody asks for a repeat.
    _D.SUBMITTED: frozenset({_D.QUEUED}),
    _D.REJECTED: frozenset({_D.QUEUED}),
    _D.SKIPPED: frozenset({_D.QUEUED}),
}


class SkipReason(StrEnum):
    """Why somebody got nothing; every skip has one."""

    SUPPRESSED = "suppressed"
    UNSUBSCRIBED = "unsubscribed"
    PAUSED = "paused"
    ERASED = "erased"
    NOTHING_NEW = "nothing_new"
    NEEDS_SMTPUTF8 = "needs_smtputf8"
    CANCELLED = "cancelled"


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """One person's own values, frozen before the first message leaves.

    `handle` is the subscriber's random public name (8 octets as hex), which tokens are made of; `choice` holds the
    numbers of the chosen articles in this person's order, one octet each; `coins` in this person's order.
    """

    address: str
    handle: str
    name: str
    form: Form
    greeting: str
    subject: str
    choice: bytes
    coins: tuple[str, ...]
    topics: tuple[str, ...] = ()


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery that one sender holds until its lease runs out.

    `dated` is the moment of the first claim and becomes the Date header: a second copy is byte-equal. `attempt` counts
    from 1.
    """

    delivery: int
    subscriber: int
    recipient: Recipient
    dated: datetime
    attempt: int


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """The bytes for one recipient and the envelope around them (RFC 5321).

    `data` has CRLF line ends and no dot-stuffing. `canonical` is the word of whoever made it that it ends with a line
    end, has no CR or LF alone and no line that begins with a dot, and that its body is its own relaxed form (RFC 6376,
    3.4.4), so that nobody needs to look through it again.
    """

    mail_from: str
    rcpt_to: str
    message_id: str
    data: bytes
    canonical: bool = False


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one message. `state` is submitted, deferred, rejected, unknown or skipped.

    The loop itself settles with queued what was started but not taken, when sending pauses; then `reason` says so.

    `reason` is a short word (for skipped, a SkipReason), `reply` the server's own words, `next_try` for deferred. An
    attempt that was not made, because the sender or the destination had to wait, is not `tried`.
    """

    state: DeliveryState
    reason: str = ""
    reply: str = ""
    next_try: datetime | None = None
    tried: bool = True
