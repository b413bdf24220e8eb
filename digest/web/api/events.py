"""/events: what happened to people, to be asked for again and again."""

from __future__ import annotations

from litestar import Controller

from digest.model.api_key import Scope
from digest.storage.webhooks import see_every_event
from digest.web.api.operation import operation
from digest.web.api.parameters import After, Limit, Product
from digest.web.api.shapes import EventPage, EventShape
from subscribers import events
from subscribers.standings import list_slugs


class Events(Controller):
    """What happened to people."""

    path = "/events"

    @operation("GET", "/", Scope.EVENTS_READ)
    def list_events(self, app: Product, after: After = 0, limit: Limit = 100) -> EventPage:
        """List events in the order in which they were written down; keep `next`, and ask again with it later."""
        with app.database.read() as connection:
            see_every_event(connection)
            found = events.list_events(connection, after=after, limit=limit)
            slugs = list_slugs(connection)
        items = tuple(
            EventShape(
                id=each.id,
                kind=each.kind,
                at=each.at,
                subscriber_id=each.subscriber_id,
                list=slugs.get(each.list_id) if each.list_id else None,
                edition=each.edition_id,
                detail=dict(each.detail),
            )
            for each in found
        )
        return EventPage(items=items, next=items[-1].id if items else after)
