"""From what a server said to a reason: by the phase, its words, its enhanced status, its code, in this order.

Statuses and codes are those of RFC 3463 and RFC 5321, 4.2.3. Words go first: servers use numbers in ways of their own.
"""

from __future__ import annotations

import re

from subscribers.bounces.phrasebook import phrasebook
from subscribers.bounces.reasons import CLASSES, Reason
from subscribers.model import BounceClass

_R = Reason
_MAX_SAID = 6_000
_PATTERNS = tuple(
    (Reason(name), re.compile("|".join(patterns), re.IGNORECASE)) for name, patterns in phrasebook("phrases")
)
_STATUS = re.compile(r"(?<![\d.\w-])([245]\.\d{1,3}\.\d{1,3})(?![\d.]\d)(?!\.\d)")
_CODE = re.compile(r"(?<![\d.\w-])([245][0-5]\d)(?=[\s\-:#,;]|$)")
#: Addresses, links and what follows a colon in angle brackets: a name such as "user.unknown@" is nothing said.
_NOT_SAID = re.compile(r"<?[^\s<>\"]{1,200}@[^\s<>\"]{1,200}>?|https?://\S{1,500}", re.IGNORECASE)
_AT_MAIL = re.compile(r"(?:in reply to|after|>>>|did not like our) ?(?:the )?mail(?: from)?\b", re.IGNORECASE)
_AT_RCPT = re.compile(r"(?:in reply to|after|>>>|did not like our) ?(?:the )?rcpt\b", re.IGNORECASE)
#: Statuses that are set for one cause alone: they go before words that are as general as those behind "user unknown".
_TELLING = re.compile(r".\.1\.[126]|.\.2\.2")
#: Microsoft's way to say that a directory does not have the address: its words alone would be about us.
_NOT_IN_DIRECTORY = re.compile(r"5\.4\.1\b.*recipient address rejected: access denied", re.IGNORECASE)
_GENERAL_FROM = 1 + [reason for reason, _ in _PATTERNS].index(_R.USER_UNKNOWN)

#: Enhanced status (a pattern for the whole of it) -> reason, the first that fits.
_BY_STATUS: tuple[tuple[str, Reason], ...] = (
    (r".\.1\.[78]", _R.SENDER_REJECTED),
    (r".\.1\.2", _R.HOST_UNKNOWN),
    (r".\.1\.6", _R.HAS_MOVED),
    (r".\.1\.10", _R.NOT_ACCEPT),
    (r".\.1\.\d+", _R.USER_UNKNOWN),
    (r"5\.2\.1", _R.SUSPENDED),
    (r"4\.2\.1", _R.TOO_FAST),
    (r".\.2\.2", _R.MAILBOX_FULL),
    (r".\.(?:2\.3|3\.4)", _R.TOO_BIG),
    (r".\.2\.4", _R.MAILER),
    (r"5\.2\.\d+", _R.FILTERED),
    (r".\.3\.1", _R.SYSTEM_FULL),
    (r".\.3\.\d+", _R.SYSTEM),
    (r"5\.4\.(?:4|310)", _R.HOST_UNKNOWN),
    (r".\.4\.(?:[03-9]|1[1-9]|\d{3})", _R.EXPIRED),
    (r".\.4\.\d+", _R.NETWORK),
    (r".\.5\.3", _R.TOO_MANY),
    (r".\.5\.[1-9]\d*", _R.SYNTAX),
    (r".\.6\.\d+", _R.CONTENT),
    (r".\.7\.(?:20|21|22|23|24|25|26|27|509|515)", _R.AUTHENTICATION),
    (r".\.7\.1", _R.POLICY),
    (r".\.7\.\d+", _R.SECURITY),
)
_BY_CODE: tuple[tuple[str, Reason], ...] = (
    (r"552", _R.MAILBOX_FULL),
    (r"452", _R.MAILBOX_FULL),
    (r"521|556", _R.NOT_ACCEPT),
    (r"53[0458]", _R.SECURITY),
    (r"50[0-4]", _R.SYNTAX),
    (r"4\d\d", _R.EXPIRED),
)


def reason_of(said: str, status: str = "") -> Reason:
    """The reason that `said` (a server's words) and `status` (from a report's own field, or empty) mean."""
    said = said[:_MAX_SAID]
    words = " ".join(_NOT_SAID.sub(" ", said).split())
    status = specific_status(said, status)
    if _NOT_IN_DIRECTORY.search(f"{status} {words}"):
        return _R.USER_UNKNOWN
    place, by_words = next(
        ((place, reason) for place, (reason, pattern) in enumerate(_PATTERNS) if pattern.search(words)), (0, None)
    )
    if re.fullmatch(r".\.1\.[78]", status) or _AT_MAIL.search(said):
        # What is said to MAIL is said about the sender.
        return by_words if by_words and CLASSES[by_words] is not BounceClass.HARD else _R.SENDER_REJECTED
    by_status = next((reason for pattern, reason in _BY_STATUS if re.fullmatch(pattern, status)), None)
    if by_status and (by_words is None or (place >= _GENERAL_FROM and _TELLING.fullmatch(status))):
        return by_status
    if by_words:
        return by_words
    code = code_in(said)
    if code in ("550", "551", "553") and _AT_RCPT.search(said):
        return _R.USER_UNKNOWN
    return next((reason for pattern, reason in _BY_CODE if re.fullmatch(pattern, code)), _R.UNCLEAR)


def specific_status(said: str, status: str) -> str:
    """The enhanced status that tells most: the report's own, unless that is as general as 5.0.0 and `said` has one."""
    own = _STATUS.search(status)
    if own and not re.fullmatch(r".\.[05]\.0", own[1]):
        return own[1]
    for found in _STATUS.finditer(said[:_MAX_SAID]):
        if not re.fullmatch(r".\.[05]\.0", found[1]) and not found[1].startswith("2"):
            return found[1]
    return own[1] if own else ""


def code_in(said: str) -> str:
    """The first SMTP reply code of a failure in `said`, or empty."""
    found = _CODE.search(said[:_MAX_SAID])
    return found[1] if found and found[1][0] != "2" else ""
