"""/suppressions: who must not be mailed."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response
from litestar.params import JSONBody

from digest.model.api_key import Scope
from digest.tasks.suppress import suppress
from digest.web.api.access import caller
from digest.web.api.operation import operation
from digest.web.api.parameters import After, Limit, Product
from digest.web.api.shapes import NewSuppression, SuppressionPage, SuppressionShape
from subscribers.errors import WrongValueError
from subscribers.model import Suppression
from subscribers.suppression_pages import page_suppressions

_Request = Request[Any, Any, Any]


class Suppressions(Controller):
    """Who must not be mailed."""

    path = "/suppressions"

    @operation("GET", "/", Scope.SUPPRESSIONS_READ)
    def list_suppressions(self, app: Product, after: After = 0, limit: Limit = 100) -> SuppressionPage:
        """List suppressions by their number."""
        with app.database.read() as connection:
            items = tuple(map(_shape, page_suppressions(connection, after=after, limit=limit)))
        return SuppressionPage(items=items, next=items[-1].id if len(items) == limit else None)

    @operation("POST", "/", Scope.SUPPRESSIONS_WRITE, 413, 415, 422, made=SuppressionShape)
    def add_suppression(
        self, app: Product, request: _Request, data: JSONBody[NewSuppression]
    ) -> Response[SuppressionShape]:
        """Mail nothing to an address, or to anybody at a domain, any more. The first reason stays."""
        if (data.address is None) is (data.domain is None):
            raise WrongValueError("address, domain", "", "state exactly one of them.")
        who, now = caller(request), app.clock()
        with app.database.write() as connection:
            entry, is_new = suppress(
                connection,
                data.address or "",
                data.domain or "",
                source=data.source or who,
                who=who,
                secret=app.secret,
                now=now,
            )
        return Response(_shape(entry), status_code=201 if is_new else 200)


def _shape(entry: Suppression) -> SuppressionShape:
    return SuppressionShape(
        id=entry.id,
        scope=entry.scope,
        address=entry.address or None,
        domain=entry.domain or None,
        reason=entry.reason,
        since=entry.since,
        source=entry.source,
    )
