"""What comes back: the [bounces] table of the settings, and what became of each mail."""

from __future__ import annotations

from collections import Counter
from datetime import date
from enum import StrEnum
from typing import Literal

import msgspec

from digest.model.settings import Table
from digest.model.site import check_mailbox

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class BouncesSettings(Table, frozen=True, kw_only=True):
    """The mailbox that bounces, complaints, wishes to leave and replies come to, and what follows from them.

    A `maildir` goes before `imap_host`.

    An address is suppressed after `hard_after` hard bounces in a row, or after soft ones on `soft_days` days in a row.
    Replies by people go to `forward_to`, or else to the site's `reply_to`. `sns_topics` are the topics (ARN) that the
    webhook of Amazon SES takes notifications from.
    """

    maildir: str = ""
    imap_host: str = ""
    imap_port: int = 993
    imap_tls: Literal["implicit", "starttls", "none"] = "implicit"
    imap_user: str = ""
    imap_password_env: str = ""
    imap_folder: str = "INBOX"
    imap_done_folder: str = ""
    poll_seconds: int = 60
    hard_after: int = 1
    soft_days: int = 5
    forward_to: str = ""
    forwards_per_hour: int = 30
    sns_topics: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.imap_tls == "none" and self.imap_host and self.imap_host not in _LOOPBACK:
            raise ValueError("imap_tls = 'none' is for loopback only; use implicit or starttls")
        if self.imap_host and not (self.imap_user and self.imap_password_env):
            raise ValueError("imap_host needs imap_user and imap_password_env")
        if not 1 <= self.imap_port <= 65535:
            raise ValueError("imap_port must be between 1 and 65535")
        if self.forward_to:
            check_mailbox("forward_to", self.forward_to)
        for key in ("hard_after", "soft_days", "poll_seconds", "forwards_per_hour"):
            if getattr(self, key) < 1:
                raise ValueError(f"{key} must be at least 1")


class Effect(StrEnum):
    """What followed from a mail."""

    NONE = "none"  # it says nothing that anything should follow from
    COUNTED = "counted"
    SUPPRESSED = "suppressed"
    UNSUBSCRIBED = "unsubscribed"
    FORWARDED = "forwarded"
    REPEATED = "repeated"  # a second copy
    UNMATCHED = "unmatched"  # it names none of our messages
    FORGED = "forged"  # it names one by a signature that is not ours
    GONE = "gone"  # the person was erased, or the delivery is not there any more
    OUTDATED = "outdated"  # the person has another address by now
    NOT_FORWARDED = "not_forwarded"


class DeliveryMatch(msgspec.Struct, frozen=True, kw_only=True):
    """The delivery that a mail is about."""

    edition: int
    newsletter: str
    date: date
    subscriber: int


class RecipientReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a mail says of one recipient; see `subscribers.bounces.model.Finding`. `bounce_class` is "class" in JSON."""

    address: str
    bounce_class: str = msgspec.field(name="class")
    status: str
    reason: str
    original: str = ""
    diagnostic: str = ""
    delivery: DeliveryMatch | None = None


class MailReport(msgspec.Struct, frozen=True, kw_only=True):
    """One mail, and what followed from it; `note` says in a sentence what somebody ought to know."""

    file: str
    kind: str
    recipients: tuple[RecipientReport, ...] = ()
    effect: Effect = Effect.NONE
    note: str = ""


class IngestReport(msgspec.Struct, frozen=True, kw_only=True):
    """Many mails. `classes` counts recipients by class, `effects` mails by effect, `faults` the sender's by reason."""

    files: list[MailReport]
    classes: dict[str, int]
    effects: dict[str, int]
    faults: dict[str, int]
    dry_run: bool = False


def sum_up(files: list[MailReport], *, dry_run: bool = False) -> IngestReport:
    recipients = [recipient for report in files for recipient in report.recipients]
    return IngestReport(
        files=files,
        classes=Counter(recipient.bounce_class for recipient in recipients),
        effects=Counter(str(report.effect) for report in files),
        faults=Counter(recipient.reason for recipient in recipients if recipient.bounce_class == "sender"),
        dry_run=dry_run,
    )
