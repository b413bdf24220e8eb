"""`kill -9` of a sending process, against a server that keeps what it took: nobody missing, few copies, all equal."""

from __future__ import annotations

import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.smtp_recorder import STEPS, Recorder

PEOPLE, CONNECTIONS, KILLS = 240, 3, 20
CONFIG = """
[site]
base_url = "https://probe.example"
sender = "morgen@probe.example"
imprint = "Verlag der Probe, Berlin"
[market]
providers = ["sample"]
[[sources]]
name = "Politik"
type = "sample"
[[newsletters]]
slug = "morgen"
name = "Der Morgen"
lists = ["morgen"]
[delivery]
backend = "smtp"
[[delivery.relays]]
host = "127.0.0.1"
port = {port}
tls = "none"
connections = {connections}
"""


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "digest", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def write_config(folder: Path, port: int) -> None:
    (folder / "config.toml").write_text(CONFIG.format(port=port, connections=CONNECTIONS), "utf-8")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an edition that is ready to be sent to PEOPLE people."""
    folder = tmp_path_factory.mktemp("kill")
    write_config(folder, 25)
    rows = "".join(f"leser{number}@probe{number % 7}.example\n" for number in range(PEOPLE))
    (folder / "people.csv").write_text(f"email\n{rows}", "utf-8")
    for arguments in (
        ("lists", "create", "morgen"),
        ("subscribers", "import", "people.csv", "--list", "morgen", "--consent", "test"),
        ("gather",),
        ("prepare",),
    ):
        ran = command(folder, *arguments)
        assert ran.returncode == 0, ran.stderr
    return folder


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    made = Recorder()
    with made.listening():
        yield made


@pytest.fixture
def site(prepared: Path, tmp_path: Path, recorder: Recorder) -> Path:
    folder = tmp_path / "site"
    shutil.copytree(prepared, folder)
    write_config(folder, recorder.port)
    return folder


class Fate:
    """Sends a signal to the sender at one step of one of its transactions."""

    def __init__(self, recorder: Recorder, number: signal.Signals) -> None:
        self._recorder, self._number = recorder, number
        self._armed = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._at: tuple[str, int] = ("", 0)
        recorder.watch = self._watch

    def _watch(self, step: str, count: int) -> None:
        with self._armed:
            if self._process is not None and step == self._at[0] and count >= self._at[1]:
                self._process.send_signal(self._number)
                self._process = None

    def meet(self, folder: Path, step: str, after: int) -> int:
        """Run `digest send` until it is met at `step`, or to its end; its exit code."""
        with self._armed:
            self._at = (step, self._recorder.counts[step] + after)
            process = self._process = subprocess.Popen(
                [sys.executable, "-m", "digest", "send"],
                cwd=folder,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        code = process.wait(60)
        with self._armed:
            self._process = None
        return code


def finish(folder: Path) -> dict[str, Any]:
    ran = command(folder, "send", "--json")
    assert ran.returncode == 0, ran.stderr
    answer: dict[str, Any] = json.loads(ran.stdout)
    return answer


def test_killed_at_twenty_moments_nobody_is_missing_and_second_copies_are_bounded(
    site: Path, recorder: Recorder
) -> None:
    dice = random.Random()
    fate = Fate(recorder, signal.SIGKILL)
    # Every step at least three times, in any order; the rest wherever chance has it.
    steps = [*STEPS * 3, *dice.choices(STEPS, k=KILLS - 3 * len(STEPS))]
    dice.shuffle(steps)
    killed = sum(fate.meet(site, step, dice.randint(1, 8)) == -signal.SIGKILL for step in steps)
    assert killed == KILLS, "it was sent before all the kills; more people are needed"
    report = finish(site)
    copies = recorder.copies()
    assert len(copies) == PEOPLE
    assert sum(copies.values()) - PEOPLE <= killed * CONNECTIONS
    for recipient, messages in recorder.messages.items():
        assert len(set(messages)) == 1, f"the copies for {recipient} differ"
    assert (report["submitted"], report["queued"], report["unknown"], report["deferred"]) == (PEOPLE, 0, 0, 0)
    assert counts(site) == [("submitted", PEOPLE)] == told(site)
    assert "nobody gets a second copy" in command(site, "send").stdout
    assert sum(recorder.copies().values()) == sum(copies.values())


def test_terminated_nobody_gets_a_second_copy(site: Path, recorder: Recorder) -> None:
    dice = random.Random()
    fate = Fate(recorder, signal.SIGTERM)
    for step in (*STEPS, dice.choice(STEPS)):
        assert fate.meet(site, step, dice.randint(1, 25)) == 130
    report = finish(site)
    assert recorder.copies() == dict.fromkeys(recorder.copies(), 1)
    assert len(recorder.messages) == report["submitted"] == PEOPLE
    assert told(site) == [("submitted", PEOPLE)]


def test_every_body_has_its_own_id_and_ends_as_it_was_assembled(site: Path, recorder: Recorder) -> None:
    finish(site)
    ids = {
        line
        for [message] in recorder.messages.values()
        for line in message.split(b"\r\n")
        if line[:11] == b"Message-ID:"
    }
    assert len(ids) == PEOPLE
    for [message] in recorder.messages.values():
        assert message.endswith(b"--\r\n.\r\n")
        assert b"\n." not in message.removesuffix(b".\r\n")


def counts(folder: Path) -> list[tuple[str, int]]:
    return query(folder, "SELECT state, count(*) FROM deliveries GROUP BY state")


def told(folder: Path) -> list[tuple[str, int]]:
    """The counters beside the ledger."""
    return query(folder, "SELECT state, sum(count) FROM delivery_counts GROUP BY state HAVING sum(count) != 0")


def query(folder: Path, statement: str) -> list[tuple[str, int]]:
    connection = sqlite3.connect(folder / "var" / "digest.db")
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()
