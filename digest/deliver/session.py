"""An open SMTP session and its transactions: pipelined where the server offers it, else one command at a time."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping

import msgspec

from digest.deliver.envelope import needs_smtputf8, stuffed
from digest.deliver.replies import Phase, Reason, Reply, Verdict, broken, judge, outcome_of, printable
from digest.deliver.wire import Wire
from digest.errors import DeliveryError
from digest.model.delivery import DeliveryState, Outcome, SkipReason

_SIZE = re.compile(r"[0-9]{1,20}")
#: The first digit of the reply that grants a command (RFC 5321, 4.3.2).
_GRANTED = {Phase.MAIL: 2, Phase.RCPT: 2, Phase.DATA: 3}
_TAKEN = 2


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


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """A message with its addresses as `wire_address` gives them; `canonical` is explained in `Message`."""

    mail_from: str
    rcpt_to: str
    data: bytes
    canonical: bool = False


class LostError(DeliveryError):
    """The connection broke, or was closed by a 421, before a message was handed over."""

    def __init__(self, phase: Phase, problem: str, *, told: bool = False, stalled: bool = False) -> None:
        self.phase, self.problem, self.told, self.stalled = phase, problem, told, stalled
        super().__init__(f"{phase}: {problem}")

    def outcome(self) -> Outcome:
        reason = Reason.TEMPORARY if self.told else Reason.CONNECTION
        return Outcome(state=DeliveryState.DEFERRED, reason=reason, reply=str(self))


class Session:
    """An open connection to `server`, which offers these extensions (in small letters, with their parameters).

    `transactions` counts what was tried over it, `taken` what went through. Made by `opening.open_session`.
    """

    def __init__(
        self, wire: Wire, server: str, offered: Mapping[str, str], timeouts: Timeouts, *, pipelining: bool
    ) -> None:
        self.server = server
        self.pipelining = pipelining
        self.transactions = 0
        self.taken = 0
        #: Whether a message is on its way over it, so that it may arrive whatever becomes of us.
        self.handing_over = False
        self._wire, self._offered, self._timeouts = wire, offered, timeouts
        self._unfinished = False
        #: Sender and recipient of the message whose envelope has left already.
        self._announced: tuple[str, str] | None = None

    @property
    def alive(self) -> bool:
        return self._wire.alive

    async def transact(self, message: Envelope, following: Envelope | None = None) -> Outcome:
        """MAIL, RCPT, DATA and the message; the envelope of `following` leaves with its last octets (RFC 2920).

        Raises LostError where the connection broke before the message, PausedError where we are at fault.
        """
        announced = self._announced == (message.mail_from, message.rcpt_to)
        commands = None if announced else self._commands(message)
        if isinstance(commands, Outcome):
            return commands
        self.transactions += 1
        if self._unfinished:
            self._unfinished = False
            await self._ask(Phase.MAIL, b"RSET\r\n")
        refusal = await (self._ask_at_once if self.pipelining else self._ask_in_turn)(commands or ())
        return refusal or await self._hand_over(message, following)

    def _commands(self, message: Envelope) -> tuple[bytes, bytes] | Outcome:
        """MAIL and RCPT with their parameters, or why this server cannot be asked at all."""
        offered, data = self._offered, message.data
        plain = data.isascii()
        options, encoding = b"", "ascii"
        limit = offered.get("size", "").strip()
        # RFC 1870, 3: at most 20 digits.
        if _SIZE.fullmatch(limit) and 0 < int(limit) < len(data):
            return _content(f"The message has {len(data)} octets, {self.server} takes {limit}.")
        if "size" in offered:
            options += b" SIZE=%d" % len(data)
        head = b"" if plain else data[: data.find(b"\r\n\r\n") + 1 or None]
        if needs_smtputf8(message.mail_from + message.rcpt_to, head):
            if "smtputf8" not in offered:
                return Outcome(
                    state=DeliveryState.SKIPPED,
                    reason=SkipReason.NEEDS_SMTPUTF8,
                    reply=f"{self.server} does not offer SMTPUTF8.",
                )
            options += b" SMTPUTF8"
            encoding = "utf-8"
        if not plain:
            if "8bitmime" not in offered:
                return _content(f"The message has 8-bit text, and {self.server} does not offer 8BITMIME.")
            options += b" BODY=8BITMIME"
        sender, recipient = message.mail_from.encode(encoding), message.rcpt_to.encode(encoding)
        return b"MAIL FROM:<%b>%b\r\n" % (sender, options), b"RCPT TO:<%b>\r\n" % recipient

    async def _ask_at_once(self, commands: tuple[bytes, ...]) -> Outcome | None:
        """All three commands in one go; none where they left with the last message. Why this one is not wanted."""
        if commands and self._announced is not None:
            self.abort()
            raise LostError(Phase.MAIL, f"{self.server}: another message was announced")
        if commands:
            self._write(Phase.MAIL, *commands, b"DATA\r\n", replies=3)
        self._announced = None
        replies = [(phase, await self._reply(phase)) for phase in _GRANTED]
        refused = next(((phase, reply) for phase, reply in replies if reply.code // 100 != _GRANTED[phase]), None)
        if refused is None:
            return None
        if replies[-1][1].code // 100 == _GRANTED[Phase.DATA]:
            # RFC 2920, 3.1: it waits for a message although it goes to nobody.
            await self._ask(Phase.BODY, b".\r\n")
        else:
            self._unfinished = True
        return outcome_of(*refused, self.server)

    async def _ask_in_turn(self, commands: tuple[bytes, ...]) -> Outcome | None:
        """Each command once the one before it was granted; why the message is not wanted."""
        for phase, command in zip(_GRANTED, (*commands, b"DATA\r\n"), strict=True):
            reply = await self._ask(phase, command)
            if reply.code // 100 != _GRANTED[phase]:
                self._unfinished = True
                return outcome_of(phase, reply, self.server)
        return None

    async def _hand_over(self, message: Envelope, following: Envelope | None) -> Outcome:
        """From here to the server's reply the message is in doubt."""
        body = (message.data, b".\r\n") if message.canonical else (stuffed(message.data),)
        replies = 1
        ahead = self._commands(following) if following is not None and self.pipelining else None
        if following is not None and isinstance(ahead, tuple):
            body = (*body, *ahead, b"DATA\r\n")
            replies += 3
            self._announced = (following.mail_from, following.rcpt_to)
        self.handing_over = True
        self._write(Phase.DATA, *body, replies=replies)
        try:
            reply = await self._wire.reply(self._timeouts.body)
        except OSError as fault:
            self.abort()
            return broken(Phase.BODY, self._said(fault))
        self.handing_over = False
        if reply.code // 100 == _TAKEN:
            self.taken += 1
            return Outcome(state=DeliveryState.SUBMITTED, reply=str(reply))
        if reply.code == 421 or judge(Phase.BODY, reply) is Verdict.NONSENSE:
            self.abort()
        return outcome_of(Phase.BODY, reply, self.server)

    async def _ask(self, phase: Phase, command: bytes) -> Reply:
        self._write(phase, command, replies=1)
        return await self._reply(phase)

    def _write(self, phase: Phase, *chunks: bytes, replies: int) -> None:
        try:
            self._wire.write(*chunks, replies=replies)
        except OSError as fault:
            raise LostError(phase, self._said(fault)) from fault

    async def _reply(self, phase: Phase) -> Reply:
        """The reply to `phase`. Raises LostError for none, for nonsense, and for a 421, which ends the session."""
        try:
            reply = await self._wire.reply(self._timeouts.data if phase is Phase.DATA else self._timeouts.command)
        except OSError as fault:
            self.abort()
            raise LostError(phase, self._said(fault), stalled=isinstance(fault, TimeoutError)) from fault
        if phase in _GRANTED and reply.code // 100 != _GRANTED[phase]:
            nonsense = judge(phase, reply) is Verdict.NONSENSE
            if reply.code == 421 or nonsense:
                self.abort()
                raise LostError(phase, f"{self.server} answered {str(reply)!r}", told=not nonsense)
        return reply

    def _said(self, fault: Exception) -> str:
        return f"{self.server}: {printable(str(fault))}"

    async def ask_sender(self, sender: str) -> Reply:
        """What the server says to MAIL from this wire address; taken back at once, so that nothing is sent.

        Raises LostError where the connection breaks.
        """
        reply = await self._ask(Phase.MAIL, b"MAIL FROM:<%b>\r\n" % sender.encode())
        await self._ask(Phase.EHLO, b"RSET\r\n")
        return reply

    async def quit(self) -> None:
        """Take leave, and close; never raises but when cancelled."""
        try:
            # After an announced envelope the server waits for its message: there is nothing to be said but to close.
            if self.alive and self._announced is None:
                with contextlib.suppress(OSError):
                    self._wire.write(b"QUIT\r\n", replies=1)
                    await self._wire.reply(self._timeouts.quit)
        finally:
            self.abort()

    def abort(self) -> None:
        """Close at once, without a word."""
        self._wire.abort()


def _content(problem: str) -> Outcome:
    return Outcome(state=DeliveryState.REJECTED, reason=Reason.CONTENT, reply=problem)
