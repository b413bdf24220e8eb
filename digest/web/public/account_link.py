"""/meine-daten without a token: ask for a fresh link. The same answer for every address."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post

from digest.errors import SignUpError
from digest.web.parts import TheApp, ThePages, ThePosted
from digest.web.public.origin import origin_of

_PATH = "/meine-daten"


@get(_PATH, sync_to_thread=False)
def show_account_link(pages: ThePages) -> Response[str]:
    return pages.show("account-link.html", everybody=True, email="", wrong=False, sent=False)


@post(_PATH, status_code=200, sync_to_thread=True)
def send_account_link(
    request: Request[Any, Any, Any], app: TheApp, pages: ThePages, posted: ThePosted
) -> Response[str]:
    email = posted.one("email")
    try:
        if "@" not in email:  # a token may name somebody, too, but not on this page
            raise SignUpError(email, "it has no @")
        app.reader_requests().send_account_link(email, origin_of(request, app, _PATH))
    except SignUpError:
        return pages.show("account-link.html", status=400, email=email, wrong=True, sent=False)
    return pages.show("account-link.html", email="", wrong=False, sent=True)
