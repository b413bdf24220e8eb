"""/subscribers/{subscriber}/subscriptions/{list}: one person's standing with one list."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request
from litestar.params import JSONBody

from digest.model.api_key import Scope
from digest.tasks.enter_person import put_on_list
from digest.web.api.access import caller
from digest.web.api.operation import operation
from digest.web.api.parameters import ListSlug, Product, SubscriberId
from digest.web.api.people import existing, given_consent, shaped
from digest.web.api.shapes import SubscriberShape, SubscriptionWish
from subscribers.subscriptions import unsubscribe

_Request = Request[Any, Any, Any]


class Subscriptions(Controller):
    """One person's standing with one list."""

    path = "/subscribers/{subscriber:int}/subscriptions/{slug:str}"

    @operation("PUT", "/", Scope.SUBSCRIBERS_WRITE, 404, 409, 413, 415, 422)
    def put_subscription(
        self,
        app: Product,
        request: _Request,
        subscriber: SubscriberId,
        slug: ListSlug,
        data: JSONBody[SubscriptionWish],
    ) -> SubscriberShape:
        """Put a person on a list: active with a consent, else pending until they confirm; who left always is."""
        consent = given_consent(app, data.consent)
        with app.database.write() as connection:
            person = existing(connection, subscriber)
            put_on_list(connection, person, slug, consent, who=caller(request), secret=app.secret, now=app.clock())
            return shaped(connection, [person])[0]

    @operation("DELETE", "/", Scope.SUBSCRIBERS_WRITE, 404)
    def end_subscription(
        self, app: Product, request: _Request, subscriber: SubscriberId, slug: ListSlug
    ) -> SubscriberShape:
        """End a subscription, effective at once; ending it twice changes nothing."""
        who = caller(request)
        with app.database.write() as connection:
            person = existing(connection, subscriber)
            unsubscribe(connection, person.id, slug, source=who, who=who, now=app.clock())
            return shaped(connection, [person])[0]
