"""What is shown when something is not there, not allowed or broken: a page with a way back, JSON under /api."""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from typing import Any, NamedTuple

from litestar import Request, Response
from litestar.exceptions import HTTPException

from digest.errors import NotFoundError, StorageError
from digest.web.pages import Pages
from subscribers.errors import UnknownSubscriberError

_log = logging.getLogger(__name__)
_API = "/api/"


class Fault(NamedTuple):
    """What a reader is told."""

    title: str
    text: str


_FAULTS = {
    400: Fault("Das war nicht zu lesen", "Die Anfrage ist unvollständig angekommen."),
    403: Fault("Das ist nicht erlaubt", "Diese Seite ist nicht für jeden da."),
    404: Fault("Hier ist nichts", "Diese Seite gibt es nicht, oder der Link ist nicht vollständig angekommen."),
    405: Fault("So geht es nicht", "Diese Seite lässt sich so nicht aufrufen."),
    413: Fault("Das war zu viel", "Es wurde mehr gesendet, als wir annehmen."),
    429: Fault("Bitte später noch einmal", "Von hier kamen zuletzt sehr viele Anfragen."),
    500: Fault("Das hat nicht geklappt", "Der Fehler liegt bei uns und ist notiert."),
    503: Fault("Gerade nicht erreichbar", "Wir sind gleich wieder da."),
}


def show_fault(request: Request[Any, Any, Any], problem: Exception) -> Response[Any]:
    """The answer to `problem`. What is ours goes to the log, by the page's pattern: the address may hold a token."""
    status = _status(problem)
    headers = dict(getattr(problem, "headers", None) or {})
    if status >= 500:
        place = request.scope.get("path_template", "?")
        _log.error("%s %s: %s", request.method, place, problem, exc_info=problem if status == 500 else None)
    if request.scope["path"].startswith(_API):
        return _problem_json(status, problem, headers)
    pages: Pages = request.app.state.pages
    page = pages.show("fault.html", status=status, fault=_FAULTS.get(status, _FAULTS[500 if status >= 500 else 400]))
    page.headers.update(headers)
    return page


def _status(problem: Exception) -> int:
    if isinstance(problem, HTTPException):
        return problem.status_code
    if isinstance(problem, (NotFoundError, UnknownSubscriberError)):
        return 404
    return 503 if isinstance(problem, StorageError) else 500


def _problem_json(status: int, problem: Exception, headers: dict[str, str]) -> Response[str]:
    """RFC 9457."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    if isinstance(problem, HTTPException) and status < 500 and problem.detail != body["title"]:
        body["detail"] = problem.detail
    return Response(json.dumps(body), status_code=status, media_type="application/problem+json", headers=headers)
