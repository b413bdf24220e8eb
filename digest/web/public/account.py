"""/meine-daten: name, address and a copy of everything, opened only by a fresh link that was mailed to the address."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from digest.errors import SignUpError
from digest.model.reader import Account, AccountChanges
from digest.web.pages import Pages
from digest.web.parts import TheApp, ThePages, ThePosted
from digest.web.public.origin import origin_of
from subscribers.errors import WrongValueError

_PATH = "/meine-daten"
_FIELDS = ("first_name", "last_name", "title", "salutation")


@get(f"{_PATH}/{{token:str}}", sync_to_thread=True)
def show_account(app: TheApp, pages: ThePages, token: FromPath[str]) -> Response[str]:
    account = app.reader_requests().account(token)
    if account is None:
        raise NotFoundException()
    return _page(pages, token, account)


@post(f"{_PATH}/{{token:str}}", status_code=200, sync_to_thread=True)
def change_account(app: TheApp, pages: ThePages, posted: ThePosted, token: FromPath[str]) -> Response[str]:
    """Sets the fields that the form has."""
    requests = app.reader_requests()
    given = {field: posted.one(field) for field in _FIELDS if field in posted}
    try:
        changed = requests.change_account(token, AccountChanges(**given))
    except WrongValueError:
        account = requests.account(token)
        if account is None:
            raise NotFoundException() from None
        return _page(pages, token, account, wrong="name")
    if changed is None:
        raise NotFoundException()
    return _page(pages, token, changed, note="saved")


@post(f"{_PATH}/{{token:str}}/adresse", status_code=200, sync_to_thread=True)
def change_address(
    request: Request[Any, Any, Any], app: TheApp, pages: ThePages, posted: ThePosted, token: FromPath[str]
) -> Response[str]:
    """Mails a link to the new address; until it is used, the old one stays."""
    requests = app.reader_requests()
    try:
        changed = requests.change_address(token, posted.one("email"), origin_of(request, app, _PATH))
    except SignUpError:
        account = requests.account(token)
        if account is None:
            raise NotFoundException() from None
        return _page(pages, token, account, wrong="email")
    if changed is None:
        raise NotFoundException()
    return _page(pages, token, changed, note="address")


@get(f"{_PATH}/{{token:str}}/export.json", sync_to_thread=True)
def export_account(app: TheApp, token: FromPath[str]) -> Response[bytes]:
    """A file to keep (Art. 15 and 20 GDPR)."""
    found = app.reader_requests().export(token)
    if found is None:
        raise NotFoundException()
    written = msgspec.json.format(msgspec.json.encode(found), indent=2)
    return Response(
        written,
        media_type="application/json",
        headers={"content-disposition": 'attachment; filename="meine-daten.json"'},
    )


def _page(pages: Pages, token: str, account: Account, *, note: str = "", wrong: str = "") -> Response[str]:
    return pages.show(
        "account.html", status=400 if wrong else 200, token=token, account=account, note=note, wrong=wrong
    )
