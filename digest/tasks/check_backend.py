"""Whether messages could leave: a real handshake with every relay, up to the envelope sender; nothing is sent."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from digest.deliver.backends import HARMLESS
from digest.deliver.base import Backend
from digest.deliver.envelope import wire_address
from digest.deliver.relays import RelayState
from digest.deliver.session import LostError, Timeouts
from digest.deliver.settings import DeliverySettings
from digest.deliver.smtp import SmtpBackend
from digest.errors import PausedError
from digest.tasks.diagnosis import Diagnosis, error, ok, unknown, warning

_ABOUT = "backend"
#: Far below what a sending session waits: somebody sits before the screen.
_QUICK = Timeouts(greeting=10.0, command=10.0, quit=2.0)


def check_backend(
    make: Callable[[], Backend], settings: DeliverySettings, environ: Mapping[str, str], senders: Sequence[str]
) -> Iterator[Diagnosis]:
    """`make` gives the backend of the settings or raises why there is none; `senders` are envelope senders."""
    backend = make()
    if settings.backend in ("maildir", "eml"):
        yield _check_folder(Path(settings.path))
    elif settings.backend == "smtp":
        yield from asyncio.run(_shake_hands(SmtpBackend(settings, environ, timeouts=_QUICK), senders))
    elif settings.backend == "ses":
        yield from _ask_ses(backend)
    else:
        yield unknown(_ABOUT, f"{settings.backend} ({backend.where()}) cannot be tried without sending.")
    if settings.backend in HARMLESS:
        said = f'With `delivery.backend = "{settings.backend}"` nothing reaches a reader.'
        yield ok(_ABOUT, said)


def _check_folder(folder: Path) -> Diagnosis:
    """Whether messages can be put there; the folder itself is made by the first one."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return error(_ABOUT, f"Messages cannot be written to {folder}.", "Mend `delivery.path`, or who owns it.")
    return ok(_ABOUT, f"Messages go to {folder}.")


async def _shake_hands(backend: SmtpBackend, senders: Sequence[str]) -> list[Diagnosis]:
    """All relays at once; each by its own."""
    found = await asyncio.gather(*(_try(backend, state, senders) for state in backend.pool.relays))
    return [diagnosis for of_one in found for diagnosis in of_one]


async def _try(backend: SmtpBackend, state: RelayState, senders: Sequence[str]) -> list[Diagnosis]:
    relay = state.relay
    try:
        session = await backend.session(state)
    except LostError as lost:
        remedy = "Check `delivery.relays`: host, port and tls; and whether a firewall stands between."
        return [error(_ABOUT, f"{lost.problem} ({lost.phase}).", remedy)]
    except PausedError as refused:
        return [error(_ABOUT, str(refused).partition(" Mend ")[0], "Mend `delivery.relays`.")]
    findings = []
    try:
        for sender in senders:
            reply = await session.ask_sender(wire_address(sender))
            if reply.code // 100 != 2:
                said = f"{state.name} refuses the envelope sender {sender}: {reply}"
                findings.append(error(_ABOUT, said, "Have it allowed there, or change the sender."))
    except LostError as lost:
        findings.append(error(_ABOUT, lost.problem, "Try again; if it stays so, ask the relay's operator."))
    finally:
        await session.quit()
    if not findings:
        how = {"none": "in plain text", "starttls": "by STARTTLS", "implicit": "by TLS"}[relay.tls]
        login = f", logged in as {relay.username}" if relay.username else ""
        findings.append(ok(_ABOUT, f"{state.name} answers {how}{login}, and takes {', '.join(senders)}."))
    return findings


def _ask_ses(backend: Backend) -> Iterator[Diagnosis]:
    """What Amazon SES says of our account."""
    from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

    client = backend.client  # type: ignore[attr-defined]
    try:
        account = client.get_account()
    except (BotoCoreError, ClientError) as problem:
        said = " ".join(str(problem).split())[:300]
        yield error(_ABOUT, f"Amazon SES does not answer: {said}.", "Check region and credentials (ses:GetAccount).")
        return
    quota = account.get("SendQuota", {})
    if not account.get("SendingEnabled", True):
        yield error(_ABOUT, "Amazon SES has stopped sending for this account.", "Ask for a review in its console.")
    elif not account.get("ProductionAccessEnabled", True):
        remedy = "Ask for production access in its console."
        yield warning(_ABOUT, "The account is in the sandbox: only verified addresses get mail.", remedy)
    else:
        a_day, a_second = quota.get("Max24HourSend", 0), quota.get("MaxSendRate", 0)
        yield ok(_ABOUT, f"{backend.where()} takes {a_day:.0f} messages a day, {a_second:.0f} a second.")
