"""One call of the API: what it needs, and what it may answer, in the one place that checks it and describes it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from litestar.handlers import HTTPRouteHandler, route
from litestar.openapi.datastructures import ResponseSpec
from litestar.types import Method

from digest.model.api_key import Scope
from digest.web.api.problems import documented
from digest.web.api.shapes import Shape

SCOPE = "scope"


def operation(
    method: Method,
    path: str,
    scope: Scope,
    *problems: int,
    status: int = 200,
    made: type[Shape] | None = None,
) -> Callable[[Callable[..., Any]], HTTPRouteHandler]:
    """An operation for keys with `scope`, called as its function is; the docstring's first line sums it up.

    It may answer `problems` beside those that any operation may, and 201 with a `made` where something is new.
    """
    responses = documented(*problems)
    if made is not None:
        responses[201] = ResponseSpec(made, description="It is new.", generate_examples=False)

    def decorate(call: Callable[..., Any]) -> HTTPRouteHandler:
        about = inspect.getdoc(call) or ""
        return route(
            path,
            http_method=method,
            status_code=status,
            opt={SCOPE: scope},
            responses=responses,
            operation_id=call.__name__,
            summary=about.splitlines()[0].rstrip("."),
            description=f"{about}\n\nNeeds the scope `{scope}`.",
            sync_to_thread=True,
        )(call)

    return decorate
