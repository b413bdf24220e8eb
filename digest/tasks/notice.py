"""Mail of our own to editors and operators: single messages, beside the ledger."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from datetime import datetime
from email import policy
from email.message import EmailMessage
from typing import TYPE_CHECKING

from digest.deliver.base import Backend
from digest.deliver.envelope import wire_address
from digest.errors import DeliveryError
from digest.model.delivery import DeliveryState, Message
from digest.model.site import Site
from digest.render.headers import date_time, mailbox, structured, unstructured

if TYPE_CHECKING:
    from digest.deliver.dkim import Signer

#: Fields that a notice has of its own, whatever its body was taken from.
_BODY_FIELDS = ("content-type", "content-transfer-encoding")


def text_notice(site: Site, to: str, subject: str, text: str, now: datetime) -> Message:
    """A notice of plain text. Raises ValueError for an address that cannot stand in an envelope."""
    body = EmailMessage(policy=policy.SMTP)
    body.set_content(text + "\n", cte="quoted-printable")
    return make_notice(site, to, subject, body, now)


def make_notice(site: Site, to: str, subject: str, body: EmailMessage, now: datetime) -> Message:
    """A notice with the content of `body`, whose other fields are left behind."""
    for name in {name.lower() for name in body.keys()}.difference(_BODY_FIELDS):  # noqa: SIM118, it is no mapping
        del body[name]
    sender = wire_address(site.sender)
    message_id = f"<notice.{secrets.token_hex(12)}@{sender.rpartition('@')[2]}>"
    fields = [
        mailbox("From", site.sender_name or site.name, sender),
        mailbox("To", "", wire_address(to)),
        unstructured("Subject", subject),
        structured("Date", date_time(now.astimezone(site.zone))),
        structured("Message-ID", message_id),
        b"Auto-Submitted: auto-generated",  # RFC 3834, 5
        b"MIME-Version: 1.0",
    ]
    data = b"".join(field + b"\r\n" for field in fields) + body.as_bytes(policy=policy.SMTP)
    return Message(mail_from=sender, rcpt_to=wire_address(to), message_id=message_id, data=data)


def send_notices(backend: Backend, messages: Sequence[Message], signer: Signer | None = None) -> list[str]:
    """What went wrong with each message, "" where a server took it."""
    return asyncio.run(_submit(backend, [signer.sign(each) if signer else each for each in messages]))


async def _submit(backend: Backend, messages: Sequence[Message]) -> list[str]:
    connection = backend.connect()
    problems = []
    try:
        for message in messages:
            try:
                outcome = await connection.submit(message)
            except DeliveryError as problem:
                problems.append(str(problem))
                continue
            taken = outcome.state is DeliveryState.SUBMITTED
            problems.append("" if taken else outcome.reply or outcome.reason or str(outcome.state))
    finally:
        await connection.close()
    return problems
