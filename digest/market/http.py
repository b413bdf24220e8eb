"""One small client for the providers' JSON. Its base URL stands in the settings and is therefore trusted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime

import httpx2
import stamina

from digest.errors import MarketError

USER_AGENT = "newsroom-digest"
ATTEMPTS = 3
#: Seconds. Whoever asks us to wait longer is not asked again: the next provider is.
LONGEST_WAIT = 5.0


class _PassingError(Exception):
    """Worth another try, after `wait` seconds where the server says how long."""

    def __init__(self, problem: str, wait: float | None = None) -> None:
        self.wait = wait
        super().__init__(problem)


def _backoff(error: Exception) -> bool | float:
    """Seconds to wait before the next try, True for the usual ones, False where another try is of no use."""
    if not isinstance(error, _PassingError):
        return False
    return True if error.wait is None else error.wait


def retry_after(value: str, now: datetime) -> float | None:
    """Seconds from a Retry-After header (RFC 9110, 10.2.3: seconds or a date); None where it says nothing."""
    if value.strip().isdecimal():
        return float(value.strip()[:9])
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())


def decode(body: bytes) -> object:
    """JSON with every number as a Decimal, NaN and Infinity too; ValueError for anything else."""
    try:
        return json.loads(body, parse_float=Decimal, parse_int=Decimal, parse_constant=Decimal)
    except (ArithmeticError, RecursionError) as odd:
        raise ValueError("a number or a nesting beyond all bounds") from odd


class JsonClient:
    """GET below `base_url`. `timeout_seconds` bounds one attempt from start to end, `max_bytes` the body."""

    def __init__(
        self, provider: str, base_url: str, *, timeout_seconds: float = 8.0, max_bytes: int = 2_000_000
    ) -> None:
        self.provider = provider
        self.base_url = base_url.rstrip("/")
        self.timeout_seconds = timeout_seconds
        self.max_bytes = max_bytes

    def get(self, path: str, params: Mapping[str, str], headers: Mapping[str, str] | None = None) -> object:
        """The decoded answer. Faults that may pass are tried again; raises MarketError in the end."""
        # In a thread of its own, for the caller may have an event loop; in a loop, for only that has true deadlines.
        try:
            with ThreadPoolExecutor(max_workers=1) as thread:
                for attempt in stamina.retry_context(
                    _backoff, attempts=ATTEMPTS, timeout=ATTEMPTS * self.timeout_seconds, wait_initial=0.3, wait_max=2.0
                ):
                    with attempt:
                        body = thread.submit(asyncio.run, self._body(path, params, headers or {})).result()
        except _PassingError as lasting:
            raise MarketError(self.provider, str(lasting)) from lasting
        try:
            return decode(body)
        except ValueError as odd:
            raise MarketError(self.provider, "the answer is not JSON") from odd

    async def _body(self, path: str, params: Mapping[str, str], headers: Mapping[str, str]) -> bytes:
        # Asked for and read as it is: a compressed body could unpack to any size.
        asked = {"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "identity", **headers}
        try:
            async with (
                asyncio.timeout(self.timeout_seconds),
                httpx2.AsyncClient(timeout=None, follow_redirects=False) as client,
                client.stream("GET", f"{self.base_url}/{path}", params=dict(params), headers=asked) as response,
            ):
                self._check(response)
                body = bytearray()
                async for chunk in response.aiter_raw():
                    body += chunk
                    if len(body) > self.max_bytes:
                        raise MarketError(self.provider, f"the answer is larger than {self.max_bytes} bytes")
                return bytes(body)
        except TimeoutError as late:
            raise _PassingError(f"no answer within {self.timeout_seconds:g} seconds") from late
        except (httpx2.UnsupportedProtocol, httpx2.InvalidURL) as wrong:
            raise MarketError(self.provider, f"base_url {self.base_url!r} is not a URL") from wrong
        except httpx2.RequestError as broken:
            raise _PassingError(f"cannot be reached ({type(broken).__name__})") from broken

    def _check(self, response: httpx2.Response) -> None:
        status = response.status_code
        if status == 200:
            if response.headers.get("Content-Encoding", "identity").lower() != "identity":
                raise MarketError(self.provider, "the answer is compressed, which was not asked for")
            return
        wait = retry_after(response.headers.get("Retry-After", ""), datetime.now(UTC))
        if wait is not None and wait > LONGEST_WAIT:
            raise MarketError(self.provider, f"HTTP {status}, asks to wait for {wait:.0f} seconds")
        if status in (500, 502, 503, 504) or (status == 429 and wait is not None):
            raise _PassingError(f"HTTP {status}", wait)
        hint = {401: ", the key is wrong or missing", 403: ", access is refused", 429: ", too many requests"}
        raise MarketError(self.provider, f"HTTP {status}{hint.get(status, '')}")
