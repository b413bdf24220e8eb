"""The web server: a socket, and uvicorn behind it until somebody stops it."""

from __future__ import annotations

import signal
import socket
from types import FrameType

import uvicorn

from digest.app import App
from digest.errors import SettingsError
from digest.web.app import make_web_app
from digest.web.visitor import is_loopback

#: How long requests under way may take once the server is told to stop, in seconds.
_LAST_REQUESTS = 10
_WAITING = 512


def listen(app: App, host: str, port: int) -> socket.socket:
    """A socket that listens at `host` and `port` (0: any free one). Raises SettingsError with a sentence.

    Elsewhere than on loopback only where the site's links are https: the links are keys, and nobody on the way may
    read them.
    """
    where = str(app.path)
    if not is_loopback(host) and not app.settings.site.base_url.startswith("https://"):
        raise SettingsError(
            "web.host",
            f"{host} is reachable from outside, and `site.base_url` is not https; "
            "put a proxy with TLS before a loopback address, or name the https address in `site.base_url`",
            where,
        )
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=_WAITING
        )
    except (OSError, UnicodeError) as problem:
        what = getattr(problem, "strerror", None) or str(problem)
        raise SettingsError("web.port", f"cannot listen at {host}, port {port}: {what}", where) from problem


def address_of(listening: socket.socket) -> str:
    """Where a browser on this machine finds it."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(app: App, listening: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM; requests under way are finished. To be called in the main thread.

    Nothing writes down which pages were asked for: their addresses hold tokens.
    """
    config = uvicorn.Config(
        make_web_app(app),
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=_LAST_REQUESTS,
    )
    # Once it is done uvicorn raises the signals again that it got, to end the process; we end by ourselves.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _already_stopping)
    uvicorn.Server(config).run(sockets=[listening])


def _already_stopping(_number: int, _frame: FrameType | None) -> None:
    return
