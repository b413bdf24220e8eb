"""Erasure and export by command, checked where a tester would look: in the raw files."""

from __future__ import annotations

import json
import sqlite3
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from digest.app import App
from digest.model.reader import Origin, SignUp
from digest.storage.letters import letters_due
from digest.storage.tables import deliveries
from subscribers.addresses import parse_address
from subscribers.consent import record_consent
from subscribers.errors import SuppressedError
from subscribers.former_addresses import change_address
from subscribers.model import Consent, ConsentEventKind, SuppressionReason
from subscribers.repository import add_subscriber
from subscribers.suppression import suppress_address
from tests.conftest import Digest

ANNA, FORMER, BERT = "anna.ziegenhals@leser.example", "anna.frueher@leser.example", "bert@leser.example"
TRACES = (b"ziegenhals", b"anna.frueher", b"Annaliese", b"192.0.2.99", b"Probegasse")


def traces(folder: Path) -> dict[str, list[bytes]]:
    """File -> which of the person's traces stand in it, without regard to case or quoted-printable breaks."""
    found = {}
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            raw = file.read_bytes().replace(b"=\r\n", b"").lower()
            seen = [trace for trace in TRACES if trace.lower() in raw or trace.lower() in file.name.lower().encode()]
            if seen:
                found[file.name] = seen
    return found


@pytest.fixture
def app(
    make_app: Callable[..., App], add_person: Callable[..., Any], add_articles: Callable[..., None], tmp_path: Path
) -> App:
    """Anna has got an edition and letters, changed her address, bounced, stood in an import report; Bert is there."""
    made = make_app(privacy={"store_ip": True})
    anna = add_person(
        made, FORMER, first_name="Annaliese", last_name="Ziegenhals", attributes={"strasse": "Probegasse 1"}
    )
    add_person(made, BERT)
    now = made.clock()
    with made.database.write() as connection:
        change_address(connection, anna, parse_address(ANNA), who="cli:test", secret=made.secret, now=now)
        told = Consent(source=f"Mail von Annaliese Ziegenhals <{ANNA}>", ip="192.0.2.99", proof={"from": FORMER})
        record_consent(connection, anna.id, None, ConsentEventKind.ADDED, told, now=now)
    add_articles(made, ("Neues aus der Stadt", now - timedelta(hours=2)))
    [newsletter] = made.newsletters()
    made.reader_requests().send_account_link(ANNA)
    made.sender().send(made.prepare(newsletter, made.today()).edition.number, made.prices)
    with made.database.read() as connection:
        due = letters_due(connection)
    for number in due:
        made.sender().send(number, made.prices)
    made.reader_requests().send_account_link(ANNA)  # this one waits
    with made.database.write() as connection:
        connection.execute(update(deliveries).where(deliveries.c.id == 1).values(reply=f"550 <{ANNA}> unknown"))
    report = made.imports_folder / "1.csv"
    report.parent.mkdir()
    report.write_text(f"line,address,reason\n2,{FORMER},A name has 200 characters at most.\n3,{BERT},No.\n", "utf-8")
    return made


def test_nothing_of_a_person_is_left_in_any_file(app: App, digest: Digest, tmp_path: Path) -> None:
    before = traces(tmp_path)
    assert {"digest.db", "digest.db-wal", "1.csv"} & before.keys() >= {"1.csv"}
    assert len(before) >= 4
    app.close()
    ran = digest("subscribers", "forget", ANNA, "--yes", "--json")
    assert ran.exit_code == 0, ran.stderr
    assert ran.json["wiped"] is True
    assert (ran.json["messages"], ran.json["report_rows"], ran.json["deliveries"]) == (2, 1, 3)
    assert traces(tmp_path) == {}
    assert BERT in (tmp_path / "var/imports/1.csv").read_text("utf-8")
    assert len(list((tmp_path / "var/outbox/new").iterdir())) == 1


def test_what_waits_is_not_sent_and_nothing_brings_them_back(app: App, digest: Digest, tmp_path: Path) -> None:
    app.close()
    digest("subscribers", "forget", ANNA, "--yes")
    with app.database.read() as connection:
        [number] = letters_due(connection)
    report = app.sender().send(number, app.prices)
    assert (report.sent_now, report.skipped) == (0, {"erased": 1})
    for email in (ANNA, FORMER):
        with app.database.write() as connection, pytest.raises(SuppressedError):
            add_subscriber(connection, parse_address(email), secret=app.secret, now=app.clock())
        app.reader_requests().sign_up("morgen", SignUp(email=email), Origin())
    app.close()
    assert traces(tmp_path) == {}
    assert digest("subscribers", "forget", ANNA, "--yes").exit_code == 2


def test_the_evidence_stays_and_names_nobody(app: App, digest: Digest, tmp_path: Path) -> None:
    app.close()
    digest("subscribers", "forget", ANNA, "--yes")
    with sqlite3.connect(tmp_path / "var/digest.db") as connection:
        rows = connection.execute(
            "SELECT event, source, ip, proof FROM consent_events WHERE subscriber_id = 1 ORDER BY id"
        ).fetchall()
        audit = connection.execute("SELECT who, what FROM audit ORDER BY id DESC LIMIT 1").fetchone()
        reasons = connection.execute("SELECT reason, address FROM suppressions").fetchall()
    assert [row[0] for row in rows] == ["added", "added", "unsubscribed"]
    assert rows[1][1] == "Mail von (erased) (erased) <(erased)>"
    assert len(rows[1][2]) == 32
    assert json.loads(rows[1][3]) == {"from": "(erased)"}
    assert (audit[0].startswith("cli"), audit[1]) == (True, "subscriber.forget")
    assert reasons == [("erased", None), ("erased", None)]


def test_without_a_terminal_and_without_yes_nothing_happens(app: App, digest: Digest, tmp_path: Path) -> None:
    before = traces(tmp_path)
    ran = digest("subscribers", "forget", ANNA)
    assert ran.exit_code == 2
    assert "--yes" in ran.stderr
    assert traces(tmp_path) == before


def test_the_export_is_one_document_or_a_new_file_of_ones_own(app: App, digest: Digest, tmp_path: Path) -> None:
    app.close()
    printed = digest("subscribers", "export-data", ANNA)
    assert printed.json["person"]["email"] == ANNA
    assert printed.json["former_addresses"][0]["email"] == FORMER
    assert [each["state"] for each in printed.json["deliveries"]] == ["submitted", "submitted", "queued"]
    assert BERT not in printed.stdout
    written = digest("subscribers", "export-data", ANNA, "--out", "anna.json")
    assert written.exit_code == 0
    file = tmp_path / "anna.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text("utf-8"))["person"] == printed.json["person"]
    again = digest("subscribers", "export-data", ANNA, "--out", "anna.json")
    assert again.exit_code == 2
    assert "There is a file anna.json already" in again.stderr
    assert digest("subscribers", "export-data", "nobody@leser.example").exit_code == 2


def test_an_address_that_is_only_suppressed_becomes_a_hash(app: App, digest: Digest, tmp_path: Path) -> None:
    stray = "cleo.wandersleb@leser.example"
    with app.database.write() as connection:
        reason = SuppressionReason.COMPLAINT
        suppress_address(
            connection, parse_address(stray), reason=reason, source="test", secret=app.secret, now=app.clock()
        )
    app.close()
    assert digest("subscribers", "forget", stray, "--yes", "--json").json["subscriber"] is None
    assert not [file for file in (tmp_path / "var").glob("digest.db*") if b"wandersleb" in file.read_bytes()]
    app.reader_requests().sign_up("morgen", SignUp(email=stray), Origin())
    app.close()
    assert not [file for file in (tmp_path / "var").glob("digest.db*") if b"wandersleb" in file.read_bytes()]
    assert digest("subscribers", "forget", stray, "--yes").exit_code == 2
