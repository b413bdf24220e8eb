"""digest doctor: the machine, the settings, the way out; what it says, and by which exit code."""

# ruff: noqa: N802, ARG002 -- aiosmtpd finds its handlers by name and calls them with everything

from __future__ import annotations

import shutil
import socket
import sqlite3
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from digest.model.bounces import BouncesSettings
from digest.tasks.bounce_mailboxes.maildir import MaildirMailbox
from digest.tasks.check_identity import check_bounces
from digest.tasks.check_machine import check_clock, check_database, check_disk, check_modes
from digest.tasks.diagnosis import Diagnosis, Level
from tests.integration.dns_server import serving

TLS = Path(__file__).parent.parent / "data" / "tls"
Digest = Callable[..., Any]
#: Settings of somebody who means it.
SITE = {
    "name": "Blatt",
    "base_url": "https://digest.blatt.de",
    "sender": "morgen@blatt.de",
    "imprint": "Blatt-Verlag, Hauptstraße 1, 10115 Berlin",
    "responsible": "Anna Beck, Hauptstraße 1, 10115 Berlin",
    "privacy_url": "https://blatt.de/datenschutz",
}
ZONE: dict[tuple[str, str], Any] = {
    ("blatt.de", "TXT"): ['"v=spf1 ip4:192.0.2.1 -all"'],
    ("blatt.de", "MX"): ["10 mx.blatt.de."],
    ("mx.blatt.de", "A"): ["192.0.2.1"],
    ("_dmarc.blatt.de", "TXT"): ['"v=DMARC1; p=reject"'],
}


class Relay:
    """Takes senders of blatt.de from whoever knows the password; `commands` is what it was told, `taken` the mail."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.taken: list[Envelope] = []

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.commands.append(f"MAIL {address}")
        if not address.endswith("blatt.de"):
            return "550 5.7.1 that sender is not yours"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RSET(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.commands.append("RSET")
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.taken.append(envelope)
        return "250 taken as 4711"


@pytest.fixture
def relay() -> Iterator[tuple[Relay, int]]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(TLS / "localhost.crt", TLS / "localhost.key")

    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        good = isinstance(given, LoginPassword) and given == LoginPassword(b"digest", b"geheim")
        return AuthResult(success=good, handled=False)

    handler = Relay()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = {"tls_context": context, "authenticator": authenticate, "auth_required": True}
    controller = Controller(handler, "127.0.0.1", port, server_hostname="localhost", **options)
    controller.start()
    try:
        yield handler, port
    finally:
        controller.stop()


@pytest.fixture
def doctor(digest: Digest, database_file: Path) -> Iterator[Callable[..., Any]]:
    """Runs `digest doctor --json` against a name server that knows blatt.de; the list `morgen` exists."""
    with serving(ZONE) as names:

        def run(*arguments: str, **env: str) -> Any:
            digest("lists", "create", "morgen")
            trusted = {"SSL_CERT_FILE": str(TLS / "localhost.crt"), "SMTP_PASSWORD": "geheim"}
            return digest("doctor", "--json", "--resolver", names.address, *arguments, env=trusted | env)

        yield run


def said(ran: Any, about: str) -> list[tuple[str, str]]:
    return [(each["level"], each["sentence"]) for each in ran.json["findings"] if each["about"] == about]


def smtp(port: int, /, **changes: Any) -> dict[str, Any]:
    relay = {"host": "localhost", "port": port, "username": "digest", "password_env": "SMTP_PASSWORD"}
    return {"backend": "smtp", "relays": [relay | changes]}


def test_everything_in_order_exits_0(
    make_config: Any, doctor: Any, digest: Digest, relay: tuple[Relay, int], tmp_path: Path
) -> None:
    handler, port = relay
    make_config(site=SITE, delivery=smtp(port), dkim={"domain": "blatt.de", "selector": "d1", "key_file": "var/d.pem"})
    record = digest("dkim", "create", "--json").json["record"]
    ZONE[record["name"], "TXT"] = [" ".join(f'"{each}"' for each in record["strings"])]
    try:
        ran = doctor()
    finally:
        del ZONE[record["name"], "TXT"]
    assert [each for each in ran.json["findings"] if each["level"] == "error"] == []
    assert (ran.exit_code, ran.json["errors"]) == (0, 0)
    [backend] = said(ran, "backend")
    assert backend[0] == "ok"
    assert "by STARTTLS, logged in as digest, and takes morgen@blatt.de" in backend[1]
    # The envelope sender was tried and taken back, and nothing was sent.
    assert handler.commands == ["MAIL morgen@blatt.de", "RSET"]
    assert handler.taken == []
    assert {each["about"] for each in ran.json["findings"]} >= {
        *("database", "files", "disk", "imprint", "site", "templates", "alerts", "clock", "bounces", "backend"),
        *("SPF", "DKIM", "DMARC", "MX", "PTR"),
    }


@pytest.mark.parametrize(
    ("changes", "env", "words"),
    [
        ({}, {"SMTP_PASSWORD": "falsch"}, "535 5.7.8"),
        ({}, {"SSL_CERT_FILE": ""}, "no safe connection"),
        ({"tls": "implicit"}, {}, "no safe connection"),
        ({"port": 9}, {}, "localhost:9"),
    ],
)
def test_a_relay_that_cannot_be_used_must_be_mended(
    make_config: Any, doctor: Any, relay: tuple[Relay, int], changes: dict[str, Any], env: dict[str, str], words: str
) -> None:
    make_config(site=SITE, delivery=smtp(relay[1], **changes))
    ran = doctor("--only", "backend", **env)
    assert ran.exit_code == 3
    [(level, sentence)] = said(ran, "backend")
    assert level == "error"
    assert words in sentence
    assert "geheim" not in ran.stdout
    assert "falsch" not in ran.stdout


def test_a_sender_that_the_relay_refuses(make_config: Any, doctor: Any, relay: tuple[Relay, int]) -> None:
    make_config({"sender": "brief@anders.de"}, site=SITE, delivery=smtp(relay[1]))
    ran = doctor("--only", "backend")
    assert ran.exit_code == 3
    [(level, sentence)] = said(ran, "backend")
    assert level == "error"
    assert "brief@anders.de: 550 5.7.1 that sender is not yours" in sentence


def test_a_missing_password_is_a_finding(make_config: Any, doctor: Any, relay: tuple[Relay, int]) -> None:
    make_config(site=SITE, delivery=smtp(relay[1]))
    ran = doctor("--only", "backend", SMTP_PASSWORD="")
    assert ran.exit_code == 3
    assert "SMTP_PASSWORD" in said(ran, "backend")[0][1]


def test_a_test_message_goes_out(make_config: Any, doctor: Any, relay: tuple[Relay, int]) -> None:
    handler, port = relay
    make_config(site=SITE, delivery=smtp(port))
    ran = doctor("--only", "files", "--send-to", "ich@blatt.de")
    assert said(ran, "test message") == [("ok", f"localhost:{port} took it over for ich@blatt.de: 250 taken as 4711")]
    [mail] = handler.taken
    assert mail.rcpt_tos == ["ich@blatt.de"]
    assert mail.mail_from == "morgen@blatt.de"
    assert b"Subject: Probe: Blatt" in mail.content
    assert said(doctor("--only", "files", "--send-to", "kein ich"), "test message")[0][0] == "error"


def test_while_nothing_leaves_samples_are_only_warned_of(make_config: Any, doctor: Any, tmp_path: Path) -> None:
    make_config()
    ran = doctor("--offline")
    assert ran.exit_code == 0
    assert {level for level, _ in said(ran, "imprint")} == {"warning"}
    assert said(ran, "site")[0][0] == "warning"
    assert said(ran, "SPF") == []
    assert not (tmp_path / "var" / "outbox").exists()


def test_once_it_leaves_samples_must_be_mended(make_config: Any, doctor: Any, relay: tuple[Relay, int]) -> None:
    make_config(delivery=smtp(relay[1]), site={"base_url": "http://probe.example", "imprint": ""})
    ran = doctor("--offline", "--only", "imprint")
    assert ran.exit_code == 3
    assert {level for level, _ in said(ran, "imprint")} == {"error"}
    assert any("not https" in sentence for _, sentence in said(ran, "site"))
    assert {each["about"] for each in ran.json["findings"]} == {"imprint", "site"}


def test_people_read_a_table_and_the_records(make_config: Any, doctor: Any, digest: Digest) -> None:
    make_config(site=SITE | {"sender": "morgen@ohne.de"})
    with serving({("ohne.de", "A"): ["192.0.2.1"]}) as names:
        digest("lists", "create", "morgen")
        ran = digest("doctor", "--resolver", names.address, "--only", "DNS")
    assert "Record for SPF:" in ran.stdout
    assert 'ohne.de. IN TXT "v=spf1' in ran.stdout
    assert "warnings." in ran.stdout


def test_it_changes_nothing(make_config: Any, digest: Digest, tmp_path: Path) -> None:
    make_config()
    digest("doctor", "--offline")
    assert sorted(file.name for file in tmp_path.rglob("*")) == ["config.toml"]


def test_an_outdated_database_is_a_finding_not_an_end(make_config: Any, doctor: Any, database_file: Path) -> None:
    make_config()
    doctor("--only", "files")
    with sqlite3.connect(database_file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.close()
    ran = doctor("--offline")
    assert ran.exit_code == 3
    assert "digest migrate" in said(ran, "database")[0][1]
    assert said(ran, "templates")


def test_a_template_that_is_broken_is_a_finding(make_config: Any, doctor: Any, tmp_path: Path) -> None:
    own = tmp_path / "own" / "daily"
    own.mkdir(parents=True)
    (own / "edition.txt.j2").write_text("{{ nothing", "utf-8")
    make_config(templates={"path": "own"})
    ran = doctor("--offline")
    assert ran.exit_code == 3
    assert said(ran, "templates")[0][0] == "error"


def test_a_check_that_there_is_not_is_wrong_usage(make_config: Any, digest: Digest) -> None:
    make_config()
    ran = digest("doctor", "--only", "weather")
    assert ran.exit_code == 2
    assert "there are database, files, disk" in ran.stderr


@pytest.mark.parametrize("resolver", ["nothing", "1.2.3.4.5"])
def test_a_wrong_resolver_is_wrong_usage(make_config: Any, digest: Digest, resolver: str) -> None:
    make_config()
    ran = digest("doctor", "--resolver", resolver)
    assert ran.exit_code == 2
    assert "name server" in ran.stderr


# One by one


def only(findings: Iterator[Diagnosis]) -> Diagnosis:
    [found] = findings
    return found


def test_a_damaged_database(database_file: Path) -> None:
    url = f"sqlite:///{database_file}"
    assert only(check_database(url, database_file)).level is Level.OK
    content = bytearray(database_file.read_bytes())
    # The first pages hold the schema; the tables behind them are scrambled.
    content[len(content) // 2 :] = bytes(reversed(content[len(content) // 2 :]))
    database_file.write_bytes(content)
    found = only(check_database(url, database_file))
    assert found.level is Level.ERROR
    assert "digest restore" in found.remedy


def test_files_that_others_may_read(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.touch(mode=0o600)
    assert only(check_modes([file, tmp_path / "none"])).level is Level.OK
    file.chmod(0o640)
    found = only(check_modes([file]))
    assert (found.level, found.remedy) == (Level.ERROR, f"chmod 600 {file}")


@pytest.mark.parametrize(("free", "level"), [(10**9, Level.ERROR), (20 * 10**9, Level.WARNING), (10**12, Level.OK)])
def test_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, level: Level) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=free))
    folders = {"database": tmp_path / "not" / "yet", "messages": tmp_path}
    assert only(check_disk(folders, 100_000, as_files=True)).level is level
    assert only(check_disk(folders, 0, as_files=False)).level is Level.WARNING if free == 10**9 else True


@pytest.mark.parametrize(
    ("ahead", "age", "level"),
    [
        (timedelta(), None, Level.OK),
        (timedelta(seconds=-90), None, Level.WARNING),
        (timedelta(hours=1), None, Level.ERROR),
        (timedelta(seconds=-600), "600", Level.OK),
        (timedelta(), "nonsense", Level.UNKNOWN),
    ],
)
def test_the_clock(ahead: timedelta, age: str | None, level: Level) -> None:
    headers = {"Date": format_datetime(datetime.now(UTC) + ahead, usegmt=True)} | ({"Age": age} if age else {})
    with telling(headers) as url:
        assert only(check_clock([url], ())).level is level


@contextmanager
def telling(headers: dict[str, str]) -> Iterator[str]:
    """A web server that answers with these headers and no others."""

    class Answers(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response_only(200)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        thread.join()


def test_the_clock_offline_is_unknown() -> None:
    assert only(check_clock(["http://127.0.0.1:9/", "nonsense"], ())).level is Level.UNKNOWN
    assert only(check_clock([], ())).level is Level.UNKNOWN


def test_the_mailbox_of_bounces(tmp_path: Path) -> None:
    settings = BouncesSettings()
    assert only(check_bounces(settings, None, "bounces.blatt.de")).level is Level.WARNING
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "1").write_bytes(b"mail")
    found = only(check_bounces(settings, MaildirMailbox(tmp_path), ""))
    assert found.level is Level.OK
    assert "something waits" in found.sentence
    assert (tmp_path / "new" / "1").is_file()


def test_a_mailbox_that_is_not_there_is_a_finding(make_config: Any, doctor: Any) -> None:
    make_config(bounces={"maildir": "no/where"}, site=SITE)
    ran = doctor("--only", "bounces")
    assert said(ran, "bounces")[0][0] == "error"
    assert ran.exit_code == 3
