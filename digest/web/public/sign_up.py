"""/anmelden: the way in. The same answer for every address; other sites may send the form as well."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from digest.app import App
from digest.errors import SignUpError
from digest.model.reader import SignUp
from digest.web.pages import Pages
from digest.web.parts import TheApp, ThePages, ThePosted
from digest.web.posted import Posted
from digest.web.proof_of_work import is_proven, new_challenge
from digest.web.public.archive import find_newsletter
from digest.web.public.origin import origin_of

#: A field that people do not see; whoever fills it in is a program.
_TRAP = "nachricht"
#: The proof's script, and nothing else, may run on this page.
_CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


@get("/anmelden/{slug:str}", sync_to_thread=True)
def show_sign_up(app: TheApp, pages: ThePages, slug: FromPath[str]) -> Response[str]:
    find_newsletter(app, slug)
    return _form(app, pages, slug)


@post("/anmelden/{slug:str}", status_code=200, sync_to_thread=True)
def sign_up(
    request: Request[Any, Any, Any], app: TheApp, pages: ThePages, posted: ThePosted, slug: FromPath[str]
) -> Response[str]:
    """Takes `email`, and what else `SignUp` knows; `consent` is the version of the text that the form showed."""
    newsletter = find_newsletter(app, slug)
    if posted.one(_TRAP):
        return pages.show("sign-up-done.html", newsletter=newsletter)
    if app.settings.web.proof_of_work and not is_proven(app, posted.one("altcha")):
        return _form(app, pages, slug, posted, "proof")
    try:
        app.reader_requests().sign_up(
            slug, _wish(posted), origin_of(request, app, f"/anmelden/{slug}", posted.one("consent"))
        )
    except SignUpError:
        return _form(app, pages, slug, posted, "email")
    return pages.show("sign-up-done.html", newsletter=newsletter)


def _wish(posted: Posted) -> SignUp:
    return SignUp(
        email=posted.one("email"),
        first_name=posted.one("first_name"),
        last_name=posted.one("last_name"),
        title=posted.one("title"),
        salutation=posted.one("salutation"),
        form=posted.one("form"),
        topics=tuple(posted.every("topics")),
        coins=tuple(posted.every("coins")),
    )


def _form(app: App, pages: Pages, slug: str, posted: Posted | None = None, problem: str = "") -> Response[str]:
    """The form; with a `problem`, what was put into it stands there still."""
    proof = app.settings.web.proof_of_work
    page = pages.show(
        "sign-up.html",
        status=400 if problem else 200,
        everybody=not problem and not proof,
        newsletter=find_newsletter(app, slug),
        consent=app.reader_requests().consent_text(slug),
        challenge=new_challenge(app) if proof else "",
        email=posted.one("email") if posted else "",
        problem=problem,
        trap=_TRAP,
    )
    if proof:
        page.headers["content-security-policy"] = _CSP
    return page
