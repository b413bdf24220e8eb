"""Posts each message to an HTTP endpoint, such as a mail gateway of your own.

POST_URL names it, POST_TOKEN is its bearer token. The body is the message (message/rfc822), the envelope is in the
query (`from`, `to`), and a repeat has the same Idempotency-Key.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx2

from digest.deliver.replies import Reason, printable
from digest.deliver.settings import LOOPBACK, DeliverySettings
from digest.errors import PausedError, SettingsError
from digest.model.delivery import DeliveryState, Message, Outcome

LONGEST_WAIT = 3600


class HttpPostBackend:
    connections = 4

    def __init__(self, _settings: DeliverySettings, environ: Mapping[str, str]) -> None:
        self.url, self.token = environ.get("POST_URL", ""), environ.get("POST_TOKEN", "")
        address = urlsplit(self.url)
        if address.scheme != "https" and address.hostname not in LOOPBACK:
            raise SettingsError("POST_URL", f"must be an https:// address, not {self.url!r}", "the environment")

    def connect(self) -> HttpPostConnection:
        return HttpPostConnection(self.url, self.token)

    def where(self) -> str:
        return self.url


class HttpPostConnection:
    def __init__(self, url: str, token: str) -> None:
        self.url = url
        headers = {"Content-Type": "message/rfc822"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self.client = httpx2.AsyncClient(headers=headers, timeout=30)

    async def submit(self, message: Message) -> Outcome:
        envelope = {"from": message.mail_from, "to": message.rcpt_to}
        headers = {"Idempotency-Key": message.message_id}
        try:
            answer = await self.client.post(self.url, content=message.data, params=envelope, headers=headers)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as fault:
            return Outcome(state=DeliveryState.DEFERRED, reason=Reason.CONNECTION, reply=printable(str(fault)))
        except httpx2.TransportError as fault:  # the request was under way: it may have been taken, or not
            reply = printable(f"{type(fault).__name__} {fault}")
            return Outcome(state=DeliveryState.UNKNOWN, reason=Reason.BROKEN_OFF, reply=reply)
        return self.outcome_of(answer)

    async def close(self) -> None:
        await self.client.aclose()

    def outcome_of(self, answer: httpx2.Response) -> Outcome:
        reply = printable(f"{answer.status_code} {answer.text}")
        if answer.is_success:
            return Outcome(state=DeliveryState.SUBMITTED, reply=reply)
        if answer.status_code == 410:  # this endpoint's word for a mailbox that is no more
            return Outcome(state=DeliveryState.REJECTED, reason=Reason.BAD_ADDRESS, reply=reply)
        if answer.status_code in (413, 422):
            return Outcome(state=DeliveryState.REJECTED, reason=Reason.CONTENT, reply=reply)
        if answer.status_code == 429 or answer.is_server_error:
            asked = answer.headers.get("Retry-After", "")
            wait = min(int(asked), LONGEST_WAIT) if asked.isascii() and asked.isdigit() else None
            when = datetime.now(UTC) + timedelta(seconds=wait) if wait is not None else None
            return Outcome(state=DeliveryState.DEFERRED, reason=Reason.TEMPORARY, reply=reply, next_try=when)
        raise PausedError(f"{self.url} answered {reply!r}. Mend it, then run `digest send --resume`.")
