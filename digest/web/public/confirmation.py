"""/anmeldung-bestaetigen: opening the link changes nothing, pressing the button confirms."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from digest.model.reader import LinkState
from digest.web.parts import TheApp, ThePages
from digest.web.public.origin import origin_of

_PATH = "/anmeldung-bestaetigen"


@get(f"{_PATH}/{{token:str}}", sync_to_thread=True)
def show_confirmation(app: TheApp, pages: ThePages, token: FromPath[str]) -> Response[str]:
    asked = app.reader_requests().look_at_confirmation(token)
    if asked is None:
        raise NotFoundException()
    return pages.show("confirmation.html", status=status_of(asked.state), asked=asked)


@post(f"{_PATH}/{{token:str}}", status_code=200, sync_to_thread=True)
def confirm(request: Request[Any, Any, Any], app: TheApp, pages: ThePages, token: FromPath[str]) -> Response[str]:
    confirmed = app.reader_requests().confirm(token, origin_of(request, app, _PATH))
    if confirmed is None:
        raise NotFoundException()
    return pages.show("confirmation.html", status=status_of(confirmed.state), asked=confirmed)


def status_of(state: LinkState) -> int:
    """200 for a link that is or was good, 410 for one that is no more."""
    return 410 if state in (LinkState.EXPIRED, LinkState.GONE) else 200
