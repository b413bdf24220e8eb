"""Every error of the API as problem+json (RFC 9457), in one sentence that says what to do."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi.datastructures import ResponseSpec

from digest.errors import FetchError, NotFoundError, StepError, StorageError, UsageError, WebhookRefusedError
from digest.web.api.shapes import FieldProblem, Problem
from subscribers import errors as people

MEDIA_TYPE = "application/problem+json"
_log = logging.getLogger(__name__)
#: The error -> status and name of the problem. The first that fits counts.
_PROBLEMS: tuple[tuple[type[Exception], HTTPStatus, str], ...] = (
    (people.UnknownListError, HTTPStatus.NOT_FOUND, "unknown-list"),
    (people.UnknownSegmentError, HTTPStatus.NOT_FOUND, "unknown-segment"),
    (people.UnknownSubscriberError, HTTPStatus.NOT_FOUND, "unknown-subscriber"),
    (people.ListExistsError, HTTPStatus.CONFLICT, "list-exists"),
    (people.SuppressedError, HTTPStatus.CONFLICT, "suppressed"),
    (people.StepError, HTTPStatus.CONFLICT, "wrong-state"),
    (StepError, HTTPStatus.CONFLICT, "wrong-state"),
    (people.UsageError, HTTPStatus.UNPROCESSABLE_ENTITY, "wrong-value"),
    (UsageError, HTTPStatus.UNPROCESSABLE_ENTITY, "wrong-value"),
    (WebhookRefusedError, HTTPStatus.FORBIDDEN, "refused"),
    (FetchError, HTTPStatus.SERVICE_UNAVAILABLE, "certificate"),
    (StorageError, HTTPStatus.SERVICE_UNAVAILABLE, "database"),
)
#: What is said instead of the error's own sentence, which is for whoever sits at the command line.
_SAID = {
    "unknown-list": "There is no list of that slug.",
    "unknown-segment": "There is no segment of that slug.",
    "unknown-subscriber": "There is no such subscriber.",
    "certificate": "The sender's certificate cannot be had at the moment; send it again later.",
    "database": "The database cannot be used at the moment; try again later.",
}
_MEANINGS = {
    400: "The request breaks the rules of this document.",
    401: "No key, or one that is not good.",
    403: "The key lacks the scope for this.",
    404: "It is not there.",
    409: "It cannot be done as things stand.",
    413: "The body is too big.",
    415: "The body is not JSON.",
    422: "A value is well formed, but not one that can be taken.",
    429: "Too many requests with this key; Retry-After says when to go on.",
    503: "The database cannot be used at the moment.",
}
_ANYWHERE = (400, 401, 403, 429, 503)


def documented(*statuses: int) -> dict[int, ResponseSpec]:
    """What an operation may answer beside its success: `statuses`, and what any may."""
    return {
        status: ResponseSpec(Problem, description=_MEANINGS[status], media_type=MEDIA_TYPE, generate_examples=False)
        for status in sorted({*_ANYWHERE, *statuses})
    }


def show_problem(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The answer to `error`; what is our fault goes to the log, with the operation's pattern instead of its address."""
    status, kind, detail = _read(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        place = request.scope.get("path_template", "?")
        _log.error("%s %s: %s", request.method, place, error, exc_info=error if status == 500 else None)
    problem = Problem(
        type=f"urn:problem:{kind}" if kind else "about:blank",
        title=status.phrase,
        status=status,
        detail=detail,
        errors=_places(error),
    )
    headers = dict(getattr(error, "headers", None) or {})
    return Response(msgspec.json.encode(problem), status_code=status, media_type=MEDIA_TYPE, headers=headers)


def _read(error: Exception) -> tuple[HTTPStatus, str, str]:
    """Status, name of the problem ("" where the status says it all) and a sentence."""
    if isinstance(error, HTTPException):
        status = HTTPStatus(error.status_code)
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            return status, "", "The fault is ours and was noted."
        if isinstance(error, ValidationException) and error.extra:
            return status, "", "The request breaks the rules of this API; `errors` says where."
        return status, "", error.detail
    if isinstance(error, NotFoundError):
        return HTTPStatus.NOT_FOUND, "not-found", f"There is no {error.kind} {error.name}."
    for kind, status, name in _PROBLEMS:
        if isinstance(error, kind):
            return status, name, _SAID.get(name) or str(error)
    return HTTPStatus.INTERNAL_SERVER_ERROR, "", "The fault is ours and was noted."


def _places(error: Exception) -> tuple[FieldProblem, ...]:
    if not isinstance(error, ValidationException) or not isinstance(error.extra, list):
        return ()
    return tuple(
        FieldProblem(at="$", problem="A body is needed")
        if each.get("key") == "data"
        else FieldProblem(at=str(each.get("key", "")), problem=str(each.get("message", "is wrong")))
        for each in error.extra
    )
