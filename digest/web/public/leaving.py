"""/abmelden: one page, one button; and the target of a mail program's own button (RFC 8058)."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from digest.model.reader import LeavingReason
from digest.web.parts import TheApp, ThePages, ThePosted
from digest.web.public.origin import origin_of

_PATH = "/abmelden"


@get(f"{_PATH}/{{token:str}}", sync_to_thread=True)
def show_leaving(app: TheApp, pages: ThePages, token: FromPath[str]) -> Response[str]:
    leaving = app.reader_requests().look_at_leaving(token)
    if leaving is None:
        raise NotFoundException()
    return pages.show("leaving.html", leaving=leaving, reasons=LeavingReason)


@post(f"{_PATH}/{{token:str}}", status_code=200, sync_to_thread=True)
def leave(
    request: Request[Any, Any, Any], app: TheApp, pages: ThePages, posted: ThePosted, token: FromPath[str]
) -> Response[str]:
    """From a mail program's POST or from the page: no cookie, no login, no redirect (RFC 8058, 3.2)."""
    left = app.reader_requests().leave(
        token,
        reason=posted.one("reason"),
        everything=posted.one("everything") == "yes",
        origin=origin_of(request, app, _PATH),
    )
    if left is None:
        raise NotFoundException()
    return pages.show("left.html", left=left)
