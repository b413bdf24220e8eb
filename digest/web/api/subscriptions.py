"""/subscribers/{subscriber}/subscriptions/{list}: one person's standing with one list."""

from __future__ import annotations

from typing import Any

from litestar import Request

from digest.app import App
from digest.model.api_key import Scope
from digest.tasks.enter_person import put_on_list
from digest.web.api.access import caller
from digest.web.api.operation import operation
from digest.web.api.parameters import ListSlug, SubscriberId
from digest.web.api.people import existing, given_consent, shaped
from digest.web.api.shapes import SubscriberShape, SubscriptionWish
from subscribers.subscriptions import unsubscribe

_PATH = "/subscribers/{subscriber:int}/subscriptions/{slug:str}"
_Request = Request[Any, Any, Any]


@operation("PUT", _PATH, Scope.SUBSCRIBERS_WRITE, 404, 409, 413, 415, 422)
def put_subscription(
    app: App, request: _Request, subscriber: SubscriberId, slug: ListSlug, data: SubscriptionWish
) -> SubscriberShape:
    """Put a person on a list: active with a consent, pending without one, and pending in any case if they had left."""
    consent = given_consent(app, data.consent)
    with app.database.write() as connection:
        person = existing(connection, subscriber)
        put_on_list(connection, person, slug, consent, who=caller(request), secret=app.secret, now=app.clock())
        return shaped(connection, [person])[0]


@operation("DELETE", _PATH, Scope.SUBSCRIBERS_WRITE, 404)
def end_subscription(app: App, request: _Request, subscriber: SubscriberId, slug: ListSlug) -> SubscriberShape:
    """End a subscription, effective at once; ending it twice changes nothing."""
    who = caller(request)
    with app.database.write() as connection:
        person = existing(connection, subscriber)
        unsubscribe(connection, person.id, slug, source=who, who=who, now=app.clock())
        return shaped(connection, [person])[0]


OPERATIONS = (put_subscription, end_subscription)
