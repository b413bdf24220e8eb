"""The main job from end to end, by the command line: sources, snapshot, edition, messages, ledger, Maildir."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from digest.storage.database import open_database
from digest.storage.secret import read_secret
from subscribers.csv_import import import_csv
from subscribers.lists import create_list

SUBSCRIBERS = Path(__file__).parents[2] / "digest" / "samples" / "subscribers.csv"
EXPORT = """{title}

Oktober 17, 2025
von Clara Muster

{title}

{lead}

Der erste Absatz berichtet ausführlich, was in der Nacht geschah und wer dabei war, in ganzen Sätzen.

Der zweite Absatz ordnet das Geschehen ein und nennt die Folgen für die kommenden Wochen im Lande.
"""

Digest = Callable[..., Any]
MakeConfig = Callable[..., Path]


@pytest.fixture
def unused_port() -> int:
    """A port on loopback where nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def outbox(tmp_path: Path) -> Callable[[], dict[str, EmailMessage]]:
    """Reads the Maildir: address -> message."""

    def read() -> dict[str, EmailMessage]:
        found: dict[str, EmailMessage] = {}
        for file in (tmp_path / "var" / "outbox" / "new").iterdir():
            message = message_from_bytes(file.read_bytes(), policy=policy.default)
            found[message["To"].addresses[0].addr_spec] = message  # type: ignore[attr-defined]
        return found

    return read


@pytest.fixture(scope="session")
def built_readers(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Path:
    """A folder whose database has the sample subscribers on the list `morgen`, made once."""
    folder = tmp_path_factory.mktemp("readers") / "var"
    folder.mkdir()
    shutil.copy(empty_database, folder / "digest.db")
    secret, now = read_secret(folder / "secret"), datetime.now(UTC)
    database = open_database(f"sqlite:///{folder / 'digest.db'}")
    with database.write() as connection:
        create_list(connection, "morgen", "Der Morgen", now=now)
    import_csv(database.write, SUBSCRIBERS, list_slug="morgen", consent="test", secret=secret, now=now)
    database.close()
    return folder


@pytest.fixture
def readers(built_readers: Path, make_config: MakeConfig, tmp_path: Path) -> None:
    """The sample subscribers on the list `morgen`, and settings to send them the samples."""
    make_config()
    shutil.copytree(built_readers, tmp_path / "var")


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


@pytest.mark.usefixtures("readers")
def test_the_sample_edition_is_everybodys_own(digest: Digest, outbox: Any) -> None:
    ran = digest("run")
    assert ran.exit_code == 0, ran.stderr
    for said in ("Politik", "BTC", "3 submitted", "var/outbox", "digest preview"):
        assert said in ran.stdout
    messages = outbox()
    assert sorted(messages) == ["jonas.albers@example.net", "katharina.brandt@example.org", "leserpost@example.com"]
    for message in messages.values():
        assert message.defects == []
        plain, rich = message.iter_parts()
        assert plain.get_content_type() == "text/plain"
        assert rich.get_content_type() in ("text/html", "multipart/related")
    greetings = {address: part(message, "plain") for address, message in messages.items()}
    assert "Frau Dr. Brandt," in greetings["katharina.brandt@example.org"]
    assert "Jonas," in greetings["jonas.albers@example.net"]
    assert "Herr" not in greetings["leserpost@example.com"].splitlines()[2:6]
    assert "Litecoin" in greetings["leserpost@example.com"]
    assert "Bitcoin" not in part(messages["leserpost@example.com"], "html")
    jonas = greetings["jonas.albers@example.net"]
    assert jonas.index("Ether") < jonas.index("Bitcoin")
    assert len({str(message["List-Unsubscribe"]) for message in messages.values()}) == 3


@pytest.mark.usefixtures("readers")
def test_a_second_run_sends_nobody_a_second_copy_and_says_why(digest: Digest, tmp_path: Path) -> None:
    assert digest("run").exit_code == 0
    files = {file: file.stat().st_mtime_ns for file in (tmp_path / "var/outbox/new").iterdir()}
    again = digest("run")
    assert again.exit_code == 0
    assert "sent already; nobody gets a second copy" in again.stdout
    document = digest("run", "--json").json
    assert document["editions"][0]["sent_now"] == 0
    assert document["editions"][0]["submitted"] == 3
    assert "sent already" in document["editions"][0]["note"]
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "var/outbox/new").iterdir()} == files


@pytest.mark.usefixtures("readers")
def test_an_export_of_a_past_day(digest: Digest, make_config: MakeConfig, outbox: Any, tmp_path: Path) -> None:
    title, lead = "Kanzler überrascht Parlament mit Rede", "Eine Rede, mit der am Freitag niemand gerechnet hatte."
    (tmp_path / "export.txt").write_text(EXPORT.format(title=title, lead=lead), "utf-8")
    make_config({"lookback_hours": 24}, sources=[{"name": "Ablage", "type": "textfile", "path": "export.txt"}])
    ran = digest("run", "--date", "2025-10-17", "--json")
    assert ran.exit_code == 0
    assert ran.json["date"] == "2025-10-17"
    assert ran.json["editions"][0]["articles"] == [title]
    assert ran.json["sources"] == [{"source": "Ablage", "found": 1, "new": 1, "warning": ""}]
    for message in outbox().values():
        for kind in ("plain", "html"):
            text = part(message, kind)
            for expected in (title, lead, "Clara Muster", "17. Oktober 2025"):
                assert expected in text.replace("\xa0", " ")
    assert digest("run", "--date", "2025-10-18").stdout.count("skipped") >= 1


SEED = (
    "Trump-Putin-Anruf überrascht Selenskyj vor USA-Besuch",
    "James Whitmore",
    "Kevin Lamarque/Reuters",
    "17. Oktober 2025",
    "Ein Anruf zwischen Trump und Putin",
    "ZDF ändert Programm wegen Sonderübertragung mit Friedrich Merz",
)


@pytest.mark.usefixtures("readers")
def test_the_seed_article(digest: Digest, make_config: MakeConfig, outbox: Any, shared: Path) -> None:
    seed = shared / "seeds" / "renewz-article.txt"
    make_config({"lookback_hours": 24}, sources=[{"name": "Renewz", "type": "textfile", "path": str(seed)}])
    assert digest("run", "--date", "2025-10-17", "--json").exit_code == 0
    messages = outbox()
    assert len(messages) == 3
    for message in messages.values():
        for kind in ("plain", "html"):
            text = " ".join(part(message, kind).replace("\xa0", " ").split())
            for expected in SEED:
                assert expected in text
            assert "crossmenu" not in text


def broken_sources(tmp_path: Path, port: int) -> list[dict[str, str]]:
    (tmp_path / "leer.xml").touch()
    (tmp_path / "kein.xml").write_text("Das ist kein Feed, sondern ein Brief.", "utf-8")
    (tmp_path / "latin.txt").write_bytes(b"\xff\xfe\x00 \xe4\xf6")
    (tmp_path / "leerer-ordner").mkdir()
    return [
        {"name": "Tot", "type": "feed", "url": f"http://127.0.0.1:{port}/feed"},
        {"name": "Leer", "type": "feed", "path": "leer.xml"},
        {"name": "Brief", "type": "feed", "path": "kein.xml"},
        {"name": "Latein", "type": "textfile", "path": "latin.txt"},
        {"name": "Nirgends", "type": "textfile", "path": "gibt-es-nicht"},
        {"name": "Ordner", "type": "textfile", "path": "leerer-ordner"},
        {"name": "Blog", "type": "wordpress", "url": f"http://127.0.0.1:{port}/"},
    ]


@pytest.mark.usefixtures("readers")
def test_a_source_that_gives_nothing_is_named_and_the_edition_goes_out(
    digest: Digest, make_config: MakeConfig, tmp_path: Path, outbox: Any, unused_port: int
) -> None:
    sources = broken_sources(tmp_path, unused_port)
    make_config(
        sources=[{"name": "Politik", "type": "sample"}, *sources],
        gather={"timeout_seconds": 2, "allow_networks": ["127.0.0.0/8"]},
    )
    ran = digest("run")
    assert ran.exit_code == 0
    for source in sources:
        assert f"Warning: Source {source['name']}:" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert len(outbox()) == 3
    document = digest("gather", "--json").json
    assert {each["source"] for each in document["sources"] if each["warning"]} == {each["name"] for each in sources}


@pytest.mark.usefixtures("readers")
def test_where_every_source_fails_the_edition_is_skipped_or_sent_and_it_is_said(
    digest: Digest, make_config: MakeConfig, outbox: Any, tmp_path: Path
) -> None:
    nothing = [{"name": "Nirgends", "type": "textfile", "path": "gibt-es-nicht"}]
    make_config(sources=nothing)
    ran = digest("run")
    assert ran.exit_code == 0
    assert "skipped" in ran.stdout
    assert digest("gather").exit_code == 1
    assert not (tmp_path / "var/outbox/new").exists()
    make_config({"empty": "send"}, sources=nothing)
    assert digest("run", "--json").json["editions"][0]["submitted"] == 3
    assert len(outbox()) == 3


@pytest.mark.usefixtures("readers")
def test_titles_and_names_that_would_break_a_header(
    digest: Digest, make_config: MakeConfig, outbox: Any, tmp_path: Path
) -> None:
    title = "Haushalt\u2028Bcc: alle@boese.example\u0085 beschlossen {{ 7*7 }}"
    (tmp_path / "feed.json").write_text(
        '{"version": "https://jsonfeed.org/version/1.1", "title": "F", "items": [{"id": "1", "title": '
        f'{json.dumps(title)}, "content_text": "{"Ein ganzer Absatz über den Haushalt. " * 20}"}}]}}',
        "utf-8",
    )
    name = "Eva\r\nBcc: x@boese.example"
    people = tmp_path / "people.csv"
    people.write_text(f'email,first_name,last_name\neva@probe.example,"{name}","We\u2028ber"\n', "utf-8", newline="")
    assert digest("subscribers", "import", people, "--list", "morgen", "--consent", "test").exit_code == 0
    make_config(
        {"name": "Der\r\nMorgen", "subject": "personal"},
        site={"name": "Probe\u2028blatt", "sender_name": "Probe\r\nX-Boese: ja"},
        sources=[{"name": "F", "type": "feed", "path": "feed.json"}],
    )
    assert digest("run", "--json").exit_code == 0
    message = outbox()["eva@probe.example"]
    assert message.defects == []
    assert "Bcc" not in message
    assert "X-Boese" not in message
    assert str(message["Subject"]).startswith("Haushalt Bcc: alle@boese.example")
    assert "Haushalt Bcc: alle@boese.example beschlossen {{ 7*7 }}" in part(message, "plain")
    assert "Eva Bcc: x@boese.example We ber" in str(message["To"])


@pytest.mark.usefixtures("readers")
def test_approval(digest: Digest, make_config: MakeConfig, outbox: Any, tmp_path: Path) -> None:
    make_config({"approval": "required"})
    ran = digest("run")
    assert ran.exit_code == 3
    assert "digest editions approve 1" in ran.stderr
    document = digest("run", "--json")
    assert document.exit_code == 3
    assert document.json["editions"][0]["state"] == "in_review"
    assert "approve" in document.json["editions"][0]["note"]
    assert not (tmp_path / "var/outbox").exists()
    assert digest("send").exit_code == 3
    assert digest("editions", "approve").exit_code == 0
    assert digest("send").exit_code == 0
    assert len(outbox()) == 3


@pytest.mark.usefixtures("readers")
def test_a_change_after_approval_voids_it(digest: Digest, make_config: MakeConfig, tmp_path: Path) -> None:
    make_config({"approval": "required"})
    assert digest("run").exit_code == 3
    assert digest("editions", "approve", "1").exit_code == 0
    with sqlite3.connect(tmp_path / "var/digest.db") as database:
        database.execute("UPDATE editions SET content = CAST(replace(content, 'Der Morgen', 'Anderer') AS BLOB)")
    database.close()
    ran = digest("send")
    assert ran.exit_code == 1
    assert "not the one that was prepared" in ran.stderr
    assert digest("editions", "cancel", "1", "--yes").exit_code == 0
    assert not (tmp_path / "var/outbox").exists()


@pytest.mark.usefixtures("readers")
def test_hold_release_cancel(digest: Digest, outbox: Any) -> None:
    assert digest("gather").exit_code == 0
    assert digest("prepare").exit_code == 0
    assert digest("editions", "hold", "--json").json["state"] == "held"
    assert digest("run").exit_code == 3
    assert digest("editions", "release", "1", "--json").json["state"] == "prepared"
    refused = digest("editions", "cancel")
    assert refused.exit_code == 2
    assert "--yes" in refused.stderr
    assert digest("editions", "show", "--json").json["state"] == "prepared"
    assert digest("editions", "cancel", "--edition", "1", "--yes", "--json").json["state"] == "cancelled"
    ran = digest("run")
    assert ran.exit_code == 0
    assert "cancelled" in ran.stdout


@pytest.mark.usefixtures("readers")
def test_a_dry_run_freezes_and_sends_nothing(digest: Digest, tmp_path: Path) -> None:
    ran = digest("run", "--dry-run", "--json")
    assert ran.exit_code == 0
    (entry,) = ran.json["editions"]
    assert entry["recipients"] == 3
    assert entry["articles"]
    assert entry["subject"]
    assert "3 recipients; nothing was sent" in digest("run", "--dry-run").stdout
    assert not (tmp_path / "var/outbox").exists()
    with sqlite3.connect(tmp_path / "var/digest.db") as database:
        for table in ("editions", "deliveries", "edition_articles"):
            assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # noqa: S608
    database.close()


@pytest.mark.usefixtures("readers")
def test_one_newsletter_that_is_held_back_keeps_no_other(digest: Digest, make_config: MakeConfig, outbox: Any) -> None:
    def newsletter(slug: str, **values: Any) -> dict[str, Any]:
        return {"slug": slug, "name": slug, "lists": ["morgen"]} | values

    make_config(
        newsletters=[
            newsletter("a", approval="required"),
            newsletter("b", lists=["keine"]),
            newsletter("c", template="kaputt"),
            newsletter("d"),
        ]
    )
    ran = digest("run", "--json")
    assert ran.exit_code == 3
    entries = {entry["newsletter"]: entry for entry in ran.json["editions"]}
    assert entries["a"]["state"] == "in_review"
    assert "There is no list keine" in entries["b"]["note"]
    assert "kaputt" in entries["c"]["note"]
    assert entries["d"]["state"] == "sent"
    assert len(outbox()) == 3
    assert digest("run", "--newsletter", "b").exit_code == 2
    assert digest("run", "--newsletter", "c").exit_code == 1
    assert digest("run", "--newsletter", "d").exit_code == 0
    sent = digest("send", "--json")
    assert sent.exit_code == 3
    assert {each["newsletter"]: each["state"] for each in sent.json["editions"]} == {
        "a": "in_review",
        "b": "prepared",
        "d": "sent",
    }


REAL = {"imprint": "Probe GmbH, Weg 1, 10115 Berlin", "responsible": "Eva Probe"}


class Server:
    """What a relay answers; `rcpt` and `data` are its replies, "" takes the message."""

    def __init__(self) -> None:
        self.rcpt, self.data, self.password = "", "", ""
        self.taken: list[str] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if self.rcpt:
            return self.rcpt
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if self.data:
            return self.data
        self.taken += envelope.rcpt_tos
        return "250 ok"

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=data.password == self.password.encode(), handled=False)


@pytest.fixture
def relay(unused_port: int) -> Iterator[tuple[Server, dict[str, Any]]]:
    """A local server, and the settings of the relay that leads to it."""
    server = Server()
    controller = Controller(
        server, hostname="127.0.0.1", port=unused_port, authenticator=server.authenticate, auth_require_tls=False
    )
    controller.start()
    yield server, {"host": "127.0.0.1", "port": unused_port, "tls": "none", "connections": 1}
    controller.stop()


@pytest.mark.usefixtures("readers")
def test_a_sample_imprint_lets_no_mail_out(digest: Digest, make_config: MakeConfig, relay: Any) -> None:
    server, settings = relay
    for imprint in ("", "Beispiel-Verlag GmbH"):
        make_config(site={"imprint": imprint}, delivery={"backend": "smtp", "relays": [settings]})
        ran = digest("run")
        assert ran.exit_code == 3
        assert "site.imprint" in ran.stderr
    assert server.taken == []


@pytest.mark.usefixtures("readers")
def test_mail_goes_out_by_smtp(digest: Digest, make_config: MakeConfig, relay: Any) -> None:
    server, settings = relay
    make_config(site=REAL, delivery={"backend": "smtp", "relays": [settings]})
    assert digest("run").exit_code == 0
    assert len(server.taken) == 3
    assert digest("run").exit_code == 0
    assert len(server.taken) == 3


@pytest.mark.usefixtures("readers")
def test_a_refused_login_pauses_and_resume_goes_on(digest: Digest, make_config: MakeConfig, relay: Any) -> None:
    server, settings = relay
    server.password = "richtig"
    login = settings | {"username": "digest", "password_env": "RELAY_PASSWORD"}
    make_config(site=REAL, delivery={"backend": "smtp", "relays": [login]})
    unset = digest("run")
    assert unset.exit_code == 2
    assert "RELAY_PASSWORD" in unset.stderr
    ran = digest("run", "--json", env={"RELAY_PASSWORD": "falsch"})
    assert ran.exit_code == 1
    assert ran.json["editions"][0]["state"] == "paused"
    assert "falsch" not in ran.stdout + ran.stderr
    again = digest("send", env={"RELAY_PASSWORD": "richtig"})
    assert again.exit_code == 1
    assert "--resume" in again.stderr
    assert server.taken == []
    resumed = digest("send", "--resume", "--json", env={"RELAY_PASSWORD": "richtig"})
    assert resumed.exit_code == 0
    assert resumed.json["editions"][0]["submitted"] == 3
    assert len(server.taken) == 3


@pytest.mark.usefixtures("readers")
def test_refusals_are_counted_and_said_by_why(digest: Digest, make_config: MakeConfig, relay: Any) -> None:
    server, settings = relay
    server.rcpt = "550 5.1.1 gibt es nicht"
    make_config(site=REAL, delivery={"backend": "smtp", "relays": [settings]})
    ran = digest("run", "--json")
    assert ran.exit_code == 0
    assert ran.json["editions"][0]["rejected"] == 3
    (delivery,) = digest("why", "leserpost@example.com", "--json").json["deliveries"]
    assert (delivery["state"], delivery["reason"]) == ("rejected", "bad_address")
    assert "5.1.1" in delivery["reply"]
    assert "bad_address" in digest("why", "leserpost@example.com").stdout


@pytest.mark.usefixtures("readers")
def test_a_greylisted_message_waits(digest: Digest, make_config: MakeConfig, relay: Any) -> None:
    server, settings = relay
    server.rcpt = "451 4.7.1 später"
    make_config(site=REAL, delivery={"backend": "smtp", "relays": [settings]})
    ran = digest("run", "--json")
    assert ran.exit_code == 0
    assert (ran.json["editions"][0]["state"], ran.json["editions"][0]["deferred"]) == ("sending", 3)
    assert "next try" in ran.json["editions"][0]["note"]
    server.rcpt = ""
    assert digest("send", "--json").json["editions"][0]["sent_now"] == 0
    with sqlite3.connect(Path("var/digest.db")) as database:
        database.execute("UPDATE deliveries SET next_try = '2020-01-01 00:00:00'")
    database.close()
    assert digest("send", "--json").json["editions"][0]["submitted"] == 3


def add_people(file: Path, count: int) -> None:
    rows = "".join(f"leser{number}@probe.example,Leser,Nr {number}\n" for number in range(count))
    file.write_text(f"email,first_name,last_name\n{rows}", "utf-8")


def wait_for(condition: Callable[[], bool], process: Any) -> None:
    """Until `condition` holds; fails where the process ends before or nothing happens for half a minute."""
    deadline = time.monotonic() + 30
    while not condition():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.001)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.usefixtures("readers")
def test_an_interrupted_run_ends_with_130_and_goes_on(
    digest: Digest, start_digest: Any, tmp_path: Path, number: int
) -> None:
    add_people(tmp_path / "people.csv", 500)
    assert digest("subscribers", "import", "people.csv", "--list", "morgen", "--consent", "t").exit_code == 0
    process = start_digest("run")
    new = tmp_path / "var/outbox/new"
    wait_for(lambda: new.is_dir() and any(new.iterdir()), process)
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    before = {file.name: file.stat().st_mtime_ns for file in new.iterdir()}
    assert 0 < len(before) < 503
    shown = digest("editions", "show", "--json").json
    assert shown["state"] == "sending"
    assert {each["state"] for each in shown["deliveries"]} == {"submitted", "queued"}
    resumed = digest("send", "--json").json["editions"][0]
    assert resumed["submitted"] == 503
    assert resumed["sent_now"] == 503 - len(before)
    assert resumed["in_doubt"] == 0
    assert len(list(new.iterdir())) == 503
    assert {name: (new / name).stat().st_mtime_ns for name in before} == before


@pytest.mark.usefixtures("readers")
def test_two_at_once_send_one_copy_each(digest: Digest, start_digest: Any, tmp_path: Path) -> None:
    add_people(tmp_path / "people.csv", 100)
    assert digest("subscribers", "import", "people.csv", "--list", "morgen", "--consent", "t").exit_code == 0
    processes = [start_digest("run", "--json") for _ in range(2)]
    ends = [(process.communicate(timeout=60), process.returncode) for process in processes]
    for (_, errors), code in ends:
        assert code in (0, 1), errors
        assert "Traceback" not in errors
        assert code == 0 or "Another process is sending" in errors
    shown = digest("editions", "show", "--json").json
    assert shown["state"] == "sent"
    assert shown["deliveries"] == [{"state": "submitted", "reason": "", "count": 103}]
    assert len(list((tmp_path / "var/outbox/new").iterdir())) == 103
