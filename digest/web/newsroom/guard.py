"""The one guard in front of every page of the newsroom: who is signed in, with which role, and whose form it is."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler

from digest.app import App
from digest.model.editor import EditorSession, Role
from digest.storage.sessions import find_session, note_seen, seen_is_news
from digest.web.newsroom.layout import BY_ITSELF, NEEDS, Visit
from digest.web.newsroom.session import CSRF_FIELD, CSRF_HEADER, SessionCookie, is_csrf_token
from digest.web.posted import read_posted

_ONLY_LOOKS = frozenset({"GET", "HEAD", "OPTIONS"})
#: What a browser says of a request that a page of ours led to, or a person (Fetch Metadata, 2.3).
_OWN = frozenset({"", "same-origin", "none"})


class SignInNeededError(NotAuthorizedException):
    """Nobody is signed in, or not any more."""


class ForeignFormError(PermissionDeniedException):
    """Something is to be changed by a form that is not the editor's own (CSRF), or was open for too long."""


class Guard:
    """Checks a request before anything of it is read; the visit is then at `request.state.visit`."""

    def __init__(self, app: App) -> None:
        self._app, self._cookie = app, SessionCookie(app.settings.site)

    async def check(self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        """Raises SignInNeededError, ForeignFormError, and 403 for whom the page is not."""
        assert isinstance(connection, Request)  # noqa: S101, there are no other routes
        text = self._cookie.read(connection)
        session = await sync_to_thread(self._find, text, bool(handler.opt.get(BY_ITSELF))) if text else None
        pages = connection.app.state.pages
        connection.state.visit = Visit(self._app, pages, self._cookie, connection, text, session)
        needed: Role | None = handler.opt.get(NEEDS, Role.EDITOR)
        if needed is not None:
            if session is None:
                raise SignInNeededError()
            if not session.editor.role.may(needed):
                raise PermissionDeniedException()
        if connection.method not in _ONLY_LOOKS and not await self._is_own_form(connection, text):
            raise ForeignFormError()

    def _find(self, text: str, by_itself: bool) -> EditorSession | None:
        now, database = self._app.clock(), self._app.database
        with database.read() as connection:
            session = find_session(connection, text, now=now)
        if session is not None and not by_itself and seen_is_news(session, now):
            with database.write() as connection:
                note_seen(connection, text, now)
        return session

    async def _is_own_form(self, request: Request[Any, Any, Any], text: str) -> bool:
        if not text or request.headers.get("sec-fetch-site", "") not in _OWN:
            return False
        token = request.headers.get(CSRF_HEADER) or (await read_posted(request)).one(CSRF_FIELD)
        return is_csrf_token(token, self._app.secret, text)
