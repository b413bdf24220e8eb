"""Why a message came back, and whose matter that is."""

from __future__ import annotations

from enum import StrEnum

from subscribers.model import BounceClass

_C = BounceClass


class Reason(StrEnum):
    """One word per cause; those of a bounce are the words that Sisimai uses, too."""

    USER_UNKNOWN = "userunknown"
    HOST_UNKNOWN = "hostunknown"
    HAS_MOVED = "hasmoved"
    NOT_ACCEPT = "notaccept"  # the host takes no mail at all, such as by a null MX (RFC 7505)
    SUSPENDED = "suspend"
    FILTERED = "filtered"  # the recipient's own settings keep us out

    MAILBOX_FULL = "mailboxfull"
    EXPIRED = "expired"
    NETWORK = "networkerror"
    MAILER = "mailererror"
    SYSTEM_FULL = "systemfull"
    GREYLISTED = "greylisted"
    UNCLEAR = "onhold"
    SYSTEM = "systemerror"
    TOO_BIG = "mesgtoobig"
    TOO_MANY = "toomanyconn"
    TOO_FAST = "speeding"

    BLOCKED = "blocked"
    AUTHENTICATION = "authfailure"
    POLICY = "policyviolation"
    SECURITY = "securityerror"
    SENDER_REJECTED = "rejected"
    RELAYING = "norelaying"
    SPAM = "spamdetected"
    VIRUS = "virusdetected"
    CONTENT = "contenterror"
    SYNTAX = "syntaxerror"

    FEEDBACK = "feedback"

    DELIVERED = "delivered"
    NOT_SPAM = "notspam"
    VACATION = "vacation"
    CHALLENGE = "challenge"
    RECEIPT = "receipt"
    AUTOMATIC = "automatic"
    LEAVE = "unsubscribe"
    REPLY = "reply"


_R = Reason
CLASSES: dict[Reason, BounceClass] = {
    **dict.fromkeys(
        (_R.USER_UNKNOWN, _R.HOST_UNKNOWN, _R.HAS_MOVED, _R.NOT_ACCEPT, _R.SUSPENDED, _R.FILTERED), _C.HARD
    ),
    **dict.fromkeys(
        (_R.MAILBOX_FULL, _R.EXPIRED, _R.NETWORK, _R.MAILER, _R.SYSTEM_FULL, _R.GREYLISTED, _R.UNCLEAR), _C.SOFT
    ),
    **dict.fromkeys((_R.SYSTEM, _R.TOO_BIG, _R.TOO_MANY, _R.TOO_FAST), _C.SOFT),
    **dict.fromkeys(
        (_R.BLOCKED, _R.AUTHENTICATION, _R.POLICY, _R.SECURITY, _R.SENDER_REJECTED, _R.RELAYING), _C.SENDER
    ),
    **dict.fromkeys((_R.SPAM, _R.VIRUS, _R.CONTENT, _R.SYNTAX), _C.SENDER),
    _R.FEEDBACK: _C.COMPLAINT,
    **dict.fromkeys((_R.DELIVERED, _R.NOT_SPAM, _R.VACATION, _R.CHALLENGE, _R.RECEIPT, _R.AUTOMATIC), _C.IGNORED),
    **dict.fromkeys((_R.LEAVE, _R.REPLY), _C.IGNORED),
}

#: Soft ones that say nothing about the mailbox: they never add up to a suppression.
NOT_THE_MAILBOX = frozenset({_R.SYSTEM, _R.TOO_BIG, _R.TOO_MANY, _R.TOO_FAST, _R.GREYLISTED})
