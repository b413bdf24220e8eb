"""One mail out of the bounce mailbox -> what it says. Pure; never raises, whatever the mail is."""

from __future__ import annotations

import hashlib
import re
from email.message import Message

from subscribers.bounces.addresses_in import addresses_in, is_machine
from subscribers.bounces.answers import is_automatic, kind_of_answer, wants_to_leave
from subscribers.bounces.classify import reason_of, specific_status
from subscribers.bounces.feedback import read_feedback
from subscribers.bounces.formats import known_formats
from subscribers.bounces.mime import header
from subscribers.bounces.model import Finding, MailKind, Reading
from subscribers.bounces.notice import Notice, lay_out
from subscribers.bounces.phrasebook import said
from subscribers.bounces.reasons import CLASSES, Reason
from subscribers.bounces.status_report import finding_of, read_status_report
from subscribers.bounces.tokens_in import tokens_in
from subscribers.bounces.transcript import said_of_each
from subscribers.model import BounceClass

_SUBJECT, _WORDS = said("bounce-subject"), said("bounce-words")
_DAEMON = re.compile(r"(?i)mailer-?daemon|postmaster|mail delivery (?:sub)?system|mail-?system|mta@")
_DELAY = re.compile(
    r"(?i)\bdelay(?:ed)?\b|warning|still (?:trying|being)|will (?:be retried|continue|keep)|verzögert|weiter versuch"
)
_MAX_DIAGNOSTIC = 500
#: Hosts of groups: what they send back says that we may not post, in the tongue of whoever wrote to them.
_GROUP_HOSTS = ("@googlegroups.com",)


def read_mail(raw: bytes) -> Reading:
    """What the mail in `raw` says: of whom, why, and which of our tokens it carries."""
    notice = lay_out(raw)
    if not notice.mail.keys():
        return Reading(kind=MailKind.NO_MAIL)
    sender = next(iter(addresses_in(notice.field("from") or notice.field("reply-to"))), "")
    kind, findings = _judge(notice, sender)
    return Reading(
        kind=kind,
        findings=tuple(_tidy(finding) for finding in findings),
        tokens=tokens_in(notice, raw),
        identity=_identity(notice, raw),
        sender=sender,
        subject=_printable(notice.field("subject"))[:200],
        automatic=is_automatic(notice),
    )


def _judge(notice: Notice, sender: str) -> tuple[MailKind, list[Finding]]:
    if complaint := read_feedback(notice):
        return MailKind.FEEDBACK, complaint
    if reported := _by_report(notice):
        return MailKind.REPORT, reported
    about = sender or next(iter(addresses_in(notice.field("return-path"))), "")
    if not _from_a_daemon(notice) and wants_to_leave(notice):
        return MailKind.LEAVE, [Finding(address=about, reason=Reason.LEAVE)]
    answer = kind_of_answer(notice)
    if answer and not (_from_a_daemon(notice) and _SUBJECT.search(notice.field("subject"))):
        return MailKind.AUTOMATIC, [Finding(address=about, reason=answer)]
    if _is_bounce(notice):
        return MailKind.REPORT, _by_words(notice)
    if is_automatic(notice):
        return MailKind.AUTOMATIC, [Finding(address=about, reason=Reason.AUTOMATIC)]
    return MailKind.REPLY, [Finding(address=about, reason=Reason.REPLY)]


def _from_a_daemon(notice: Notice) -> bool:
    null = any(value in ("<>", "< >") for value in notice.fields("return-path"))
    return null or _DAEMON.search(notice.field("from")) is not None or bool(notice.field("x-failed-recipients"))


def _is_bounce(notice: Notice) -> bool:
    if _from_a_daemon(notice):
        return True
    if _SUBJECT.search(notice.field("subject")):
        return _WORDS.search(notice.text) is not None or bool(notice.quoted) or is_automatic(notice)
    return _WORDS.search(notice.text) is not None and (is_machine(notice.field("from")) or bool(notice.quoted))


def _by_report(notice: Notice) -> list[Finding]:
    groups = [group for text in notice.statuses for group in read_status_report(text)]
    if not groups:
        return []
    by_address = said_of_each(notice.text, _others(notice))
    findings = [finding_of(group, by_address, notice.text) for group in groups]
    return list({finding.address: finding for finding in reversed(findings) if finding}.values())[::-1]


def _by_words(notice: Notice) -> list[Finding]:
    by_address = said_of_each(notice.text, _others(notice))
    if not by_address:
        addresses = [*known_formats(notice.mail), *addresses_in(notice.field("x-failed-recipients"))]
        addresses += [each for message in notice.quoted[:1] for each in _recipients(message)]
        by_address = dict.fromkeys(addresses[:1] or [""], "")
    delayed = _DELAY.search(notice.field("subject")) is not None
    return [_finding(address, words, notice, delayed) for address, words in by_address.items()]


def _finding(address: str, words: str, notice: Notice, delayed: bool) -> Finding:
    reason = reason_of(words)
    if reason is Reason.UNCLEAR:
        reason = reason_of(notice.text)
        words = notice.text
    if reason is Reason.UNCLEAR:
        reason = reason_of(notice.field("subject"))
    if reason is Reason.UNCLEAR and address.endswith(_GROUP_HOSTS):
        reason = Reason.SENDER_REJECTED
    if delayed and CLASSES[reason] is BounceClass.HARD:
        reason = Reason.EXPIRED
    return Finding(address=address, reason=reason, status=specific_status(words, ""), diagnostic=words, waiting=delayed)


def _others(notice: Notice) -> set[str]:
    """Those who take part in a report without being its subject: who sent the message, and who wrote the report."""
    fields = notice.fields("to", "from", "delivered-to", "envelope-to", "return-path", "reply-to", "cc")
    quoted = [
        header(message, name) for message in notice.quoted for name in ("from", "return-path", "sender", "reply-to")
    ]
    return {address.lower() for value in (*fields, *quoted) for address in addresses_in(value)}


def _recipients(message: Message) -> list[str]:
    return [
        address for name in ("to", "x-original-to", "delivered-to") for address in addresses_in(header(message, name))
    ]


def _identity(notice: Notice, raw: bytes) -> str:
    """The mail's own Message-ID where it has one (servers add headers on the way), else its octets."""
    own = notice.field("message-id")
    return hashlib.sha256(own.encode("utf-8", "replace") if own else raw).hexdigest()


def _tidy(finding: Finding) -> Finding:
    return Finding(
        address=_printable(finding.address)[:320],
        original=_printable(finding.original)[:320],
        reason=finding.reason,
        status=finding.status,
        diagnostic=_printable(finding.diagnostic)[:_MAX_DIAGNOSTIC],
        waiting=finding.waiting,
    )


def _printable(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text[:2_000]).split())
