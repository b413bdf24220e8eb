"""/adresse-bestaetigen: the link in the letter to a new address."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from digest.web.parts import TheApp, ThePages
from digest.web.public.confirmation import status_of
from digest.web.public.origin import origin_of

_PATH = "/adresse-bestaetigen"


@get(f"{_PATH}/{{token:str}}", sync_to_thread=True)
def show_address(app: TheApp, pages: ThePages, token: FromPath[str]) -> Response[str]:
    change = app.reader_requests().look_at_address(token)
    if change is None:
        raise NotFoundException()
    return pages.show("address.html", status=status_of(change.state), change=change)


@post(f"{_PATH}/{{token:str}}", status_code=200, sync_to_thread=True)
def confirm_address(
    request: Request[Any, Any, Any], app: TheApp, pages: ThePages, token: FromPath[str]
) -> Response[str]:
    changed = app.reader_requests().confirm_address(token, origin_of(request, app, _PATH))
    if changed is None:
        raise NotFoundException()
    return pages.show("address.html", status=status_of(changed.state), change=changed)
