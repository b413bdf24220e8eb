"""/lists: mailing lists and how many people stand with them."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request
from litestar.params import JSONBody
from msgspec import UNSET

from digest.model.api_key import Scope
from digest.web.api.access import caller
from digest.web.api.operation import operation
from digest.web.api.parameters import ListSlug, Product
from digest.web.api.shapes import ListChanges, ListPage, ListShape, NewList, SubscriptionCounts
from subscribers import lists
from subscribers.model import ListSummary

_Request = Request[Any, Any, Any]


class Lists(Controller):
    """Mailing lists."""

    path = "/lists"

    @operation("GET", "/", Scope.LISTS_READ)
    def list_lists(self, app: Product) -> ListPage:
        """List the lists by slug, with their subscriptions counted by state."""
        with app.database.read() as connection:
            return ListPage(items=tuple(map(_shape, lists.list_lists(connection))))

    @operation("POST", "/", Scope.LISTS_WRITE, 409, 413, 415, 422, status=201)
    def create_list(self, app: Product, request: _Request, data: JSONBody[NewList]) -> ListShape:
        """Create a list."""
        with app.database.write() as connection:
            lists.create_list(connection, data.slug, data.name, who=caller(request), now=app.clock())
            return _shape(lists.summarize_list(connection, data.slug))

    @operation("GET", "/{slug:str}", Scope.LISTS_READ, 404)
    def get_list(self, app: Product, slug: ListSlug) -> ListShape:
        """Get one list, with its subscriptions counted by state."""
        with app.database.read() as connection:
            return _shape(lists.summarize_list(connection, slug))

    @operation("PATCH", "/{slug:str}", Scope.LISTS_WRITE, 404, 413, 415, 422)
    def change_list(self, app: Product, request: _Request, slug: ListSlug, data: JSONBody[ListChanges]) -> ListShape:
        """Rename a list, archive it or take it back; its slug stays."""
        who, now = caller(request), app.clock()
        with app.database.write() as connection:
            if data.name is not UNSET:
                lists.rename_list(connection, slug, data.name, who=who, now=now)
            if data.archived is not UNSET:
                lists.archive_list(connection, slug, archived=data.archived, who=who, now=now)
            return _shape(lists.summarize_list(connection, slug))


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
