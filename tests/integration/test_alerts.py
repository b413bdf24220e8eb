"""Somebody is told when an edition does not go out: by mail through a second relay, webhook, missing heartbeat."""

# ruff: noqa: N802 -- aiosmtpd finds its handlers by name

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from digest.deliver.memory import MemoryBackend
from digest.errors import PausedError
from digest.model.delivery import DeliveryState, Message, Outcome
from digest.schedule import Clock
from digest.storage.source_health import note_failure, note_success
from digest.tasks.review_edition import find_edition, review_edition


class Mailbox:
    """An SMTP server on loopback that keeps what it takes."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        parser = BytesParser(_class=EmailMessage, policy=policy.SMTP)
        self.mails.append(parser.parsebytes(envelope.content))
        self.recipients += envelope.rcpt_tos
        return "250 OK"


class Hook:
    """An HTTP server's record; it answers with `status`."""

    def __init__(self, server: HTTPServer) -> None:
        self.status, self.posts, self.beats = 200, [], 0
        server.expect_request("/hook").respond_with_handler(self._post)
        server.expect_request("/beat").respond_with_handler(self._beat)
        self.url, self.beat_url = server.url_for("/hook"), server.url_for("/beat")

    def _post(self, request: Request) -> Response:
        if self.status == 200:
            self.posts.append(json.loads(request.data))
        return Response(status=self.status)

    def _beat(self, _request: Request) -> Response:
        self.beats += self.status == 200
        return Response(status=self.status)

    @property
    def causes(self) -> list[tuple[str, bool]]:
        return [(post["cause"], post["resolved"]) for post in self.posts]


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, str]]:
    """A mailbox, and the host:port of the relay that leads to it."""
    box, loop = Mailbox(), asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(lambda: SMTP(box, loop=loop), "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield box, f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    server.close()
    loop.close()


@pytest.fixture
def hook(httpserver: HTTPServer) -> Hook:
    return Hook(httpserver)


class House:
    """An app with alerts by every way, one reader, and a clock to move; what the editions' own backend does is ours."""

    def __init__(self, app: Any, backend: MemoryBackend, now: Any, box: Mailbox) -> None:
        self.app, self.backend, self.now, self.box = app, backend, now, box
        self.clock = Clock(app)

    def at(self, text: str, *, tick: bool = True) -> None:
        self.now.moment = datetime.fromisoformat(text).replace(tzinfo=self.app.settings.site.zone).astimezone(UTC)
        if tick:
            self.clock.tick()
        self.clock._rounds.alerts()

    def decide(self, decision: str) -> None:
        edition, _ = find_edition(self.app.database, None)
        review_edition(self.app.database, edition, decision, self.app.clock())


@pytest.fixture
def house(
    make_app: Callable[..., Any], add_person: Any, now: Any, mailbox: tuple[Mailbox, str], hook: Hook
) -> Callable[..., House]:
    def build(newsletter: dict[str, Any] | None = None, *, people: bool = True, **tables: Any) -> House:
        box, relay = mailbox
        alerts = {
            "mail_to": "chefin@probe.example, technik@probe.example",
            "relay": relay,
            "webhook_url": hook.url,
            "heartbeat_url": hook.beat_url,
        } | tables.pop("alerts", {})
        backend = MemoryBackend()
        gather = {"allow_networks": ["127.0.0.0/8"]}
        app = make_app(newsletter, backend=backend, alerts=alerts, gather=gather, **tables)
        if people:
            add_person(app, "anna@probe.example")
        return House(app, backend, now, box)

    return build


MakeHouse = Callable[..., House]


def refuse(_message: Message) -> Outcome:
    raise PausedError("The login was refused.")


def test_an_edition_that_is_held_is_told_once_by_each_way_and_so_is_its_end(house: MakeHouse, hook: Hook) -> None:
    built = house({"approval": "required"})
    built.at("2026-03-06T06:00")
    assert hook.posts == []
    for minute in (30, 31, 32):
        built.at(f"2026-03-06T06:{minute}")
    assert built.box.recipients == ["chefin@probe.example", "technik@probe.example"]
    mail = built.box.mails[0]
    assert mail["subject"] == "Zurückgehalten: Der Morgen, 6. März 2026"
    assert mail["auto-submitted"] == "auto-generated"
    assert mail["from"] == "Probeblatt <morgen@probe.example>"
    said = mail.get_content()
    assert "https://probe.example/redaktion/ausgaben/1" in said
    assert "digest editions release 1" in said
    assert hook.causes == [("held", False)]
    assert hook.posts[0]["text"].startswith("Zurückgehalten: Der Morgen")
    assert (hook.posts[0]["edition"], hook.posts[0]["date"]) == (1, "2026-03-06")
    built.decide("approve")
    built.at("2026-03-06T06:40")
    built.at("2026-03-06T06:41")
    assert len(built.backend.messages) == 1
    assert hook.causes == [("held", False), ("held", True)]
    assert [mail["subject"].split(":")[0] for mail in built.box.mails[2:]] == ["Erledigt – Zurückgehalten"] * 2
    assert "versendet" in built.box.mails[2].get_content()


def test_a_paused_edition_is_told_although_its_own_way_out_is_broken(house: MakeHouse, hook: Hook) -> None:
    built = house()
    built.backend.answer = refuse
    built.at("2026-03-06T06:30")
    assert hook.causes == [("paused", False)]
    said = built.box.mails[0].get_content()
    assert "The login was refused." in said
    assert "digest send --edition 1 --resume" in said


def test_whoever_begins_anew_tells_nothing_twice(house: MakeHouse, hook: Hook) -> None:
    built = house()
    built.backend.answer = refuse
    built.at("2026-03-06T06:30")
    built.clock.stop()
    built.clock = Clock(built.app)
    built.at("2026-03-06T06:35")
    assert hook.causes == [("paused", False)]


def test_down_for_too_long_it_is_told_that_nothing_was_sent(house: MakeHouse, hook: Hook) -> None:
    built = house({"late_window_hours": 1})
    built.at("2026-03-05T06:30")
    assert hook.causes == []
    built.at("2026-03-06T09:00")
    assert hook.causes == [("overdue", False)]
    assert "gar nicht begonnen" in built.box.mails[0].get_content()
    assert hook.posts[0]["edition"] is None
    built.at("2026-03-07T06:30")
    assert hook.causes == [("overdue", False)], "it stays missed, and is over only if somebody sends it"


def test_prepared_and_missed_counts_as_well(house: MakeHouse, hook: Hook) -> None:
    built = house({"late": "skip"})
    built.at("2026-03-06T06:00")
    built.at("2026-03-06T09:00")
    assert find_edition(built.app.database, None)[0].state == "skipped"
    assert hook.causes == [("overdue", False)]


def test_it_is_overdue_a_quarter_of_an_hour_after_its_time(house: MakeHouse, hook: Hook) -> None:
    built = house({"template": "kaputt"})
    for minute, expected in ((30, []), (44, []), (45, [("overdue", False)]), (50, [("overdue", False)])):
        built.at(f"2026-03-06T06:{minute}")
        assert hook.causes == expected


def test_an_hour_of_sending_without_a_message_is_overdue(house: MakeHouse, hook: Hook) -> None:
    built = house()
    later = datetime(2026, 3, 6, 20, tzinfo=UTC)
    waits = Outcome(state=DeliveryState.DEFERRED, reason="temporary", next_try=later)
    built.backend.answer = lambda _message: waits
    built.at("2026-03-06T06:30")
    built.at("2026-03-06T07:29")
    assert hook.causes == []
    built.at("2026-03-06T07:30")
    assert hook.causes == [("overdue", False)]


@pytest.mark.parametrize("values", [{"days": "sat,sun"}, {"days": "daily", "people": False}])
def test_what_nobody_waits_for_is_no_alert(house: MakeHouse, hook: Hook, values: dict[str, Any]) -> None:
    built = house({"days": values["days"]}, people=values.get("people", True))
    for hour in range(6, 20):
        built.at(f"2026-03-06T{hour:02}:50")
    assert hook.causes == []
    assert built.backend.messages == []
    assert hook.beats == 1, "nothing was due, so all is well"


def test_set_up_after_its_time_it_has_missed_nothing(house: MakeHouse, hook: Hook, now: Any) -> None:
    now.moment = datetime(2026, 3, 6, 14, tzinfo=UTC)
    built = house()
    built.at("2026-03-06T15:10")
    assert hook.causes == []
    assert hook.beats == 0


def test_a_way_that_is_down_is_tried_again_and_the_others_are_not(
    house: MakeHouse, hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    built = house()
    built.backend.answer = refuse
    hook.status = 500
    built.at("2026-03-06T06:30")
    built.at("2026-03-06T06:31")
    assert len(built.box.mails) == 2
    assert caplog.text.count("cannot be told by webhook: answered 500") == 1
    hook.status = 200
    built.at("2026-03-06T06:32")
    assert hook.causes == [("paused", False)]
    assert len(built.box.mails) == 2


def test_no_way_at_all_keeps_no_edition_back(house: MakeHouse, caplog: pytest.LogCaptureFixture) -> None:
    built = house({"approval": "required"}, alerts={"relay": "127.0.0.1:1", "webhook_url": "http://127.0.0.1:1/"})
    built.at("2026-03-06T06:30")
    assert "Alerts cannot be told by mail" in caplog.text
    assert "Alerts cannot be told by webhook" in caplog.text
    built.decide("approve")
    built.at("2026-03-06T06:40")
    assert len(built.backend.messages) == 1


def test_what_was_over_before_anybody_was_told_is_not_told(house: MakeHouse, hook: Hook) -> None:
    built = house({"approval": "required"}, alerts={"mail_to": ""})
    hook.status = 500
    built.at("2026-03-06T06:30")
    built.decide("approve")
    built.at("2026-03-06T06:40")
    hook.status = 200
    built.at("2026-03-06T06:41")
    assert hook.causes == []


def test_the_heart_beats_once_a_day_after_all_has_gone_out(house: MakeHouse, hook: Hook) -> None:
    both = [
        {"slug": "frueh", "name": "Früh", "lists": ["morgen"], "days": "daily", "at": "06:30"},
        {"slug": "spaet", "name": "Spät", "lists": ["morgen"], "days": "daily", "at": "18:00", "lookback_hours": 72},
    ]
    built = house(newsletters=both)
    built.at("2026-03-06T06:30")
    built.at("2026-03-06T17:59")
    assert hook.beats == 0
    built.at("2026-03-06T18:00")
    assert hook.beats == 1
    built.at("2026-03-06T19:00")
    assert hook.beats == 1
    built.backend.answer = refuse
    built.at("2026-03-07T06:30")
    built.at("2026-03-07T18:00")
    assert hook.beats == 1, "a paused edition stops it"


def test_a_silent_source_is_told_and_its_return(house: MakeHouse, hook: Hook) -> None:
    built = house({"days": "sun"}, sources=[{"name": "Politik", "type": "feed", "url": "http://127.0.0.1:1/feed"}])

    def read(problem: str) -> None:
        with built.app.database.write() as connection:
            if problem:
                note_failure(connection, "Politik", problem, now=built.app.clock())
            else:
                note_success(connection, "Politik", found=3, new=1, now=built.app.clock())

    built.at("2026-03-02T10:00", tick=False)
    read("")
    for day, expected in ((3, 0), (4, 1), (5, 1)):
        built.now.moment += timedelta(minutes=1)
        built.at(f"2026-03-{day:02}T07:00", tick=False)
        read("Source Politik: answered 500")
        built.at(f"2026-03-{day:02}T09:00", tick=False)
        assert len(hook.posts) == expected, day
    assert hook.posts[0]["title"] == "Politik"
    assert "answered 500" in hook.posts[0]["text"]
    read("")
    built.at("2026-03-05T10:00", tick=False)
    assert hook.causes == [("silent", False), ("silent", True)]
    built.at("2026-03-20T10:00", tick=False)
    assert hook.causes[2:] == [("silent", False)], "nothing new for two weeks is a silence of its own"


def test_the_command_tries_every_way(
    make_config: Callable[..., Path], database_file: Path, digest: Any, mailbox: tuple[Mailbox, str], hook: Hook
) -> None:
    box, relay = mailbox
    ways = {"mail_to": "chefin@probe.example", "relay": relay, "webhook_url": hook.url, "heartbeat_url": hook.beat_url}
    make_config(alerts=ways, gather={"allow_networks": ["127.0.0.0/8"]})
    ran = digest("alerts", "test", "--json")
    assert ran.exit_code == 0
    assert ran.json == [{"way": way, "problem": ""} for way in ("mail", "webhook", "heartbeat")]
    assert box.mails[0]["subject"] == "Probe: Probeblatt"
    assert hook.causes == [("test", False)]
    hook.status = 503
    ran = digest("alerts", "test")
    assert ran.exit_code == 1
    assert "mail: taken." in ran.stdout
    assert "webhook: answered 503" in ran.stderr
    make_config()
    ran = digest("alerts", "test")
    assert ran.exit_code == 2
    assert "mail_to, webhook_url or heartbeat_url" in ran.stderr


def test_a_private_address_is_refused_unless_the_settings_allow_it(
    make_config: Callable[..., Path], database_file: Path, digest: Any, hook: Hook
) -> None:
    make_config(alerts={"webhook_url": hook.url})
    ran = digest("alerts", "test")
    assert ran.exit_code == 1
    assert "gather.allow_networks" in ran.stderr


@pytest.mark.parametrize(
    ("alerts", "said"),
    [
        ({"mail_to": "chefin"}, "mail_to must be an address"),
        ({"webhook_url": "hooks.example"}, "webhook_url must be an address"),
        ({"heartbeat_url": "ftp://hooks.example/"}, "heartbeat_url must be an address"),
        ({"relay": "mail.example:zehn"}, "relay must be a host"),
        ({"relay": {"host": "mail.example", "tls": "none"}}, "loopback only"),
        ({"relais": "mail.example"}, "do you mean `relay`"),
    ],
)
def test_wrong_settings_are_said(
    make_config: Callable[..., Path], digest: Any, alerts: dict[str, Any], said: str
) -> None:
    make_config(alerts=alerts)
    ran = digest("alerts", "test")
    assert ran.exit_code == 2
    assert said in ran.stderr
