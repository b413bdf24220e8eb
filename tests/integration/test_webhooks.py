"""Outgoing webhooks against a real server on loopback."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from digest.app import App
from digest.model.webhook import AttemptState, Webhook
from digest.storage import webhooks as store
from digest.tasks.deliver_webhooks import WebhookReport, deliver_webhooks
from digest.tasks.post_message import Answer, Poster
from digest.tasks.webhook_message import TRIED_FOR, SignedMessage, make_secret
from subscribers.events import record_event
from subscribers.lists import get_list
from subscribers.model import EventKind, Subscriber
from subscribers.privacy import erase_subscriber

LOOPBACK = ("127.0.0.0/8", "::1/128")
SECRET = make_secret()


class House:
    """A product with one webhook, whose server answers as told and keeps what it was sent."""

    def __init__(self, app: App, server: HTTPServer, anna: Subscriber) -> None:
        self.app, self.server, self.anna = app, server, anna
        self.taken: list[Request] = []
        self.answers: list[Response] = []
        server.expect_request("/hook").respond_with_handler(self._take)
        self.webhook = self.add(server.url_for("/hook"))

    def _take(self, request: Request) -> Response:
        request.get_data()
        self.taken.append(request)
        return self.answers.pop(0) if self.answers else Response(status=204)

    def add(self, url: str, *kinds: EventKind) -> Webhook:
        with self.app.database.write() as connection:
            return store.add_webhook(connection, url, kinds or EventKind, SECRET, now=self.app.clock())

    def happen(self, kind: EventKind = EventKind.BOUNCED, **values: Any) -> int:
        with self.app.database.write() as connection:
            values = {"subscriber_id": self.anna.id, "list_id": get_list(connection, "morgen").id} | values
            return record_event(connection, kind, at=self.app.clock(), **values)

    def deliver(self, timeout: float = 5.0, networks: tuple[str, ...] = LOOPBACK) -> list[WebhookReport]:
        with Poster(networks, "test", timeout_seconds=timeout) as poster:
            return deliver_webhooks(self.app.database, poster, self.app.clock, dice=random.Random(1))

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(request.get_data()) for request in self.taken]

    def names(self) -> list[str]:
        return [request.headers["webhook-id"] for request in self.taken]

    def counts(self) -> dict[str, int]:
        with self.app.database.read() as connection:
            found = store.count_attempts(connection)
        return {state: count for (number, state), count in found.items() if number == self.webhook.id}


@pytest.fixture
def house(make_app: Callable[..., App], add_person: Callable[..., Subscriber], httpserver: HTTPServer) -> House:
    app = make_app(gather={"allow_networks": list(LOOPBACK)})
    return House(app, httpserver, add_person(app, "anna@probe.example"))


def genuine(request: Request, secret: str) -> bool:
    """As a receiver checks it, from the published rules alone."""
    signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.get_data()
    key = base64.b64decode(secret.split("_", 1)[1])
    mac = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return request.headers["webhook-signature"] == f"v1,{mac}"


def test_a_message_is_signed_and_says_what_happened_and_no_more(house: House) -> None:
    number = house.happen(EventKind.UNSUBSCRIBED, edition_id=7, detail={"reason": "too_often"})
    assert [(report.delivered, report.failed) for report in house.deliver()] == [(1, 0)]
    (request,) = house.taken
    assert genuine(request, SECRET)
    assert not genuine(request, make_secret())
    assert request.headers["content-type"] == "application/json"
    assert int(request.headers["webhook-timestamp"]) == int(house.app.clock().timestamp())
    assert house.bodies() == [
        {
            "type": "unsubscribed",
            "timestamp": house.app.clock().isoformat().replace("+00:00", "Z"),
            "data": {
                "event": number,
                "subscriber_id": house.anna.id,
                "email": "anna@probe.example",
                "list": "morgen",
                "edition": 7,
            },
        }
    ]
    assert house.deliver() == []


def test_what_was_before_is_not_told_and_what_follows_is_in_order(house: House) -> None:
    late = house.add(house.server.url_for("/hook"), EventKind.COMPLAINED)
    with house.app.database.write() as connection:
        store.remove_webhook(connection, house.webhook.id)
    told = []
    for kind in (EventKind.COMPLAINED, EventKind.BOUNCED, EventKind.COMPLAINED, EventKind.SUBSCRIBED):
        number = house.happen(kind)
        told += [number] if kind is EventKind.COMPLAINED else []
    house.deliver()
    assert [body["data"]["event"] for body in house.bodies()] == told
    with house.app.database.read() as connection:
        assert store.get_webhook(connection, late.id).cursor == number


def test_who_was_erased_meanwhile_is_told_of_without_an_address(house: House) -> None:
    house.happen()
    with house.app.database.write() as connection:
        erase_subscriber(connection, house.anna, source="test", secret=house.app.secret, now=house.app.clock())
    house.deliver()
    assert {body["data"]["email"] for body in house.bodies()} == {None}
    assert house.bodies()[0]["data"]["subscriber_id"] == house.anna.id
    assert not any(b"anna@" in request.get_data() for request in house.taken)


@pytest.mark.parametrize("status", [500, 503, 400, 404, 401])
def test_a_failure_is_tried_again_later_under_the_same_name(house: House, now: Any, status: int) -> None:
    house.answers = [Response(status=status)]
    house.happen()
    (report,) = house.deliver()
    assert (report.delivered, report.failed) == (0, 1)
    assert str(status) in report.problem
    assert house.deliver() == []
    now.moment += timedelta(minutes=1)
    assert [report.delivered for report in house.deliver()] == [1]
    first, second = house.taken
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    assert genuine(second, SECRET)


def test_a_failure_ends_the_turn_but_not_the_queue(house: House, now: Any) -> None:
    house.answers = [Response(status=500)]
    events = [house.happen() for _ in range(3)]
    house.deliver()
    assert len(house.taken) == 1
    now.moment += timedelta(seconds=5)
    house.deliver()
    now.moment += timedelta(minutes=1)
    house.deliver()
    assert house.names() == [f"evt_{events[place]}" for place in (0, 1, 2, 0)]


def test_an_answer_that_does_not_come_is_a_failure(house: House) -> None:
    go_on = threading.Event()

    def answer_late(_: Request) -> Response:
        go_on.wait(10)
        return Response()

    house.server.expect_request("/slow").respond_with_handler(answer_late)
    with house.app.database.write() as connection:
        store.remove_webhook(connection, house.webhook.id)
    house.add(house.server.url_for("/slow"))
    house.happen()
    try:
        (report,) = house.deliver(timeout=0.2)
    finally:
        go_on.set()
    assert "did not answer in 0.2 seconds" in report.problem


def test_a_server_that_is_not_there_is_a_failure(house: House) -> None:
    with house.app.database.write() as connection:
        store.remove_webhook(connection, house.webhook.id)
    house.add("http://127.0.0.1:1/hook")
    house.happen()
    (report,) = house.deliver()
    assert "cannot be reached" in report.problem


@pytest.mark.parametrize("after", ["7200", "Fri, 06 Mar 2026 07:00:00 GMT"])
def test_who_asks_to_wait_is_left_alone_so_long(house: House, now: Any, after: str) -> None:
    house.answers = [Response(status=429, headers={"Retry-After": after})]
    house.happen()
    house.happen()
    house.deliver()
    now.moment += timedelta(minutes=119)
    assert house.deliver() == []
    assert len(house.taken) == 1
    now.moment += timedelta(minutes=2)
    house.deliver()
    assert len(house.taken) == 3


def test_gone_disables_the_webhook(house: House, now: Any, digest: Callable[..., Any]) -> None:
    house.answers = [Response(status=410)]
    house.happen()
    house.deliver()
    house.happen()
    now.moment += timedelta(days=2)
    assert house.deliver() == []
    assert len(house.taken) == 1
    (listed,) = digest("webhooks", "list", "--json").json
    assert listed["webhook"]["disabled_at"]
    assert "410" in listed["webhook"]["reason"]
    assert "disabled" in digest("webhooks", "list").stdout


def test_a_redirect_is_not_followed(house: House) -> None:
    house.answers = [Response(status=307, headers={"Location": house.server.url_for("/elsewhere")})]
    house.happen()
    (report,) = house.deliver()
    assert "redirects are not followed" in report.problem
    assert [request.path for request, _ in house.server.log] == ["/hook"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "[::ffff:7f00:1]", "localhost", "169.254.169.254", "10.0.0.1"])
def test_our_own_networks_are_closed_unless_they_are_opened(house: House, host: str) -> None:
    with house.app.database.write() as connection:
        store.remove_webhook(connection, house.webhook.id)
    house.add(f"http://{host}:{house.server.port}/hook")
    house.happen()
    (report,) = house.deliver(networks=())
    assert "may not be reached" in report.problem
    assert not house.taken


class Killed(Poster):
    """Dies after the message has left, before anything is written down."""

    def post(self, url: str, message: SignedMessage, now: Any) -> Answer:
        super().post(url, message, now)
        raise KeyboardInterrupt


def test_after_a_crash_the_same_message_comes_once_more(house: House, now: Any) -> None:
    house.happen()
    house.happen()
    with Killed(LOOPBACK, "test") as poster, pytest.raises(KeyboardInterrupt):
        deliver_webhooks(house.app.database, poster, house.app.clock)
    now.moment += store.LEASE + timedelta(seconds=1)
    house.deliver()
    first, second = sorted(set(house.names()), key=house.names().index)
    assert house.names() == [first, first, second]
    assert house.counts() == {AttemptState.DELIVERED: 2}


def test_what_another_process_holds_is_left_to_it(house: House) -> None:
    house.happen()
    clock = house.app.clock
    with house.app.database.write() as connection:
        store.queue_events(connection, house.webhook.id, now=clock())
        attempt = store.due_attempt(connection, house.webhook.id, now=clock())
        assert attempt is not None
        assert store.claim_attempt(connection, attempt, now=clock())
        assert not store.claim_attempt(connection, attempt, now=clock())
    assert house.deliver() == []


def test_after_a_day_it_is_given_up_and_shown(house: House, now: Any, digest: Callable[..., Any]) -> None:
    begun, number = now.moment, house.happen()
    tries = 0
    while house.counts().get(AttemptState.GIVEN_UP, 0) == 0:
        house.answers = [Response(status=500)]
        tries += bool(house.deliver())
        now.moment += timedelta(minutes=30)
        assert now.moment < begun + TRIED_FOR + timedelta(hours=6)
    assert now.moment >= begun + TRIED_FOR
    assert 6 <= tries <= 20
    ran = digest("webhooks", "list")
    assert f"was not told of event {number}, given up after {tries} attempts: answered 500" in ran.stderr
    now.moment += timedelta(days=31)
    house.deliver()
    assert house.counts() == {}


def test_no_more_than_a_window_waits_in_the_table(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "WINDOW", 3)
    events = [house.happen() for _ in range(8)]
    house.answers = [Response(status=204), Response(status=500)]
    house.deliver()
    assert sum(house.counts().values()) == 3
    for _ in range(4):
        house.deliver()
    assert {int(name.removeprefix("evt_")) for name in house.names()} == set(events)


@pytest.fixture
def at_home(house: House, make_config: Callable[..., Any]) -> House:
    """The command line reads the settings that the house was made with."""
    make_config(gather={"allow_networks": list(LOOPBACK)})
    return house


def test_the_commands(at_home: House, digest: Callable[..., Any]) -> None:
    url = at_home.server.url_for("/hook")
    with at_home.app.database.write() as connection:
        store.remove_webhook(connection, at_home.webhook.id)
    made = digest("webhooks", "add", url, "--event", "bounced", "--event", "complained", "--json").json
    number, secret = str(made["webhook"]["id"]), made["secret"]
    assert made["webhook"]["events"] == ["bounced", "complained"]
    assert secret not in digest("webhooks", "list", "--json").stdout + digest("webhooks", "list").stdout
    assert digest("webhooks", "test", number).exit_code == 0
    assert genuine(at_home.taken[0], secret)
    assert at_home.bodies()[0]["type"] == "test"
    at_home.happen()
    ran = digest("webhooks", "deliver", "--json")
    assert (ran.exit_code, ran.json[0]["delivered"]) == (0, 1)
    at_home.answers = [Response(status=500), Response(status=500)]
    at_home.happen()
    assert digest("webhooks", "deliver").exit_code == 1
    failed = digest("webhooks", "test", number)
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert "answered 500" in failed.stderr
    assert digest("webhooks", "remove", number).exit_code == 2
    assert digest("webhooks", "remove", number, "--yes").exit_code == 0
    assert digest("webhooks", "list", "--json").json == []
    audit = [entry.what for entry in audit_of(at_home.app)]
    assert audit[:2] == ["webhook.remove", "webhook.add"]


def audit_of(app: App) -> list[Any]:
    from subscribers.audit import list_changes

    with app.database.read() as connection:
        return list_changes(connection)


@pytest.mark.parametrize("number", ["99", "0"])
def test_a_webhook_that_is_not_there(at_home: House, digest: Callable[..., Any], number: str) -> None:
    for arguments in (("test", number), ("remove", number, "--yes")):
        ran = digest("webhooks", *arguments)
        assert ran.exit_code == 2
        assert f"no webhook {number}" in ran.stderr
