"""Sending an edition: everybody once, and every way in which it may be stopped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, text

from digest.deliver.loop import send_all
from digest.deliver.memory import MemoryBackend
from digest.errors import HeldBackError, PausedError, StepError, StorageError
from digest.model.delivery import DeliveryState, Message, Outcome
from digest.model.edition import EditionState
from digest.storage.sender_lock import sender_lock
from digest.storage.tables import deliveries
from digest.tasks.review_edition import find_edition, review_edition
from subscribers.errors import UnknownListError
from subscribers.subscriptions import unsubscribe

DAY = date(2026, 3, 6)
AT = datetime(2026, 3, 6, 5, 30, tzinfo=UTC)
NAMES = ("anna", "bert", "carla", "dora", "emil")
TAKEN = Outcome(state=DeliveryState.SUBMITTED)

MakeApp = Callable[..., Any]


class House:
    """An app with a prepared edition and five people; `answers` play the server."""

    def __init__(self, app: Any, backend: MemoryBackend, number: int, people: list[Any]) -> None:
        self.app, self.backend, self.number, self.people = app, backend, number, people

    def send(self, **options: Any) -> Any:
        return self.app.sender().send(self.number, self.app.prices, **options)

    def review(self, decision: str) -> Any:
        edition, _ = find_edition(self.app.database, self.number)
        return review_edition(self.app.database, edition, decision, self.app.clock())

    def state(self) -> EditionState:
        return find_edition(self.app.database, self.number)[0].state

    def got(self) -> list[str]:
        return [message.rcpt_to.partition("@")[0] for message in self.backend.messages]

    def ledger(self) -> dict[str, str]:
        names = {person.id: person.email.partition("@")[0] for person in self.people}
        with self.app.database.read() as connection:
            rows = connection.execute(select(deliveries).order_by(deliveries.c.id)).all()
        return {names[row.subscriber_id]: f"{row.state}:{row.reason}".rstrip(":") for row in rows}


@pytest.fixture
def house(make_app: MakeApp, add_person: Any, add_articles: Any) -> Callable[..., House]:
    def build(
        newsletter: dict[str, Any] | None = None, answer: Any = None, connections: int = 1, **tables: Any
    ) -> House:
        backend = MemoryBackend(connections=connections)
        if answer is not None:
            backend.answer = answer
        app = make_app(newsletter, backend=backend, **tables)
        people = [add_person(app, f"{name}@probe.example") for name in NAMES]
        add_articles(app, ("Bundestag beschließt Haushalt", AT - timedelta(hours=1)))
        edition = app.prepare(app.newsletters()[0], DAY).edition
        return House(app, backend, edition.number, people)

    return build


MakeHouse = Callable[..., House]


def test_everybody_gets_one_and_nobody_a_second(house: MakeHouse) -> None:
    sent = house()
    report = sent.send()
    assert (report.state, report.submitted, report.sent_now) == (EditionState.SENT, 5, 5)
    assert sorted(sent.got()) == sorted(NAMES)
    again = sent.send()
    assert again.sent_now == 0
    assert "sent already" in again.note
    assert len(sent.backend.messages) == 5


def test_who_comes_after_the_recipients_were_fixed_waits_for_the_next(house: MakeHouse, add_person: Any) -> None:
    sent = house()
    sent.send()
    add_person(sent.app, "spaet@probe.example")
    sent.send()
    assert "spaet" not in sent.got()


def test_many_people_are_planned_in_pages(house: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.tasks.plan_recipients._AT_ONCE", 2)
    sent = house(connections=3)
    steps: list[tuple[str, int, int]] = []
    sent.send(on_progress=lambda progress: steps.append((progress.step, progress.done, progress.total)))
    assert sorted(sent.got()) == sorted(NAMES)
    assert [step for step in steps if step[0] == "plan"] == [("plan", 2, 5), ("plan", 4, 5), ("plan", 5, 5)]
    assert [step for step in steps if step[0] == "send"][-1] == ("send", 5, 5)


def test_a_plan_that_was_broken_off_goes_on_behind_the_last_one(
    house: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digest.tasks.plan_recipients._AT_ONCE", 2)
    sent = house()

    def break_off(progress: Any) -> None:
        if progress.done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sent.send(on_progress=break_off)
    assert sent.state() is EditionState.SENDING
    assert sent.got() == []
    report = sent.send()
    assert report.submitted == 5
    assert sorted(sent.got()) == sorted(NAMES)


def test_who_leaves_while_it_is_being_sent_gets_nothing(house: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.tasks.sending_run.send_all", partial(send_all, batch=1))
    sent = house()

    def leave(_message: Message) -> Outcome:
        with sent.app.database.write() as connection:
            unsubscribe(connection, sent.people[4].id, source="link", now=sent.app.clock())
        return TAKEN

    sent.backend.answer = leave
    report = sent.send()
    assert sorted(sent.got()) == sorted(NAMES[:4])
    assert (report.state, report.submitted, report.skipped) == (EditionState.SENT, 4, {"unsubscribed": 1})


def test_without_anybody_to_go_to_the_day_is_not_used_up(make_app: MakeApp, add_person: Any, add_articles: Any) -> None:
    backend = MemoryBackend()
    app = make_app(backend=backend)
    add_articles(app, ("Bundestag beschließt Haushalt", AT - timedelta(hours=1)))
    number = app.prepare(app.newsletters()[0], DAY).edition.number
    report = app.sender().send(number, app.prices)
    assert report.state is EditionState.PREPARED
    assert "nobody" in report.note
    assert "morgen" in report.note
    add_person(app, "anna@probe.example")
    assert app.sender().send(number, app.prices).submitted == 1


def test_a_list_that_does_not_exist_is_named_before_anything_begins(make_app: MakeApp, add_articles: Any) -> None:
    app = make_app({"lists": ["morgne"]}, backend=MemoryBackend())
    add_articles(app, ("Bundestag beschließt Haushalt", AT - timedelta(hours=1)))
    number = app.prepare(app.newsletters()[0], DAY).edition.number
    with pytest.raises(UnknownListError, match="morgne"):
        app.sender().send(number, app.prices)
    assert find_edition(app.database, number)[0].state is EditionState.PREPARED


def test_without_approval_nothing_is_sent(house: MakeHouse) -> None:
    sent = house({"approval": "required"})
    with pytest.raises(HeldBackError, match=r"digest editions approve 1") as held:
        sent.send()
    assert held.value.exit_code == 3
    assert sent.got() == []
    sent.review("approve")
    assert sent.send().submitted == 5


def test_what_was_changed_after_its_approval_is_not_sent(house: MakeHouse) -> None:
    sent = house({"approval": "required"})
    sent.review("approve")
    with sent.app.database.write() as connection:
        connection.execute(text("UPDATE editions SET approved_hash = 'another'"))
    with pytest.raises(HeldBackError, match="not what was approved"):
        sent.send()
    with sent.app.database.write() as connection:
        connection.execute(text("UPDATE editions SET approved_hash = content_hash, content = content || ' '"))
    with pytest.raises(StorageError, match="not the one that was prepared"):
        sent.send()
    assert sent.got() == []


def test_an_approval_is_asked_for_whatever_state_it_came_to(house: MakeHouse) -> None:
    sent = house({"approval": "required"})
    with sent.app.database.write() as connection:
        connection.execute(text("UPDATE editions SET state = 'prepared'"))
    with pytest.raises(HeldBackError):
        sent.send()


def test_hold_and_release(house: MakeHouse) -> None:
    sent = house()
    sent.review("hold")
    with pytest.raises(HeldBackError, match="digest editions release"):
        sent.send()
    assert sent.review("release").state is EditionState.PREPARED
    assert sent.send().submitted == 5


def test_releasing_brings_back_to_review_what_needs_approval(house: MakeHouse) -> None:
    sent = house({"approval": "required"})
    sent.review("hold")
    assert sent.review("release").state is EditionState.IN_REVIEW
    with pytest.raises(HeldBackError):
        sent.send()


def test_cancelled_is_for_good(house: MakeHouse) -> None:
    sent = house()
    sent.review("cancel")
    report = sent.send()
    assert report.state is EditionState.CANCELLED
    assert sent.got() == []


class Refuse:
    """A server that stops taking messages after `good` of them."""

    def __init__(self, good: int) -> None:
        self.good = good
        self.broken = True

    def __call__(self, _message: Message) -> Outcome:
        if self.broken and self.good == 0:
            raise PausedError("The login was refused: 535 5.7.8 nein.")
        self.good -= 1
        return TAKEN


def test_the_senders_own_fault_pauses_and_resume_goes_on(house: MakeHouse) -> None:
    server = Refuse(2)
    sent = house(answer=server)
    with pytest.raises(PausedError, match="535"):
        sent.send()
    assert sent.state() is EditionState.PAUSED
    assert len(sent.got()) == 2
    assert sorted(sent.ledger().values())[:3] == ["queued", "queued", "queued"]
    with pytest.raises(PausedError, match=r"is paused: The login was refused.*--resume"):
        sent.send()
    server.broken = False
    report = sent.send(resume=True)
    assert (report.state, report.submitted, report.sent_now) == (EditionState.SENT, 5, 3)
    assert sorted(sent.got()) == sorted(NAMES)


def test_resume_of_what_is_not_paused_is_a_plain_send(house: MakeHouse) -> None:
    assert house().send(resume=True).submitted == 5


def test_deferred_ones_keep_it_open_until_they_are_due(house: MakeHouse, now: Any) -> None:
    def greylist(message: Message) -> Outcome:
        if message.rcpt_to.startswith("b") and now.moment < AT:
            return Outcome(state=DeliveryState.DEFERRED, reason="temporary", next_try=AT)
        return TAKEN

    sent = house(answer=greylist)
    report = sent.send()
    assert (report.state, report.submitted, report.deferred) == (EditionState.SENDING, 4, 1)
    assert "1 deferred; the next try is due at 2026-03-06 05:30 UTC" in report.note
    assert sent.send().sent_now == 0
    now.moment = AT
    report = sent.send()
    assert (report.state, report.submitted, report.sent_now) == (EditionState.SENT, 5, 1)


def test_what_is_in_doubt_is_repeated_within_bounds(house: MakeHouse) -> None:
    tries: list[str] = []

    def break_off(message: Message) -> Outcome:
        tries.append(message.rcpt_to)
        if message.rcpt_to.startswith("b"):
            return Outcome(state=DeliveryState.UNKNOWN, reason="broken_off")
        return TAKEN

    sent = house(answer=break_off)
    report = sent.send()
    assert (report.state, report.submitted, report.unknown) == (EditionState.SENT, 4, 1)
    assert tries.count("bert@probe.example") == 3
    assert len(tries) == 7


def test_a_repeat_is_the_very_same_message(house: MakeHouse, now: Any) -> None:
    seen: list[bytes] = []

    def break_off_once(message: Message) -> Outcome:
        if message.rcpt_to.startswith("b"):
            seen.append(message.data)
            now.moment += timedelta(minutes=1)
            if len(seen) == 1:
                return Outcome(state=DeliveryState.UNKNOWN, reason="broken_off")
        return TAKEN

    assert house(answer=break_off_once).send().submitted == 5
    assert len(seen) == 2
    assert seen[0] == seen[1]


def test_with_hold_what_is_in_doubt_is_not_repeated(house: MakeHouse) -> None:
    sent = house(
        answer=lambda _message: Outcome(state=DeliveryState.UNKNOWN, reason="broken_off"),
        delivery={"on_unknown": "hold"},
    )
    report = sent.send()
    assert report.unknown == 5
    assert set(sent.ledger().values()) == {"unknown:broken_off"}


@pytest.mark.parametrize(("decision", "state"), [("pause", EditionState.PAUSED), ("cancel", EditionState.CANCELLED)])
def test_somebody_stops_it_while_it_is_being_sent(house: MakeHouse, decision: str, state: EditionState) -> None:
    sent = house()

    def stop_at_the_second(message: Message) -> Outcome:
        if len(sent.backend.messages) == 1:
            sent.review(decision)
        return TAKEN

    sent.backend.answer = stop_at_the_second
    report = sent.send()
    assert report.state is state
    assert report.submitted == 2
    assert f"became {state}" in report.note
    assert len(sent.got()) == 2
    waiting = set(sent.ledger().values()) - {"submitted"}
    assert waiting == ({"queued"} if state is EditionState.PAUSED else {"skipped:cancelled"})
    sent.backend.answer = lambda _message: TAKEN
    if state is EditionState.PAUSED:
        with pytest.raises(PausedError, match="by command"):
            sent.send()
        assert sent.send(resume=True).submitted == 5
        assert sorted(sent.got()) == sorted(NAMES)
    else:
        assert sent.send(resume=True).sent_now == 0


def test_stop_leaves_the_rest_for_the_next_time(house: MakeHouse) -> None:
    sent = house()
    sender = sent.app.sender()
    sender.stop()
    assert sender.send(sent.number, sent.app.prices).submitted == 0
    assert sent.got() == []
    assert sent.state() is EditionState.SENDING
    assert sent.send().submitted == 5


def test_two_senders_do_not_share_a_database(house: MakeHouse) -> None:
    sent = house()
    with sender_lock(sent.app.database.file), pytest.raises(StorageError, match="Another process is sending"):
        sent.send()
    assert sent.state() is EditionState.PREPARED


def test_prices_are_asked_once_and_kept(house: MakeHouse) -> None:
    server = Refuse(1)
    sent = house(answer=server)
    asked: list[int] = []

    def prices() -> None:
        asked.append(1)

    with pytest.raises(PausedError):
        sent.app.sender().send(sent.number, prices)
    server.broken = False
    sent.app.sender().send(sent.number, prices, resume=True)
    assert asked == [1]


def test_a_preview_is_the_very_message(house: MakeHouse, now: Any) -> None:
    sent = house()
    before = sent.app.preview(sent.number, "bert@probe.example")
    sent.send()
    now.moment += timedelta(days=1)
    (message,) = [each for each in sent.backend.messages if each.rcpt_to == "bert@probe.example"]
    assert sent.app.preview(sent.number, "bert@probe.example") == message
    assert before.message_id == message.message_id
    assert message_from_bytes(message.data, policy=policy.default)["To"] == "bert@probe.example"


def test_a_repeat_for_who_left_is_refused_and_the_ledger_still_says_that_they_got_it(house: MakeHouse) -> None:
    home = house()
    home.send()
    with home.app.database.write() as connection:
        unsubscribe(connection, home.people[0].id, source="test", who="test", now=AT)
    with pytest.raises(StepError, match=r"anna@.*unsubscribed"):
        home.app.queue_again(home.number, home.people[0].email)
    assert home.ledger()["anna"] == "submitted"
    home.app.queue_again(home.number, home.people[1].email)
    home.app.sender().send_late(home.number)
    assert home.got().count("anna") == 1
    assert home.got().count("bert") == 2
