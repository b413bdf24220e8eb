"""The links of letters: what each is good for, for whom, until when; and what may follow from a forwarded mail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from digest.app import App
from digest.links import make_token
from digest.model.edition import EditionState
from digest.model.reader import LeavingReason, LinkState, Origin, SignUp
from digest.storage.deliveries import frozen_recipient
from digest.storage.editions import get_edition
from digest.storage.late_editions import has_delivery, late_editions_due
from subscribers.addresses import parse_address
from subscribers.audit import list_changes
from subscribers.consent import consent_history
from subscribers.events import list_events
from subscribers.lists import create_list
from subscribers.model import ConsentEventKind, EventKind, SuppressionReason
from subscribers.subscriptions import subscriptions_of
from subscribers.suppression import suppress_address
from tests.conftest import Now
from tests.unit.tasks.letterbox import dump, letterbox, names, newest, person

ANNA, BERT = "anna@leser.example", "bert@leser.example"
TWO = [{"slug": slug, "name": slug.title(), "lists": [slug]} for slug in ("morgen", "abend")]


@pytest.fixture
def app(make_app: Callable[..., App]) -> App:
    """Two newsletters, each with its own list."""
    made = make_app(newsletters=TWO)
    with made.database.write() as connection:
        create_list(connection, "abend", "Abend", now=made.clock())
    return made


def ask(app: App, email: str = ANNA, newsletter: str = "morgen") -> str:
    """Sign up; the token of the confirmation letter."""
    app.reader_requests().sign_up(newsletter, SignUp(email=email), Origin())
    return newest(app, "confirm").token


def join(app: App, email: str = ANNA, newsletter: str = "morgen") -> str:
    """Sign up and confirm; the token to leave, of the welcome letter."""
    app.reader_requests().confirm(ask(app, email, newsletter))
    welcome = newest(app, "welcome")
    return make_token(app.secret, "unsubscribe", welcome.recipient.handle, welcome.edition)


def states(app: App, email: str = ANNA) -> dict[str, str]:
    with app.database.read() as connection:
        return {each.list_slug: each.state for each in subscriptions_of(connection, person(app, email).id)}


def test_looking_changes_nothing(app: App) -> None:
    requests = app.reader_requests()
    confirm, leave = ask(app), join(app, BERT)
    requests.leave(leave)
    undo = newest(app, "goodbye").token
    before = dump(app)
    for _ in range(2):
        assert requests.look_at_confirmation(confirm)
        assert requests.look_at_leaving(leave)
        assert requests.look_at_undoing(undo)
        requests.look_at_address(confirm)
        requests.preferences(leave)
        requests.account(leave)
    assert dump(app) == before


def test_confirming_twice_is_confirming_once(app: App) -> None:
    requests, token = app.reader_requests(), ask(app)
    seen = requests.look_at_confirmation(token)
    assert seen is not None
    assert (seen.newsletter_name, seen.address, seen.state) == ("Morgen", "a…@leser.example", LinkState.OPEN)
    first = requests.confirm(token, Origin(ip="192.0.2.1"))
    before = dump(app)
    second = requests.confirm(token.upper())
    assert first is not None
    assert second is not None
    assert [(each.state, each.newly) for each in (first, second)] == [(LinkState.DONE, True), (LinkState.DONE, False)]
    assert dump(app) == before
    assert states(app) == {"morgen": "active"}
    assert names(app) == [("confirm", ANNA), ("welcome", ANNA)]
    with app.database.read() as connection:
        confirmed = consent_history(connection, person(app, ANNA).id)[-1]
        [event] = list_events(connection)
    assert (confirmed.event, confirmed.ip) == (ConsentEventKind.CONFIRMED, "")
    assert token not in str(confirmed.proof)
    assert len(confirmed.proof["token_sha256"]) == 64
    assert (event.kind, event.subscriber_id) == (EventKind.SUBSCRIBED, person(app, ANNA).id)


def test_a_link_ends_with_the_time_that_the_letter_says(app: App, now: Now) -> None:
    requests, token = app.reader_requests(), ask(app)
    now.moment += timedelta(days=13, hours=23)
    assert requests.look_at_confirmation(token).state is LinkState.OPEN  # type: ignore[union-attr]
    now.moment += timedelta(hours=1)
    assert requests.look_at_confirmation(token).state is LinkState.EXPIRED  # type: ignore[union-attr]
    assert requests.confirm(token).state is LinkState.EXPIRED  # type: ignore[union-attr]
    assert states(app) == {"morgen": "pending"}


def test_an_old_confirmation_brings_nobody_back_who_left(app: App, now: Now) -> None:
    requests, old = app.reader_requests(), ask(app)
    requests.confirm(old)
    welcome = newest(app, "welcome")
    requests.leave(make_token(app.secret, "unsubscribe", welcome.recipient.handle, welcome.edition))
    assert requests.confirm(old).state is LinkState.GONE  # type: ignore[union-attr]
    now.moment += timedelta(days=2)
    new = ask(app)
    assert requests.confirm(old).state is LinkState.GONE  # type: ignore[union-attr]
    assert states(app) == {"morgen": "pending"}
    assert requests.confirm(new).newly  # type: ignore[union-attr]
    assert states(app) == {"morgen": "active"}


def test_who_is_suppressed_meanwhile_can_confirm_and_undo_nothing(app: App) -> None:
    requests, token = app.reader_requests(), ask(app)
    requests.leave(join(app, BERT))
    undo = newest(app, "goodbye").token
    with app.database.write() as connection:
        for email in (ANNA, BERT):
            address, reason = parse_address(email), SuppressionReason.COMPLAINT
            suppress_address(connection, address, reason=reason, source="t", secret=app.secret, now=app.clock())
    assert requests.confirm(token).state is LinkState.GONE  # type: ignore[union-attr]
    assert requests.undo_leaving(undo).state is LinkState.GONE  # type: ignore[union-attr]


@pytest.mark.parametrize("purpose", ["confirm", "undo", "unsubscribe", "settings", "account", "address"])
def test_a_token_opens_its_own_door_alone(app: App, purpose: str) -> None:
    requests = app.reader_requests()
    handle, edition = newest_of(app)
    ends = app.clock() + timedelta(days=1)
    letter = purpose in ("confirm", "undo", "account", "address")
    link = (
        app.links.letter(purpose, handle, edition, ends)  # type: ignore[arg-type]
        if letter
        else f"/{make_token(app.secret, purpose, handle, edition)}"  # type: ignore[arg-type]
    )
    token = link.rpartition("/")[2]
    opened = {
        "confirm": requests.look_at_confirmation(token),
        "undo": requests.look_at_undoing(token),
        "unsubscribe": requests.look_at_leaving(token),
        "settings": requests.preferences(token),
        "account": requests.account(token),
        "address": requests.look_at_address(token),
    }
    # A fresh link opens the settings as well.
    expected = {purpose} | ({"settings"} if purpose == "account" else set())
    assert {name for name, found in opened.items() if found is not None} == expected


def newest_of(app: App) -> tuple[str, int]:
    join(app)
    welcome = newest(app, "welcome")
    return welcome.recipient.handle, welcome.edition


def test_swapped_tokens_of_two_people_and_two_newsletters(app: App, now: Now) -> None:
    requests = app.reader_requests()
    anna = join(app)
    join(app, BERT)
    now.moment += timedelta(days=2)
    join(app, newsletter="abend")
    handle = person(app, BERT).handle
    # Half of one person's token and half of another's is nobody's.
    swapped = make_token(app.secret, "unsubscribe", handle, 2)[:13] + anna[13:]
    assert requests.leave(swapped) is None
    assert requests.leave(anna).lists == ("morgen",)  # type: ignore[union-attr]
    assert states(app) == {"morgen": "unsubscribed", "abend": "active"}
    assert states(app, BERT) == {"morgen": "active"}


def test_leaving_is_at_once_once_and_can_be_undone(app: App, now: Now) -> None:
    requests, token = app.reader_requests(), join(app)
    look = requests.look_at_leaving(token)
    assert look is not None
    assert (look.newsletter_name, look.already_left, look.others) == ("Morgen", False, ())
    left = requests.leave(token, reason="too_often", origin=Origin(page="https://probe.example/abmelden"))
    assert left is not None
    assert left.lists == ("morgen",)
    before = dump(app)
    assert requests.leave(token).lists == ()  # type: ignore[union-attr]
    assert dump(app) == before
    assert requests.look_at_leaving(token).already_left  # type: ignore[union-attr]
    assert names(app)[-1] == ("goodbye", ANNA)
    with app.database.read() as connection:
        event = list_events(connection)[-1]
        change = list_changes(connection)[0]
    assert (event.kind, event.detail, event.edition_id) == (
        EventKind.UNSUBSCRIBED,
        {"reason": "too_often"},
        newest(app, "welcome").edition,
    )
    assert (change.who, change.what, change.subject) == ("reader", "subscription.end", "morgen")
    undo = newest(app, "goodbye").token
    now.moment += timedelta(days=29)
    assert requests.undo_leaving(undo).state is LinkState.DONE  # type: ignore[union-attr]
    before = dump(app)
    assert requests.undo_leaving(undo).state is LinkState.DONE  # type: ignore[union-attr]
    assert dump(app) == before
    assert states(app) == {"morgen": "active"}


def test_an_undo_ends_and_undoes_only_its_own_departure(app: App, now: Now) -> None:
    requests, token = app.reader_requests(), join(app)
    requests.leave(token)
    first = newest(app, "goodbye").token
    requests.undo_leaving(first)
    now.moment += timedelta(hours=2)
    requests.leave(token)
    second = newest(app, "goodbye").token
    assert second != first
    assert requests.undo_leaving(first).state is LinkState.GONE  # type: ignore[union-attr]
    assert states(app) == {"morgen": "unsubscribed"}
    now.moment += timedelta(days=31)
    assert requests.undo_leaving(second).state is LinkState.EXPIRED  # type: ignore[union-attr]
    assert states(app) == {"morgen": "unsubscribed"}


def test_everything_is_left_with_a_goodbye_for_each(app: App, now: Now) -> None:
    token = join(app)
    now.moment += timedelta(days=2)
    join(app, newsletter="abend")
    requests = app.reader_requests()
    assert requests.look_at_leaving(token).others == ("Abend",)  # type: ignore[union-attr]
    assert requests.leave(token, everything=True).lists == ("abend", "morgen")  # type: ignore[union-attr]
    goodbyes = [letter for letter in letterbox(app) if letter.name == "goodbye"]
    assert len(goodbyes) == 2
    requests.undo_leaving(goodbyes[0].token)
    assert sorted(states(app).values()) == ["active", "unsubscribed"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [("", {}), ("never_asked", {"reason": "never_asked"}), ("Ich bin Anna Weber, 0171 2345678", {"reason": "other"})],
)
def test_a_reason_names_nobody(app: App, given: str, kept: dict[str, str]) -> None:
    app.reader_requests().leave(join(app), reason=given)
    with app.database.read() as connection:
        assert list_events(connection)[-1].detail == kept
    assert "Weber" not in "".join(dump(app))
    assert kept.get("reason", "other") in set(LeavingReason)


def test_a_mail_whose_newsletter_is_gone_still_lets_people_leave(app: App) -> None:
    join(app)
    token = make_token(app.secret, "unsubscribe", person(app, ANNA).handle, 4_000_000)
    look = app.reader_requests().look_at_leaving(token)
    assert look is not None
    assert (look.newsletter, look.newsletter_name) == ("", "alle Newsletter")
    assert app.reader_requests().leave(token).lists == ("morgen",)  # type: ignore[union-attr]


def test_nobody_is_welcomed_by_name_before_they_confirm_and_afterwards_they_are(app: App) -> None:
    requests = app.reader_requests()
    requests.sign_up("morgen", SignUp(email=ANNA, first_name="Anna", last_name="Weber", salutation="Frau"), Origin())
    requests.confirm(newest(app, "confirm").token)
    assert newest(app, "confirm").recipient.greeting == "Guten Tag,"
    assert newest(app, "welcome").recipient.greeting == "Guten Morgen, Frau Weber,"


def sent_edition(app: App, add_articles: Callable[..., None], *, days_ago: int = 0) -> int:
    """A regular edition that went to somebody who was there before."""
    add_articles(app, ("Neues aus der Stadt", app.clock() - timedelta(hours=2)))
    [newsletter] = app.newsletters("morgen")
    number = app.prepare(newsletter, app.today()).edition.number
    app.sender().send(number, app.prices)
    return number


def test_the_newest_edition_comes_at_once_and_once(
    app: App, add_person: Callable[..., Any], add_articles: Callable[..., None]
) -> None:
    add_person(app, BERT)
    number = sent_edition(app, add_articles)
    with app.database.read() as connection:
        assert get_edition(connection, number).state is EditionState.SENT
    token = ask(app)
    for _ in range(2):
        app.reader_requests().confirm(token)
    anna = person(app, ANNA)
    with app.database.read() as connection:
        assert late_editions_due(connection, app.today()) == [number]
        recipient, _ = frozen_recipient(connection, number, anna.id) or (None, None)
    assert recipient is not None
    assert (recipient.address, recipient.choice) == (ANNA, b"\0")


def test_an_old_edition_is_no_news(
    app: App, now: Now, add_person: Callable[..., Any], add_articles: Callable[..., None]
) -> None:
    add_person(app, BERT)
    number = sent_edition(app, add_articles)
    now.moment += timedelta(days=8)
    app.reader_requests().confirm(ask(app))
    with app.database.read() as connection:
        assert not has_delivery(connection, number, person(app, ANNA).id)
