"""The SMTP backend against real servers on loopback that answer what servers answer in the field."""

# ruff: noqa: N802, ARG002, ARG005 -- aiosmtpd finds its handlers by name and calls them with everything

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from digest.deliver.session import Timeouts
from digest.deliver.settings import DeliverySettings, Relay
from digest.deliver.smtp import SmtpBackend, SmtpConnection
from digest.errors import PausedError, UnreachableError
from digest.model.delivery import DeliveryState, Message, Outcome

TLS = Path(__file__).parent.parent / "data" / "tls"
TRUSTED = {"SSL_CERT_FILE": str(TLS / "localhost.crt")}
CALM = Timeouts(greeting=20, command=20, data=20, body=20, quit=1, patience=0.2, first_rest=0.02)
HASTY = Timeouts(greeting=0.3, command=0.3, data=0.3, body=0.3, quit=0.3, patience=0.2, first_rest=0.02)
DATA = b"From: b@news.example\r\nSubject: x\r\n\r\n.\r\n..\r\n.leading\r\nGuten Morgen\r\n"
D = DeliveryState


def message(data: bytes = DATA, rcpt_to: str = "a@news.example") -> Message:
    return Message(mail_from="b@news.example", rcpt_to=rcpt_to, message_id="<1@news.example>", data=data)


class Sink:
    """A handler that takes everything, but for the commands that have an answer in `script`: one per call, in turn."""

    def __init__(self, **script: list[str | Callable[[SMTP], Awaitable[str]]]) -> None:
        self.script = script
        self.taken: list[Envelope] = []
        self.commands: list[str] = []
        self.sessions: set[int] = set()
        self.logins: list[object] = []

    async def _answer(self, command: str, server: SMTP, usual: str) -> str:
        self.commands.append(command)
        self.sessions.add(id(server))
        answers = self.script.get(command, [])
        answer = answers.pop(0) if answers else usual
        return answer if isinstance(answer, str) else await answer(server)

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.commands.append("EHLO")
        self.sessions.add(id(server))
        return [str(line) for line in self.script.get("EHLO", responses)]

    async def handle_RSET(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return await self._answer("RSET", server, "250 OK")

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from, envelope.mail_options = address, options
        return await self._answer("MAIL", server, "250 OK")

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return await self._answer("RCPT", server, "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = await self._answer("DATA", server, "250 2.0.0 taken")
        if answer.startswith("250"):
            self.taken.append(envelope)
        return answer

    def login(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: LoginPassword
    ) -> AuthResult:
        self.logins.append((login.login, login.password))
        return AuthResult(success=login.password == b"geheim", handled=False)


@asynccontextmanager
async def listening(sink: Sink, *, implicit: ssl.SSLContext | None = None, **options: Any) -> AsyncIterator[int]:
    """A server for `sink` on a free port of loopback."""
    options = {"hostname": "sink.example", "enable_SMTPUTF8": True, "authenticator": sink.login, **options}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(sink, loop=loop, **options), "127.0.0.1", 0, ssl=implicit)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@asynccontextmanager
async def speaking(*lines: bytes, then_close: bool = False) -> AsyncIterator[int]:
    """A server that sends `lines` at once, one per line it is sent, whatever that says."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for line in lines:
            writer.write(line)
            if not await reader.readline():
                break
        if not then_close:
            await reader.read()
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def backend(*ports: int, environ: dict[str, str] | None = None, timeouts: Timeouts = CALM, **relay: Any) -> SmtpBackend:
    options = {"tls": "none", "connections": 1, **relay}
    relays = tuple(Relay(host="127.0.0.1", port=port, **options) for port in ports)
    return SmtpBackend(DeliverySettings(backend="smtp", relays=relays), environ or {}, timeouts=timeouts)


async def submit(connection: SmtpConnection, *messages: Message) -> list[Outcome]:
    try:
        return [await connection.submit(one) for one in messages]
    finally:
        await connection.close()


def through(sink: Sink, *messages: Message, server: dict[str, Any] | None = None, **relay: Any) -> list[Outcome]:
    async def run() -> list[Outcome]:
        async with listening(sink, **(server or {})) as port:
            return await submit(backend(port, **relay).connect(), *messages)

    return asyncio.run(run())


def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "localhost.crt", TLS / "localhost.key")
    return context


async def hang(server: SMTP) -> str:
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


async def drop(server: SMTP) -> str:
    assert isinstance(server.transport, asyncio.Transport)
    server.transport.abort()
    return "250 nobody reads this"


# What arrives


@pytest.mark.parametrize(
    "body",
    [
        b".\r\n",
        b"..\r\n.\r\nMAIL FROM:<evil@x.example>\r\nRCPT TO:<v@x.example>\r\nDATA\r\nsmuggled\r\n.\r\n",
        b"no end of line before this\r\n\r\n.\r\n\r\n",
        b"=0A.=0A=0D.=0D=0A.=0D=0A\r\n",
        b".a\r\n" * 3000,
        b"",
    ],
)
def test_messages_arrive_byte_for_byte_as_one(body: bytes) -> None:
    sink = Sink()
    data = b"Subject: x\r\n\r\n" + body
    (outcome,) = through(sink, message(data))
    assert (outcome.state, outcome.reply) == (D.SUBMITTED, "250 2.0.0 taken")
    assert [envelope.original_content for envelope in sink.taken] == [data]


@pytest.mark.parametrize("ends", [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n"])
def test_a_bare_line_end_never_leaves(ends: bytes) -> None:
    sink = Sink()
    (outcome,) = through(sink, message(b"Subject: x\r\n\r\na" + ends + b"MAIL FROM:<evil@x.example>\r\n"))
    assert (outcome.state, outcome.reason) == (D.REJECTED, "content")
    assert sink.commands == []


def test_the_envelope_says_sender_recipient_and_size() -> None:
    sink = Sink()
    through(sink, message())
    (envelope,) = sink.taken
    assert (envelope.mail_from, envelope.rcpt_tos) == ("b@news.example", ["a@news.example"])
    assert envelope.mail_options == [f"SIZE={len(DATA)}"]


def test_an_umlaut_domain_goes_as_a_labels_without_smtputf8() -> None:
    sink = Sink()
    through(sink, message(rcpt_to="a@bücher.example"), server={"enable_SMTPUTF8": False})
    assert sink.taken[0].rcpt_tos == ["a@xn--bcher-kva.example"]


def test_an_umlaut_name_goes_where_smtputf8_is_offered() -> None:
    sink = Sink()
    (outcome,) = through(sink, message("To: jörg@news.example\r\n\r\nx\r\n".encode(), rcpt_to="jörg@news.example"))
    assert outcome.state is D.SUBMITTED
    assert sink.taken[0].rcpt_tos == ["jörg@news.example"]
    assert {"SMTPUTF8", "BODY=8BITMIME"} <= set(sink.taken[0].mail_options)


def test_an_umlaut_name_is_skipped_where_smtputf8_is_not_offered_and_the_others_go() -> None:
    sink = Sink()
    outcomes = through(sink, message(rcpt_to="jörg@news.example"), message(), server={"enable_SMTPUTF8": False})
    assert [(outcome.state, outcome.reason) for outcome in outcomes] == [
        (D.SKIPPED, "needs_smtputf8"),
        (D.SUBMITTED, ""),
    ]
    assert len(sink.taken) == 1


def test_a_broken_address_is_rejected_unsent() -> None:
    sink = Sink()
    outcomes = through(sink, message(rcpt_to="a@news.example> SIZE=0\r\nRSET"), message())
    assert [(outcome.state, outcome.reason) for outcome in outcomes] == [(D.REJECTED, "bad_address"), (D.SUBMITTED, "")]


@pytest.mark.parametrize(
    ("offered", "data"),
    [
        (["250-sink.example", "250 SIZE 20"], DATA),
        (["250 sink.example"], b"Subject: x\r\n\r\n\xc3\xbc\r\n"),
    ],
)
def test_what_the_server_does_not_offer_is_not_tried(offered: list[Any], data: bytes) -> None:
    sink = Sink(EHLO=offered)
    (outcome,) = through(sink, message(data))
    assert (outcome.state, outcome.reason) == (D.REJECTED, "content")
    assert sink.commands == ["EHLO"]


# What servers answer


@pytest.mark.parametrize(
    ("script", "state", "reason"),
    [
        ({"MAIL": ["451 4.3.0 later"]}, D.DEFERRED, "temporary"),
        ({"RCPT": ["450 4.2.0 greylisted"]}, D.DEFERRED, "temporary"),
        ({"RCPT": ["550 5.1.1 unknown user"]}, D.REJECTED, "bad_address"),
        ({"RCPT": ["552 5.2.2 full"]}, D.REJECTED, "mailbox_full"),
        ({"DATA": ["552 full"]}, D.REJECTED, "mailbox_full"),
        ({"DATA": ["554 5.6.0 no"]}, D.REJECTED, "content"),
        ({"DATA": ["451 4.3.0 later"]}, D.DEFERRED, "temporary"),
        ({"RCPT": ["421 4.3.2 closing"] * 2}, D.DEFERRED, "temporary"),
        ({"DATA": ["421 4.3.2 closing"]}, D.DEFERRED, "temporary"),
        ({"MAIL": ["299 odd, but a yes"]}, D.SUBMITTED, ""),
        ({"MAIL": ["354 nonsense"] * 2}, D.DEFERRED, "connection"),
        ({"DATA": ["354 nonsense"]}, D.UNKNOWN, "broken_off"),
        ({"DATA": [drop]}, D.UNKNOWN, "broken_off"),
        ({"DATA": [hang]}, D.UNKNOWN, "broken_off"),
        ({"RCPT": [drop, drop]}, D.DEFERRED, "connection"),
        ({"RCPT": [hang]}, D.DEFERRED, "connection"),
    ],
)
def test_the_next_message_goes_out_whatever_became_of_this_one(
    script: dict[str, list[Any]], state: DeliveryState, reason: str
) -> None:
    dropped_after_taking = drop in script.get("DATA", [])
    sink = Sink(**{command: list(answers) for command, answers in script.items()})
    timeouts = HASTY if any(hang in answers for answers in script.values()) else CALM
    first, second = through(sink, message(), message(b"Subject: two\r\n\r\n"), timeouts=timeouts)
    assert (first.state, first.reason) == (state, reason)
    assert second.state is D.SUBMITTED
    assert [envelope.content for envelope in sink.taken][-1] == b"Subject: two\r\n\r\n"
    assert len(sink.taken) == 1 + (state is D.SUBMITTED or dropped_after_taking)


@pytest.mark.parametrize("command", ["MAIL", "RCPT"])
@pytest.mark.parametrize("answer", ["421 4.3.2 closing", drop])
def test_a_session_that_ends_early_is_renewed_without_anybody_noticing(command: str, answer: Any) -> None:
    sink = Sink(**{command: ["250 OK", answer]})
    outcomes = through(sink, message(), message())
    assert [outcome.state for outcome in outcomes] == [D.SUBMITTED, D.SUBMITTED]
    assert len(sink.taken) == 2
    assert len(sink.sessions) == 2


def test_a_refused_recipient_is_cleared_before_the_next() -> None:
    sink = Sink(RCPT=["550 5.1.1 unknown"])
    through(sink, message(), message())
    assert sink.commands == ["EHLO", "MAIL", "RCPT", "RSET", "MAIL", "RCPT", "DATA"]


@pytest.mark.parametrize(
    "script",
    [{"RCPT": ["550 5.7.1 not from you"]}, {"MAIL": ["550 sender unknown"]}, {"DATA": ["550 5.7.26 no DKIM"]}],
)
def test_our_own_fault_pauses_with_the_servers_words(script: dict[str, list[Any]]) -> None:
    words = next(iter(script.values()))[0]
    sink = Sink(**script)
    with pytest.raises(PausedError, match=words.replace(".", r"\.")):
        through(sink, message())
    assert sink.taken == []


@pytest.mark.parametrize(
    "lines",
    [
        (b"554 IP=203.0.113.9 bad reputation\r\n",),
        (b"220 hello\r\n", b"550 5.7.1 go away\r\n"),
    ],
)
def test_a_banner_or_ehlo_that_refuses_us_pauses(lines: tuple[bytes, ...]) -> None:
    async def run() -> None:
        async with speaking(*lines) as port:
            with pytest.raises(PausedError, match=lines[-1].decode().strip().replace(".", r"\.")):
                await submit(backend(port).connect(), message())

    asyncio.run(run())


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ((b"421 4.3.2 too busy\r\n",), "too busy"),
        ((b"\xff\xfe\x00garbage\r\n",), "garbage"),
        ((b"2",), "No relay can be used"),
        ((b"220 hello\r\n", b"2"), "No relay can be used"),
    ],
)
def test_a_relay_that_never_answers_is_given_up_after_our_patience(lines: tuple[bytes, ...], problem: str) -> None:
    async def run() -> None:
        async with speaking(*lines) as port:
            with pytest.raises(UnreachableError, match=problem):
                await submit(backend(port, timeouts=HASTY).connect(), message())

    asyncio.run(run())


def test_an_endless_reply_ends() -> None:
    async def run() -> Outcome:
        async with speaking(b"220 x\r\n", b"250 x\r\n", b"250-" + b"x" * 99_999 + b"\r\n", then_close=True) as port:
            return (await submit(backend(port).connect(), message()))[0]

    outcome = asyncio.run(run())
    assert (outcome.state, outcome.reason) == (D.DEFERRED, "connection")


def test_a_server_without_ehlo_is_greeted_the_old_way() -> None:
    async def run() -> Outcome:
        replies = (b"220 x\r\n", b"502 what?\r\n", b"250 x\r\n", b"250 x\r\n", b"250 x\r\n", b"354 x\r\n")
        async with speaking(*replies, *[b""] * 7, b"250 taken\r\n", b"221 bye\r\n") as port:
            return (await submit(backend(port).connect(), message()))[0]

    assert asyncio.run(run()).state is D.SUBMITTED


# TLS and login


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_mail_and_login_go_encrypted_with_a_verified_certificate(tls: str) -> None:
    sink = Sink()
    encrypted: dict[str, dict[str, Any]] = {
        "starttls": {"tls_context": server_tls(), "auth_required": True},
        "implicit": {"implicit": server_tls(), "auth_require_tls": False},
    }
    environ = TRUSTED | {"RELAY_PASSWORD": "geheim"}
    (outcome,) = through(
        sink,
        message(),
        server=encrypted[tls],
        tls=tls,
        environ=environ,
        username="digest",
        password_env="RELAY_PASSWORD",
    )
    assert outcome.state is D.SUBMITTED
    assert sink.logins == [(b"digest", b"geheim")]


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_an_unknown_certificate_pauses_and_nothing_leaves_in_the_clear(tls: str) -> None:
    sink = Sink()
    server: dict[str, Any] = {"tls_context": server_tls()} if tls == "starttls" else {"implicit": server_tls()}
    with pytest.raises(PausedError, match="certificate"):
        through(sink, message(), server=server, tls=tls)
    assert set(sink.commands) <= {"EHLO"}


@pytest.mark.parametrize(
    "answers",
    [
        (b"250 sink.example\r\n",),
        (b"250-sink.example\r\n250 STARTTLS\r\n", b"454 4.7.0 not now\r\n"),
        (b"250-sink.example\r\n250 STARTTLS\r\n", b"502 no\r\n"),
        (b"250-sink.example\r\n250 STARTTLS\r\n", b"220 go\r\n", b"this is no handshake at all\r\n"),
        (b"250-sink.example\r\n250 STARTTLS\r\n", b"220 go\r\n250 a reply from in between\r\n", b"250 no\r\n"),
    ],
)
def test_a_failed_starttls_is_never_followed_by_plain_text(answers: tuple[bytes, ...]) -> None:
    heard: list[bytes] = []

    async def run() -> None:
        async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 hello\r\n")
            for answer in answers:
                heard.append(await reader.read(10_000))
                writer.write(answer)
            heard.append(await reader.read())
            writer.close()

        server = await asyncio.start_server(speak, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(PausedError):
                await submit(backend(port, tls="starttls", environ=TRUSTED).connect(), message())

    asyncio.run(run())
    assert not any(word in b"".join(heard) for word in (b"MAIL", b"AUTH", b"RCPT"))


def test_a_refused_login_pauses() -> None:
    sink = Sink()
    login: dict[str, Any] = {
        "username": "digest",
        "password_env": "RELAY_PASSWORD",
        "environ": {"RELAY_PASSWORD": "falsch"},
    }
    with pytest.raises(PausedError, match=r"535 5\.7\.8.*the login"):
        through(sink, message(), server={"auth_require_tls": False}, **login)
    assert sink.taken == []


def test_a_login_that_is_not_offered_pauses() -> None:
    login: dict[str, Any] = {
        "username": "digest",
        "password_env": "RELAY_PASSWORD",
        "environ": {"RELAY_PASSWORD": "geheim"},
    }
    with pytest.raises(PausedError, match="AUTH"):
        through(Sink(), message(), **login)


# Sessions and relays


def test_a_session_is_reused_and_renewed() -> None:
    sink = Sink()
    through(sink, *[message()] * 5, messages_per_connection=2)
    assert len(sink.taken) == 5
    assert sink.commands.count("EHLO") == 3


def test_a_relay_that_is_gone_or_refuses_us_leaves_its_work_to_the_other() -> None:
    async def run() -> tuple[list[Outcome], Sink]:
        sink = Sink()
        async with speaking(b"554 no\r\n") as refusing, listening(sink) as port:
            unused = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
            gone = unused.sockets[0].getsockname()[1]
            unused.close()
            await unused.wait_closed()
            return await submit(backend(gone, refusing, port).connect(), message(), message()), sink

    outcomes, sink = asyncio.run(run())
    assert [outcome.state for outcome in outcomes] == [D.SUBMITTED, D.SUBMITTED]
    assert len(sink.taken) == 2


def test_while_a_relay_stalls_another_goes_on() -> None:
    async def run() -> tuple[Outcome, list[Outcome]]:
        sink = Sink()
        async with speaking(b"220 tarpit\r\n", b"2") as tarpit, listening(sink) as port:
            both = backend(tarpit, port, timeouts=Timeouts(first_rest=0.02))
            stuck = asyncio.create_task(both.connect().submit(message()))
            while not both.pool.relays[0].in_use:
                await asyncio.sleep(0)
            sent = await submit(both.connect(), *[message()] * 20)
            assert not stuck.done()
            stuck.cancel()
            await asyncio.gather(stuck, return_exceptions=True)
            assert [state.in_use for state in both.pool.relays] == [0, 0]
            return Outcome(state=D.UNKNOWN), sent

    _, sent = asyncio.run(run())
    assert {outcome.state for outcome in sent} == {D.SUBMITTED}


def test_a_relay_never_gets_more_connections_than_it_allows() -> None:
    async def run() -> list[Outcome]:
        sink = Sink(DATA=[hang])
        async with listening(sink) as port:
            one = backend(port, timeouts=Timeouts(patience=0.05, first_rest=0.02))
            first = asyncio.create_task(one.connect().submit(message()))
            while "DATA" not in sink.commands:
                await asyncio.sleep(0)
            waiting = await submit(one.connect(), message())
            assert len(sink.sessions) == 1
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            return waiting

    (outcome,) = asyncio.run(run())
    assert (outcome.state, outcome.reason) == (D.DEFERRED, "connection")


def test_closing_takes_leave_and_gives_the_connection_back() -> None:
    async def run() -> None:
        sink = Sink()
        async with listening(sink) as port:
            one = backend(port)
            for _ in range(3):
                await submit(one.connect(), message())
            assert one.pool.relays[0].in_use == 0
            assert len(sink.taken) == 3

    asyncio.run(run())


def test_a_mended_login_is_tried_again_in_the_next_run_of_the_same_backend() -> None:
    async def run(one: SmtpBackend) -> list[Outcome]:
        return await submit(one.connect(), message())

    async def both() -> None:
        async with speaking(b"554 no\r\n") as port:
            one = backend(port)
            with pytest.raises(PausedError):
                await run(one)
        sink = Sink()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(sink, loop=loop, hostname="sink.example"), "127.0.0.1", port)
        async with server:
            assert [outcome.state for outcome in await run(one)] == [D.SUBMITTED]

    asyncio.run(both())
