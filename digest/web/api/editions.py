"""/editions: what was sent, or will be, and what became of it."""

from __future__ import annotations

from typing import Any

from litestar import Controller
from msgspec.structs import asdict

from digest.model.api_key import Scope
from digest.model.edition import Edition
from digest.storage.editions import page_editions
from digest.tasks.review_edition import find_edition
from digest.web.api.operation import operation
from digest.web.api.parameters import Before, EditionId, Limit, OfNewsletter, Product
from digest.web.api.shapes import MAX_ID, DeliveryCount, EditionArticle, EditionDetail, EditionPage, EditionShape


class Editions(Controller):
    """What was sent, or will be."""

    path = "/editions"

    @operation("GET", "/", Scope.EDITIONS_READ)
    def list_editions(
        self, app: Product, before: Before = MAX_ID, limit: Limit = 100, newsletter: OfNewsletter = ""
    ) -> EditionPage:
        """List editions, the newest first."""
        with app.database.read() as connection:
            found = page_editions(connection, newsletter=newsletter, before=before, limit=limit)
        items = tuple(EditionShape(**_head(each)) for each in found)
        return EditionPage(items=items, next=items[-1].id if len(items) == limit else None)

    @operation("GET", "/{edition:int}", Scope.EDITIONS_READ, 404)
    def get_edition(self, app: Product, edition: EditionId) -> EditionDetail:
        """Get one edition with its subject, its articles and its deliveries counted by state."""
        found, counts = find_edition(app.database, edition)
        articles = found.content.articles if found.content else ()
        return EditionDetail(
            **_head(found),
            subject=found.content.subject if found.content else "",
            articles=tuple(
                EditionArticle(title=each.title, url=each.url or "", source=each.source) for each in articles
            ),
            deliveries=tuple(
                DeliveryCount(state=state, reason=reason, count=count) for (state, reason), count in counts.items()
            ),
        )


def _head(edition: Edition) -> dict[str, Any]:
    plain = asdict(edition) | {"id": edition.number}
    return {name: plain[name] for name in EditionShape.__struct_fields__}
