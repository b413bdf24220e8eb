from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import Connection, update

from subscribers.consent import consent_history
from subscribers.errors import StepError, UnknownListError, WrongValueError
from subscribers.lists import create_list
from subscribers.model import (
    SUBSCRIPTION_STEPS,
    Consent,
    ConsentEventKind,
    Subscriber,
    SubscriptionState,
)
from subscribers.subscriptions import confirm, subscribe, subscriptions_of, unsubscribe
from subscribers.tables import lists

P, A, U = SubscriptionState.PENDING, SubscriptionState.ACTIVE, SubscriptionState.UNSUBSCRIBED
STATED = Consent(source="Messe")
Person = Callable[..., Subscriber]


@pytest.mark.parametrize(("state", "to"), list(product(SubscriptionState, repeat=2)))
def test_step_table(state: SubscriptionState, to: SubscriptionState) -> None:
    assert set(SUBSCRIPTION_STEPS) == set(SubscriptionState)
    if (state, to) in {(P, A), (P, U), (A, U), (U, P)}:
        state.check_step(to)
    else:
        with pytest.raises(StepError, match=f"is {state} cannot become {to}"):
            state.check_step(to)


def _bring_to(conn: Connection, state: SubscriptionState | None, who: int, now: datetime) -> None:
    if state is not None:
        subscribe(conn, who, "morgen", consent=STATED if state is not P else None, now=now)
    if state is U:
        unsubscribe(conn, who, source="test", now=now)


@pytest.mark.parametrize(
    ("standing", "consent", "then", "event"),
    [
        (None, None, P, ConsentEventKind.REQUESTED),
        (None, STATED, A, ConsentEventKind.ADDED),
        (P, None, P, None),
        (P, STATED, A, ConsentEventKind.ADDED),
        (A, None, A, None),
        (A, STATED, A, None),
        (U, None, P, ConsentEventKind.REQUESTED),
        (U, STATED, P, ConsentEventKind.ADDED),
    ],
)
def test_subscribe(
    conn: Connection,
    person: Person,
    now: datetime,
    standing: SubscriptionState | None,
    consent: Consent | None,
    then: SubscriptionState,
    event: ConsentEventKind | None,
) -> None:
    who = person("anna@example.org").id
    _bring_to(conn, standing, who, now)
    before = consent_history(conn, who)
    later = now + timedelta(days=1)
    assert subscribe(conn, who, "morgen", consent=consent, source="Seite", now=later) is then
    (subscription,) = subscriptions_of(conn, who)
    assert subscription.state is then
    assert subscription.since == (now if then is standing else later)
    new = consent_history(conn, who)[len(before) :]
    assert [(one.event, one.at, one.source) for one in new] == (
        [(event, later, consent.source if consent else "Seite")] if event else []
    )


def test_confirm(conn: Connection, person: Person, now: datetime) -> None:
    who = person("anna@example.org").id
    with pytest.raises(StepError):
        confirm(conn, who, "morgen", consent=STATED, now=now)
    subscribe(conn, who, "morgen", now=now)
    proof = Consent(source="Seite", ip="192.0.2.1", text="Ja, gern.", proof={"message_id": "<1@news.example>"})
    assert confirm(conn, who, "morgen", consent=proof, now=now) is True
    assert confirm(conn, who, "morgen", consent=proof, now=now) is False
    event = consent_history(conn, who)[-1]
    assert (event.event, event.ip, event.text, event.proof) == ("confirmed", proof.ip, proof.text, proof.proof)
    unsubscribe(conn, who, "morgen", source="Link", now=now)
    with pytest.raises(StepError):
        confirm(conn, who, "morgen", consent=proof, now=now)


def test_unsubscribe_from_one_list_or_all_and_only_once(conn: Connection, person: Person, now: datetime) -> None:
    for slug in ("abend", "krypto"):
        create_list(conn, slug, slug, now=now)
    who, other = person("anna@example.org").id, person("ben@example.org").id
    for one, slug in product((who, other), ("morgen", "abend", "krypto")):
        subscribe(conn, one, slug, consent=STATED, now=now)
    assert unsubscribe(conn, who, "abend", source="Link", now=now) == ["abend"]
    assert unsubscribe(conn, who, "abend", source="Link", now=now) == []
    assert unsubscribe(conn, who, source="Link", now=now) == ["krypto", "morgen"]
    assert unsubscribe(conn, who, source="Link", now=now) == []
    assert {one.state for one in subscriptions_of(conn, who)} == {U}
    assert {one.state for one in subscriptions_of(conn, other)} == {A}
    assert [one.event for one in consent_history(conn, who)].count(ConsentEventKind.UNSUBSCRIBED) == 3
    with pytest.raises(UnknownListError):
        unsubscribe(conn, who, "mittag", source="Link", now=now)


def test_archived_list_takes_nobody_in(conn: Connection, person: Person, now: datetime) -> None:
    conn.execute(update(lists).values(archived_at=now))
    with pytest.raises(WrongValueError, match="archived"):
        subscribe(conn, person("anna@example.org").id, "morgen", now=now)
