"""What the clock does besides the editions: reminders, letters, newcomers, sources that are slow, settings, its end."""

# ruff: noqa: N802 -- aiosmtpd finds its handlers by name

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.smtp import SMTP
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from digest import rounds
from digest.app import App
from digest.deliver.memory import MemoryBackend
from digest.errors import PausedError
from digest.links import read_token
from digest.model.delivery import DeliveryState, Message, Outcome
from digest.model.editor import Role
from digest.schedule import Clock
from digest.storage.editors import add_editor
from digest.tasks.review_edition import find_edition, review_edition
from subscribers.addresses import parse_address
from subscribers.model import Profile
from subscribers.repository import add_subscriber
from subscribers.subscriptions import subscribe

MakeApp = Callable[..., App]
PARSER = BytesParser(_class=EmailMessage, policy=policy.SMTP)


def until(condition: Callable[[], object], *, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def at(app: App, now: Any, text: str) -> None:
    now.moment = datetime.fromisoformat(text).replace(tzinfo=app.settings.site.zone).astimezone(UTC)


def subjects(backend: MemoryBackend) -> list[str]:
    return [str(PARSER.parsebytes(message.data)["subject"]) for message in backend.messages]


# Reminders


@pytest.fixture
def reminding(make_app: MakeApp, add_person: Any) -> Callable[..., tuple[App, MemoryBackend, Clock]]:
    def build(**newsletter: Any) -> tuple[App, MemoryBackend, Clock]:
        backend = MemoryBackend()
        wanted = {"approval": "required", "remind_at": "06:10"} | newsletter
        app = make_app(wanted, backend=backend, alerts={"mail_to": "chefin@probe.example"})
        add_person(app, "anna@probe.example")
        with app.database.write() as connection:
            add_editor(connection, "redaktion@probe.example", "R. Probe", Role.EDITOR, now=app.clock())
        return app, backend, Clock(app)

    return build


def test_editors_are_reminded_once_with_the_real_edition(reminding: Any, now: Any) -> None:
    app, backend, clock = reminding()
    for text in ("06:00", "06:09", "06:10", "06:11", "06:20"):
        at(app, now, f"2026-03-06T{text}")
        clock.tick()
    assert [message.rcpt_to for message in backend.messages] == ["redaktion@probe.example", "chefin@probe.example"]
    mail = PARSER.parsebytes(backend.messages[0].data)
    edition, _ = find_edition(app.database, None)
    assert edition.content is not None
    assert mail["subject"] == f"Freigabe nötig: Der Morgen – {edition.content.subject}"
    assert not any(name.lower().startswith("list-") for name in mail.keys())  # noqa: SIM118, it is no mapping
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        assert part is not None
        said = part.get_content()
        assert "https://probe.example/redaktion/ausgaben/1" in said
        assert "Ohne Freigabe bis dahin wird sie zurückgehalten." in said
        assert edition.content.articles[0].title[:20] in said
    assert edition.state == "in_review"


def test_its_links_belong_to_nobody(reminding: Any, now: Any) -> None:
    app, backend, clock = reminding()
    for text in ("06:00", "06:10"):
        at(app, now, f"2026-03-06T{text}")
        clock.tick()
    with app.database.read() as connection:
        handles = set(connection.exec_driver_sql("SELECT handle FROM subscribers").scalars())
    assert handles
    text = PARSER.parsebytes(backend.messages[0].data).get_body(("plain",)).get_content()  # type: ignore[union-attr]
    tokens = {word.rpartition("/abmelden/")[2].strip(".") for word in text.split() if "/abmelden/" in word}
    assert tokens
    for token in tokens:
        facts = read_token(app.secret, "unsubscribe", token)
        assert facts is None or facts.handle not in handles


def test_without_approval_it_is_a_preview(reminding: Any, now: Any) -> None:
    app, backend, clock = reminding(approval="auto")
    for text in ("06:00", "06:10", "06:30"):
        at(app, now, f"2026-03-06T{text}")
        clock.tick()
    assert subjects(backend)[0].startswith("Vorschau: Der Morgen")
    assert [message.rcpt_to for message in backend.messages][-1] == "anna@probe.example"


def test_a_reminder_that_cannot_leave_is_tried_again_and_keeps_nothing_back(
    reminding: Any, now: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app, backend, clock = reminding(if_unapproved="send")
    taken = backend.answer

    def refuse(_message: Message) -> Outcome:
        raise PausedError("The login was refused.")

    backend.answer = refuse
    for text in ("06:00", "06:10", "06:11"):
        at(app, now, f"2026-03-06T{text}")
        clock.tick()
    assert caplog.text.count("The login was refused.") == 1
    backend.answer = taken
    for text in ("06:12", "06:30"):
        at(app, now, f"2026-03-06T{text}")
        clock.tick()
    assert [message.rcpt_to for message in backend.messages][-3:] == [
        "redaktion@probe.example", "chefin@probe.example", "anna@probe.example",
    ]  # fmt: skip


def test_who_approved_already_is_left_alone(reminding: Any, now: Any) -> None:
    app, backend, clock = reminding()
    at(app, now, "2026-03-06T06:00")
    clock.tick()
    review_edition(app.database, find_edition(app.database, None)[0], "approve", app.clock())
    at(app, now, "2026-03-06T06:10")
    clock.tick()
    assert backend.messages == []


# Letters and latecomers


def test_who_was_added_without_consent_is_asked_by_itself(make_app: MakeApp) -> None:
    backend = MemoryBackend()
    app = make_app(backend=backend, newsletters=[{"slug": "m", "name": "M", "lists": ["morgen"], "days": "sun"}])
    with app.database.write() as connection:
        person = add_subscriber(
            connection, parse_address("neu@probe.example"), Profile(), secret=app.secret, now=app.clock()
        )
        subscribe(connection, person.id, "morgen", consent=None, now=app.clock())
    clock = Clock(app)
    clock.start()
    try:
        until(lambda: backend.messages)
    finally:
        clock.stop()
    assert [message.rcpt_to for message in backend.messages] == ["neu@probe.example"]


def test_what_waits_for_its_next_try_is_not_looked_at_before(make_app: MakeApp, add_person: Any, now: Any) -> None:
    backend = MemoryBackend()
    app = make_app(backend=backend)
    add_person(app, "anna@probe.example")
    app.gather(app.sources(), app.today())
    number = app.prepare(app.newsletters()[0], app.today()).edition.number
    app.sender().send(number, app.prices)
    app.queue_again(number, "anna@probe.example")
    tries: list[datetime] = []

    def greylist(_message: Message) -> Outcome:
        tries.append(now())
        again = now() + timedelta(minutes=20)
        taken = Outcome(state=DeliveryState.SUBMITTED)
        return taken if len(tries) > 1 else Outcome(state=DeliveryState.DEFERRED, reason="greylisted", next_try=again)

    backend.answer = greylist
    made: list[int] = []
    sender = app.sender
    app.sender = lambda: made.append(1) or sender()  # type: ignore[method-assign, func-returns-value]
    work = rounds.Rounds(app)
    for _ in range(30):
        work.latecomers()
        now.moment += timedelta(minutes=1)
    assert [(moment - tries[0]).total_seconds() for moment in tries] == [0, 1200]
    assert len(made) == 2


def test_an_approved_extra_leaves_at_its_time_and_not_a_day_late(make_app: MakeApp, add_person: Any, now: Any) -> None:
    backend = MemoryBackend()
    app = make_app(backend=backend)
    add_person(app, "anna@probe.example")
    app.gather(app.sources(), app.today())
    edition = app.prepare(app.newsletters()[0], app.today()).edition
    review_edition(app.database, edition, "approve", app.clock())
    with app.database.write() as connection:
        connection.exec_driver_sql("UPDATE editions SET kind = 'extra'")
    work = rounds.Rounds(app)
    work.extras()
    assert backend.messages == []
    now.moment = edition.at + timedelta(hours=25)
    work.extras()
    assert backend.messages == []
    now.moment = edition.at
    work.extras()
    assert len(backend.messages) == 1


def test_a_letter_does_not_wait_for_an_edition_that_takes_hours(make_app: MakeApp, add_person: Any, now: Any) -> None:
    backend = MemoryBackend()
    app = make_app(backend=backend)
    add_person(app, "anna@probe.example")
    with app.database.write() as connection:
        person = add_subscriber(
            connection, parse_address("neu@probe.example"), Profile(), secret=app.secret, now=app.clock()
        )
        subscribe(connection, person.id, "morgen", consent=None, now=app.clock())
    at(app, now, "2026-03-06T06:30")
    work, letter_left, waited = rounds.Rounds(app), threading.Event(), []

    def take(message: Message) -> Outcome:
        if message.rcpt_to == "neu@probe.example":
            letter_left.set()
        else:
            waited.append(letter_left.wait(10))
        return Outcome(state=DeliveryState.SUBMITTED)

    backend.answer = take
    edition = threading.Thread(target=work.newsletters)
    edition.start()
    until(
        lambda: (
            find_edition(app.database, None)[0].state == "sending" if app.newest_edition(app.newsletters()[0]) else 0
        )
    )
    app.ask_pending()
    work.letters()
    edition.join()
    assert waited == [True]


def test_two_editions_at_once_bring_nobody_the_same_article_twice(make_app: MakeApp, add_person: Any, now: Any) -> None:
    both = [{"slug": slug, "name": slug, "lists": ["morgen"], "days": "daily"} for slug in ("a", "b")]
    backend = MemoryBackend()
    app = make_app(backend=backend, newsletters=both)
    for number in range(40):
        add_person(app, f"leser{number}@probe.example")
    at(app, now, "2026-03-06T06:30")
    both_begun, left_before = threading.Event(), []

    def prices() -> None:
        left_before.append(len(backend.messages))
        if len(left_before) == 2:
            both_begun.set()
        both_begun.wait(0.5)  # the other one would have come by now, if it had not to wait its turn

    app.prices = prices  # type: ignore[method-assign]
    clock = Clock(app)
    clock.start()
    try:
        until(lambda: [each.state for each in app.sending_status()] == ["sent", "sent"])
    finally:
        clock.stop()
    read: Counter[tuple[int, str]] = Counter()
    with app.database.read() as connection:
        keys = {
            (e, n): key
            for e, n, key in connection.exec_driver_sql("SELECT edition_id, number, article_key FROM edition_articles")
        }
        rows = connection.exec_driver_sql("SELECT edition_id, subscriber_id, choice FROM deliveries").all()
    for edition, subscriber, choice in rows:
        read.update((subscriber, keys[edition, number]) for number in choice)
    assert set(read.values()) == {1}
    assert left_before[0] == 0 < left_before[1], "the second begins when the first's messages leave"


# Sources


@pytest.fixture
def tarpit(httpserver: HTTPServer) -> Iterator[str]:
    """The URL of a feed that nobody ever gets to the end of, until the test is over."""
    over = threading.Event()

    def keep_waiting(_request: Request) -> Response:
        over.wait(30)
        return Response("<rss/>")

    httpserver.expect_request("/feed").respond_with_handler(keep_waiting)
    yield httpserver.url_for("/feed")
    over.set()


def test_a_slow_source_keeps_no_edition_waiting(
    make_app: MakeApp, add_person: Any, now: Any, tarpit: str, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    monkeypatch.setattr(rounds, "_PATIENCE", 0.5)
    backend = MemoryBackend()
    sources = [{"name": "Politik", "type": "sample"}, {"name": "Zäh", "type": "feed", "url": tarpit}]
    app = make_app(backend=backend, sources=sources, gather={"allow_networks": ["127.0.0.0/8"], "timeout_seconds": 5})
    add_person(app, "anna@probe.example")
    at(app, now, "2026-03-06T06:30")
    Clock(app).tick()
    assert len(backend.messages) == 1
    assert "Sources take too long" in caplog.text


def test_a_slow_source_keeps_no_clock_from_stopping(make_app: MakeApp, tarpit: str) -> None:
    sources = [{"name": "Zäh", "type": "feed", "url": tarpit}]
    app = make_app(sources=sources, gather={"allow_networks": ["127.0.0.0/8"], "timeout_seconds": 20})
    clock = Clock(app)
    reading = threading.Thread(target=clock._rounds.gather, args=[["Zäh"]], daemon=True)
    reading.start()
    began = time.monotonic()
    clock.stop()
    assert time.monotonic() - began < 5


# Settings


def test_new_settings_take_effect_without_a_restart(
    make_app: MakeApp, make_config: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(sources=[])
    caplog.set_level("INFO", "digest")
    clock = Clock(app, beat=0.05)
    clock.start()
    try:
        path: Path = make_config({"slug": "abend", "at": "17:00"}, sources=[])
        until(lambda: "newsletter abend" in dict(clock.jobs()))
        assert "newsletter morgen" not in dict(clock.jobs())
        good = path.read_text("utf-8")
        path.write_text(good.replace("17:00", "25:00"), "utf-8")
        until(lambda: "The old settings stay in effect" in caplog.text)
        assert "25:00" in caplog.text
        path.unlink()
        path.write_text(good.replace("abend", "nacht"), "utf-8")
        until(lambda: "newsletter nacht" in dict(clock.jobs()))
        path.write_text(good.replace("digest.db", "other.db"), "utf-8")
        until(lambda: "database.url" in caplog.text)
        assert [each.slug for each in app.newsletters()] == ["nacht"]
    finally:
        clock.stop()


def test_what_is_being_sent_goes_on_while_settings_change(
    make_app: MakeApp, make_config: Any, add_person: Any, now: Any
) -> None:
    backend = MemoryBackend()
    app = make_app(backend=backend)
    for number in range(20):
        add_person(app, f"leser{number}@probe.example")
    at(app, now, "2026-03-06T06:30")
    clock = Clock(app, beat=0.02)

    def change(_message: Message) -> Outcome:
        if len(backend.messages) == 5:
            make_config({"slug": "abend", "at": "17:00"})
            until(lambda: app.settings.newsletters[0].slug == "abend")
        return Outcome(state=DeliveryState.SUBMITTED)

    backend.answer = change
    clock.start()
    try:
        until(lambda: len(backend.messages) >= 20 and find_edition(app.database, None)[0].state == "sent")
    finally:
        clock.stop()
    assert len({message.rcpt_to for message in backend.messages}) == len(backend.messages) == 20


# As a process of its own


class SlowServer:
    """An SMTP server on loopback that takes its time over every message."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.copies = seconds, Counter[str]()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        await asyncio.sleep(self.seconds)
        self.copies.update(envelope.rcpt_tos)
        return "250 OK"


@pytest.fixture
def slow_server() -> Iterator[tuple[SlowServer, int]]:
    slow, loop = SlowServer(0.05), asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(lambda: SMTP(slow, loop=loop), "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield slow, server.sockets[0].getsockname()[1]
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    server.close()
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()


def due_now() -> tuple[str, str]:
    """A time of day that was a minute ago, in a zone where no midnight is near."""
    zone = ZoneInfo("Etc/GMT+6" if datetime.now(UTC).hour in (0, 23) else "UTC")
    return f"{datetime.now(zone) - timedelta(minutes=1):%H:%M}", zone.key


def test_sigterm_while_sending_and_the_next_start_make_one_copy_each(
    make_app: MakeApp, add_person: Any, start_digest: Any, slow_server: tuple[SlowServer, int]
) -> None:
    slow, port = slow_server
    time_of_day, zone = due_now()
    relay = {"host": "127.0.0.1", "port": port, "tls": "none", "connections": 4}
    app = make_app(
        {"at": time_of_day},
        site={"time_zone": zone, "imprint": "Probe GmbH, Weg 1, 10115 Berlin", "responsible": "A. Probe, ebenda"},
        delivery={"backend": "smtp", "relays": [relay]},
    )
    for number in range(120):
        add_person(app, f"leser{number}@probe.example")
    first = start_digest("schedule", env={"DIGEST_LOG": "json"})
    until(lambda: sum(slow.copies.values()) >= 20)
    first.send_signal(signal.SIGTERM)
    began = time.monotonic()
    _, said = first.communicate(timeout=40)
    assert first.returncode == 0, said
    assert time.monotonic() - began < 15
    assert "Traceback" not in said
    assert all(line.startswith("{") for line in said.splitlines()), said
    assert "@probe.example" not in said.replace("…@probe.example", "")
    assert 20 <= len(slow.copies) < 120
    second = start_digest("worker")
    until(lambda: len(slow.copies) == 120, seconds=40)
    second.send_signal(signal.SIGTERM)
    second.communicate(timeout=40)
    assert second.returncode == 0
    assert set(slow.copies.values()) == {1}


def test_sighup_reads_the_settings_again(make_config: Any, database_file: Path, start_digest: Any) -> None:
    make_config(sources=[])
    process = start_digest("schedule")

    def read_until(text: str) -> None:
        for line in process.stderr:
            assert "Traceback" not in line
            if text in line:
                return
        raise AssertionError(f"it ended without saying {text!r}")

    read_until("next at")
    make_config({"at": "27:00"}, sources=[])
    process.send_signal(signal.SIGHUP)
    read_until("The old settings stay in effect")
    make_config({"at": "17:00"}, sources=[])
    process.send_signal(signal.SIGHUP)
    read_until("The settings were read again")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 0
