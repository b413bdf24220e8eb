"""What a hostile server tries: each ends in a pause or an outcome, in bounded time, in printable words."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from digest.deliver.envelope import stuffed
from digest.deliver.session import Timeouts
from digest.deliver.settings import DeliverySettings, Relay
from digest.deliver.smtp import SmtpBackend
from digest.errors import PausedError, UnreachableError
from digest.model.delivery import DeliveryState, Message, Outcome

D = DeliveryState
QUICK = Timeouts(greeting=0.5, command=0.5, data=0.5, body=0.5, quit=0.2, patience=0.2, first_rest=0.02)
DATA = b"From: b@news.example\r\nSubject: x\r\n\r\nGuten Morgen\r\n"
Writer = asyncio.StreamWriter


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < 8


class Hostile:
    """A server that takes a message, but for the commands that `answers` has bytes for; `heard` is all it was sent."""

    def __init__(self, greeting: bytes = b"220 x ESMTP\r\n", drip: bool = False, **answers: bytes) -> None:
        self.greeting, self.drip, self.answers = greeting, drip, answers
        self.heard: list[bytes] = []

    async def say(self, writer: Writer, said: bytes) -> None:
        pieces = [said[at : at + 1] for at in range(len(said))] if self.drip else [said]
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.05 if self.drip else 0)

    async def __call__(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await self.say(writer, self.greeting)
            while line := await reader.readline():
                self.heard.append(line)
                command = line[:4].decode("latin-1").strip().upper()
                usual = {"DATA": b"354 go\r\n", "QUIT": b"221 bye\r\n"}.get(command, b"250 ok\r\n")
                answer = self.answers.get(command, usual)
                await self.say(writer, answer)
                if command == "DATA" and answer.startswith(b"354"):
                    self.heard.append(await reader.readuntil(b"\r\n.\r\n"))
                    await self.say(writer, self.answers.get("BODY", b"250 taken\r\n"))
                if command == "QUIT" or b"close" in answer:
                    break
        writer.close()


@asynccontextmanager
async def listening(server: Callable[..., Awaitable[None]]) -> AsyncIterator[int]:
    running = await asyncio.start_server(server, "127.0.0.1", 0)
    try:
        yield running.sockets[0].getsockname()[1]
    finally:
        running.close()


def send(server: Hostile, data: bytes = DATA, *, rcpt_to: str = "a@news.example", **relay: Any) -> Outcome:
    async def run() -> Outcome:
        async with listening(server) as port:
            there = Relay(host="127.0.0.1", port=port, **{"tls": "none", "connections": 1, **relay})
            backend = SmtpBackend(DeliverySettings(backend="smtp", relays=(there,)), {"PW": "geheim!"}, timeouts=QUICK)
            connection = backend.connect()
            try:
                message = Message(mail_from="b@news.example", rcpt_to=rcpt_to, message_id="<1@x>", data=data)
                return await connection.submit(message)
            finally:
                await connection.close()

    return asyncio.run(run())


@pytest.mark.parametrize(
    "size", ["9" * 5_000, "-1", "0", "1e9", "٩٩٩", "99999999999999999999", "x", ""], ids=lambda size: size[:20]
)
def test_a_size_that_is_no_size(size: str) -> None:
    ehlo = f"250-x\r\n250-SIZE {size}\r\n250-=\r\n250- \r\n250-AUTH\r\n250 SIZE SIZE\r\n"
    server = Hostile(EHLO=f"250-x\r\n250 SIZE {size}\r\n".encode())
    assert send(server).state is D.SUBMITTED
    assert send(Hostile(EHLO=ehlo.encode())).state is D.SUBMITTED


NOT_SAYING_SO = {
    "an endless reply": b"250-go on\r\n" * 100_000,
    "a long line": b"250 " + b"x" * 8_000_000 + b"\r\n",
    "no line end": b"250 " * 2_000_000,
    "no number": b"\x1b[31mhello\xff\xfe\r\n",
    "a negative number": b"-50 hello\r\n",
    "another number": b"999 hello\r\n",
    "zeros": b"\0\0\0 hello\r\n",
    "nothing": b"",
}


@pytest.mark.parametrize("said", NOT_SAYING_SO.values(), ids=NOT_SAYING_SO)
@pytest.mark.parametrize("command", ["EHLO", "MAIL", "RCPT", "DATA", "BODY"])
def test_replies_that_are_none(command: str, said: bytes) -> None:
    try:
        outcome = send(Hostile(**{command: said}))
    except (PausedError, UnreachableError) as paused:
        assert command == "EHLO"
        assert str(paused).isprintable()  # noqa: PT017
        assert len(str(paused)) < 900  # noqa: PT017
        return
    # Only after the final dot is it in doubt.
    assert outcome.state is (D.UNKNOWN if command == "BODY" else D.DEFERRED)
    assert outcome.reply.isprintable()
    assert len(outcome.reply) < 600


@pytest.mark.parametrize("greeting", [b"", b"220", b"250-x\r\n" * 50_000, b"\xff" * 100_000, b"554 \x1b[2Jbad\r\n"])
def test_greetings_that_are_none(greeting: bytes) -> None:
    with pytest.raises((PausedError, UnreachableError)) as paused:
        send(Hostile(greeting))
    assert str(paused.value).isprintable()


@pytest.mark.parametrize("command", ["EHLO", "MAIL", "RCPT", "DATA", "BODY"])
def test_closing_at_any_point(command: str) -> None:
    try:
        state = send(Hostile(**{command: b"close"})).state
    except (PausedError, UnreachableError):
        state = D.DEFERRED
    assert state is (D.UNKNOWN if command == "BODY" else D.DEFERRED)


def test_two_hundred_and_fifty_to_everything() -> None:
    server = Hostile(DATA=b"250 fine\r\n")
    assert send(server).state is D.DEFERRED
    assert not any(b"Guten Morgen" in heard for heard in server.heard)


def test_byte_by_byte_ends_with_the_time_of_a_step() -> None:
    outcome = send(Hostile(drip=True, greeting=b"220 x\r\n", RCPT=b"250 " + b"x" * 200 + b"\r\n", EHLO=b"250 x\r\n"))
    assert outcome.state is D.DEFERRED


@pytest.mark.parametrize("more", [b"250-x\r\n250 AUTH PLAIN\r\n", b"354 go\r\n250 taken\r\n"])
def test_plain_text_behind_starttls_is_not_believed(more: bytes) -> None:
    server = Hostile(EHLO=b"250-x\r\n250 STARTTLS\r\n", STAR=b"220 go\r\n" + more)
    with pytest.raises(PausedError):
        send(server, tls="starttls", username="anna", password_env="PW")
    said = b"".join(server.heard)
    assert b"AUTH" not in said
    assert b"MAIL" not in said


@pytest.mark.parametrize("secret", ["geheim!", base64.b64encode(b"\0anna\0geheim!").decode()])
def test_a_server_that_repeats_the_password(secret: str) -> None:
    server = Hostile(EHLO=b"250-x\r\n250 AUTH PLAIN\r\n", AUTH=f"500 what is AUTH PLAIN {secret}?\r\n".encode())
    with pytest.raises(PausedError) as paused:
        send(server, username="anna", password_env="PW")
    assert "geheim" not in str(paused.value)
    assert secret not in str(paused.value)
    assert "AUTH PLAIN ***?" in str(paused.value)


SMUGGLED = [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r\n.\r", b"\r\n\0.\r\n", b"\r\n.\r\n"]


@pytest.mark.parametrize("end", SMUGGLED)
def test_smuggling_a_second_message(end: bytes) -> None:
    server = Hostile()
    outcome = send(server, DATA + end + b"MAIL FROM:<evil@x.example>\r\n")
    if outcome.state is D.REJECTED:  # a bare CR or LF does not leave
        assert not any(b"evil" in heard for heard in server.heard)
    else:
        (body,) = [heard for heard in server.heard if b"evil" in heard]
        assert body == stuffed(DATA + end + b"MAIL FROM:<evil@x.example>\r\n")


@pytest.mark.parametrize(
    "address",
    ["a@x.example>\r\nRCPT TO:<evil@x.example", "a@x.example> SIZE=1", "a\u2028@x.example", "a@x\0.example", ""],
)
def test_commands_in_an_address(address: str) -> None:
    server = Hostile()
    assert send(server, rcpt_to=address).state is D.REJECTED
    assert not any(b"RCPT" in heard for heard in server.heard)
