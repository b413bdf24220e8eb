"""Whoever is pending is asked once; whoever does not answer is deleted; evidence is kept as long as it must."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select

from digest.app import App
from digest.model.reader import Origin, SignUp
from digest.storage.letters import letters_due
from digest.storage.tables import deliveries, editions
from subscribers.addresses import parse_address
from subscribers.consent import consent_history
from subscribers.lists import create_list
from subscribers.model import ConsentEventKind, SubscriptionState, SuppressionReason
from subscribers.repository import add_subscriber, find_subscriber
from subscribers.subscriptions import subscribe, subscriptions_of, unasked_subscribers, unsubscribe
from subscribers.suppression import suppress_address
from subscribers.tables import consent_events, request_counts, subscribers
from tests.conftest import Now
from tests.unit.tasks.letterbox import letterbox, names, newest, person

ANNA = "anna@leser.example"


@pytest.fixture
def add_pending() -> Callable[..., Any]:
    """Adds somebody without consent, as an import does."""

    def add(app: App, email: str, slug: str = "morgen") -> Any:
        with app.database.write() as connection:
            found = add_subscriber(connection, parse_address(email), secret=app.secret, now=app.clock())
            subscribe(connection, found.id, slug, source="import", now=app.clock())
        return found

    return add


def count(app: App, table: Any) -> int:
    with app.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def test_everybody_who_is_pending_is_asked_once(make_app: Callable[..., App], add_pending: Callable[..., Any]) -> None:
    app = make_app()
    for turn in range(450):
        add_pending(app, f"a{turn}@leser.example")
    assert app.ask_pending() == 450
    assert app.ask_pending() == 0
    assert count(app, deliveries) == 450
    with app.database.read() as connection:
        assert len(letters_due(connection)) == 1
    app.reader_requests().confirm(newest(app, "confirm").token)
    assert person(app, "a449@leser.example").email in {to for name, to in names(app) if name == "welcome"}


def test_who_left_or_was_suppressed_or_waits_on_no_newsletters_list_is_not_asked(
    make_app: Callable[..., App], add_pending: Callable[..., Any]
) -> None:
    app = make_app()
    with app.database.write() as connection:
        create_list(connection, "archiv", "Archiv", now=app.clock())
    left, barred = add_pending(app, "left@leser.example"), add_pending(app, "barred@leser.example")
    add_pending(app, "other@leser.example", "archiv")
    with app.database.write() as connection:
        unsubscribe(connection, left.id, source="t", now=app.clock())
        address, reason = parse_address(barred.email), SuppressionReason.ADMIN
        suppress_address(connection, address, reason=reason, source="t", secret=app.secret, now=app.clock())
    assert app.ask_pending() == 0
    assert letterbox(app) == []


def test_who_was_asked_by_the_form_is_not_asked_again_but_who_comes_back_is(
    make_app: Callable[..., App], now: Now
) -> None:
    app = make_app()
    app.reader_requests().sign_up("morgen", SignUp(email=ANNA), Origin())
    assert app.ask_pending() == 0
    with app.database.write() as connection:
        unsubscribe(connection, person(app, ANNA).id, source="t", now=now())
        subscribe(connection, person(app, ANNA).id, "morgen", source="resubscribed by an editor", now=now())
    assert app.ask_pending() == 0
    now.moment += timedelta(days=1)
    assert app.ask_pending() == 1


def test_who_is_to_be_asked_is_found_by_their_own_index(make_app: Callable[..., App]) -> None:
    app = make_app()
    said: list[tuple[str, Any]] = []
    with app.database.read() as connection:
        event.listen(connection, "before_cursor_execute", lambda *given: said.append((given[2], given[3])))
        unasked_subscribers(connection, "morgen")
        query, parameters = said[-1]
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", parameters)]
    assert any("ix_subscriptions_unasked" in step for step in plan)
    assert not any(step.startswith("SCAN") for step in plan)


def test_an_unconfirmed_sign_up_is_deleted_without_a_trace(make_app: Callable[..., App], now: Now) -> None:
    app = make_app(privacy={"unconfirmed_days": 7})
    app.reader_requests().sign_up("morgen", SignUp(email=ANNA, first_name="Anna"), Origin())
    token = newest(app, "confirm").token
    now.moment += timedelta(days=7)
    assert app.purge().unconfirmed == 0
    now.moment += timedelta(seconds=1)
    report = app.purge()
    assert (report.unconfirmed, report.people) == (1, 1)
    for table in (subscribers, consent_events, request_counts):
        assert count(app, table) == 0
    with app.database.read() as connection:
        assert connection.execute(select(deliveries.c.recipient)).scalar() is None
    assert app.reader_requests().look_at_confirmation(token) is None
    # Nothing keeps them from another try.
    app.reader_requests().sign_up("morgen", SignUp(email=ANNA), Origin())
    assert len(letterbox(app)) == 1


def test_who_was_never_asked_is_not_deleted(
    make_app: Callable[..., App], add_pending: Callable[..., Any], now: Now
) -> None:
    app = make_app()
    add_pending(app, ANNA)
    now.moment += timedelta(days=60)
    assert app.purge().unconfirmed == 0


def test_who_left_before_has_left_again_and_other_subscriptions_stay(
    make_app: Callable[..., App], add_person: Callable[..., Any], now: Now
) -> None:
    two = [{"slug": slug, "name": slug.title(), "lists": [slug]} for slug in ("morgen", "abend")]
    app = make_app(newsletters=two)
    with app.database.write() as connection:
        create_list(connection, "abend", "Abend", now=now())
    anna, bert = add_person(app, ANNA), add_person(app, "bert@leser.example")
    with app.database.write() as connection:
        unsubscribe(connection, anna.id, source="t", now=now())
    app.reader_requests().sign_up("morgen", SignUp(email=anna.email), Origin())
    app.reader_requests().sign_up("abend", SignUp(email=bert.email), Origin())
    now.moment += timedelta(days=15)
    report = app.purge()
    assert (report.unconfirmed, report.people) == (2, 0)
    with app.database.read() as connection:
        assert [each.state for each in subscriptions_of(connection, anna.id)] == [SubscriptionState.UNSUBSCRIBED]
        [kept] = subscriptions_of(connection, bert.id)
        kinds = {event.event for event in consent_history(connection, bert.id)}
    assert (kept.list_slug, kept.state) == ("morgen", SubscriptionState.ACTIVE)
    assert kinds == {ConsentEventKind.ADDED}


def test_evidence_goes_after_its_years_where_nobody_needs_it(
    make_app: Callable[..., App], add_person: Callable[..., Any], now: Now
) -> None:
    app = make_app(privacy={"evidence_years": 3})
    stays, leaves = add_person(app, ANNA), add_person(app, "bert@leser.example")
    erased = add_person(app, "cleo@leser.example")
    with app.database.write() as connection:
        unsubscribe(connection, leaves.id, source="t", now=now())
    app.forget(erased.email, who="cli:test", source="test")
    now.moment = now.moment.replace(year=now.moment.year + 3)
    assert app.purge().evidence == 0
    now.moment += timedelta(seconds=1)
    assert app.purge().evidence == 4
    with app.database.read() as connection:
        assert consent_history(connection, stays.id)
        assert not consent_history(connection, leaves.id)
        assert not consent_history(connection, erased.id)
        found = find_subscriber(connection, leaves.email, secret=app.secret)
        assert found is not None
        assert [each.state for each in subscriptions_of(connection, found.id)] == [SubscriptionState.UNSUBSCRIBED]


def test_letters_that_left_are_kept_as_rows_alone(make_app: Callable[..., App], now: Now) -> None:
    app = make_app()
    app.reader_requests().sign_up("morgen", SignUp(email=ANNA), Origin())
    now.moment += timedelta(days=3)
    assert app.purge().letters == 0
    with app.database.write() as connection:
        connection.execute(editions.update().values(state="sent"))
    assert app.purge().letters == 1
    assert app.purge().letters == 0
    with app.database.read() as connection:
        row = connection.execute(select(editions.c.shell, editions.c.content, editions.c.content_hash)).one()
    assert (row.shell, row.content) == (None, None)
    assert row.content_hash
