"""Signing up: one letter at most, nothing for anybody who did not ask, and the same answer for all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select

from digest.app import App
from digest.errors import NotFoundError, SignUpError
from digest.model.reader import Origin, SignUp
from digest.storage.tables import deliveries, editions
from digest.tasks.sign_up import PER_MAILBOX, PER_NETWORK
from digest.tasks.sign_up_form import read_wish
from subscribers.addresses import parse_address
from subscribers.audit import list_changes
from subscribers.consent import consent_history
from subscribers.errors import UnknownListError
from subscribers.lists import create_list
from subscribers.model import ConsentEventKind, Profile, SubscriptionState, SuppressionReason
from subscribers.repository import find_subscriber
from subscribers.subscriptions import subscriptions_of, unsubscribe
from subscribers.suppression import suppress_address, suppress_domain
from subscribers.tables import consent_events, subscribers
from tests.conftest import Now
from tests.unit.tasks.letterbox import letterbox, names, newest, person

ORIGIN = Origin(ip="192.0.2.7", page="https://probe.example/anmelden/morgen", consent_text_version="v1.sie")
ANNA = "anna@leser.example"


def sign_up(app: App, email: str = ANNA, newsletter: str = "morgen", origin: Origin = ORIGIN, **wish: Any) -> None:
    app.reader_requests().sign_up(newsletter, SignUp(email=email, **wish), origin)


def state(app: App, email: str, slug: str = "morgen") -> SubscriptionState | None:
    with app.database.read() as connection:
        found = find_subscriber(connection, email, secret=app.secret)
        standings = subscriptions_of(connection, found.id) if found else []
    return next((each.state for each in standings if each.list_slug == slug), None)


def test_somebody_new_is_pending_and_gets_one_neutral_letter(make_app: Callable[..., App]) -> None:
    app = make_app()
    sign_up(app, first_name="Anna", last_name="Weber", salutation="Frau", topics=("Politik",), coins=("eth",))
    found = person(app, ANNA)
    assert (found.first_name, found.salutation, found.topics, found.coins) == ("Anna", "Frau", ("politik",), ("ETH",))
    assert state(app, ANNA) is SubscriptionState.PENDING
    [letter] = letterbox(app)
    assert (letter.name, letter.recipient.address, letter.recipient.greeting) == ("confirm", ANNA, "Guten Tag,")
    assert letter.recipient.name == ""
    assert b"Anna" not in letter.data
    assert b"Weber" not in letter.data


def test_what_was_agreed_to_is_written_down_word_for_word(make_app: Callable[..., App]) -> None:
    app = make_app(privacy={"store_ip": True})
    sign_up(app)
    with app.database.read() as connection:
        requested, sent = consent_history(connection, person(app, ANNA).id)
        changes = list_changes(connection)
    shown = app.reader_requests().consent_text("morgen")
    assert (requested.event, requested.source, requested.ip) == (ConsentEventKind.REQUESTED, ORIGIN.page, ORIGIN.ip)
    assert (requested.text, requested.proof["consent_text_version"]) == (shown.text, "v1.sie")
    assert "„Der Morgen“ per E-Mail" in shown.text
    assert "{" not in shown.text
    letter = newest(app, "confirm")
    assert sent.event is ConsentEventKind.CONFIRMATION_SENT
    assert sent.proof["letter"] == str(letter.edition)
    assert sent.proof["message_id"].encode() in letter.data
    assert [(change.who, change.what, change.subject) for change in changes] == [
        ("reader", "subscription.request", "morgen")
    ]


def test_the_hash_is_that_of_the_body_whenever_it_leaves(make_app: Callable[..., App]) -> None:
    app = make_app()
    sign_up(app)
    with app.database.read() as connection:
        sent = consent_history(connection, person(app, ANNA).id)[1]
    body = newest(app, "confirm").data.partition(b"\r\n\r\n")[2]
    assert sent.proof["body_sha256"] == hashlib.sha256(body).hexdigest()


def test_no_ip_address_is_kept_unless_the_settings_say_so(make_app: Callable[..., App]) -> None:
    app = make_app()
    sign_up(app)
    with app.database.read() as connection:
        assert {event.ip for event in consent_history(connection, person(app, ANNA).id)} == {""}


def test_a_version_that_nobody_knows_is_the_one_that_is_shown(make_app: Callable[..., App]) -> None:
    app = make_app(site={"form": "du"})
    sign_up(app, origin=Origin(consent_text_version="../../etc/passwd"))
    with app.database.read() as connection:
        requested = consent_history(connection, person(app, ANNA).id)[0]
    assert requested.proof["consent_text_version"] == "v1.du"
    assert "willigst du ein" in requested.text


def test_a_thousand_sign_ups_for_one_victim_are_one_letter(make_app: Callable[..., App], now: Now) -> None:
    app = make_app()
    for turn in range(120):
        spelling = ANNA if turn % 2 else "ANNA@Leser.Example"
        sign_up(app, spelling, origin=Origin(ip=f"198.51.{turn}.1"))
    assert len(letterbox(app)) == 1
    with app.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(subscribers)).scalar() == 1
        assert connection.execute(select(func.count()).select_from(consent_events)).scalar() == 2
    now.moment += timedelta(hours=23, minutes=59)
    sign_up(app)
    assert len(letterbox(app)) == 1
    now.moment += timedelta(minutes=1)
    sign_up(app)
    assert len(letterbox(app)) == 2


def test_a_thousand_addresses_of_one_mailbox_are_a_few_letters(make_app: Callable[..., App]) -> None:
    app = make_app()
    for turn in range(40):
        sign_up(app, f"anna+{turn}@leser.example", origin=Origin(ip=f"198.51.{turn}.1"))
    assert len(letterbox(app)) == PER_MAILBOX.most
    sign_up(app, "bert+1@leser.example")
    assert len(letterbox(app)) == PER_MAILBOX.most + 1


def test_a_second_newsletter_is_no_second_letter_on_the_same_day(make_app: Callable[..., App]) -> None:
    two = [{"slug": slug, "name": slug.title(), "lists": ["morgen"]} for slug in ("morgen", "abend")]
    app = make_app(newsletters=two)
    sign_up(app)
    sign_up(app, newsletter="abend")
    assert len(letterbox(app)) == 1


def test_one_network_is_limited_and_uses_up_nobody_elses_turn(make_app: Callable[..., App]) -> None:
    app = make_app()
    for turn in range(PER_NETWORK.most + 5):
        sign_up(app, f"a{turn}@leser.example", origin=Origin(ip=f"2001:db8:0:1::{turn:x}"))
    assert len(letterbox(app)) == PER_NETWORK.most
    refused = f"a{PER_NETWORK.most}@leser.example"
    assert state(app, refused) is None
    sign_up(app, refused, origin=Origin(ip="2001:db8:0:2::1"))
    assert state(app, refused) is SubscriptionState.PENDING


def test_who_gets_it_already_gets_no_letter_and_is_not_changed(
    make_app: Callable[..., App], add_person: Callable[..., Any]
) -> None:
    app = make_app()
    before = add_person(app, ANNA, first_name="Anna")
    sign_up(app, first_name="Gewinn", topics=("werbung",))
    assert letterbox(app) == []
    assert person(app, ANNA) == before


def test_a_stranger_changes_nothing_of_somebody_who_reads_another_newsletter(
    make_app: Callable[..., App], add_person: Callable[..., Any]
) -> None:
    two = [{"slug": slug, "name": slug.title(), "lists": [slug]} for slug in ("morgen", "abend")]
    app = make_app(newsletters=two)
    with app.database.write() as connection:
        create_list(connection, "abend", "Abend", now=app.clock())
    before = add_person(app, ANNA, first_name="Anna")
    sign_up(app, newsletter="abend", first_name="Gewinn")
    assert person(app, ANNA) == before
    assert (state(app, ANNA), state(app, ANNA, "abend")) == (SubscriptionState.ACTIVE, SubscriptionState.PENDING)
    assert names(app) == [("confirm", ANNA)]


def test_who_left_may_come_back_by_a_new_confirmation(
    make_app: Callable[..., App], add_person: Callable[..., Any]
) -> None:
    app = make_app()
    known = add_person(app, ANNA)
    with app.database.write() as connection:
        unsubscribe(connection, known.id, source="test", now=app.clock())
    sign_up(app)
    assert state(app, ANNA) is SubscriptionState.PENDING
    assert names(app) == [("confirm", ANNA)]


@pytest.mark.parametrize("by", ["address", "domain", "erased"])
def test_who_must_not_be_mailed_is_not_and_nothing_is_kept(make_app: Callable[..., App], by: str) -> None:
    app = make_app()
    with app.database.write() as connection:
        if by == "domain":
            reason = SuppressionReason.ADMIN
            suppress_domain(connection, "leser.example", reason=reason, source="test", now=app.clock())
        else:
            reason = SuppressionReason.ERASED if by == "erased" else SuppressionReason.COMPLAINT
            address = parse_address(ANNA)
            suppress_address(connection, address, reason=reason, source="test", secret=app.secret, now=app.clock())
    sign_up(app)
    with app.database.read() as connection:
        for table in (subscribers, deliveries, editions, consent_events):
            assert connection.execute(select(func.count()).select_from(table)).scalar() == 0


@pytest.mark.parametrize("standing", ["new", "pending", "active", "left", "suppressed"])
def test_as_many_statements_whoever_it_is(
    make_app: Callable[..., App], add_person: Callable[..., Any], standing: str
) -> None:
    """What takes the time is the statements; they are much the same for all."""
    app = make_app()
    sign_up(app, "first@leser.example")
    if standing == "pending":
        sign_up(app)
    elif standing != "new":
        known = add_person(app, ANNA)
        with app.database.write() as connection:
            if standing == "left":
                unsubscribe(connection, known.id, source="test", now=app.clock())
            if standing == "suppressed":
                reason, address = SuppressionReason.COMPLAINT, parse_address(ANNA)
                suppress_address(connection, address, reason=reason, source="t", secret=app.secret, now=app.clock())
    said: list[str] = []

    def listen(*given: Any) -> None:
        said.append(given[2])

    event.listen(app.database.engine, "before_cursor_execute", listen)
    sign_up(app)
    event.remove(app.database.engine, "before_cursor_execute", listen)
    writes = [each.split()[0] for each in said if each.split()[0] in ("INSERT", "UPDATE", "DELETE")]
    assert 10 <= len(writes) <= 15
    assert 24 <= len(said) <= 34


@pytest.mark.parametrize("email", ["", "anna", "anna@", "a b@leser.example", "anna@leser.example\r\nBcc: b@c.example"])
def test_only_what_is_no_address_is_refused(make_app: Callable[..., App], email: str) -> None:
    with pytest.raises(SignUpError):
        sign_up(make_app(), email)


def test_an_unknown_newsletter_and_a_list_that_is_not_there_are_said(make_app: Callable[..., App]) -> None:
    with pytest.raises(NotFoundError):
        sign_up(make_app(), newsletter="nacht")
    with pytest.raises(UnknownListError):
        sign_up(make_app({"lists": ["fehlt"]}))


@pytest.mark.parametrize(
    ("wish", "kept"),
    [
        ({"first_name": "Anne-Sophie", "last_name": "von der Heide"}, ("Anne-Sophie", "von der Heide")),
        ({"first_name": "J. R.", "last_name": "O’Neill"}, ("J. R.", "O’Neill")),
        ({"first_name": "Hans-J.", "last_name": "Müller-Lüdenscheidt"}, ("Hans-J.", "Müller-Lüdenscheidt")),
        ({"first_name": "Gewinne auf https://boese.example", "last_name": "Weber"}, ("", "Weber")),
        ({"first_name": "boese.example", "last_name": "BOESE.EXAMPLE/x"}, ("", "")),
        ({"first_name": "www.boese", "last_name": "ruf an 0900 12345"}, ("", "")),
        ({"first_name": "a@b.example", "last_name": "x" * 61}, ("", "")),
        ({"first_name": "Eva\r\nBcc: x", "last_name": "\u202eabe"}, ("", "")),
    ],
)
def test_names_are_short_and_no_advertisement(wish: dict[str, str], kept: tuple[str, str]) -> None:
    profile = read_wish(SignUp(email=ANNA, **wish))  # type: ignore[arg-type]
    assert (profile.first_name, profile.last_name) == kept


def test_what_of_a_form_cannot_be_used_is_left_out() -> None:
    wish = SignUp(
        email=ANNA,
        title="Prof. Dr.",
        salutation="Kaiserin",
        form="Ihr",
        topics=("Politik", "x" * 41, "a;b"),
        coins=("BTC", "kein Coin"),
    )
    assert read_wish(wish) == Profile(title="Prof. Dr.", topics=("politik",), coins=("BTC",))


@pytest.mark.parametrize(
    ("title", "kept"),
    [
        ("Dr.-Ing.", True),
        ("Prof. Dr. med.", True),
        ("Dr.med.", True),
        ("www.boese.example", False),
        ("boese.tld", False),
    ],
)
def test_a_title_is_no_address(title: str, kept: bool) -> None:
    assert read_wish(SignUp(email=ANNA, title=title)).title == (title if kept else "")
