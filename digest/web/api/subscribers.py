"""/subscribers: people, added and changed, found, listed and erased."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response
from litestar.params import JSONBody

from digest.model.api_key import Scope
from digest.tasks.enter_person import Entry, change_person, enter_person
from digest.tasks.forget_person import forget_person
from digest.web.api.access import caller
from digest.web.api.operation import operation
from digest.web.api.parameters import After, InSegment, InState, Limit, OnList, Product, SubscriberId
from digest.web.api.people import existing, given_consent, shaped, stated_changes, stated_profile
from digest.web.api.shapes import (
    AddressQuestion,
    NewSubscriber,
    SubscriberChanges,
    SubscriberPage,
    SubscriberShape,
)
from subscribers import recipients, repository
from subscribers.addresses import parse_address
from subscribers.segment_store import clause_of_segment

_Request = Request[Any, Any, Any]


class Subscribers(Controller):
    """People."""

    path = "/subscribers"

    @operation("GET", "/", Scope.SUBSCRIBERS_READ, 404)
    def list_subscribers(
        self,
        app: Product,
        after: After = 0,
        limit: Limit = 100,
        on_list: OnList = "",
        in_state: InState = None,
        in_segment: InSegment = "",
    ) -> SubscriberPage:
        """List people by their number."""
        with app.database.read() as connection:
            clause = clause_of_segment(connection, in_segment, zone=app.settings.site.zone)
            found = recipients.list_subscribers(
                connection, on_list or None, state=in_state, where=clause, after=after, limit=limit
            )
            return SubscriberPage(items=shaped(connection, found), next=found[-1].id if len(found) == limit else None)

    @operation("POST", "/", Scope.SUBSCRIBERS_WRITE, 404, 409, 413, 415, 422, made=SubscriberShape)
    def add_subscriber(
        self, app: Product, request: _Request, data: JSONBody[NewSubscriber]
    ) -> Response[SubscriberShape]:
        """Add a person, or add to what is known of one; the address says who it is. Doing it twice changes nothing."""
        entry = Entry(
            address=parse_address(data.email),
            profile=stated_profile(data),
            lists=data.lists,
            consent=given_consent(app, data.consent),
        )
        with app.database.write() as connection:
            person, is_new = enter_person(connection, entry, who=caller(request), secret=app.secret, now=app.clock())
            shape = shaped(connection, [person])[0]
        return Response(shape, status_code=201 if is_new else 200)

    @operation("POST", "/lookup", Scope.SUBSCRIBERS_READ, 404, 413, 415, 422)
    def find_subscriber(self, app: Product, data: JSONBody[AddressQuestion]) -> SubscriberShape:
        """Find a person by their address, without regard to case."""
        with app.database.read() as connection:
            return shaped(connection, [repository.get_subscriber(connection, data.email, secret=app.secret)])[0]

    @operation("GET", "/{subscriber:int}", Scope.SUBSCRIBERS_READ, 404)
    def get_subscriber(self, app: Product, subscriber: SubscriberId) -> SubscriberShape:
        """Get a person by their number."""
        with app.database.read() as connection:
            return shaped(connection, [existing(connection, subscriber)])[0]

    @operation("PATCH", "/{subscriber:int}", Scope.SUBSCRIBERS_WRITE, 404, 413, 415, 422)
    def change_subscriber(
        self, app: Product, request: _Request, subscriber: SubscriberId, data: JSONBody[SubscriberChanges]
    ) -> SubscriberShape:
        """Change a person's own values; what is left out stays."""
        changes = stated_changes(data)
        with app.database.write() as connection:
            person = change_person(connection, subscriber, changes, who=caller(request), now=app.clock())
            return shaped(connection, [person])[0]

    @operation("DELETE", "/{subscriber:int}", Scope.SUBSCRIBERS_ERASE, 404, status=204)
    def forget_subscriber(self, app: Product, request: _Request, subscriber: SubscriberId) -> None:
        """Erase a person for good (Art. 17 GDPR): no list brings them back.

        What stays is a hash of the address, and for some years the evidence of consent.
        """
        with app.database.read() as connection:
            person = existing(connection, subscriber)
        who = caller(request)
        forget_person(app.desk, person, who=who, source=who)
