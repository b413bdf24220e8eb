"""Complaints by way of mailbox providers (RFC 5965), and those that come without the standard's form."""

from __future__ import annotations

import re

from subscribers.bounces.addresses_in import addresses_in
from subscribers.bounces.mime import header, headers
from subscribers.bounces.model import Finding
from subscribers.bounces.notice import Notice
from subscribers.bounces.phrasebook import said
from subscribers.bounces.reasons import Reason

#: Feedback-Type (RFC 5965, 7.3; 6430; 6591) -> what it means; any other is a complaint.
_TYPES = {"not-spam": Reason.NOT_SPAM, "auth-failure": Reason.AUTHENTICATION, "dmarc": Reason.AUTHENTICATION}
_FIELD = re.compile(r"(?im)^\s*([a-z][a-z-]{1,40})\s*:\s*(\S[^\n]*)")
_RECIPIENT_FIELDS = ("original-rcpt-to", "removal-recipient", "redacted-address")
_QUOTED_FIELDS = ("x-hmxmroriginalrecipient", "x-original-to", "delivered-to", "to")
_SUBJECT = said("complaint-subject")


def read_feedback(notice: Notice) -> list[Finding]:
    """A finding per recipient who complained; none where this is no complaint."""
    fields = [(name.lower(), value) for text in notice.feedback for name, value in _FIELD.findall(text)]
    if not fields and not _is_informal(notice):
        return []
    kind = next((value.strip().lower() for name, value in fields if name == "feedback-type"), "abuse")
    reason = _TYPES.get(kind, Reason.FEEDBACK)
    named = [address for name, value in fields if name in _RECIPIENT_FIELDS for address in addresses_in(value)]
    if not named:
        named = next((found for name in _QUOTED_FIELDS if (found := _quoted(notice, name))), [])[:1]
    diagnostic = f"Feedback-Type: {kind}"
    return [Finding(address=each, reason=reason, diagnostic=diagnostic) for each in dict.fromkeys(named)] or [
        Finding(address="", reason=reason, diagnostic=diagnostic)
    ]


def _is_informal(notice: Notice) -> bool:
    told = any(header(message, "x-hmxmroriginalrecipient") for message in notice.quoted)
    return bool(notice.quoted) and (told or _SUBJECT.search(notice.field("subject")) is not None)


def _quoted(notice: Notice, name: str) -> list[str]:
    return [each for message in notice.quoted for value in headers(message, name) for each in addresses_in(value)]
