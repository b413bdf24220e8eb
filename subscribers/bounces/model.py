"""What is read out of one mail."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from subscribers.bounces.reasons import CLASSES, Reason
from subscribers.model import BounceClass


class MailKind(StrEnum):
    """What a mail in the bounce mailbox is."""

    REPORT = "report"
    FEEDBACK = "feedback"
    LEAVE = "leave"
    AUTOMATIC = "automatic"
    REPLY = "reply"
    NO_MAIL = "no_mail"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a mail says about one recipient.

    `address` is who did not get it, `original` the one that we mailed, where a server forwarded; `status` is an
    enhanced status code (RFC 3463) or empty; `diagnostic` is what a server said, on one line. `waiting` says that a
    server is still trying.
    """

    address: str
    reason: Reason
    status: str = ""
    original: str = ""
    diagnostic: str = ""
    waiting: bool = False

    @property
    def bounce_class(self) -> BounceClass:
        return CLASSES[self.reason]


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """What looks like one of our signed tokens, each once, in the order of trust in the place it stood in."""

    bounce: tuple[str, ...] = ()
    message: tuple[str, ...] = ()
    unsubscribe: tuple[str, ...] = ()


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One mail, read. `identity` is the same for a second copy of it; `sender` is the From address, in no way proven.

    `automatic` says that a machine wrote it: it is never answered nor forwarded.
    """

    kind: MailKind
    findings: tuple[Finding, ...] = ()
    tokens: Tokens = Tokens()
    identity: str = ""
    sender: str = ""
    subject: str = ""
    automatic: bool = False
