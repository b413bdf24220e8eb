"""A message of a few lines through the real way out, to see it arrive; in no ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

from digest.deliver.base import Backend
from digest.deliver.dkim import Signer
from digest.errors import DeliveryError
from digest.model.delivery import DeliveryState, Message, Outcome
from digest.model.site import Site
from digest.tasks.diagnosis import Diagnosis, error, ok
from subscribers.addresses import parse_address

_ABOUT = "test message"
_TEXT = """\
Diese Nachricht hat jemand mit „digest doctor“ an sich selbst geschickt.

Wenn sie nicht im Spam-Ordner liegt und der Quelltext zu SPF, DKIM und DMARC jeweils „pass“ sagt, ist alles gut.
"""


def send_trial(
    backend: Backend, site: Site, address: str, *, envelope_sender: str, signer: Signer | None, now: datetime
) -> Iterator[Diagnosis]:
    """Send it to `address` and say what became of it. Raises AddressError for what is no address."""
    recipient = parse_address(address).email
    message = _message(site, recipient, now, envelope_sender)
    try:
        outcome = asyncio.run(_submit(backend, signer.sign(message) if signer else message))
    except DeliveryError as problem:
        yield error(_ABOUT, str(problem))
        return
    if outcome.state is DeliveryState.SUBMITTED:
        yield ok(_ABOUT, f"{backend.where()} took it over for {recipient}: {outcome.reply}".rstrip(": "))
    else:
        yield error(_ABOUT, f"{recipient}: {outcome.state}, {outcome.reason} {outcome.reply}".rstrip())


def _message(site: Site, recipient: str, now: datetime, envelope_sender: str) -> Message:
    mail = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    domain = site.sender.rpartition("@")[2]
    mail["From"] = Address(display_name=site.sender_name or site.name, addr_spec=site.sender)
    mail["To"] = recipient
    mail["Subject"] = f"Probe: {site.name}"
    mail["Date"] = format_datetime(now.astimezone(site.zone))
    mail["Message-ID"] = make_msgid(domain=domain)
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(_TEXT, cte="quoted-printable")
    return Message(
        mail_from=envelope_sender, rcpt_to=recipient, message_id=str(mail["Message-ID"]), data=mail.as_bytes()
    )


async def _submit(backend: Backend, message: Message) -> Outcome:
    connection = backend.connect()
    try:
        return await connection.submit(message)
    finally:
        await connection.close()
