"""What the link of a mail lets change, and what only a fresh link does."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from digest.app import App
from digest.errors import SignUpError
from digest.links import make_token
from digest.model.reader import AccountChanges, LinkState, Origin, PreferenceChanges
from subscribers.audit import list_changes
from subscribers.errors import WrongValueError
from subscribers.lists import create_list
from subscribers.model import Refusal
from subscribers.recipients import recipients, refusals
from subscribers.subscriptions import subscriptions_of
from tests.conftest import Now
from tests.unit.tasks.letterbox import dump, letterbox, names, newest, person

ANNA, BERT = "anna@leser.example", "bert@leser.example"
TWO = [{"slug": slug, "name": slug.title(), "lists": [slug]} for slug in ("morgen", "abend")]
SOURCES = [{"name": "Politik", "type": "sample", "topics": ["Politik", "krypto"]}]


@pytest.fixture
def app(make_app: Callable[..., App], add_person: Callable[..., Any]) -> App:
    """Two newsletters; Anna gets the first one."""
    made = make_app(newsletters=TWO, sources=SOURCES)
    with made.database.write() as connection:
        create_list(connection, "abend", "Abend", now=made.clock())
    add_person(made, ANNA, first_name="Anna", last_name="Weber", salutation="Frau")
    return made


@pytest.fixture
def token(app: App) -> str:
    """The settings link of a mail to Anna."""
    app.reader_requests().send_account_link(ANNA)
    return make_token(app.secret, "settings", person(app, ANNA).handle, newest(app, "settings").edition)


@pytest.fixture
def fresh(app: App, token: str) -> str:
    """The link of the letter that she asked for."""
    return newest(app, "settings").token


def states(app: App, email: str = ANNA) -> dict[str, str]:
    with app.database.read() as connection:
        return {each.list_slug: each.state for each in subscriptions_of(connection, person(app, email).id)}


def change(app: App, token: str, **changes: Any) -> Any:
    return app.reader_requests().change_preferences(token, PreferenceChanges(**changes))


def test_settings_name_nobody(app: App, token: str) -> None:
    shown = app.reader_requests().preferences(token)
    assert shown is not None
    assert "Weber" not in repr(shown)
    assert ANNA not in repr(shown)
    assert [(each.slug, each.state) for each in shown.newsletters] == [("morgen", "active"), ("abend", "")]
    assert (shown.known_topics, shown.known_coins) == (("politik", "krypto"), ("BTC", "ETH", "LTC"))


def test_what_may_be_chosen_is_kept_and_the_rest_left_out(app: App, token: str) -> None:
    changed = change(
        app, token, form="du", topics=("Krypto", "x", "krypto"), coins=("LTC", "BTC", "DOGE"), max_articles=4
    )
    assert (changed.form, changed.topics, changed.coins, changed.max_articles) == (
        "du",
        ("krypto",),
        ("LTC", "BTC"),
        4,
    )
    assert change(app, token, max_articles=100_000).max_articles == 60
    assert change(app, token, max_articles=None).max_articles is None
    with app.database.read() as connection:
        entry = list_changes(connection)[-1]
    assert (entry.who, entry.what, entry.detail) == (
        "reader",
        "subscriber.set",
        {"fields": "form, topics, coins, max_articles"},
    )


def test_saving_what_is_there_changes_nothing(app: App, token: str) -> None:
    before = dump(app)
    shown = app.reader_requests().preferences(token)
    assert shown is not None
    same = {name: getattr(shown, name) for name in ("form", "topics", "coins", "max_articles", "paused_until")}
    assert change(app, token, newsletters=("morgen",), **same) == shown
    assert dump(app) == before


@pytest.mark.parametrize(
    ("until", "kept"),
    [
        (date(2026, 3, 9), date(2026, 3, 9)),
        (date(2026, 3, 6), None),
        (date(2020, 1, 1), None),
        (None, None),
        (date(9999, 12, 31), date(2027, 3, 7)),
    ],
)
def test_a_pause_lasts_until_that_day_and_a_year_at_most(
    app: App, token: str, until: date | None, kept: date | None
) -> None:
    assert change(app, token, paused_until=until).paused_until == kept


def test_who_pauses_gets_letters_and_no_editions(app: App, token: str, now: Now) -> None:
    change(app, token, paused_until=date(2026, 3, 9))
    anna = person(app, ANNA)

    def standing() -> tuple[list[int], dict[int, str], dict[int, str]]:
        with app.database.read() as connection:
            return (
                [each.id for each in recipients(connection, ["morgen"], now=now())],
                refusals(connection, [anna.id], ["morgen"], now=now()),
                refusals(connection, [anna.id], [], now=now()),
            )

    assert standing() == ([], {anna.id: Refusal.PAUSED}, {})
    now.moment += timedelta(days=2, hours=17, minutes=59)  # a minute before midnight in Berlin
    assert standing()[0] == []
    now.moment += timedelta(minutes=1)
    assert standing() == ([anna.id], {}, {})


def test_a_newsletter_that_any_link_adds_waits_for_a_confirmation(app: App, token: str) -> None:
    changed = change(app, token, newsletters=("morgen", "abend"))
    assert [each.state for each in changed.newsletters] == ["active", "pending"]
    assert names(app)[-1] == ("confirm", ANNA)
    change(app, token, newsletters=("morgen", "abend"))
    assert sum(name == "confirm" for name, _ in names(app)) == 1
    assert app.reader_requests().confirm(newest(app, "confirm").token).newly  # type: ignore[union-attr]
    assert states(app) == {"morgen": "active", "abend": "active"}


def test_a_newsletter_that_a_fresh_link_adds_comes_at_once(app: App, fresh: str) -> None:
    changed = change(app, fresh, newsletters=("abend",))
    assert [each.state for each in changed.newsletters] == ["", "active"]
    assert {name for name, _ in names(app)} == {"settings", "goodbye", "welcome"}


def test_a_fresh_link_opens_the_account_for_a_day(app: App, fresh: str, token: str, now: Now) -> None:
    requests = app.reader_requests()
    seen = requests.account(fresh)
    assert seen is not None
    assert (seen.address, seen.last_name) == (ANNA, "Weber")
    for closed in (requests.account(token), requests.export(token), requests.change_account(token, AccountChanges())):
        assert closed is None
    assert requests.forget(token) is False
    assert requests.change_address(token, BERT) is None
    now.moment += timedelta(days=1)
    assert requests.account(fresh) is None
    assert requests.forget(fresh) is False


def test_names_change_and_wrong_ones_are_refused(app: App, fresh: str) -> None:
    requests = app.reader_requests()
    changed = requests.change_account(fresh, AccountChanges(first_name="Änne", salutation="divers", title=""))
    assert changed is not None
    assert (changed.first_name, changed.last_name, changed.salutation) == ("Änne", "Weber", "divers")
    before = dump(app)
    with pytest.raises(WrongValueError):
        requests.change_account(fresh, AccountChanges(first_name="x" * 201))
    with pytest.raises(WrongValueError):
        requests.change_account(fresh, AccountChanges(salutation="Kaiserin"))
    assert dump(app) == before


@pytest.mark.parametrize("asked", [ANNA, "ANNA@leser.example"])
def test_the_link_goes_to_the_address_on_file_and_seldom(app: App, asked: str, now: Now) -> None:
    requests = app.reader_requests()
    for hour in range(6):
        requests.send_account_link(asked, Origin(ip=f"192.0.{hour}.1"))
        now.moment += timedelta(hours=1)
    assert names(app) == [("settings", ANNA)] * 3


def test_an_address_that_nobody_has_gets_nothing_and_leaves_nothing(app: App) -> None:
    app.reader_requests().send_account_link("nobody@leser.example")
    assert names(app) == []
    assert "nobody@" not in "".join(dump(app))
    with pytest.raises(SignUpError):
        app.reader_requests().send_account_link("a" * 32)


def test_a_new_address_counts_once_its_owner_has_said_so(app: App, fresh: str) -> None:
    requests, anna = app.reader_requests(), person(app, ANNA)
    asked = requests.change_address(fresh, "anna@neu.example")
    assert asked is not None
    assert (asked.address, asked.new_address) == (ANNA, "anna@neu.example")
    assert names(app)[-1] == ("address", "anna@neu.example")
    letter = newest(app, "address")
    assert b"Weber" not in letter.data
    assert requests.look_at_address(letter.token).state is LinkState.OPEN  # type: ignore[union-attr]
    for _ in range(2):
        assert requests.confirm_address(letter.token).state is LinkState.DONE  # type: ignore[union-attr]
    assert person(app, "anna@neu.example").id == anna.id
    assert names(app)[-1] == ("address_changed", ANNA)
    assert sum(name == "address_changed" for name, _ in names(app)) == 1
    assert states(app, "anna@neu.example") == {"morgen": "active"}


def test_of_two_new_addresses_only_the_last_counts(app: App, fresh: str) -> None:
    requests = app.reader_requests()
    requests.change_address(fresh, "ana@neu.example")
    wrong = newest(app, "address").token
    requests.change_address(fresh, "anna@neu.example")
    assert requests.confirm_address(wrong).state is LinkState.GONE  # type: ignore[union-attr]
    assert requests.confirm_address(newest(app, "address").token).state is LinkState.DONE  # type: ignore[union-attr]


def test_a_link_mailed_to_the_former_address_opens_nothing_any_more(app: App, fresh: str, token: str) -> None:
    requests = app.reader_requests()
    requests.change_address(fresh, "anna@neu.example")
    requests.confirm_address(newest(app, "address").token)
    assert requests.account(fresh) is None
    assert requests.export(fresh) is None
    assert not requests.forget(fresh)
    assert person(app, "anna@neu.example").last_name == "Weber"
    assert requests.preferences(token) is not None


def test_somebody_elses_address_is_answered_like_a_free_one(
    app: App, fresh: str, add_person: Callable[..., Any]
) -> None:
    bert = add_person(app, BERT)
    asked = app.reader_requests().change_address(fresh, BERT)
    assert asked is not None
    assert asked.new_address == BERT
    assert "address" not in {name for name, _ in names(app)}
    assert person(app, BERT) == bert


def test_an_address_taken_meanwhile_is_not_taken_over(app: App, fresh: str, add_person: Callable[..., Any]) -> None:
    requests = app.reader_requests()
    requests.change_address(fresh, BERT)
    add_person(app, BERT)
    assert requests.confirm_address(newest(app, "address").token).state is LinkState.GONE  # type: ignore[union-attr]
    assert person(app, ANNA).last_name == "Weber"


def test_the_export_holds_everything_about_one_person_and_nobody_else(
    app: App, fresh: str, add_person: Callable[..., Any], now: Now
) -> None:
    add_person(app, BERT)
    requests = app.reader_requests()
    requests.change_address(fresh, "anna@neu.example")
    requests.confirm_address(newest(app, "address").token)
    now.moment += timedelta(hours=1)
    requests.send_account_link("anna@neu.example")
    exported = requests.export(newest(app, "settings").token)
    assert exported is not None
    written = json.dumps(exported)
    assert BERT not in written
    assert (exported["person"]["email"], exported["former_addresses"][0]["email"]) == ("anna@neu.example", ANNA)
    assert [each["list_slug"] for each in exported["subscriptions"]] == ["morgen"]
    assert [each["event"] for each in exported["consent"]] == ["added", "confirmed"]
    assert len(exported["deliveries"]) == len(letterbox(app))
    assert [each["kind"] for each in exported["events"]] == ["subscribed"]
    assert [each["what"] for each in exported["changes"]] == ["subscriber.ask-address", "subscriber.change-address"]
