"""One POST to somebody's server: guarded against leading into our own network, bounded in time, never redirected."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from types import TracebackType
from typing import Self

import httpx2
import msgspec
from ssrfguard import SSRFGuardError

from digest.errors import SettingsError
from digest.gather.guard import GuardedTransport, make_policy, until
from digest.gather.lines import one_line
from digest.market.http import retry_after
from digest.tasks.webhook_message import SignedMessage

TIMEOUT_SECONDS = 10.0
#: Of an answer only its status counts; its body is not read.
_ANSWER_OCTETS = 65_536
_GONE = 410


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """`taken` is a status of 2xx, `gone` a 410; `problem` is "" where it was taken, `retry_after` in seconds."""

    taken: bool
    problem: str = ""
    gone: bool = False
    retry_after: float | None = None


class Poster:
    """Posts to webhooks. Private and loopback addresses are refused, but for `allow_networks` ([gather])."""

    def __init__(
        self, allow_networks: Sequence[str], user_agent: str, *, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        try:
            self._policy = make_policy(allow_networks, trusted=False)
        except ValueError as error:
            raise SettingsError("gather.allow_networks", str(error), "the settings") from error
        self._user_agent, self._timeout = user_agent, timeout_seconds

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if "_client" in self.__dict__:
            self._client.close()

    @cached_property
    def _client(self) -> httpx2.Client:
        """Made when there is something to post: certificates take a while to read."""
        return httpx2.Client(
            transport=GuardedTransport(self._policy, max_bytes=_ANSWER_OCTETS),
            headers={"User-Agent": self._user_agent, "Accept-Encoding": "identity"},
            timeout=self._timeout,
            trust_env=False,
        )

    def post(self, url: str, message: SignedMessage, now: datetime) -> Answer:
        """What became of it; the network's faults are answers, too."""
        try:
            with (
                until(time.monotonic() + self._timeout),
                self._client.stream("POST", url, content=message.body, headers=message.headers) as response,
            ):
                return _answer(response, now)
        except SSRFGuardError as refused:
            why = one_line(str(refused))[:200]
            return Answer(taken=False, problem=f"may not be reached ({why}); see gather.allow_networks")
        except httpx2.TimeoutException:
            return Answer(taken=False, problem=f"did not answer in {self._timeout:g} seconds")
        except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError, ValueError) as error:
            return Answer(
                taken=False, problem=f"cannot be reached: {one_line(str(error))[:200] or type(error).__name__}"
            )


def _answer(response: httpx2.Response, now: datetime) -> Answer:
    status = response.status_code
    if response.is_success:
        return Answer(taken=True)
    said = f"answered {status} {one_line(response.reason_phrase)[:100]}".rstrip()
    if response.is_redirect:
        said += ", and redirects are not followed"
    wait = retry_after(response.headers.get("retry-after", ""), now) if status in (429, 503) else None
    return Answer(taken=False, problem=said, gone=status == _GONE, retry_after=wait)
