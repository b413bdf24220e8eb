"""An import taken back."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, select

from subscribers import import_undo
from subscribers.addresses import parse_address
from subscribers.audit import list_changes
from subscribers.consent import consent_history
from subscribers.csv_import import import_csv
from subscribers.errors import UnknownImportError
from subscribers.import_log import list_imports
from subscribers.import_undo import UndoReport, plan_person, undo_import
from subscribers.import_undo_store import Changed, Kept
from subscribers.lists import create_list
from subscribers.model import Changes, Consent, Profile, SubscriptionState, SuppressionReason
from subscribers.privacy import erase_subscriber
from subscribers.recipients import recipients
from subscribers.repository import change_subscriber, find_subscriber, get_subscriber
from subscribers.rows import profile_of
from subscribers.subscriptions import confirm, subscribe, subscriptions_of, unsubscribe
from subscribers.suppression import suppress_address, suppression_of
from subscribers.tables import events, import_changes, import_suppressions, metadata, subscribers

AT = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
Run = Callable[..., int]
Undo = Callable[..., UndoReport]


@pytest.fixture
def run(engine: Engine, secret: bytes, now: datetime) -> Run:
    def run_import(content: str, at: datetime = now, **options: Any) -> int:
        options = {"list_slug": "morgen", "consent": "Messe", "map_name": "none"} | options
        report = import_csv(engine.begin, io.StringIO(content), secret=secret, now=at, who="cli:test", **options)
        assert report.import_id is not None
        return report.import_id

    return run_import


@pytest.fixture
def undo(engine: Engine) -> Undo:
    def undo(number: int, mailed: Sequence[int] = ()) -> UndoReport:
        def in_use(conn: Connection, ids: Sequence[int]) -> Collection[int]:
            return set(mailed) & set(ids)

        return undo_import(engine.begin, number, in_use=in_use, who="cli:test", now=LATER)

    return undo


def everything(engine: Engine) -> dict[str, list[Any]]:
    """What is in the tables that an undone import must leave as they were."""
    names = ("subscribers", "subscriptions", "suppressions")
    with engine.begin() as conn:
        return {name: list(conn.execute(select(metadata.tables[name]))) for name in names}


def test_new_people_go_and_come_again(run: Run, undo: Undo, engine: Engine) -> None:
    before = everything(engine)
    number = run("email,first_name\nanna@x.example,Anna\nben@x.example,Ben\nwarte@x.example,\n", consent="")
    assert undo(number) == UndoReport(import_id=number, removed=3)
    assert everything(engine) == before
    again = undo(number)
    assert (again.undone_before, again.removed) == (LATER, 0)
    run("email\nanna@x.example\n")
    with engine.begin() as conn:
        assert [one.email for one in recipients(conn, ["morgen"])] == ["anna@x.example"]
        assert conn.execute(select(import_changes)).all() != []
        assert [one.what for one in list_changes(conn)] == [
            "subscribers.import",
            "subscribers.undo",
            "subscribers.import",
        ]


def test_known_people_are_as_they_were(
    run: Run, undo: Undo, engine: Engine, person: Callable[..., Any], now: datetime, secret: bytes
) -> None:
    earlier = now - timedelta(days=1)
    with engine.begin() as conn:
        create_list(conn, "abend", "Am Abend", now=now)
        anna = person("anna@x.example", first_name="Alt", tags=("alt",), attributes={"stadt": "Ulm"})
        subscribe(conn, anna.id, "abend", consent=Consent(source="x"), now=earlier)
        warte = person("warte@x.example")
        subscribe(conn, warte.id, "morgen", now=earlier)
        gleich = person("gleich@x.example")
        subscribe(conn, gleich.id, "morgen", consent=Consent(source="x"), now=earlier)
    number = run(
        "email,first_name,tags,stadt\nanna@x.example,Neu,neu,Köln\nwarte@x.example,,,\ngleich@x.example,,,\n"
        "anna@x.example,Neuer,noch,\n",
        at=now + timedelta(minutes=1),
    )
    report = undo(number)
    assert (report.removed, report.ended, report.restored, report.kept) == (0, 2, 1, {})
    with engine.begin() as conn:
        assert profile_of(get_subscriber(conn, "anna@x.example", secret=secret)) == profile_of(anna)
        states = [
            {each.list_slug: each.state for each in subscriptions_of(conn, one.id)} for one in (anna, warte, gleich)
        ]
        assert states == [{"abend": "active"}, {"morgen": "pending"}, {"morgen": "active"}]
        history = [(one.event, one.source) for one in consent_history(conn, anna.id)]
        assert history[1:] == [("imported", "Messe"), ("unsubscribed", f"import {number} was undone")]
        kinds = [row.kind for row in conn.execute(select(events).where(events.c.subscriber_id == warte.id))]
        assert kinds == ["subscribed", "unsubscribed"]


def test_what_happened_since_is_kept(run: Run, undo: Undo, engine: Engine, secret: bytes, now: datetime) -> None:
    names = ("mailed", "other", "changed", "left", "confirmed", "plain")
    number = run("email,first_name\n" + "".join(f"{name}@x.example,X\n" for name in names), consent="")
    with engine.begin() as conn:
        create_list(conn, "abend", "Am Abend", now=now)
        ids = {name: get_subscriber(conn, f"{name}@x.example", secret=secret).id for name in names}
        subscribe(conn, ids["other"], "abend", consent=Consent(source="x"), now=LATER)
        change_subscriber(conn, ids["changed"], Changes(title="Dr."), now=LATER)
        unsubscribe(conn, ids["left"], source="Link", now=LATER)
        confirm(conn, ids["confirmed"], "morgen", consent=Consent(source="Link"), now=LATER)
    report = undo(number, mailed=[ids["mailed"]])
    assert report.removed == 1
    assert report.kept == {"mailed since": 1, "on other lists": 1, "changed since": 1, "confirmed or left since": 2}
    with engine.begin() as conn:
        states = {
            name: {each.list_slug: each.state for each in subscriptions_of(conn, number)}
            for name, number in ids.items()
        }
        assert states == {
            "mailed": {}, "other": {"abend": "active"}, "changed": {}, "left": {"morgen": "unsubscribed"},
            "confirmed": {"morgen": "active"}, "plain": {},
        }  # fmt: skip
        assert find_subscriber(conn, "plain@x.example", secret=secret) is None


def test_a_value_changed_again_stays(run: Run, undo: Undo, engine: Engine, secret: bytes, now: datetime) -> None:
    run("email,first_name\nanna@x.example,Alt\n")
    number = run("email,first_name\nanna@x.example,Neu\n", at=now + timedelta(minutes=1))
    with engine.begin() as conn:
        anna = get_subscriber(conn, "anna@x.example", secret=secret)
        change_subscriber(conn, anna.id, Changes(first_name="Zuletzt"), now=LATER)
    report = undo(number)
    assert (report.restored, report.kept) == (0, {"changed since": 1})
    with engine.begin() as conn:
        assert get_subscriber(conn, "anna@x.example", secret=secret).first_name == "Zuletzt"


def test_suppressions_are_lifted_but_for_erasures(
    run: Run, undo: Undo, engine: Engine, secret: bytes, now: datetime
) -> None:
    rows = "".join(f"{name}@x.example,2021-01-01 00:00:00,2020-01-01 00:00:00,1\n" for name in ("weg", "alt", "fort"))
    before = parse_address("alt@x.example")
    with engine.begin() as conn:
        suppress_address(conn, before, reason=SuppressionReason.ADMIN, source="x", secret=secret, now=now)
    number = run(f"Email Address,UNSUB_TIME,OPTIN_TIME,LEID\n{rows}", map_name="mailchimp")
    gone = parse_address("fort@x.example")
    with engine.begin() as conn:
        assert len(conn.execute(select(import_suppressions)).all()) == 2
        suppress_address(conn, gone, reason=SuppressionReason.ERASED, source="x", secret=secret, now=now)
    assert undo(number).lifted == 1
    with engine.begin() as conn:
        assert suppression_of(conn, parse_address("weg@x.example"), secret=secret) is None
        assert suppression_of(conn, before, secret=secret)
        assert suppression_of(conn, gone, secret=secret)


def test_an_erased_person_leaves_nothing_in_what_imports_noted(
    run: Run, undo: Undo, engine: Engine, secret: bytes, now: datetime
) -> None:
    run("email,first_name\nanna@x.example,Änderung\n")
    number = run("email,first_name\nanna@x.example,Neu\n", at=now + timedelta(minutes=1))
    with engine.begin() as conn:
        anna = get_subscriber(conn, "anna@x.example", secret=secret)
        erase_subscriber(conn, anna, source="Antrag", secret=secret, now=LATER)
        assert conn.execute(select(import_changes)).all() == []
    assert undo(number) == UndoReport(import_id=number)


def test_an_abort_can_be_run_again(run: Run, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_undo, "BATCH", 10)
    number = run("email\n" + "".join(f"p{one}@x.example\n" for one in range(35)))
    transactions = 0

    @contextmanager
    def begin() -> Iterator[Connection]:
        nonlocal transactions
        transactions += 1
        with engine.begin() as conn:
            yield conn
            if transactions == 4:
                raise KeyboardInterrupt

    options: dict[str, Any] = {"in_use": lambda _conn, _ids: (), "who": "cli:test", "now": LATER}
    with pytest.raises(KeyboardInterrupt):
        undo_import(begin, number, **options)
    with engine.begin() as conn:
        assert len(conn.execute(select(subscribers.c.id)).all()) == 15
        assert list_imports(conn)[0].undone_at is None
    assert undo_import(engine.begin, number, **options).removed == 15
    with engine.begin() as conn:
        assert list_imports(conn)[0].undone_at == LATER


def test_an_unknown_import(undo: Undo) -> None:
    with pytest.raises(UnknownImportError, match="no import 7"):
        undo(7)


@pytest.mark.parametrize(
    ("values", "mailed", "remove", "state", "restore", "kept"),
    [
        ({"created": True, "state_before": ""}, False, True, "", False, None),
        ({"created": True, "state_before": ""}, True, False, "", False, Kept.MAILED),
        ({"created": True, "state_before": "", "since": LATER}, True, False, None, False, Kept.OWN_STEP),
        ({"created": True, "state_before": "", "lists": 1}, False, False, "", False, Kept.OTHER_LISTS),
        ({"created": True, "state_before": "", "updated_at": LATER}, False, False, "", False, Kept.CHANGED),
        ({"state_before": "pending"}, True, False, "pending", False, None),
        ({"state_before": None, "before": Profile()}, True, False, None, True, None),
        ({"state_before": None, "before": Profile(), "updated_at": LATER}, False, False, None, False, Kept.CHANGED),
        ({"state_before": None, "updated_at": LATER}, False, False, None, False, None),
    ],
)
def test_plans(
    values: dict[str, Any], mailed: bool, remove: bool, state: str | None, restore: bool, kept: Kept | None
) -> None:
    usual = {"id": 1, "created": False, "before": None, "updated_at": AT, "since": AT, "lists": 0}
    person = Changed(**{**usual, "state": SubscriptionState.ACTIVE, **values})
    plan = plan_person(person, AT, mailed=mailed)
    assert (plan.remove, plan.state, plan.restore, plan.kept) == (remove, state, restore, kept)
