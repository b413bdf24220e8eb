"""Whom we may talk to, and for how long: the address that was checked is the one connected to.

ssrfguard decides and connects; its own adapter is for httpx, so this file puts it under httpx2. The deadline is kept
in the network stream because a time-out per read never ends where a server sends one byte now and then.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from ipaddress import ip_address
from queue import Empty, SimpleQueue
from typing import Any

import httpcore2
import httpx2
from httpcore2._backends.sync import SyncStream
from ssrfguard import Policy, Resolver, Target, connect, resolve

#: What the operator wrote into the settings may be anywhere, credentials and all.
ANYWHERE = ("0.0.0.0/0", "::/0")
ATTEMPTS = 2
_NODELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
_deadline: ContextVar[float] = ContextVar("deadline", default=float("inf"))


def make_policy(allow_networks: Iterable[str], *, trusted: bool) -> Policy:
    """What may be reached. Raises ValueError for a network that would let every translated address through."""
    return Policy(
        allowed_networks=ANYWHERE if trusted else tuple(allow_networks),  # type: ignore[arg-type]
        allow_userinfo=trusted,
        max_connection_attempts=ATTEMPTS,
    )


@contextmanager
def until(moment: float) -> Iterator[None]:
    """Everything this thread fetches inside ends at `moment` (time.monotonic), or at the earlier one outside."""
    token = _deadline.set(min(moment, _deadline.get()))
    try:
        yield
    finally:
        _deadline.reset(token)


def seconds_left() -> float:
    """Until the deadline in force; infinite where there is none."""
    return _deadline.get() - time.monotonic()


def _allowed(timeout: float | None) -> float:
    left = seconds_left()
    if left <= 0:
        raise httpcore2.ReadTimeout("the time for this source is used up")
    return left if timeout is None else min(timeout, left)


class DeadlineStream(httpcore2.NetworkStream):
    """A stream whose every step ends at the deadline, TLS included."""

    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _allowed(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _allowed(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return DeadlineStream(self._inner.start_tls(ssl_context, server_hostname, _allowed(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class GuardedBackend(httpcore2.NetworkBackend):
    """Looks a name up once, checks every answer, connects to one of those that it checked."""

    def __init__(self, policy: Policy, resolver: Resolver | None = None) -> None:
        self._policy = policy
        self._resolver = resolver or socket.getaddrinfo

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """Raises ssrfguard's BlockedAddressError for an address that may not be reached."""
        try:
            literal = ip_address(host)
        except ValueError:
            literal = None
        target = Target(scheme="tcp", host=host, port=port, host_as_written=host, address=literal)
        allowed = _allowed(timeout)
        try:
            addresses = resolve(target, policy=self._policy, resolver=_within(allowed, self._resolver))
            stream = connect(
                addresses,
                policy=self._policy,
                timeout=_allowed(timeout) / min(ATTEMPTS, len(addresses)),
                source_address=(local_address, 0) if local_address else None,
                socket_options=[*(socket_options or ()), _NODELAY],
            )
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpcore2.ConnectError(str(error)) from error
        return DeadlineStream(SyncStream(stream))


def _within(seconds: float, lookup: Resolver) -> Resolver:
    """The lookup, given up after `seconds`: getaddrinfo has no time-out of its own and cannot be interrupted."""

    def look_up(*question: Any) -> Any:
        answer: SimpleQueue[Any] = SimpleQueue()

        def ask() -> None:
            try:
                answer.put(lookup(*question))
            except OSError as error:
                answer.put(error)

        threading.Thread(target=ask, daemon=True, name="look-up").start()
        try:
            found = answer.get(timeout=seconds)
        except Empty as error:
            raise TimeoutError(f"no answer from the name server in {seconds:.0f} seconds") from error
        if isinstance(found, OSError):
            raise found
        return found

    return look_up


class TooLongError(httpx2.TransportError):
    """The body has more octets than it may, before they are unpacked."""


class BoundedStream(httpx2.SyncByteStream):
    """A body that ends after `limit` octets as they come: what unpacks to nothing could go on, and fill the cache."""

    def __init__(self, inner: httpx2.SyncByteStream, limit: int) -> None:
        self._inner, self._limit = inner, limit

    def __iter__(self) -> Iterator[bytes]:
        read = 0
        for chunk in self._inner:
            read += len(chunk)
            if read > self._limit:
                raise TooLongError(f"more than {self._limit} bytes")
            yield chunk

    def close(self) -> None:
        self._inner.close()


class GuardedTransport(httpx2.HTTPTransport):
    """httpx2's transport over the guarded backend; the whole URL is checked once per request.

    A body has at most `max_bytes` octets, as they come.
    """

    def __init__(self, policy: Policy, resolver: Resolver | None = None, *, max_bytes: int) -> None:
        super().__init__()
        self._policy, self._max_bytes = policy, max_bytes
        self._pool = httpcore2.ConnectionPool(
            ssl_context=httpx2.create_ssl_context(),
            max_connections=20,
            max_keepalive_connections=4,
            keepalive_expiry=5.0,
            network_backend=GuardedBackend(policy, resolver),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Raises ssrfguard's BlockedURLError for a URL that may not be fetched."""
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        # Any port will do, for feeds live on many; which addresses may be reached is what protects.
        replace(self._policy, allowed_ports=frozenset({port})).check_url(str(request.url))
        response = super().handle_request(request)
        assert isinstance(response.stream, httpx2.SyncByteStream)  # noqa: S101, a synchronous transport's
        response.stream = BoundedStream(response.stream, self._max_bytes)
        return response
