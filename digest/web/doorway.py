"""What every request passes on its way in, and every answer on its way out, whatever page it is.

In: the Host is ours, the visitor's address is the believable one, HEAD is a GET without a body (RFC 9110, 9.3.2).
Out: headers that a page may set otherwise, but never forget.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from digest.model.site import Site
from digest.model.web import WebSettings
from digest.web.visitor import is_loopback, visitor_address

HEALTH = "/healthz"
#: Asked by machines that know no name of ours.
_FOR_MACHINES = (HEALTH, "/readyz", "/metrics")
_ANSWERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    "x-robots-tag": "noindex",
}
_HSTS = "max-age=31536000"


class Doorway:
    """An ASGI application around another one."""

    def __init__(self, inner: ASGIApp, site: Site, web: WebSettings) -> None:
        own = urlsplit(site.base_url)
        self._inner, self._own_host, self._proxies = inner, (own.hostname or "").lower(), web.proxies
        self._answers = _ANSWERS | ({"strict-transport-security": _HSTS} if own.scheme == "https" else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._inner(scope, receive, send)
            return
        wants_body = scope["method"] != "HEAD"

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                for name, value in self._answers.items():
                    headers.setdefault(name, value)
            elif message["type"] == "http.response.body" and not wants_body:
                message = {"type": "http.response.body", "body": b"", "more_body": False}
            await send(message)

        if scope["path"] not in _FOR_MACHINES and not self._is_ours(scope):
            await _refuse_host(answer)
            return
        # A copy: the server goes on counting by its own.
        await self._inner(self._inside(scope), receive, answer)

    def _is_ours(self, scope: HTTPScope) -> bool:
        hosts = _values(scope, b"host")
        if len(hosts) != 1:
            return False
        try:
            host = (urlsplit(f"//{hosts[0]}").hostname or "").lower()
        except ValueError:
            return False
        # By a loopback name only this machine asks: a name that an attacker rebinds is another one.
        return host == self._own_host or is_loopback(host)

    def _inside(self, scope: HTTPScope) -> HTTPScope:
        peer = scope["client"]
        address = visitor_address(peer[0] if peer else "", _values(scope, b"x-forwarded-for"), self._proxies)
        inside = scope.copy()
        inside["client"] = (address, 0)
        if scope["method"] == "HEAD":
            inside["method"] = "GET"
        return inside


def _values(scope: HTTPScope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


async def _refuse_host(send: Send) -> None:
    """RFC 9110, 15.5.20."""
    body = b"Unter dieser Adresse ist hier nichts zu finden.\n"
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 421, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
