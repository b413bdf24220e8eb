"""Amazon SES: against moto's server where it is taken or refused, against small servers for what goes wrong."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest
from moto.server import ThreadedMotoServer
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from digest.deliver.backends import make_backend
from digest.deliver.ses import RULES, SesBackend, outcome_of
from digest.deliver.settings import DeliverySettings, SesSettings
from digest.errors import HeldBackError, PausedError, SettingsError
from digest.model.delivery import DeliveryState, Message, Outcome

KEYS = {"SES_ID": "AKIAPROBE", "SES_KEY": "geheim"}
S = DeliveryState


@pytest.fixture(autouse=True)
def _no_credentials_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def message(rcpt_to: str = "anna@leser.example", data: bytes | None = None) -> Message:
    head = f"From: Kurier <digest@news.example>\r\nTo: <{rcpt_to}>\r\nMessage-ID: <1@news.example>\r\nSubject: x\r\n"
    return Message(
        mail_from="digest@news.example",
        rcpt_to=rcpt_to,
        message_id="<1@news.example>",
        data=data or f"{head}\r\nGuten Morgen\r\n".encode(),
    )


def make(endpoint_url: str, waits: tuple[float, ...] = (), **changes: Any) -> SesBackend:
    told = {
        "region": "eu-central-1",
        "endpoint_url": endpoint_url,
        "access_key_id_env": "SES_ID",
        "secret_access_key_env": "SES_KEY",
    }
    return SesBackend(DeliverySettings(backend="ses", ses=SesSettings(**(told | changes))), KEYS, waits=waits)


def submit(backend: SesBackend, *messages: Message) -> list[Outcome]:
    async def run() -> list[Outcome]:
        connections = [backend.connect() for _ in messages]
        outcomes = await asyncio.gather(*(c.submit(m) for c, m in zip(connections, messages, strict=True)))
        for connection in connections:
            await connection.close()
        return list(outcomes)

    return asyncio.run(run())


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def verified(moto: str) -> str:
    client = boto3.client(
        "ses",
        region_name="eu-central-1",
        endpoint_url=moto,
        aws_access_key_id=KEYS["SES_ID"],
        aws_secret_access_key=KEYS["SES_KEY"],
    )
    client.verify_domain_identity(Domain="news.example")
    return moto


def test_messages_are_taken_over(verified: str) -> None:
    backend = make(verified)
    outcomes = submit(backend, message("anna@leser.example"), message("bert@leser.example"))
    assert [outcome.state for outcome in outcomes] == [S.SUBMITTED, S.SUBMITTED]
    assert len({outcome.reply for outcome in outcomes} - {""}) == 2
    assert backend.where() == "Amazon SES in eu-central-1"


def test_a_sender_that_is_not_verified_pauses(verified: str) -> None:
    stranger = message(data=b"From: <a@fremd.example>\r\nTo: <anna@leser.example>\r\n\r\nx\r\n")
    with pytest.raises(PausedError, match=r"authority to send from.*digest send --resume"):
        submit(make(verified), stranger)


def _refusal(code: str, words: str, status: int) -> Callable[[Request], Response]:
    return lambda _request: Response(
        json.dumps({"message": words}), status, {"x-amzn-ErrorType": code}, mimetype="application/json"
    )


PATH = "/v2/email/outbound-emails"


def test_the_request_holds_the_very_bytes(httpserver: HTTPServer) -> None:
    httpserver.expect_request(PATH, method="POST").respond_with_json({"MessageId": "0100-abc"})
    data = b"From: a@news.example\r\nTo: x\r\n\r\n\x80\xff" + b"Guten Morgen\r\n" * 5000
    (outcome,) = submit(make(httpserver.url_for("/"), configuration_set="briefe"), message("a+b@leser.example", data))
    assert outcome == Outcome(state=S.SUBMITTED, reply="0100-abc")
    sent = httpserver.log[0][0].get_json()
    assert base64.b64decode(sent["Content"]["Raw"]["Data"]) == data
    assert sent["Destination"] == {"ToAddresses": ["a+b@leser.example"]}
    assert sent["ConfigurationSetName"] == "briefe"
    assert "geheim" not in str(httpserver.log[0][0].headers)


@pytest.mark.parametrize(
    ("code", "words", "status", "state", "reason"),
    [
        ("TooManyRequestsException", "Maximum sending rate exceeded.", 429, S.DEFERRED, "temporary"),
        ("ThrottlingException", "Daily message quota exceeded", 400, S.DEFERRED, "temporary"),
        ("LimitExceededException", "Too many", 400, S.DEFERRED, "temporary"),
        ("MessageRejected", "Email contains a virus", 400, S.REJECTED, "content"),
        ("BadRequestException", "Missing final '@domain'", 400, S.REJECTED, "refused"),
        ("BadRequestException", "Header is too long", 400, S.REJECTED, "content"),
        ("ServiceUnavailable", "", 503, S.DEFERRED, "temporary"),
        ("InternalFailure", "", 500, S.UNKNOWN, "broken_off"),
        ("", "<html>Bad Gateway", 502, S.UNKNOWN, "broken_off"),
    ],
)
def test_refusals(
    httpserver: HTTPServer, code: str, words: str, status: int, state: DeliveryState, reason: str
) -> None:
    httpserver.expect_request(PATH).respond_with_handler(_refusal(code, words, status))
    (outcome,) = submit(make(httpserver.url_for("/")), message())
    assert (outcome.state, outcome.reason) == (state, reason)
    assert str(status) in outcome.reply
    assert len(httpserver.log) == 1, "boto3 must not repeat a request by itself"


@pytest.mark.parametrize(
    ("code", "words", "status"),
    [
        ("MessageRejected", "Email address is not verified. The following identities failed: a@b", 400),
        ("AccountSuspendedException", "x", 400),
        ("SendingPausedException", "Sending paused for this account", 400),
        ("MailFromDomainNotVerifiedException", "x", 400),
        ("NotFoundException", "Configuration set <briefe> does not exist", 404),
        ("AccessDeniedException", "not authorized to perform ses:SendEmail", 403),
        ("SignatureDoesNotMatch", "x", 403),
        ("ExpiredTokenException", "x", 403),
        ("SomethingNew", "x", 400),
    ],
)
def test_our_own_faults_pause(httpserver: HTTPServer, code: str, words: str, status: int) -> None:
    httpserver.expect_request(PATH).respond_with_handler(_refusal(code, words, status))
    with pytest.raises(PausedError, match=f"Amazon SES: {code}: .*about us, not about a recipient"):
        submit(make(httpserver.url_for("/")), message())


def test_a_rate_that_is_too_high_is_waited_for(httpserver: HTTPServer) -> None:
    too_fast = _refusal("TooManyRequestsException", "Maximum sending rate exceeded.", 429)
    for _ in range(2):
        httpserver.expect_ordered_request(PATH).respond_with_handler(too_fast)
    httpserver.expect_ordered_request(PATH).respond_with_json({"MessageId": "1"})
    (outcome,) = submit(make(httpserver.url_for("/"), waits=(0.001, 0.001, 0.001)), message())
    assert outcome.state is S.SUBMITTED


def test_a_rate_that_stays_too_high_and_a_used_up_day_are_deferred(httpserver: HTTPServer) -> None:
    httpserver.expect_request(PATH).respond_with_handler(
        _refusal("TooManyRequestsException", "Maximum sending rate exceeded.", 429)
    )
    backend = make(httpserver.url_for("/"), waits=(0.001, 0.001))
    assert [outcome.state for outcome in submit(backend, message())] == [S.DEFERRED]
    assert len(httpserver.log) == 3
    httpserver.clear()
    httpserver.expect_request(PATH).respond_with_handler(
        _refusal("TooManyRequestsException", "Daily message quota exceeded", 429)
    )
    assert [outcome.state for outcome in submit(backend, message())] == [S.DEFERRED]
    assert len(httpserver.log) == 1


@pytest.fixture
def scripted() -> Iterator[Callable[[bytes], str]]:
    """Starts a server that reads a request, answers with the octets given, and hangs up."""
    listeners: list[socket.socket] = []

    def start(answer: bytes) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for listener in listeners:
        listener.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n<x>",
        b"220 mail.example ESMTP\r\n",
    ],
    ids=["nothing", "half an answer", "no JSON", "no HTTP"],
)
def test_broken_off_after_the_request_is_unknown(scripted: Callable[[bytes], str], answer: bytes) -> None:
    (outcome,) = submit(make(scripted(answer)), message())
    assert (outcome.state, outcome.reason) == (S.UNKNOWN, "broken_off")
    assert outcome.reply


def test_nobody_there_is_deferred() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    (outcome,) = submit(make(f"http://127.0.0.1:{port}"), message())
    assert (outcome.state, outcome.reason) == (S.DEFERRED, "connection")


def test_tls_that_cannot_be_set_up_pauses(scripted: Callable[[bytes], str]) -> None:
    no_tls = scripted(b"HTTP/1.1 400 Bad Request\r\n\r\n").replace("http:", "https:")
    with pytest.raises(PausedError, match="Amazon SES: SSL"):
        submit(make(no_tls), message())


def test_without_any_credentials_it_pauses(httpserver: HTTPServer) -> None:
    backend = make(httpserver.url_for("/"), access_key_id_env="", secret_access_key_env="")
    with pytest.raises(PausedError, match="credentials"):
        submit(backend, message())
    assert httpserver.log == []


def test_who_cannot_be_written_to_is_not_asked_about(httpserver: HTTPServer) -> None:
    outcomes = submit(make(httpserver.url_for("/")), message("jörg@leser.example"), message("a b@leser.example"))
    assert [(outcome.state, outcome.reason) for outcome in outcomes] == [
        (S.SKIPPED, "needs_smtputf8"),
        (S.REJECTED, "bad_address"),
    ]
    assert httpserver.log == []


def test_the_rules_answer_everything() -> None:
    assert RULES[-1].state is None
    with pytest.raises(PausedError):
        outcome_of({})


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"envelope": "verp", "ses": SesSettings(region="eu-central-1")}, "delivery.envelope"),
        ({"ses": SesSettings()}, "delivery.ses.region"),
        ({"ses": SesSettings(region="nir gends")}, "delivery.ses"),
        (
            {"ses": SesSettings(region="eu-central-1", access_key_id_env="NO_ID", secret_access_key_env="NO_KEY")},
            "delivery.ses.access_key_id_env",
        ),
    ],
)
def test_settings_that_cannot_be_are_refused(values: dict[str, Any], key: str) -> None:
    with pytest.raises(SettingsError) as refused:
        SesBackend(DeliverySettings(backend="ses", **values), {})
    assert refused.value.key == key


@pytest.mark.parametrize(
    "values",
    [
        {"endpoint_url": "http://mail.example"},
        {"endpoint_url": "ftp://127.0.0.1"},
        {"endpoint_url": "https://"},
        {"access_key_id_env": "A"},
        {"connections": 0},
    ],
)
def test_values_that_cannot_be_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"endpoint_url|go together|connections"):
        SesSettings(**values)


def test_the_region_may_come_from_the_environment() -> None:
    backend = SesBackend(DeliverySettings(backend="ses"), {"AWS_REGION": "eu-west-1"})
    assert backend.where() == "Amazon SES in eu-west-1"


def test_without_boto3_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(SettingsError, match=r"pip install newsroom-digest\[ses\]"):
        make_backend(DeliverySettings(backend="ses"), {}, sample_imprint=False)


def test_mail_leaves_by_it_so_a_sample_imprint_holds_it_back() -> None:
    with pytest.raises(HeldBackError):
        make_backend(DeliverySettings(backend="ses"), {}, sample_imprint=True)
