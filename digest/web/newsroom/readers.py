"""/redaktion/leser: people found and shown. What is known of them, and what came back, is text of strangers."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.params import FromQuery

from digest.app import App
from digest.tasks.explain_person import explain_person
from digest.web.newsroom.layout import TheVisit, Visit
from digest.web.newsroom.parts import After, Number
from digest.web.parts import TheApp
from subscribers.addresses import parse_address
from subscribers.audit import list_changes
from subscribers.consent import consent_history
from subscribers.errors import UnknownSubscriberError, WrongValueError
from subscribers.finding import find_people
from subscribers.former_addresses import former_addresses_of
from subscribers.model import Subscriber
from subscribers.recipients import list_subscribers
from subscribers.repository import subscribers_by_id
from subscribers.standings import list_slugs
from subscribers.subscriptions import subscriptions_of
from subscribers.suppression import suppression_of

_PAGE = 50
_CHANGES = 50


@get("/leser", sync_to_thread=True)
def show_readers(app: TheApp, visit: TheVisit, q: FromQuery[str] = "", nach: After = 0) -> Response[str]:
    """Who matches `q`, or everybody, from behind the number `nach` on."""
    wanted, problem = q.strip(), ""
    with app.database.read() as connection:
        try:
            found = (
                find_people(connection, wanted, secret=app.secret, after=nach, limit=_PAGE + 1)
                if wanted
                else list_subscribers(connection, after=nach, limit=_PAGE + 1)
            )
        except WrongValueError:
            found, problem = (
                [],
                "Das sind zu viele Wörter; ein Teil des Namens oder der Adresse genügt.",
            )
    return visit.page(
        "readers.html",
        status=400 if problem else 200,
        wanted=wanted,
        problem=problem,
        found=found[:_PAGE],
        more=found[_PAGE - 1].id if len(found) > _PAGE else None,
    )


@get("/leser/{number:int}", sync_to_thread=True)
def show_reader(app: TheApp, visit: TheVisit, number: Number) -> Response[str]:
    return reader_page(app, visit, number)


def reader_page(app: App, visit: Visit, number: int, *, problem: str = "") -> Response[str]:
    """One person, with what an admin may change; a `problem` says why nothing was. Raises UnknownSubscriberError."""
    person = find_reader(app, number)
    with app.database.read() as connection:
        known: dict[str, Any] = {
            "subscriptions": subscriptions_of(connection, person.id),
            "suppression": suppression_of(connection, parse_address(person.email), secret=app.secret),
            "consents": consent_history(connection, person.id),
            "former": former_addresses_of(connection, person.id),
            "changes": list_changes(connection, subscriber_id=person.id, limit=_CHANGES),
            "slugs": list_slugs(connection),
        }
    account = explain_person(
        app.database, person.email, app.secret, app.settings.newsletters, app.settings.site.zone, app.clock()
    )
    values = known | {"reader": person, "account": account, "problem": problem}
    return visit.page("reader.html", status=400 if problem else 200, **values)


def find_reader(app: App, number: int) -> Subscriber:
    """Who has that number. Raises UnknownSubscriberError."""
    with app.database.read() as connection:
        person = subscribers_by_id(connection, [number]).get(number)
    if person is None:
        raise UnknownSubscriberError(number)
    return person
