"""The frame of every page of the newsroom: who is here, the form token, what is told, the content policy.

A page is a handler that asks for `visit` and answers by `visit.page`, `visit.fragment` or `visit.go`:

    @post("/ausgaben/{number:int}/notiz", opt=FOR_ADMINS, status_code=200, sync_to_thread=True)
    def keep_note(app: TheApp, visit: TheVisit, posted: ThePosted, number: Number) -> Response[str]:
        ...
        return visit.go(f"/redaktion/ausgaben/{number}", "Die Notiz ist gespeichert.")

Its template begins with `{% extends "newsroom/base.html" %}` and fills the blocks `title`, `main` and, where it needs
them, `head` (more style sheets, scripts) and `wide` (the word "wide" for a page over the whole screen). In each form
stands `{{ form.token(csrf) }}` (`{% import "newsroom/form.html" as form %}`); htmx sends the token by itself. Handlers
are listed in `digest.web.newsroom`; the guard is in front of them all and lets only editors in who are signed in.
"""

from __future__ import annotations

from typing import Any, Literal

from litestar import MediaType, Request, Response
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from digest.app import App
from digest.model.editor import Editor, EditorSession, Note, Role
from digest.storage.sessions import new_session_text, set_note
from digest.web.newsroom.session import SessionCookie, csrf_token
from digest.web.pages import Pages

ROOT = "/redaktion"
SIGN_IN = f"{ROOT}/anmelden"
#: Own style sheets, scripts, pictures and requests; small pictures that stand in the page as data. Nothing inline.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
#: A handler's `opt`: whom the guard lets in (editors, where nothing is said), and what a page asks for by itself,
#: which keeps nobody signed in.
NEEDS, BY_ITSELF = "needs", "by_itself"
FOR_ADMINS: dict[str, Any] = {NEEDS: Role.ADMIN}
FOR_EVERYBODY: dict[str, Any] = {NEEDS: None}
ASKED_BY_ITSELF: dict[str, Any] = {BY_ITSELF: True}


class Visit:
    """One request to the newsroom, and the answers to it. The guard makes it."""

    def __init__(
        self,
        app: App,
        pages: Pages,
        cookie: SessionCookie,
        request: Request[Any, Any, Any],
        text: str,
        session: EditorSession | None,
    ) -> None:
        self._app, self._pages, self._cookie, self._request = app, pages, cookie, request
        # Who holds nothing yet gets something to hold, so that their forms can be told from others'.
        self._is_new, self._text = not text, text or new_session_text()
        self._session = session

    @property
    def visitor(self) -> Editor | None:
        """Who is signed in, on pages that are for everybody."""
        return self._session.editor if self._session else None

    @property
    def editor(self) -> Editor:
        """Who is signed in."""
        assert self._session is not None  # noqa: S101, the guard lets nobody else in
        return self._session.editor

    @property
    def text(self) -> str:
        """What the browser holds."""
        return self._text

    @property
    def csrf(self) -> str:
        return csrf_token(self._app.secret, self._text)

    def page(self, name: str, *, status: int = 200, **values: Any) -> Response[str]:
        """The page of the template `newsroom/<name>`. It tells, once, what `go` left to be told."""
        note = self._session.note if self._session else None
        if note is not None:
            with self._app.database.write() as connection:
                set_note(connection, self._text, None)
        return self._answer(name, status, {"note": note} | values)

    def fragment(self, name: str, *, headers: dict[str, str] | None = None, **values: Any) -> Response[str]:
        """A part of a page that a script puts into it."""
        answer = self._answer(name, 200, values)
        answer.headers.update(headers or {})
        return answer

    def go(self, path: str, said: str = "", *, tone: Literal["done", "wrong"] = "done") -> Response[str]:
        """On to another page, which tells `said`. A form's own answer is never a page: reloading sends nothing again.

        `path` is ours, never what somebody sent.
        """
        if said and self._session is not None:
            with self._app.database.write() as connection:
                set_note(connection, self._text, Note(said, tone))
        if self._request.headers.get("hx-request"):
            return Response("", status_code=200, headers={"hx-redirect": path}, media_type=MediaType.HTML)
        return Response("", status_code=303, headers={"location": path}, media_type=MediaType.HTML)

    def enter(self, session: str, path: str, said: str = "") -> Response[str]:
        """As `go`, for whom has just been signed in: the browser holds `session` from now on."""
        if said:
            with self._app.database.write() as connection:
                set_note(connection, session, Note(said))
        answer: Response[str] = Response("", status_code=303, headers={"location": path}, media_type=MediaType.HTML)
        answer.set_cookie(self._cookie.give(self._request, session))
        return answer

    def leave(self, path: str) -> Response[str]:
        """As `go`, for whom has just been signed out."""
        answer = self.go(path)
        answer.set_cookie(self._cookie.give(self._request, ""))
        return answer

    def _answer(self, name: str, status: int, values: dict[str, Any]) -> Response[str]:
        frame = {"editor": self.visitor, "csrf": self.csrf, "here": self._request.scope["path"]}
        answer = self._pages.show(f"newsroom/{name}", status=status, **(frame | values))
        answer.headers["content-security-policy"] = POLICY
        if self._is_new:
            answer.set_cookie(self._cookie.give(self._request, self._text))
        return answer


def current_visit(request: Request[Any, Any, Any]) -> Visit:
    """What the guard made of this request."""
    visit: Visit = request.state.visit
    return visit


def current_editor(request: Request[Any, Any, Any]) -> Editor:
    """Who is signed in."""
    return current_visit(request).editor


TheVisit = NamedDependency[SkipValidation[Visit]]
TheEditor = NamedDependency[SkipValidation[Editor]]
