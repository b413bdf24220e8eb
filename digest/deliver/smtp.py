"""The SMTP backend: relays of our own choice, over encrypted and reused sessions (RFC 5321)."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from digest.deliver.envelope import has_bare_line_end, wire_address
from digest.deliver.opening import open_session
from digest.deliver.quota import UsageBook
from digest.deliver.relays import RelayPool, RelayState
from digest.deliver.replies import Phase, Reason
from digest.deliver.session import Envelope, LostError, Session, Timeouts
from digest.deliver.settings import LOOPBACK, DeliverySettings, Relay
from digest.errors import PausedError, QuotaError, SettingsError, UnreachableError
from digest.model.delivery import DeliveryState, Message, Outcome

_log = logging.getLogger(__name__)

#: How often a message that waits for a relay looks again, in seconds.
LOOK_AGAIN = 0.2


class SmtpBackend:
    """Certificates are verified against the system's authorities, or those in the file that SSL_CERT_FILE names."""

    def __init__(
        self, settings: DeliverySettings, environ: Mapping[str, str], *, timeouts: Timeouts | None = None
    ) -> None:
        if not settings.relays:
            raise SettingsError("delivery.relays", "the backend smtp needs at least one relay", "[delivery]")
        self.timeouts = timeouts or Timeouts()
        states = [RelayState(relay, _password(relay, environ)) for relay in settings.relays]
        self.pool = RelayPool(states, first_rest=self.timeouts.first_rest)
        self.connections = sum(relay.connections for relay in settings.relays)
        secure = any(relay.tls != "none" for relay in settings.relays)
        self._context = _tls_context(environ) if secure else None
        self._own_name = ""

    def connect(self) -> SmtpConnection:
        self.pool.begin()
        return SmtpConnection(self)

    def keep_usage(self, book: UsageBook) -> None:
        for state in self.pool.relays:
            state.keep_usage(book)

    def return_usage(self, now: datetime) -> None:
        for state in self.pool.relays:
            state.quotas.give_back(now)

    def done_at(self, now: datetime, messages: int) -> datetime:
        return self.pool.done_at(now, messages)

    def where(self) -> str:
        return ", ".join(state.name for state in self.pool.relays)

    async def session(self, state: RelayState) -> Session:
        """An open session to this relay. Raises as `open_session` does."""
        if state.relay.host in LOOPBACK:
            name = "[127.0.0.1]"
        else:
            self._own_name = self._own_name or await asyncio.to_thread(_host_name)
            name = self._own_name
        return await open_session(state, self._context, self.timeouts, name)


class SmtpConnection:
    """One session at a time, at whichever relay is usable; renewed after the relay's `messages_per_connection`."""

    def __init__(self, backend: SmtpBackend) -> None:
        self._backend = backend
        self._pool = backend.pool
        self._session: Session | None = None
        self._relay: RelayState | None = None
        self._following: Message | None = None
        #: The message announced last, and how it goes out, or why it must not.
        self._ahead: tuple[Message, Envelope | Outcome] | None = None
        self._halted: Callable[[], bool] = lambda: False
        self.in_doubt = False

    def heed(self, halted: Callable[[], bool]) -> None:
        """See `Waiting`."""
        self._halted = halted

    def announce(self, message: Message) -> None:
        """The message that will be submitted after the next one: its envelope may leave with that one's body."""
        self._following = message

    async def submit(self, message: Message) -> Outcome:
        """See `Connection.submit`. A connection that breaks before the message is tried once more on a new one."""
        following, self._following = self._following, None
        ahead = self._ahead
        envelope = ahead[1] if ahead is not None and ahead[0] is message else _envelope(message)
        if isinstance(envelope, Outcome):
            return envelope
        for last_time in (False, True):
            try:
                session = await self._ready()
                outcome = await session.transact(envelope, self._announced(session, following))
            except LostError as lost:
                self._drop(str(lost), lost)
                if last_time or lost.stalled:
                    return lost.outcome()
            except BaseException:
                self.in_doubt = self._session is not None and self._session.handing_over
                self._drop()
                raise
            else:
                if self._relay is not None and outcome.state is DeliveryState.SUBMITTED:
                    self._pool.works(self._relay)
                return outcome
        raise AssertionError("the second time returns")

    def _announced(self, session: Session, following: Message | None) -> Envelope | None:
        """The envelope that may leave ahead over this session, which will not be renewed before it."""
        if following is None or not session.pipelining or self._relay is None:
            return None
        if session.transactions + 1 >= self._relay.relay.messages_per_connection:
            return None
        envelope = _envelope(following)
        self._ahead = (following, envelope)
        return None if isinstance(envelope, Outcome) else envelope

    async def close(self) -> None:
        session, relay = self._session, self._relay
        self._session = self._relay = None
        try:
            if session is not None:
                await session.quit()
        finally:
            if relay is not None:
                self._pool.give_back(relay)

    async def _ready(self) -> Session:
        """The session in use, or a new one.

        Raises PausedError where every relay is out, UnreachableError where they are down for longer than our patience
        or nobody wants us to wait any more, QuotaError where they have reached their limits; LostError where none had
        a connection for us for so long.
        """
        session, relay = self._session, self._relay
        if session is not None and relay is not None:
            fresh = session.alive and session.transactions < relay.relay.messages_per_connection
            if fresh and relay.quotas.take(datetime.now(UTC)):
                return session
            await self.close()
        clock = asyncio.get_running_loop().time
        until = clock() + self._backend.timeouts.patience
        while True:
            state = self._pool.take(clock(), datetime.now(UTC))
            if state is not None:
                session = await self._open(state)
                if session is not None:
                    return session
                continue
            if self._pool.all_out():
                raise PausedError(self._pool.problems())
            self._check_limits(late=clock() >= until)
            if self._halted():
                raise UnreachableError("Sending ends while no relay can be used.")
            if clock() >= until:
                if self._pool.all_down(clock()):
                    raise UnreachableError(
                        f"No relay can be used: {self._pool.problems()}. Nobody was marked; the scheduler tries again "
                        "by itself, and so does `digest send`."
                    )
                raise LostError(Phase.GREETING, "no relay had a connection to spare", stalled=True)
            await asyncio.sleep(min(LOOK_AGAIN, self._backend.timeouts.first_rest))

    def _check_limits(self, *, late: bool) -> None:
        """Raises QuotaError where limits are in the way at every relay, or once it is `late` at any of them."""
        now = datetime.now(UTC)
        limited = self._pool.limited(now)
        usable = sum(not state.out for state in self._pool.relays)
        if limited and (late or len(limited) == usable):
            first = limited[0]
            raise QuotaError(
                first.quotas.free_at(now), f"relay {first.relay.host} allows {first.quotas.in_the_way(now)}"
            )

    async def _open(self, state: RelayState) -> Session | None:
        """A new session at this relay, or None once it was put to rest or out."""
        try:
            session = await self._backend.session(state)
        except BaseException as fault:
            self._pool.give_back(state)
            if isinstance(fault, LostError):
                self._rest(state, str(fault))
                return None
            if isinstance(fault, PausedError):
                self._pool.take_out(state, str(fault))
                _log.warning("%s is not used any more in this run. %s", state.name, fault)
                return None
            raise
        self._session, self._relay = session, state
        return session

    def _drop(self, problem: str = "", lost: LostError | None = None) -> None:
        """Let go of a session that is of no use; its relay rests where it stalls or never took anything over it."""
        session, relay = self._session, self._relay
        self._session = self._relay = None
        if session is None or relay is None:
            return
        session.abort()
        self._pool.give_back(relay)
        if lost is not None and (lost.stalled or not session.taken):
            self._rest(relay, problem)

    def _rest(self, state: RelayState, problem: str) -> None:
        wait = self._pool.rest(state, problem, asyncio.get_running_loop().time())
        if wait:
            _log.warning("%s rests for %.0f s after this: %s", state.name, wait, problem)


def _envelope(message: Message) -> Envelope | Outcome:
    """The message as it goes out, or why it must not. Raises PausedError for a sender that cannot be one."""
    try:
        mail_from = wire_address(message.mail_from) if message.mail_from else ""
    except ValueError as wrong:
        raise PausedError(f"The envelope sender cannot be used: {wrong}. Mend `site.sender`.") from wrong
    try:
        rcpt_to = wire_address(message.rcpt_to)
    except ValueError as wrong:
        return Outcome(state=DeliveryState.REJECTED, reason=Reason.BAD_ADDRESS, reply=str(wrong))
    if not message.canonical and has_bare_line_end(message.data):
        problem = "The message has a bare CR or LF, which servers read in different ways; it was not sent."
        return Outcome(state=DeliveryState.REJECTED, reason=Reason.CONTENT, reply=problem)
    return Envelope(mail_from=mail_from, rcpt_to=rcpt_to, data=message.data, canonical=message.canonical)


def _password(relay: Relay, environ: Mapping[str, str]) -> str:
    password = environ.get(relay.password_env, "") if relay.password_env else ""
    if relay.username and not password:
        problem = f"{relay.password_env} is not set; it holds the password of {relay.username} at {relay.host}"
        raise SettingsError("delivery.relays.password_env", problem, "the environment")
    return password


def _tls_context(environ: Mapping[str, str]) -> ssl.SSLContext:
    authorities = environ.get("SSL_CERT_FILE") or None
    try:
        return ssl.create_default_context(cafile=authorities)
    except OSError as unreadable:
        raise SettingsError("SSL_CERT_FILE", f"{authorities} holds no certificates", "the environment") from unreadable


def _host_name() -> str:
    """What we call ourselves in EHLO: our own name, or an address literal where we have none (RFC 5321, 4.1.4)."""
    name = socket.getfqdn()
    return name if "." in name and name.isascii() and name.isprintable() and " " not in name else "[127.0.0.1]"
