"""The whole way from ledger to server: over a bad line everybody is reached, and nobody is mailed twice needlessly."""

# ruff: noqa: N802, ARG002 -- aiosmtpd finds its handlers by name and calls them with everything

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.utils import format_datetime
from functools import partial
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from digest.deliver.ledger_memory import MemoryLedger
from digest.deliver.loop import Counts, send_all
from digest.deliver.maildir import MaildirBackend
from digest.deliver.session import Timeouts
from digest.deliver.settings import DeliverySettings, Relay
from digest.deliver.smtp import SmtpBackend
from digest.errors import UnreachableError
from digest.model.delivery import Claim, DeliveryState, Message, Recipient

NOW = datetime(2027, 3, 1, 6, 30, tzinfo=UTC)
CONNECTIONS = 4
QUICK = Timeouts(greeting=5, command=5, data=5, body=5, quit=1, patience=0.3, first_rest=0.01)
D = DeliveryState


def moment_of(moment: datetime) -> datetime:
    return moment


def ledger_of(many: int) -> MemoryLedger:
    return MemoryLedger(
        Recipient(
            address=f"r{number}@news.example",
            handle=f"{number:016x}",
            name=f"Leserin {number}",
            form="Sie",
            greeting=f"Guten Morgen, Leserin {number},",
            subject="Die Themen des Tages",
            choice=b"",
            coins=(),
        )
        for number in range(1, many + 1)
    )


def build(claim: Claim) -> Message:
    message_id = f"<{claim.recipient.handle}@news.example>"
    lines = (
        "From: digest@news.example",
        f"To: {claim.recipient.address}",
        f"Date: {format_datetime(claim.dated)}",
        "Subject: Die Themen des Tages",
        f"Message-ID: {message_id}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "",
        claim.recipient.greeting,
        ".",
        "",
    )
    data = "\r\n".join(lines).encode()
    return Message(mail_from="b@news.example", rcpt_to=claim.recipient.address, message_id=message_id, data=data)


class BadLine:
    """A server that refuses, drops and closes at random, and keeps what it has taken, by recipient."""

    def __init__(self, seed: int, *, faults: float) -> None:
        self.dice = random.Random(seed)
        self.faults = faults
        self.gone = False
        self.taken: dict[str, list[bytes]] = {}

    def _answer(self, server: SMTP, usual: str, *others: str) -> str:
        if not self.gone and self.dice.random() >= self.faults:
            return usual
        answer = "drop" if self.gone else self.dice.choice([*others, "drop"])
        if answer == "drop":
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return answer

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self._answer(server, "250 OK", "451 4.3.0 later", "421 4.3.2 closing")

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if int(address[1:].partition("@")[0]) % 10 == 0:
            return "550 5.1.1 unknown"
        envelope.rcpt_tos.append(address)
        return self._answer(server, "250 OK", "450 4.2.0 greylisted", "421 4.3.2 closing")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self._answer(server, "250 taken", "451 4.3.0 later")
        if answer in ("250 taken", "drop"):
            assert envelope.original_content is not None
            self.taken.setdefault(envelope.rcpt_tos[0], []).append(envelope.original_content)
        return answer


@asynccontextmanager
async def listening(server: BadLine) -> AsyncIterator[tuple[SmtpBackend, asyncio.Server]]:
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(lambda: SMTP(server, hostname="x.example", loop=loop), "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    relay = Relay(host="127.0.0.1", port=port, tls="none", connections=CONNECTIONS, messages_per_connection=7)
    try:
        yield SmtpBackend(DeliverySettings(backend="smtp", relays=(relay,)), {}, timeouts=QUICK), listener
    finally:
        listener.close()


@pytest.mark.parametrize("seed", range(3))
def test_over_a_bad_line_everybody_is_reached_and_only_the_unknown_may_be_doubled(seed: int) -> None:
    server, ledger = BadLine(seed, faults=0.15), ledger_of(120)

    async def run() -> None:
        now, unknown = NOW, set()
        async with listening(server) as (backend, _):
            for _ in range(40):
                await send_all(ledger, backend, build, partial(moment_of, now), batch=25)
                for row in ledger.rows.values():
                    if row.state is D.UNKNOWN:
                        unknown.add(row.recipient.address)
                        row.step(D.QUEUED)
                if not ledger.count(D.DEFERRED) + ledger.count(D.QUEUED):
                    break
                now += timedelta(hours=2)
        assert {row.state for row in ledger.rows.values()} == {D.SUBMITTED, D.REJECTED}
        assert {address for address, copies in server.taken.items() if len(copies) > 1} <= unknown

    asyncio.run(run())
    assert len(server.taken) == ledger.count(D.SUBMITTED) == 108
    assert {row.reason for row in ledger.rows.values() if row.state is D.REJECTED} == {"bad_address"}
    for copies in server.taken.values():
        assert len(set(copies)) == 1


def test_stopped_and_resumed_nobody_is_missing_and_nobody_is_doubled() -> None:
    server, ledger = BadLine(1, faults=0.0), ledger_of(90)

    async def run() -> list[Counts]:
        counts = []
        async with listening(server) as (backend, _):
            for _ in range(3):
                stop = asyncio.Event()
                until = len(server.taken) + 20

                def enough(_: int, stop: asyncio.Event = stop, until: int = until) -> None:
                    if len(server.taken) >= until:
                        stop.set()

                counts.append(await send_all(ledger, backend, build, lambda: NOW, on_progress=enough, stop=stop))
                assert ledger.count(D.IN_FLIGHT) == ledger.count(D.CLAIMED) == 0
            counts.append(await send_all(ledger, backend, build, lambda: NOW))
        return counts

    counts = asyncio.run(run())
    assert all(one.submitted for one in counts)
    assert sum(one.submitted for one in counts) == 81
    assert Counter(len(copies) for copies in server.taken.values()) == {1: 81}


def test_cancelled_and_resumed_at_most_one_copy_per_connection_is_doubled() -> None:
    server, ledger = BadLine(1, faults=0.0), ledger_of(60)

    async def run() -> None:
        async with listening(server) as (backend, _):
            reached = asyncio.Event()

            def progress(_: int) -> None:
                if len(server.taken) >= 20:
                    reached.set()

            sending = asyncio.create_task(send_all(ledger, backend, build, lambda: NOW, on_progress=progress))
            await reached.wait()
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            assert ledger.count(D.UNKNOWN) <= CONNECTIONS
            assert ledger.count(D.IN_FLIGHT) == ledger.count(D.CLAIMED) == 0
            for row in ledger.rows.values():
                if row.state is D.UNKNOWN:
                    row.step(D.QUEUED)
            await send_all(ledger, backend, build, lambda: NOW)

    asyncio.run(run())
    assert len(server.taken) == 54
    assert sum(len(copies) - 1 for copies in server.taken.values()) <= CONNECTIONS


def test_stopped_while_no_relay_can_be_used_it_ends_at_once_and_everybody_waits() -> None:
    ledger = ledger_of(60)

    async def run() -> float:
        async with listening(BadLine(1, faults=0.0)) as (backend, listener):
            listener.close()
            backend.timeouts = Timeouts(first_rest=30.0)
            stop = asyncio.Event()
            sending = asyncio.create_task(send_all(ledger, backend, build, lambda: NOW, stop=stop))
            await asyncio.sleep(0.1)
            stop.set()
            began = asyncio.get_running_loop().time()
            assert await sending == Counts()
            return asyncio.get_running_loop().time() - began

    assert asyncio.run(run()) < 1.0
    assert ledger.count(D.QUEUED) == 60


@pytest.mark.parametrize(
    ("answers", "left"),
    [
        ((), D.QUEUED),
        ((b"220 x.example\r\n",), D.QUEUED),
        ((b"220 x.example\r\n", b"250 x.example\r\n"), D.QUEUED),
        ((b"220 x.example\r\n", b"250 x.example\r\n", b"250 OK\r\n", b"250 OK\r\n"), D.QUEUED),
        ((b"220 x.example\r\n", b"250 x.example\r\n", b"250 OK\r\n", b"250 OK\r\n", b"354 go\r\n"), D.UNKNOWN),
    ],
)
def test_cancelled_at_a_server_that_stalls_only_a_message_that_may_have_left_is_in_doubt(
    answers: tuple[bytes, ...], left: DeliveryState
) -> None:
    ledger = ledger_of(3)

    async def run() -> None:
        stalled = asyncio.Event()

        async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            for answer in answers:
                writer.write(answer)
                await reader.readline()
            stalled.set()
            await reader.read()
            writer.close()

        server = await asyncio.start_server(speak, "127.0.0.1", 0)
        relay = Relay(host="127.0.0.1", port=server.sockets[0].getsockname()[1], tls="none", connections=1)
        backend = SmtpBackend(DeliverySettings(backend="smtp", relays=(relay,)), {})
        sending = asyncio.create_task(send_all(ledger, backend, build, lambda: NOW))
        await stalled.wait()
        await asyncio.sleep(0.05)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        server.close()

    asyncio.run(run())
    assert ledger.count(left) >= 1
    assert ledger.count(D.UNKNOWN) == (left is D.UNKNOWN)
    assert ledger.count(D.IN_FLIGHT) == ledger.count(D.CLAIMED) == 0


def test_a_server_that_goes_away_pauses_and_the_rest_waits() -> None:
    server, ledger = BadLine(1, faults=0.0), ledger_of(60)

    async def run() -> None:
        async with listening(server) as (backend, listener):

            def go_away(_: int) -> None:
                if len(server.taken) > 20:
                    server.gone = True
                    listener.close()

            with pytest.raises(UnreachableError, match=r"No relay can be used: .*digest send"):
                await send_all(ledger, backend, build, lambda: NOW, on_progress=go_away)

    asyncio.run(run())
    assert ledger.count(D.QUEUED) >= 60 - 20 - 4 * CONNECTIONS
    assert ledger.count(D.IN_FLIGHT) == ledger.count(D.CLAIMED) == 0
    assert len(server.taken) <= ledger.count(D.SUBMITTED) + ledger.count(D.UNKNOWN)


def test_into_a_maildir_everybody_gets_one_file_that_parses(tmp_path: Path) -> None:
    backend = MaildirBackend(DeliverySettings(path=str(tmp_path)), {})
    ledger = ledger_of(50)
    counts = asyncio.run(send_all(ledger, backend, build, lambda: NOW, batch=20))
    assert counts == Counts(submitted=50)
    parsed = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in (tmp_path / "new").iterdir()]
    assert {mail["To"] for mail in parsed} == {row.recipient.address for row in ledger.rows.values()}
    assert not any(mail.defects for mail in parsed)
    assert asyncio.run(send_all(ledger, backend, build, lambda: NOW)) == Counts()
    assert len(list((tmp_path / "new").iterdir())) == 50
