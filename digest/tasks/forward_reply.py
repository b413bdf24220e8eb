"""Pass a person's reply on to the newsroom, as an attachment, and never in a circle."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from email.errors import MessageError
from email.generator import BytesGenerator
from email.parser import BytesParser
from email.policy import Compat32
from io import BytesIO

from digest.deliver.base import Backend
from digest.deliver.envelope import wire_address
from digest.errors import PausedError
from digest.model.bounces import BouncesSettings
from digest.model.delivery import DeliveryState, Message, Outcome
from digest.render.headers import date_time, mailbox, structured, unstructured
from digest.tasks.desk import Desk
from subscribers.bounces.model import MailKind, Reading
from subscribers.request_counts import Limit, count_request

_MAX_OCTETS = 10 * 1024 * 1024
_PER_SENDER = 5
_HOUR = timedelta(hours=1)
_TEXT = (
    "Auf einen Newsletter hat jemand geantwortet. Die Antwort hängt an; „Antworten“ geht an ihren Absender.\r\n\r\n"
    "Wer darin um Abmeldung bittet, muss abgemeldet werden: digest subscribers unsubscribe ADRESSE\r\n"
)
_SEVEN_BIT = Compat32(linesep="\r\n", cte_type="7bit", max_line_length=None)


class Forwarder:
    """Forwards replies by one backend; called with a mail, it says why it did not pass it on, or ""."""

    def __init__(self, desk: Desk, settings: BouncesSettings, backend: Callable[[], Backend]) -> None:
        self._desk, self._settings, self._backend = desk, settings, backend

    def __call__(self, reading: Reading, raw: bytes) -> str:
        """Raises PausedError or HeldBackError where nothing can be sent now: the mail is good for another try."""
        to = self._settings.forward_to or self._desk.site.reply_to
        if problem := self._refusal(reading, raw, to):
            return problem
        now = self._desk.clock()
        if not self._count(reading.sender, now):
            return "Too many replies came within an hour; this one was not forwarded."
        outcome = asyncio.run(_submit(self._backend(), self._message(reading, raw, to, now)))
        if outcome.state is DeliveryState.SUBMITTED:
            return ""
        if outcome.state is DeliveryState.REJECTED:
            return f"The reply could not be forwarded to {to}: {outcome.reply or outcome.reason}."
        raise PausedError(f"The reply could not be forwarded to {to} yet: {outcome.reply or outcome.reason}.")

    def _refusal(self, reading: Reading, raw: bytes, to: str) -> str:
        if not to:
            return "There is nobody to forward replies to; set bounces.forward_to or site.reply_to."
        if reading.automatic and reading.kind is not MailKind.LEAVE:
            return "A machine wrote it; such mail is not forwarded."
        if reading.sender.lower() in self._own_addresses(to):
            return "It comes from an address of our own, and would go round in a circle."
        return "It is too big to be forwarded." if len(raw) > _MAX_OCTETS else ""

    def _own_addresses(self, to: str) -> set[str]:
        own = [to, self._desk.site.sender, *(newsletter.sender for newsletter in self._desk.newsletters)]
        return {address.lower() for address in own if address}

    def _count(self, sender: str, now: datetime) -> bool:
        in_all = Limit("forwarded replies", self._settings.forwards_per_hour, _HOUR)
        of_one = Limit("forwarded replies of one", _PER_SENDER, _HOUR)
        with self._desk.database.write() as connection:
            return count_request(connection, of_one, sender, secret=self._desk.secret, now=now) and count_request(
                connection, in_all, "all", secret=self._desk.secret, now=now
            )

    def _message(self, reading: Reading, raw: bytes, to: str, now: datetime) -> Message:
        site = self._desk.site
        unique = hashlib.sha256(f"{reading.identity}:{to}".encode()).hexdigest()[:32]
        message_id = f"<reply.{unique}@{site.sender.rpartition('@')[2]}>"
        fields = [
            mailbox("From", site.sender_name or site.name, site.sender),
            mailbox("To", "", to),
            unstructured("Subject", f"Antwort auf den Newsletter: {reading.subject or '(ohne Betreff)'}"),
            structured("Date", date_time(now)),
            structured("Message-ID", message_id),
            # RFC 3834, 5: machines do not answer it, we do not forward it.
            b"Auto-Submitted: auto-generated",
            b"MIME-Version: 1.0",
            f'Content-Type: multipart/mixed; boundary="{unique}"'.encode(),
        ]
        if reply_to := _mailbox(reading.sender):
            fields.insert(2, mailbox("Reply-To", "", reply_to))
        text = b'Content-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: base64\r\n\r\n' + _base64(
            _TEXT.encode()
        )
        parts = [text, _attachment(raw)]
        body = b"".join(b"--" + unique.encode() + b"\r\n" + part + b"\r\n" for part in parts)
        data = b"\r\n".join(fields) + b"\r\n\r\n" + body + b"--" + unique.encode() + b"--\r\n"
        return Message(mail_from=site.sender, rcpt_to=wire_address(to), message_id=message_id, data=data)


async def _submit(backend: Backend, message: Message) -> Outcome:
    connection = backend.connect()
    try:
        return await connection.submit(message)
    finally:
        await connection.close()


def _attachment(raw: bytes) -> bytes:
    """The reply as message/rfc822 where it can be written in 7 bits (RFC 2046, 5.2.1), else as a file."""
    if (seven_bit := _in_seven_bits(raw)) is not None:
        return (
            b'Content-Type: message/rfc822\r\nContent-Disposition: attachment; filename="antwort.eml"\r\n\r\n'
            + seven_bit
        )
    head = b'Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="antwort.eml"\r\n'
    return head + b"Content-Transfer-Encoding: base64\r\n\r\n" + _base64(raw)


def _in_seven_bits(raw: bytes) -> bytes | None:
    written = BytesIO()
    try:
        parsed = BytesParser(policy=_SEVEN_BIT).parsebytes(raw)
        BytesGenerator(written, policy=_SEVEN_BIT, mangle_from_=False).flatten(parsed)
    except (MessageError, ValueError, LookupError, TypeError, RecursionError, AttributeError):
        return None  # the standard library cannot write all that it can read
    data = re.sub(rb"\r\n|\r|\n", b"\r\n", written.getvalue())
    fits = data.isascii() and b"\0" not in data and all(len(line) <= 998 for line in data.split(b"\r\n"))
    return data if fits else None


def _base64(raw: bytes) -> bytes:
    return base64.encodebytes(raw).replace(b"\n", b"\r\n")


def _mailbox(address: str) -> str:
    try:
        return wire_address(address)
    except ValueError:
        return ""
