"""Opening an SMTP session: connected, secured and logged in by aiosmtplib, then taken over by our own wire."""

from __future__ import annotations

import asyncio
import base64
import ssl
from typing import cast

from aiosmtplib import SMTP, SMTPException, SMTPHeloError, SMTPResponseException

from digest.deliver.relays import RelayState
from digest.deliver.replies import Phase, Reply, Verdict, judge, paused, printable
from digest.deliver.session import LostError, Session, Timeouts
from digest.deliver.wire import Wire
from digest.errors import PausedError


async def open_session(state: RelayState, context: ssl.SSLContext | None, timeouts: Timeouts, own_name: str) -> Session:
    """A session at this relay. Raises LostError for what may be better later, PausedError for our own faults."""
    opening = _Opening(state, context, timeouts, own_name)
    try:
        return await opening.open()
    except BaseException:
        opening.client.close()
        raise


class _Opening:
    def __init__(self, state: RelayState, context: ssl.SSLContext | None, timeouts: Timeouts, own_name: str) -> None:
        self._state, self._timeouts, self._server = state, timeouts, state.name
        self._phase = Phase.GREETING
        self.client = SMTP(
            hostname=state.relay.host,
            port=state.relay.port,
            local_hostname=own_name,
            timeout=timeouts.greeting,
            use_tls=state.relay.tls == "implicit",
            start_tls=False,
            tls_context=context,
        )

    async def open(self) -> Session:
        try:
            await self._connect()
            return self._session()
        except SMTPResponseException as refused:
            reply = Reply(refused.code, self._without_password(str(refused.message)))
            if judge(self._phase, reply) is Verdict.PAUSE:
                raise paused(self._phase, reply, self._server) from refused
            raise LostError(self._phase, f"{self._server} answered {str(reply)!r}", told=True) from refused
        except OSError as fault:
            tls = next((cause for cause in (fault, fault.__cause__) if isinstance(cause, ssl.SSLError)), None)
            if tls is not None:
                why = printable(str(tls.strerror or tls))
                raise PausedError(
                    f"{self._server}: no safe connection, {why}; plain text is never used instead. "
                    "Mend the certificate or the relay's `tls`, then run `digest send --resume`."
                ) from fault
            stalled = isinstance(fault, TimeoutError)
            raise LostError(self._phase, f"{self._server}: {printable(str(fault))}", stalled=stalled) from fault
        except (SMTPException, UnicodeError) as unable:
            raise PausedError(
                f"{self._server}: {self._phase} is not possible: {printable(str(unable))} Mend the relay's settings, "
                "then run `digest send --resume`."
            ) from unable

    async def _connect(self) -> None:
        relay, seconds = self._state.relay, self._timeouts.command
        await self.client.connect()
        await self._hello()
        if relay.tls == "starttls":
            self._phase = Phase.TLS
            await self.client.starttls(timeout=seconds)
            await self._hello()
        if relay.username:
            self._phase = Phase.AUTH
            await self.client.login(relay.username, self._state.password, timeout=seconds)

    async def _hello(self) -> None:
        self._phase = Phase.EHLO
        try:
            await self.client.ehlo(timeout=self._timeouts.command)
        except SMTPHeloError as refused:
            if refused.code not in (500, 502):
                raise
            await self.client.helo(timeout=self._timeouts.command)

    def _session(self) -> Session:
        offered = dict(self.client.esmtp_extensions)
        transport = self.client.transport
        if transport is None or transport.is_closing():
            raise ConnectionError("connection lost")
        wire = Wire(cast(asyncio.WriteTransport, transport))
        pipelining = self._state.relay.pipelining == "auto" and "pipelining" in offered
        return Session(wire, self._server, offered, self._timeouts, pipelining=pipelining)

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
