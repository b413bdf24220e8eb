"""What a browser holds of a session, and the token that every form of the newsroom sends with it."""

from __future__ import annotations

import hmac
import re
from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from digest.model.site import Site
from digest.web.visitor import is_loopback

#: The field of a form, and the header of a script's request, that hold the token.
CSRF_FIELD, CSRF_HEADER = "csrf", "x-csrf-token"
_NAME = "redaktion"
_TEXT = re.compile(r"[A-Za-z0-9_-]{43}")

Connection = ASGIConnection[Any, Any, Any, Any]


class SessionCookie:
    """The cookie of one site. Where the site is https it is bound to that host and to https (RFC 6265bis, 4.1.3.2).

    A browser on this very machine may come by a loopback name, and then without TLS.
    """

    def __init__(self, site: Site) -> None:
        self._https = site.base_url.startswith("https://")

    def read(self, connection: Connection) -> str:
        """What the browser holds, "" where that is nothing of ours."""
        text = connection.cookies.get(self._name(connection), "")
        return text if _TEXT.fullmatch(text) else ""

    def give(self, connection: Connection, text: str) -> Cookie:
        """The cookie that makes the browser hold `text`; an empty one makes it forget."""
        return Cookie(
            key=self._name(connection),
            value=text,
            path="/",
            max_age=None if text else 0,
            secure=self._secure(connection),
            httponly=True,
            samesite="lax",
        )

    def _name(self, connection: Connection) -> str:
        return f"__Host-{_NAME}" if self._secure(connection) else _NAME

    def _secure(self, connection: Connection) -> bool:
        host = urlsplit(f"//{connection.headers.get('host', '')}").hostname or ""
        return self._https and not is_loopback(host)


def csrf_token(secret: bytes, text: str) -> str:
    """The token of the forms of the browser that holds `text`; another browser's is another one."""
    return hmac.digest(secret, b"newsroom form\0" + text.encode(), "sha256").hex()


def is_csrf_token(token: str, secret: bytes, text: str) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(token.encode(), csrf_token(secret, text).encode())
