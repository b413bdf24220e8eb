"""/abmeldung-zuruecknehmen: the link of the goodbye letter."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from digest.web.parts import TheApp, ThePages
from digest.web.public.confirmation import status_of
from digest.web.public.origin import origin_of

_PATH = "/abmeldung-zuruecknehmen"


@get(f"{_PATH}/{{token:str}}", sync_to_thread=True)
def show_undoing(app: TheApp, pages: ThePages, token: FromPath[str]) -> Response[str]:
    undoing = app.reader_requests().look_at_undoing(token)
    if undoing is None:
        raise NotFoundException()
    return pages.show("undoing.html", status=status_of(undoing.state), undoing=undoing)


@post(f"{_PATH}/{{token:str}}", status_code=200, sync_to_thread=True)
def undo_leaving(request: Request[Any, Any, Any], app: TheApp, pages: ThePages, token: FromPath[str]) -> Response[str]:
    undone = app.reader_requests().undo_leaving(token, origin_of(request, app, _PATH))
    if undone is None:
        raise NotFoundException()
    return pages.show("undoing.html", status=status_of(undone.state), undoing=undone)
