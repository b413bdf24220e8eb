"""What somebody got and did not get, and why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from digest.deliver.memory import MemoryBackend
from digest.tasks.explain_person import explain_person
from digest.tasks.review_edition import find_edition, review_edition
from subscribers.addresses import parse_address
from subscribers.errors import AddressError, UnknownSubscriberError
from subscribers.model import SuppressionReason
from subscribers.privacy import erase_subscriber
from subscribers.subscriptions import unsubscribe
from subscribers.suppression import suppress_address

DAY = date(2026, 3, 6)
AT = datetime(2026, 3, 6, 5, 30, tzinfo=UTC)


@pytest.fixture
def app(make_app: Callable[..., Any], add_articles: Any) -> Any:
    made = make_app(backend=MemoryBackend())
    add_articles(made, ("Bundestag beschließt Haushalt", AT - timedelta(hours=1)))
    return made


def send(app: Any, day: date = DAY) -> None:
    number = app.prepare(app.newsletters()[0], day).edition.number
    app.sender().send(number, app.prices)


def explain(app: Any, address: str) -> Any:
    return explain_person(
        app.database, address, app.secret, app.settings.newsletters, app.settings.site.zone, app.clock()
    )


def test_what_was_submitted(app: Any, add_person: Any) -> None:
    add_person(app, "anna@probe.example")
    send(app)
    account = explain(app, "Anna@PROBE.example")
    assert "gets what goes to the lists" in account.standing
    assert [(each.state, each.date, each.newsletter) for each in account.deliveries] == [("submitted", DAY, "morgen")]
    assert [each.list_slug for each in account.subscriptions] == ["morgen"]


def test_who_joined_too_late_is_told_so(app: Any, add_person: Any) -> None:
    add_person(app, "anna@probe.example")
    send(app)
    add_person(app, "bert@probe.example")
    (missed,) = explain(app, "bert@probe.example").deliveries
    assert (missed.state, missed.reason) == (None, "they joined after its recipients were fixed")


def test_who_left_and_was_suppressed(app: Any, add_person: Any) -> None:
    add_person(app, "anna@probe.example")
    bert = add_person(app, "bert@probe.example")
    with app.database.write() as connection:
        unsubscribe(connection, bert.id, source="link", now=app.clock())
    send(app)
    account = explain(app, "bert@probe.example")
    assert "no active subscription" in account.standing
    assert account.deliveries[0].reason == "no active subscription to morgen"
    with app.database.write() as connection:
        suppress_address(
            connection,
            parse_address("bert@probe.example"),
            reason=SuppressionReason.COMPLAINT,
            source="test",
            secret=app.secret,
            now=app.clock(),
        )
    assert explain(app, "bert@probe.example").standing == "suppressed since 2026-03-06 (complaint); gets nothing"


def test_an_edition_that_was_never_sent_says_why(app: Any, add_person: Any) -> None:
    add_person(app, "anna@probe.example")
    app.prepare(app.newsletters()[0], DAY + timedelta(days=30))
    (skipped,) = explain(app, "anna@probe.example").deliveries
    assert skipped.reason == "the edition is skipped: no articles"
    app.prepare(app.newsletters()[0], DAY)
    assert [each.reason for each in explain(app, "anna@probe.example").deliveries][-1] == "the edition is prepared"
    edition, _ = find_edition(app.database, 2)
    review_edition(app.database, edition, "hold", app.clock())
    assert explain(app, "anna@probe.example").deliveries[-1].reason.startswith("the edition is held: by command")


def test_who_was_erased_is_known_as_suppressed_alone(app: Any, add_person: Any) -> None:
    anna = add_person(app, "anna@probe.example")
    send(app)
    with app.database.write() as connection:
        erase_subscriber(connection, anna, source="test", secret=app.secret, now=app.clock())
    account = explain(app, "anna@probe.example")
    assert "(erased)" in account.standing
    assert account.deliveries == []


def test_who_is_not_there_is_named(app: Any) -> None:
    with pytest.raises(UnknownSubscriberError, match=r"nobody@probe\.example") as unknown:
        explain(app, "nobody@probe.example")
    assert unknown.value.exit_code == 2
    with pytest.raises(AddressError):
        explain(app, "nobody")
