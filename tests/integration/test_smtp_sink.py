"""Sending to Postfix's own smtp-sink, which answers as it is told."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.integration.test_kill_sending import CONFIG, command, told

PEOPLE = 60
SINK = shutil.which("smtp-sink") or "/usr/sbin/smtp-sink"
Sink = Callable[..., int]


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    """Starts smtp-sink with these options, keeping each message in a file; gives its port."""
    if not Path(SINK).exists():
        pytest.skip("smtp-sink, of Debian's package postfix, is not installed")
    running: list[subprocess.Popen[bytes]] = []
    kept = tmp_path / "kept"
    kept.mkdir()
    # smtp-sink refuses to run as root; whoever it runs as must be able to write.
    user = "nobody" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    kept.chmod(0o777)
    for folder in (tmp_path, *tmp_path.parents):
        if not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)

    def start(*options: str) -> int:
        port = free_port()
        running.append(
            subprocess.Popen(
                [SINK, "-u", user, "-d", f"{kept}/%M.", *options, f"127.0.0.1:{port}", "100"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
        wait_for(port)
        return port

    yield start
    for process in running:
        process.terminate()
        process.wait()


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, "smtp-sink does not answer"
            time.sleep(0.02)
        else:
            return


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sink")
    (folder / "config.toml").write_text(CONFIG.format(port=25, connections=4), "utf-8")
    rows = "".join(f"leser{number}@probe{number}.example\n" for number in range(PEOPLE))
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


def send(prepared: Path, tmp_path: Path, port: int, settings: str = "", exit_code: int = 0) -> dict[str, Any]:
    folder = tmp_path / "site"
    if not folder.exists():
        shutil.copytree(prepared, folder)
    (folder / "config.toml").write_text(CONFIG.format(port=port, connections=4) + settings, "utf-8")
    ran = command(folder, "send", "--json")
    assert ran.returncode == exit_code, ran.stderr
    assert "Traceback" not in ran.stderr
    answer: dict[str, Any] = json.loads(ran.stdout)
    assert sum(count for _, count in told(folder)) == PEOPLE
    return answer


def kept(tmp_path: Path) -> list[str]:
    """The recipients of what the sink took, by their headers."""
    return sorted(
        next(line for line in file.read_text("utf-8").splitlines() if line.startswith("To: ")).removeprefix("To: ")
        for file in (tmp_path / "kept").iterdir()
    )


EVERYBODY = sorted(f"leser{number}@probe{number}.example" for number in range(PEOPLE))


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        pytest.param((), "", id="pipelined"),
        pytest.param(("-p",), "", id="pipelining not offered"),
        pytest.param((), 'pipelining = "off"\n', id="pipelining off"),
        pytest.param(("-e",), "", id="no ESMTP"),
        pytest.param((), "messages_per_connection = 7\n", id="connections renewed"),
    ],
)
def test_everybody_gets_one(
    prepared: Path, tmp_path: Path, sink: Sink, options: tuple[str, ...], settings: str
) -> None:
    report = send(prepared, tmp_path, sink(*options), settings)
    assert (report["submitted"], report["sent_now"]) == (PEOPLE, PEOPLE)
    assert kept(tmp_path) == EVERYBODY


@pytest.mark.parametrize("phase", ["mail", "rcpt", "data", "."])
def test_4xx_everywhere_defers_everybody_and_a_better_day_reaches_them(
    prepared: Path, tmp_path: Path, sink: Sink, phase: str
) -> None:
    report = send(prepared, tmp_path, sink("-r", phase))
    assert (report["deferred"], report["submitted"], report["rejected"]) == (PEOPLE, 0, 0)
    make_due(tmp_path / "site")
    assert send(prepared, tmp_path, sink())["submitted"] == PEOPLE
    assert set(kept(tmp_path)) == set(EVERYBODY)


@pytest.mark.parametrize("phase", ["mail", "rcpt", "data", "."])
def test_5xx_everywhere_pauses_before_the_list_is_burnt(prepared: Path, tmp_path: Path, sink: Sink, phase: str) -> None:
    report = send(prepared, tmp_path, sink("-f", phase), exit_code=1)
    assert report["editions"][0]["state"] == "paused"
    assert report["submitted"] == 0
    assert report["rejected"] <= 28
    assert report["queued"] == PEOPLE - report["rejected"]


def test_a_hang_up_after_every_dot_pauses_before_everybody_has_several(
    prepared: Path, tmp_path: Path, sink: Sink
) -> None:
    report = send(prepared, tmp_path, sink("-q", "."), exit_code=1)
    assert report["editions"][0]["state"] == "paused"
    assert report["submitted"] == 0
    assert 25 <= report["unknown"] <= 28
    assert report["unknown"] + report["queued"] == PEOPLE
    listed = json.loads(command(tmp_path / "site", "status", "--edition", "1", "--list", "unknown", "--json").stdout)
    assert len(listed["deliveries"]) == report["unknown"]
    assert {each["reason"] for each in listed["deliveries"]} == {"broken_off"}


def make_due(folder: Path) -> None:
    """As if the time of every deferred one had come."""
    statement = "import sqlite3; c = sqlite3.connect('var/digest.db'); c.execute(\"UPDATE deliveries SET next_try = "
    statement += "'2020-01-01 00:00:00.000000' WHERE state = 'deferred'\"); c.commit()"
    subprocess.run([sys.executable, "-c", statement], cwd=folder, check=True)
