"""digest bounces, as an admin runs it."""

from __future__ import annotations

import io
import json
import mailbox
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.subscribers.bounces.mails import feedback, mail, report


@pytest.fixture
def sent(make_config: Any, digest: Any, tmp_path: Path) -> str:
    """The envelope sender of a message that was sent to anna@leser.example."""
    (tmp_path / "bounces" / "new").mkdir(parents=True)
    make_config(
        delivery={"envelope": "verp", "bounce_domain": "bounces.probe.example", "backend": "maildir"},
        bounces={"maildir": "bounces"},
    )
    assert digest("lists", "create", "morgen", "--name", "Der Morgen").exit_code == 0
    added = digest("subscribers", "add", "anna@leser.example", "--list", "morgen", "--consent", "test")
    assert added.exit_code == 0, added.stderr
    ran = digest("run", "--json")
    assert ran.exit_code == 0, ran.stderr
    from digest.app import open_app

    app = open_app(tmp_path / "config.toml", {})
    with app.database.read() as connection:
        from subscribers.repository import get_subscriber

        handle = get_subscriber(connection, "anna@leser.example", secret=app.secret).handle
    address = app.links.bounce_address("bounces.probe.example", handle, 1)
    app.close()
    return address


def test_a_folder_is_taken_in(digest: Any, sent: str, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "deeper").mkdir(parents=True)
    (folder / "1.eml").write_bytes(report(To=sent, quoted="\n"))
    (folder / "2.eml").write_bytes(report("Action: failed\nStatus: 5.7.1", To="bounces@probe.example", quoted="\n"))
    (folder / "deeper" / "3.eml").write_bytes(feedback())
    (folder / "list.json").write_text("{}")
    dry = digest("bounces", "ingest", folder, "--dry-run", "--json")
    assert dry.exit_code == 0
    assert dry.json["dry_run"] is True
    ran = digest("bounces", "ingest", folder, "--json")
    assert ran.exit_code == 0
    files = {each["file"]: each for each in ran.json["files"]}
    assert sorted(files) == ["1.eml", "2.eml", "deeper/3.eml", "list.json"]
    (recipient,) = files["1.eml"]["recipients"]
    assert {name: recipient[name] for name in ("address", "class", "status", "reason")} == {
        "address": "anna@leser.example",
        "class": "hard",
        "status": "5.1.1",
        "reason": "userunknown",
    }
    assert recipient["delivery"]["edition"] == 1
    assert [files[name]["effect"] for name in files] == ["suppressed", "unmatched", "forged", "none"]
    assert ran.json["classes"] == {"hard": 1, "sender": 1, "complaint": 1}
    assert "came back because of us" in ran.stderr
    assert digest("bounces", "ingest", folder, "--json").json["effects"]["repeated"] == 1
    why = digest("why", "anna@leser.example", "--json").json
    assert why["standing"].startswith("suppressed")
    assert why["deliveries"][0]["came_back"] == ["hard (userunknown, 5.1.1): suppressed"]
    assert "hard (userunknown" in " ".join(digest("why", "anna@leser.example").stdout.split())


def test_a_single_file_an_mbox_and_a_pipe(
    digest: Any, sent: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    single = tmp_path / "one.eml"
    single.write_bytes(report(To=sent, quoted="\n"))
    assert digest("bounces", "ingest", single, "--dry-run", "--json").json["effects"] == {"suppressed": 1}
    box = mailbox.mbox(tmp_path / "all.mbox")
    for raw in (report(To=sent, quoted="\n"), mail("Abwesend", Subject="Abwesenheitsnotiz")):
        box.add(raw)
    box.close()
    told = digest("bounces", "ingest", tmp_path / "all.mbox", "--dry-run", "--json").json
    assert [each["file"] for each in told["files"]] == ["all.mbox#1", "all.mbox#2"]
    assert told["classes"] == {"hard": 1, "ignored": 1}
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(single.read_bytes()), isatty=lambda: False))
    assert digest("bounces", "ingest", "-", "--json").json["files"][0]["effect"] == "suppressed"


def test_people_are_shown_a_table(digest: Any, sent: str, tmp_path: Path) -> None:
    file = tmp_path / "one.eml"
    file.write_bytes(report(To=sent, quoted="\n"))
    ran = digest("bounces", "ingest", file)
    assert "anna@leser.example" in ran.stdout
    assert "Followed: 1 suppressed." in ran.stdout


def test_what_is_not_there_is_named(digest: Any, sent: str) -> None:
    ran = digest("bounces", "ingest", "nirgends")
    assert ran.exit_code == 2
    assert "There is no file or folder nirgends" in ran.stderr


def test_watching_once(digest: Any, sent: str, tmp_path: Path) -> None:
    (tmp_path / "bounces" / "new" / "1.a").write_bytes(report(To=sent, quoted="\n"))
    ran = digest("bounces", "watch", "--once", "--json")
    assert ran.exit_code == 0, ran.stderr
    assert ran.json["effects"] == {"suppressed": 1}
    assert digest("bounces", "watch", "--once").exit_code == 0


def test_watching_without_a_mailbox(digest: Any, make_config: Any) -> None:
    make_config()
    ran = digest("bounces", "watch", "--once")
    assert ran.exit_code == 2
    assert "names no mailbox" in ran.stderr


def test_watching_until_sigterm(sent: str, tmp_path: Path, start_digest: Callable[..., Any]) -> None:
    watcher = start_digest("bounces", "watch", "--json")
    assert watcher.stderr is not None
    assert watcher.stdout is not None
    assert "Watching" in watcher.stderr.readline()
    (tmp_path / "bounces" / "new" / "1.a").write_bytes(report(To=sent, quoted="\n"))
    assert json.loads(watcher.stdout.readline())["effect"] == "suppressed"
    watcher.send_signal(signal.SIGTERM)
    assert watcher.wait(15) == 0
