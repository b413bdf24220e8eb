"""/lists: mailing lists and how many people stand with them."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request
from litestar.params import JSONBody
from sqlalchemy import Connection

from digest.model.api_key import Scope
from digest.web.api.access import caller
from digest.web.api.operation import operation
from digest.web.api.parameters import ListSlug, Product
from digest.web.api.shapes import ListPage, ListShape, NewList, SubscriptionCounts
from subscribers import lists as known
from subscribers.audit import record_change
from subscribers.model import ListSummary

_Request = Request[Any, Any, Any]


class Lists(Controller):
    """Mailing lists."""

    path = "/lists"

    @operation("GET", "/", Scope.LISTS_READ)
    def list_lists(self, app: Product) -> ListPage:
        """List the lists by slug, with their subscriptions counted by state."""
        with app.database.read() as connection:
            return ListPage(items=tuple(map(_shape, known.list_lists(connection))))

    @operation("GET", "/{slug:str}", Scope.LISTS_READ, 404)
    def get_list(self, app: Product, slug: ListSlug) -> ListShape:
        """Get one list, with its subscriptions counted by state."""
        with app.database.read() as connection:
            return _one(connection, slug)

    @operation("POST", "/", Scope.LISTS_WRITE, 409, 413, 415, 422, status=201)
    def create_list(self, app: Product, request: _Request, data: JSONBody[NewList]) -> ListShape:
        """Make a list."""
        now = app.clock()
        with app.database.write() as connection:
            made = known.create_list(connection, data.slug, data.name, now=now)
            record_change(connection, who=caller(request), what="list.create", subject=made.slug, at=now)
            return _one(connection, made.slug)


def _one(connection: Connection, slug: str) -> ListShape:
    wanted = known.get_list(connection, slug)
    return next(_shape(each) for each in known.list_lists(connection) if each.mailing_list.id == wanted.id)


def _shape(summary: ListSummary) -> ListShape:
    found = summary.mailing_list
    counts = SubscriptionCounts(pending=summary.pending, active=summary.active, unsubscribed=summary.unsubscribed)
    return ListShape(
        slug=found.slug,
        name=found.name,
        created_at=found.created_at,
        archived_at=found.archived_at,
        subscriptions=counts,
    )
