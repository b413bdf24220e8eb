"""/editions: what was sent, or will be, and what became of it."""

from __future__ import annotations

from typing import Any

from msgspec.structs import asdict

from digest.app import App
from digest.model.api_key import Scope
from digest.model.edition import Edition
from digest.storage.editions import page_editions
from digest.tasks.review_edition import find_edition
from digest.web.api.operation import operation
from digest.web.api.parameters import Before, EditionId, Limit, OfNewsletter
from digest.web.api.shapes import DeliveryCount, EditionArticle, EditionDetail, EditionPage, EditionShape


@operation("GET", "/editions", Scope.EDITIONS_READ)
def list_editions(app: App, before: Before = None, limit: Limit = 100, newsletter: OfNewsletter = "") -> EditionPage:
    """List editions, the newest first."""
    with app.database.read() as connection:
        found = page_editions(connection, newsletter=newsletter, before=before, limit=limit)
    items = tuple(EditionShape(**_head(each)) for each in found)
    return EditionPage(items=items, next=items[-1].id if len(items) == limit else None)


@operation("GET", "/editions/{edition:int}", Scope.EDITIONS_READ, 404)
def get_edition(app: App, edition: EditionId) -> EditionDetail:
    """Get one edition with its subject, its articles and its deliveries counted by state."""
    found, counts = find_edition(app.database, edition)
    articles = found.content.articles if found.content else ()
    return EditionDetail(
        **_head(found),
        subject=found.content.subject if found.content else "",
        articles=tuple(EditionArticle(title=each.title, url=each.url or "", source=each.source) for each in articles),
        deliveries=tuple(
            DeliveryCount(state=state, reason=reason, count=count) for (state, reason), count in counts.items()
        ),
    )


def _head(edition: Edition) -> dict[str, Any]:
    plain = asdict(edition) | {"id": edition.number}
    return {name: plain[name] for name in EditionShape.__struct_fields__}


OPERATIONS = (list_editions, get_edition)
