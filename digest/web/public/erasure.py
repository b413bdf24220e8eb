"""/meine-daten/.../loeschen: being forgotten, with a step before it."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from digest.web.parts import TheApp, ThePages
from digest.web.public.origin import origin_of

_PATH = "/meine-daten/{token:str}/loeschen"


@get(_PATH, sync_to_thread=True)
def show_erasure(app: TheApp, pages: ThePages, token: FromPath[str]) -> Response[str]:
    account = app.reader_requests().account(token)
    if account is None:
        raise NotFoundException()
    return pages.show("erasure.html", token=token, account=account, done=False)


@post(_PATH, status_code=200, sync_to_thread=True)
def forget(request: Request[Any, Any, Any], app: TheApp, pages: ThePages, token: FromPath[str]) -> Response[str]:
    """Erases the person (Art. 17 GDPR); the link is worth nothing afterwards."""
    if not app.reader_requests().forget(token, origin_of(request, app, "/meine-daten")):
        raise NotFoundException()
    return pages.show("erasure.html", token="", account=None, done=True)
