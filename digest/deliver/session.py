"""One SMTP session: opened, secured and logged in by aiosmtplib; the transaction is ours, one command at a time."""

from __future__ import annotations

import base64
import contextlib
import re
import ssl

import msgspec
from aiosmtplib import SMTP, SMTPException, SMTPHeloError, SMTPResponseException

from digest.deliver.envelope import needs_smtputf8, stuffed
from digest.deliver.relays import RelayState
from digest.deliver.replies import Phase, Reason, Reply, Verdict, broken, judge, outcome_of, paused, printable
from digest.errors import DeliveryError, PausedError
from digest.model.delivery import DeliveryState, Outcome, SkipReason

_SIZE = re.compile(r"[0-9]{1,20}")


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds to wait in each phase (RFC 5321, 4.5.3.2); `body` is for the block and the reply to its final dot.

    `patience` is how long a message waits for a relay while all of them rest, `first_rest` their first rest.
    """

    greeting: float = 300.0
    command: float = 300.0
    data: float = 120.0
    body: float = 180.0 + 600.0
    quit: float = 5.0
    patience: float = 30.0
    first_rest: float = 1.0


class LostError(DeliveryError):
    """The connection broke, or was closed by a 421, before a message was handed over."""

    def __init__(self, phase: Phase, problem: str, *, told: bool = False, stalled: bool = False) -> None:
        self.phase, self.problem, self.told, self.stalled = phase, problem, told, stalled
        super().__init__(f"{phase}: {problem}")

    def outcome(self) -> Outcome:
        reason = Reason.TEMPORARY if self.told else Reason.CONNECTION
        return Outcome(state=DeliveryState.DEFERRED, reason=reason, reply=str(self))


class Session:
    """An open connection to one relay. `transactions` counts what was tried over it, `taken` what went through."""

    def __init__(self, state: RelayState, context: ssl.SSLContext | None, timeouts: Timeouts, own_name: str) -> None:
        relay = state.relay
        self.server = state.name
        self.transactions = 0
        self.taken = 0
        self._state = state
        self._timeouts = timeouts
        self._phase = Phase.GREETING
        self._unfinished = False
        self._client = SMTP(
            hostname=relay.host,
            port=relay.port,
            local_hostname=own_name,
            timeout=timeouts.greeting,
            use_tls=relay.tls == "implicit",
            start_tls=False,
            tls_context=context,
        )

    @property
    def alive(self) -> bool:
        return self._client.is_connected

    async def open(self) -> None:
        """Connect, secure, log in. Raises LostError for what may be better later, PausedError for our own faults."""
        try:
            await self._open()
        except SMTPResponseException as refused:
            self.abort()
            reply = Reply(refused.code, self._without_password(str(refused.message)))
            if judge(self._phase, reply) is Verdict.PAUSE:
                raise paused(self._phase, reply, self.server) from refused
            raise LostError(self._phase, f"{self.server} answered {str(reply)!r}", told=True) from refused
        except OSError as fault:
            self.abort()
            tls = next((cause for cause in (fault, fault.__cause__) if isinstance(cause, ssl.SSLError)), None)
            if tls is not None:
                why = printable(str(tls.strerror or tls))
                raise PausedError(
                    f"{self.server}: no safe connection, {why}; plain text is never used instead. "
                    "Mend the certificate or the relay's `tls`, then run `digest send --resume`."
                ) from fault
            stalled = isinstance(fault, TimeoutError)
            raise LostError(self._phase, self._said(fault), stalled=stalled) from fault
        except (SMTPException, UnicodeError) as unable:
            self.abort()
            raise PausedError(
                f"{self.server}: {self._phase} is not possible: {printable(str(unable))} Mend the relay's settings, "
                "then run `digest send --resume`."
            ) from unable
        except BaseException:
            self.abort()
            raise

    async def _open(self) -> None:
        relay, seconds = self._state.relay, self._timeouts.command
        await self._client.connect()
        await self._hello()
        if relay.tls == "starttls":
            self._phase = Phase.TLS
            await self._client.starttls(timeout=seconds)
            await self._hello()
        if relay.username:
            self._phase = Phase.AUTH
            await self._client.login(relay.username, self._state.password, timeout=seconds)

    async def _hello(self) -> None:
        self._phase = Phase.EHLO
        try:
            await self._client.ehlo(timeout=self._timeouts.command)
        except SMTPHeloError as refused:
            if refused.code not in (500, 502):
                raise
            await self._client.helo(timeout=self._timeouts.command)

    async def transact(self, mail_from: str, rcpt_to: str, data: bytes) -> Outcome:
        """MAIL, RCPT, DATA and the message, whose line ends are CRLF. Addresses come from `wire_address`.

        Raises LostError where the connection broke before the message, PausedError where we are at fault.
        """
        options = self._options(mail_from, rcpt_to, data)
        if isinstance(options, Outcome):
            return options
        self.transactions += 1
        encoding = "utf-8" if b"SMTPUTF8" in options else "ascii"
        sender, recipient = mail_from.encode(encoding), rcpt_to.encode(encoding)
        slow, quick = self._timeouts.command, self._timeouts.data
        if self._unfinished:
            await self._ask(Phase.MAIL, slow, b"RSET")
        self._unfinished = True
        steps = (
            (Phase.MAIL, 2, slow, (b"MAIL", b"FROM:<" + sender + b">", *options)),
            (Phase.RCPT, 2, slow, (b"RCPT", b"TO:<" + recipient + b">")),
            (Phase.DATA, 3, quick, (b"DATA",)),
        )
        for phase, expected, seconds, command in steps:
            reply = await self._ask(phase, seconds, *command)
            if reply.code // 100 != expected:
                return self._refused(phase, reply)
        return await self._hand_over(data)

    def _options(self, mail_from: str, rcpt_to: str, data: bytes) -> tuple[bytes, ...] | Outcome:
        """The parameters of MAIL, or why this server cannot be asked at all."""
        offered, plain = self._client.esmtp_extensions, data.isascii()
        options: list[bytes] = []
        limit = offered.get("size", "").strip()
        # RFC 1870, 3: at most 20 digits.
        if _SIZE.fullmatch(limit) and 0 < int(limit) < len(data):
            return _content(f"The message has {len(data)} octets, {self.server} takes {limit}.")
        if "size" in offered:
            options.append(b"SIZE=%d" % len(data))
        head = b"" if plain else data[: data.find(b"\r\n\r\n") + 1 or None]
        if needs_smtputf8(mail_from + rcpt_to, head):
            if "smtputf8" not in offered:
                return Outcome(
                    state=DeliveryState.SKIPPED,
                    reason=SkipReason.NEEDS_SMTPUTF8,
                    reply=f"{self.server} does not offer SMTPUTF8.",
                )
            options.append(b"SMTPUTF8")
        if not plain:
            if "8bitmime" not in offered:
                return _content(f"The message has 8-bit text, and {self.server} does not offer 8BITMIME.")
            options.append(b"BODY=8BITMIME")
        return tuple(options)

    async def _ask(self, phase: Phase, seconds: float, *command: bytes) -> Reply:
        try:
            code, text = await self._client.execute_command(*command, timeout=seconds)
        except (OSError, SMTPResponseException) as fault:
            self.abort()
            raise LostError(phase, self._said(fault), stalled=isinstance(fault, TimeoutError)) from fault
        return Reply(code, text)

    def _refused(self, phase: Phase, reply: Reply) -> Outcome:
        nonsense = judge(phase, reply) is Verdict.NONSENSE
        if reply.code == 421 or nonsense:
            self.abort()
            raise LostError(phase, f"{self.server} answered {str(reply)!r}", told=not nonsense)
        return outcome_of(phase, reply, self.server)

    async def _hand_over(self, data: bytes) -> Outcome:
        """From here to the server's reply the message is in doubt."""
        protocol = self._client.protocol
        if protocol is None or not protocol.is_connected:
            raise LostError(Phase.DATA, f"{self.server}: connection lost")
        try:
            # Not aiosmtplib's data(): that rewrites line ends, and does not tell where it broke.
            protocol.write(stuffed(data))
            code, text = await protocol.read_response(timeout=self._timeouts.body)
        except (OSError, SMTPResponseException) as fault:
            self.abort()
            return broken(Phase.BODY, self._said(fault))
        reply = Reply(code, text)
        self._unfinished = False
        if reply.code == 421 or judge(Phase.BODY, reply) is Verdict.NONSENSE:
            self.abort()
        outcome = outcome_of(Phase.BODY, reply, self.server)
        self.taken += outcome.state is DeliveryState.SUBMITTED
        return outcome

    def _said(self, fault: Exception) -> str:
        return f"{self.server}: {printable(str(fault))}"

    def _without_password(self, text: str) -> str:
        """Some servers repeat the command that they refuse."""
        relay, password = self._state.relay, self._state.password
        if not password:
            return text
        plain = f"\0{relay.username}\0{password}"
        encoded = (base64.b64encode(secret.encode()).decode() for secret in (plain, password))
        for secret in (*encoded, password):
            text = text.replace(secret, "***")
        return text

    async def quit(self) -> None:
        """Take leave, and close; never raises but when cancelled."""
        try:
            with contextlib.suppress(OSError, SMTPException):
                if self.alive:
                    await self._client.quit(timeout=self._timeouts.quit)
        finally:
            self.abort()

    def abort(self) -> None:
        """Close at once, without a word."""
        self._client.close()


def _content(problem: str) -> Outcome:
    return Outcome(state=DeliveryState.REJECTED, reason=Reason.CONTENT, reply=problem)
