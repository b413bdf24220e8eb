"""What editors are shown when something is not there, not allowed or broken."""

from __future__ import annotations

import logging
from typing import Any, NamedTuple
from urllib.parse import urlencode

from litestar import Request, Response
from litestar.exceptions import HTTPException

from digest.errors import NotFoundError, StorageError
from digest.web.faults import show_fault
from digest.web.newsroom.guard import ForeignFormError, SignInNeededError
from digest.web.newsroom.layout import SIGN_IN, Visit
from subscribers.errors import UnknownListError, UnknownSubscriberError, UsageError

_log = logging.getLogger(__name__)


class Fault(NamedTuple):
    title: str
    text: str


_FOREIGN = Fault(
    "Dieses Formular gilt nicht mehr",
    "Es wurde nichts geändert. Gehen Sie zurück, laden Sie die Seite neu und senden Sie das Formular noch einmal.",
)
_FAULTS = {
    400: Fault("Das war nicht zu lesen", "Die Anfrage ist unvollständig angekommen. Es wurde nichts geändert."),
    403: Fault("Das dürfen nur Admins", "Ihr Konto hat dafür nicht die Rolle. Es wurde nichts geändert."),
    404: Fault("Hier ist nichts", "Diese Seite gibt es nicht, oder was sie zeigte, wurde gelöscht."),
    405: Fault("So geht es nicht", "Diese Seite lässt sich so nicht aufrufen."),
    413: Fault("Das war zu viel", "Es wurde mehr gesendet, als hier angenommen wird. Es wurde nichts geändert."),
    500: Fault("Das hat nicht geklappt", "Der Fehler liegt am Programm und steht in seinem Protokoll."),
    503: Fault("Die Datenbank ist nicht erreichbar", "Versuchen Sie es gleich noch einmal."),
}


def ask_to_sign_in(request: Request[Any, Any, Any], _problem: SignInNeededError) -> Response[str]:
    """On to the page to sign in, and from there back to what was asked for; what a form sent is not kept."""
    if request.headers.get("hx-request"):
        return Response("", status_code=401, headers={"hx-redirect": SIGN_IN})
    if request.method != "GET":
        return Response("", status_code=303, headers={"location": SIGN_IN})
    path, query = request.scope["path"], request.scope["query_string"].decode("latin-1")
    wanted = urlencode({"weiter": f"{path}?{query}" if query else path})
    return Response("", status_code=303, headers={"location": f"{SIGN_IN}?{wanted}"})


def show_newsroom_fault(request: Request[Any, Any, Any], problem: Exception) -> Response[Any]:
    """The answer to `problem`, in the newsroom's frame for whom is signed in, else as on every public page."""
    visit: Visit | None = getattr(request.state, "visit", None)
    if visit is None or (visit.visitor is None and not isinstance(problem, ForeignFormError)):
        return show_fault(request, problem)
    status = _status(problem)
    if status >= 500:
        place = request.scope.get("path_template", "?")
        _log.error("%s %s: %s", request.method, place, problem, exc_info=problem if status == 500 else None)
    known = _FAULTS.get(status, _FAULTS[500 if status >= 500 else 400])
    fault = _FOREIGN if isinstance(problem, ForeignFormError) else known
    page = visit.page("fault.html", status=status, fault=fault)
    page.headers.update(dict(getattr(problem, "headers", None) or {}))
    return page


def _status(problem: Exception) -> int:
    if isinstance(problem, HTTPException):
        return problem.status_code
    if isinstance(problem, (NotFoundError, UnknownListError, UnknownSubscriberError)):
        return 404
    if isinstance(problem, UsageError):
        return 400
    return 503 if isinstance(problem, StorageError) else 500
