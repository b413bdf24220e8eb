"""Every step on a list is an event, and in the audit trail where somebody says who they are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import Connection

from subscribers.audit import list_changes
from subscribers.events import list_events
from subscribers.lists import create_list, get_list
from subscribers.model import Consent, EventKind, Subscriber
from subscribers.subscriptions import confirm, mark_asked, subscribe, unasked_subscribers, unsubscribe

AddPerson = Callable[..., Subscriber]
CONSENT = Consent(source="test")


def kinds(conn: Connection) -> list[EventKind]:
    return [event.kind for event in list_events(conn)]


def test_active_at_once_is_an_event_pending_is_none(conn: Connection, person: AddPerson, now: datetime) -> None:
    anna, bert = person("anna@x.example"), person("bert@x.example")
    subscribe(conn, anna.id, "morgen", consent=CONSENT, now=now)
    subscribe(conn, anna.id, "morgen", consent=CONSENT, now=now)
    subscribe(conn, bert.id, "morgen", source="form", now=now)
    assert kinds(conn) == [EventKind.SUBSCRIBED]
    confirm(conn, bert.id, "morgen", consent=CONSENT, edition_id=7, now=now)
    confirm(conn, bert.id, "morgen", consent=CONSENT, edition_id=8, now=now)
    assert kinds(conn) == [EventKind.SUBSCRIBED] * 2
    [event] = list_events(conn, subscriber_id=bert.id)
    assert (event.list_id, event.edition_id) == (get_list(conn, "morgen").id, 7)


def test_leaving_is_an_event_per_list_that_was_active(conn: Connection, person: AddPerson, now: datetime) -> None:
    anna = person("anna@x.example")
    for slug in ("abend", "mittag"):
        create_list(conn, slug, slug, now=now)
    subscribe(conn, anna.id, "morgen", consent=CONSENT, now=now)
    subscribe(conn, anna.id, "abend", consent=CONSENT, now=now)
    subscribe(conn, anna.id, "mittag", source="form", now=now)
    left = unsubscribe(conn, anna.id, source="link", edition_id=3, reason="too_often", now=now)
    assert left == ["abend", "mittag", "morgen"]
    assert unsubscribe(conn, anna.id, source="link", now=now) == []
    ended = [event for event in list_events(conn) if event.kind is EventKind.UNSUBSCRIBED]
    assert [(event.edition_id, event.detail) for event in ended] == [(3, {"reason": "too_often"})] * 2


@pytest.mark.parametrize("who", ["", "editor:anna@news.example"])
def test_the_audit_trail_has_each_step_of_whoever_names_themselves(
    conn: Connection, person: AddPerson, now: datetime, who: str
) -> None:
    anna = person("anna@x.example")
    subscribe(conn, anna.id, "morgen", source="form", who=who, now=now)
    confirm(conn, anna.id, "morgen", consent=CONSENT, who=who, now=now)
    unsubscribe(conn, anna.id, source="link", who=who, now=now)
    subscribe(conn, anna.id, "morgen", source="form", who=who, now=now)
    steps = [(change.who, change.what, change.subject) for change in reversed(list_changes(conn))]
    expected = [(who, f"subscription.{step}", "morgen") for step in ("request", "confirm", "end", "request")]
    assert steps == (expected if who else [])


def test_who_was_asked_is_asked_again_only_after_coming_back(
    conn: Connection, person: AddPerson, now: datetime
) -> None:
    anna = person("anna@x.example")
    subscribe(conn, anna.id, "morgen", source="import", now=now)
    assert [each.id for each in unasked_subscribers(conn, "morgen")] == [anna.id]
    mark_asked(conn, anna.id, get_list(conn, "morgen").id, now)
    assert unasked_subscribers(conn, "morgen") == []
    unsubscribe(conn, anna.id, source="link", now=now)
    assert unasked_subscribers(conn, "morgen") == []
    subscribe(conn, anna.id, "morgen", source="form", now=now)
    assert [each.id for each in unasked_subscribers(conn, "morgen")] == [anna.id]
    assert unasked_subscribers(conn, "nirgends") == []
