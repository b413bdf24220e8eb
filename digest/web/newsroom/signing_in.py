"""/redaktion/anmelden, /redaktion/abmelden, /redaktion/passwort."""

from __future__ import annotations

import re
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from digest.app import App
from digest.errors import PasswordError, TooManyTriesError
from digest.storage.editors import owner_of_link
from digest.storage.sessions import end_session
from digest.tasks.change_editor import change_own_password
from digest.tasks.passwords import LONGEST, SHORTEST
from digest.tasks.sign_in_editor import SignedIn, sign_in_by_link, sign_in_by_password
from digest.web.newsroom.layout import FOR_EVERYBODY, ROOT, SIGN_IN, TheVisit, Visit
from digest.web.parts import TheApp, ThePosted

_PASSWORD = f"{ROOT}/passwort"
#: Where a sign-in may lead: a page of the newsroom, and nothing that a browser could take for another host.
_WITHIN = re.compile(rf"{ROOT}(?:/\w[\w.~-]*)*(?:\?[\w.~%&=+:/-]*)?", re.ASCII)
_RULES = {
    "short": f"Das neue Passwort braucht mindestens {SHORTEST} Zeichen.",
    "long": f"Das neue Passwort darf höchstens {LONGEST} Zeichen haben.",
    "plain": "Das neue Passwort besteht aus zu wenigen verschiedenen Zeichen.",
    "own": "Das neue Passwort darf nicht Ihr Name oder Ihre Adresse sein.",
}
_Request = Request[Any, Any, Any]


@get("/anmelden", opt=FOR_EVERYBODY, sync_to_thread=True)
def show_sign_in(visit: TheVisit, weiter: FromQuery[str] = "") -> Response[str]:
    if visit.visitor is not None:
        return visit.go(within(weiter))
    return visit.page("sign-in.html", onward=within(weiter), email="", problem="")


@post("/anmelden", opt=FOR_EVERYBODY, status_code=200, sync_to_thread=True)
def sign_in(request: _Request, app: TheApp, visit: TheVisit, posted: ThePosted) -> Response[str]:
    """Takes `email`, `password` and `weiter`. A wrong password and an unknown account get the same answer."""
    email, onward = posted.one("email"), within(posted.one("weiter"))
    try:
        # Spaces around a password may be part of it.
        password = (posted.every("password") or [""])[-1]
        signed_in = sign_in_by_password(
            app.database, email, password, secret=app.secret, ip=_ip(request), now=app.clock()
        )
    except TooManyTriesError as problem:
        return _too_many(visit, problem, email=email, onward=onward)
    if signed_in is None:
        return visit.page("sign-in.html", status=400, onward=onward, email=email, problem="wrong")
    return _enter(app, visit, signed_in, onward)


@get("/anmelden/{link:str}", opt=FOR_EVERYBODY, sync_to_thread=True)
def show_link(app: TheApp, visit: TheVisit, link: FromPath[str]) -> Response[str]:
    """A button: whoever merely opens the link, as scanners do, does not use it up."""
    with app.database.read() as connection:
        owner = owner_of_link(connection, link, now=app.clock())
    return visit.page("sign-in-link.html", status=200 if owner else 404, owner=owner)


@post("/anmelden/{link:str}", opt=FOR_EVERYBODY, status_code=200, sync_to_thread=True)
def use_link(request: _Request, app: TheApp, visit: TheVisit, link: FromPath[str]) -> Response[str]:
    try:
        signed_in = sign_in_by_link(app.database, link, secret=app.secret, ip=_ip(request), now=app.clock())
    except TooManyTriesError as problem:
        return _too_many(visit, problem)
    if signed_in is None:
        return visit.page("sign-in-link.html", status=404, owner=None)
    return _enter(app, visit, signed_in, ROOT)


@post("/abmelden", opt=FOR_EVERYBODY, status_code=200, sync_to_thread=True)
def sign_out(app: TheApp, visit: TheVisit) -> Response[str]:
    with app.database.write() as connection:
        end_session(connection, visit.text)
    return visit.leave(SIGN_IN)


@get("/passwort", sync_to_thread=True)
def show_password(visit: TheVisit) -> Response[str]:
    return visit.page("password.html", problem="", shortest=SHORTEST)


@post("/passwort", status_code=200, sync_to_thread=True)
def change_password(app: TheApp, visit: TheVisit, posted: ThePosted) -> Response[str]:
    """Takes `old`, `new` and `again`. Every other browser is signed out."""
    old, new, again = ((posted.every(name) or [""])[-1] for name in ("old", "new", "again"))
    problem = "Die beiden neuen Passwörter sind nicht gleich." if new != again else ""
    try:
        signed_in = None if problem else change_own_password(app.database, visit.editor, old, new, now=app.clock())
    except PasswordError as wrong:
        signed_in, problem = None, _RULES[wrong.rule]
    if signed_in is None:
        return visit.page(
            "password.html", status=400, problem=problem or "Das bisherige Passwort stimmt nicht.", shortest=SHORTEST
        )
    return visit.enter(signed_in.session, ROOT, "Das Passwort ist geändert. Überall sonst sind Sie jetzt abgemeldet.")


def within(path: str) -> str:
    """`path` where it leads to a page of the newsroom, else the first page."""
    return path if _WITHIN.fullmatch(path) else ROOT


def _enter(app: App, visit: Visit, signed_in: SignedIn, onward: str) -> Response[str]:
    """A new session, whatever the browser held before; that ends."""
    with app.database.write() as connection:
        end_session(connection, visit.text)
    if not signed_in.editor.has_password:
        said = "Willkommen. Wählen Sie ein Passwort, mit dem Sie sich von jetzt an anmelden."
        return visit.enter(signed_in.session, _PASSWORD, said)
    return visit.enter(signed_in.session, onward)


def _too_many(visit: Visit, problem: TooManyTriesError, *, email: str = "", onward: str = ROOT) -> Response[str]:
    page = visit.page("sign-in.html", status=429, onward=onward, email=email, problem="throttled")
    page.headers["retry-after"] = str(problem.seconds)
    return page


def _ip(request: _Request) -> str:
    return request.client.host if request.client else ""
