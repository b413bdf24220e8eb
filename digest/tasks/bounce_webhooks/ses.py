"""Amazon SES, by way of SNS: its notifications and its published events.

https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from datetime import datetime

import msgspec

from digest.errors import WebhookRefusedError
from digest.model.bounces import BouncesSettings
from digest.tasks.bounce_webhooks.base import Fetch, Received
from digest.tasks.bounce_webhooks.sns import SnsMessage, read_sns_message
from subscribers.bounces.classify import reason_of, specific_status
from subscribers.bounces.model import Finding, MailKind, Reading
from subscribers.bounces.reasons import CLASSES, Reason
from subscribers.bounces.tokens_in import tokens_among
from subscribers.model import BounceClass

_R = Reason
#: (bounceType, bounceSubType) -> reason; "" stands for any other.
_SUB_TYPES = {
    ("Permanent", "NoEmail"): _R.USER_UNKNOWN,
    ("Permanent", "Suppressed"): _R.USER_UNKNOWN,
    ("Permanent", "OnAccountSuppressionList"): _R.USER_UNKNOWN,
    ("Transient", "MailboxFull"): _R.MAILBOX_FULL,
    ("Transient", "MessageTooLarge"): _R.TOO_BIG,
    ("Transient", "ContentRejected"): _R.CONTENT,
    ("Transient", "AttachmentRejected"): _R.CONTENT,
}
#: bounceType -> the classes that its server's words may mean, and the reason where they mean another.
_TYPES: dict[str, tuple[frozenset[BounceClass], Reason]] = {
    "Permanent": (frozenset({BounceClass.HARD, BounceClass.SENDER}), _R.USER_UNKNOWN),
    "Transient": (frozenset({BounceClass.SOFT, BounceClass.SENDER}), _R.UNCLEAR),
}
_NOT_COMPLAINTS = {"not-spam": _R.NOT_SPAM, "auth-failure": _R.AUTHENTICATION}


class _Recipient(msgspec.Struct, frozen=True, rename="camel"):
    email_address: str
    status: str | None = None
    diagnostic_code: str | None = None


class _Bounce(msgspec.Struct, frozen=True, rename="camel"):
    bounce_type: str
    bounce_sub_type: str = ""
    bounced_recipients: tuple[_Recipient, ...] = ()
    feedback_id: str = ""


class _Complaint(msgspec.Struct, frozen=True, rename="camel"):
    complained_recipients: tuple[_Recipient, ...] = ()
    complaint_feedback_type: str | None = None
    feedback_id: str = ""


class _Delay(msgspec.Struct, frozen=True, rename="camel"):
    delay_type: str = ""
    delayed_recipients: tuple[_Recipient, ...] = ()


class _Header(msgspec.Struct, frozen=True):
    name: str
    value: str


class _Mail(msgspec.Struct, frozen=True, rename="camel"):
    """What SES says of our message; its headers only where the topic is set to carry them."""

    message_id: str = ""
    source: str = ""
    headers: tuple[_Header, ...] = ()


class _Notification(msgspec.Struct, frozen=True, rename="camel"):
    notification_type: str = ""
    event_type: str = ""
    mail: _Mail = _Mail()
    bounce: _Bounce | None = None
    complaint: _Complaint | None = None
    delivery_delay: _Delay | None = None


def receive_ses(body: bytes, settings: BouncesSettings, fetch: Fetch, now: datetime) -> Received:
    """See `base.Provider`."""
    return read_ses_notification(body, fetch, topics=settings.sns_topics, now=now)


def read_ses_notification(
    body: bytes, fetch_certificate: Callable[[str], bytes], *, topics: Collection[str], now: datetime
) -> Received:
    """What the notification in `body` says, or that a subscription to the topic waits to be confirmed.

    Raises WebhookRefusedError, and what `fetch_certificate` raises.
    """
    message = read_sns_message(body, topics, fetch_certificate, now)
    if message.type == "SubscriptionConfirmation":
        return Received(confirm_url=message.subscribe_url or "")
    if message.type != "Notification":
        return Received()
    try:
        notification = msgspec.json.decode(message.message, type=_Notification)
    except (msgspec.DecodeError, RecursionError):
        if message.subject and message.subject.startswith("Amazon SES"):
            return Received()  # the text that SES sends once, when the topic is set
        raise WebhookRefusedError("The notification is none of Amazon SES.") from None
    kind, findings, identity = _findings(notification)
    if not findings:
        return Received()
    return Received(readings=(_reading(kind, findings, identity, notification.mail, message),))


def _findings(notification: _Notification) -> tuple[MailKind, list[Finding], str]:
    kind = notification.event_type or notification.notification_type
    if kind == "Bounce" and (bounce := notification.bounce):
        return MailKind.REPORT, [_bounced(bounce, each) for each in bounce.bounced_recipients], bounce.feedback_id
    if kind == "Complaint" and (complaint := notification.complaint):
        told = complaint.complaint_feedback_type or "abuse"
        reason = _NOT_COMPLAINTS.get(told, Reason.FEEDBACK)
        found = [
            Finding(address=each.email_address[:320], reason=reason, diagnostic=f"Feedback-Type: {told[:40]}")
            for each in complaint.complained_recipients
        ]
        return MailKind.FEEDBACK, found, complaint.feedback_id
    if kind == "DeliveryDelay" and (delay := notification.delivery_delay):
        full = delay.delay_type == "MailboxFull"
        reason = Reason.MAILBOX_FULL if full else Reason.EXPIRED
        waiting = [_finding(each, reason, waiting=True) for each in delay.delayed_recipients]
        return MailKind.REPORT, waiting, f"{notification.mail.message_id}:delay:{delay.delay_type}"
    return MailKind.REPORT, [], ""


def _bounced(bounce: _Bounce, recipient: _Recipient) -> Finding:
    reason = _SUB_TYPES.get((bounce.bounce_type, bounce.bounce_sub_type))
    if reason is None:
        reason = reason_of(recipient.diagnostic_code or "", recipient.status or "")
        allowed, otherwise = _TYPES.get(bounce.bounce_type, (frozenset({CLASSES[reason]}), reason))
        reason = reason if CLASSES[reason] in allowed else otherwise
    return _finding(recipient, reason)


def _finding(recipient: _Recipient, reason: Reason, *, waiting: bool = False) -> Finding:
    diagnostic = " ".join((recipient.diagnostic_code or "").split())[:500]
    return Finding(
        address=recipient.email_address[:320],
        reason=reason,
        status=specific_status(diagnostic, recipient.status or ""),
        diagnostic="".join(sign if sign.isprintable() else " " for sign in diagnostic),
        waiting=waiting,
    )


def _reading(kind: MailKind, findings: list[Finding], identity: str, mail: _Mail, message: SnsMessage) -> Reading:
    places = [mail.source, *(header.value for header in mail.headers)]
    return Reading(
        kind=kind,
        findings=tuple(findings),
        tokens=tokens_among(places),
        identity=hashlib.sha256((identity or message.message_id).encode()).hexdigest(),
        automatic=True,
    )
