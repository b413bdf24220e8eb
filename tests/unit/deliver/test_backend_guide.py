"""The example of docs/adding-a-backend.md: the guide shows the very files, and they do what it says."""

from __future__ import annotations

import asyncio
import importlib.util
import re
import socket
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from digest.deliver.base import Backend, Connection
from digest.deliver.settings import DeliverySettings
from digest.errors import PausedError, SettingsError
from digest.model.delivery import DeliveryState, Message, Outcome

DOCS = Path(__file__).parents[3] / "docs"
EXAMPLE = DOCS / "examples" / "digest-backend-example"
S = DeliveryState
MESSAGE = Message(
    mail_from="digest@news.example",
    rcpt_to="anna+x@leser.example",
    message_id="<1.a@news.example>",
    data=b"From: a@news.example\r\nSubject: x\r\n\r\n..Guten Morgen\r\n",
)


@pytest.fixture(scope="module")
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("digest_backend_example", EXAMPLE / "digest_backend_example.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def submit(example: ModuleType, url: str, **environ: str) -> Outcome:
    backend: Backend = example.HttpPostBackend(DeliverySettings(backend="http-post"), {"POST_URL": url, **environ})
    assert backend.where() == url

    async def run() -> Outcome:
        connection: Connection = backend.connect()
        try:
            return await connection.submit(MESSAGE)
        finally:
            await connection.close()

    return asyncio.run(run())


@pytest.mark.parametrize(("language", "name"), [("toml", "pyproject.toml"), ("python", "digest_backend_example.py")])
def test_the_guide_shows_the_very_files(language: str, name: str) -> None:
    guide = (DOCS / "adding-a-backend.md").read_text("utf-8")
    found = re.findall(rf"^```{language}\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    assert found == [(EXAMPLE / name).read_text("utf-8")]


def test_it_posts_the_very_bytes(example: ModuleType, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/in", method="POST").respond_with_data("queued", 202)
    outcome = submit(example, httpserver.url_for("/in"), POST_TOKEN="geheim")
    assert outcome == Outcome(state=S.SUBMITTED, reply="202 queued")
    request = httpserver.log[0][0]
    assert request.get_data() == MESSAGE.data
    assert request.args.to_dict() == {"from": MESSAGE.mail_from, "to": MESSAGE.rcpt_to}
    assert request.headers["Idempotency-Key"] == MESSAGE.message_id
    assert request.headers["Authorization"] == "Bearer geheim"


@pytest.mark.parametrize(
    ("status", "state", "reason"),
    [
        (410, S.REJECTED, "bad_address"),
        (422, S.REJECTED, "content"),
        (429, S.DEFERRED, "temporary"),
        (503, S.DEFERRED, "temporary"),
    ],
)
def test_what_it_makes_of_answers(
    example: ModuleType, httpserver: HTTPServer, status: int, state: DeliveryState, reason: str
) -> None:
    httpserver.expect_request("/in").respond_with_data("weil\r\nes so ist", status)
    outcome = submit(example, httpserver.url_for("/in"))
    assert (outcome.state, outcome.reason, outcome.reply) == (state, reason, f"{status} weil es so ist")


@pytest.mark.parametrize(("asked", "seconds"), [("60", 60), ("99999999999999999999", 3600), ("bald", None)])
def test_it_waits_as_long_as_it_is_asked_to(
    example: ModuleType, httpserver: HTTPServer, asked: str, seconds: int | None
) -> None:
    httpserver.expect_request("/in").respond_with_response(Response("", 429, {"Retry-After": asked}))
    before = datetime.now(UTC)
    when = submit(example, httpserver.url_for("/in")).next_try
    if seconds is None:
        assert when is None
    else:
        assert when is not None
        assert timedelta(0) <= when - before - timedelta(seconds=seconds) < timedelta(seconds=30)


@pytest.mark.parametrize("status", [302, 401, 404])
def test_our_own_fault_pauses(example: ModuleType, httpserver: HTTPServer, status: int) -> None:
    httpserver.expect_request("/in").respond_with_data("nein", status)
    with pytest.raises(PausedError, match=f"answered '{status} nein'"):
        submit(example, httpserver.url_for("/in"))


def test_broken_off_before_and_after_the_message(example: ModuleType) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def hang_up() -> None:
        connection, _ = listener.accept()
        connection.recv(65536)
        connection.close()
        listener.close()

    url = f"http://127.0.0.1:{listener.getsockname()[1]}/in"
    thread = threading.Thread(target=hang_up)
    thread.start()
    assert submit(example, url).state is S.UNKNOWN
    thread.join()
    assert submit(example, url).state is S.DEFERRED


@pytest.mark.parametrize("environ", [{}, {"POST_URL": "http://mail.example/in"}])
def test_it_refuses_to_be_made_without_a_safe_address(example: ModuleType, environ: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="POST_URL"):
        example.HttpPostBackend(DeliverySettings(), environ)
