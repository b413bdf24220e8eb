"""`kill -9` while sending: restarted, everybody has exactly one message, and the same bytes as without it."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PEOPLE = 200
CONFIG = """
[site]
base_url = "https://probe.example"
sender = "morgen@probe.example"
[market]
providers = ["sample"]
[[sources]]
name = "Politik"
type = "sample"
[[newsletters]]
slug = "morgen"
name = "Der Morgen"
lists = ["morgen"]
"""


def run(folder: Path, *arguments: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "digest", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an edition that is ready to be sent to PEOPLE people."""
    folder = tmp_path_factory.mktemp("crash")
    (folder / "config.toml").write_text(CONFIG, "utf-8")
    rows = "".join(f"leser{number}@probe.example\n" for number in range(PEOPLE))
    (folder / "people.csv").write_text(f"email\n{rows}", "utf-8")
    run(folder, "lists", "create", "morgen")
    run(folder, "subscribers", "import", "people.csv", "--list", "morgen", "--consent", "test")
    run(folder, "gather")
    run(folder, "prepare")
    run(folder, "snapshot")  # fresh enough for all that follow, so that all have the same prices
    return folder


def messages(folder: Path) -> dict[str, bytes]:
    """File name -> content but for the Date, which is that of the claim."""
    new = folder / "var" / "outbox" / "new"
    if not new.is_dir():
        return {}
    return {file.name: without_date(file.read_bytes()) for file in new.iterdir()}


def without_date(data: bytes) -> bytes:
    head, _, body = data.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.startswith(b"Date: ")]
    assert len(lines) == head.count(b"\r\n")
    return b"\r\n".join(lines) + body


def states(folder: Path) -> dict[str, int]:
    connection = sqlite3.connect(folder / "var" / "digest.db")
    try:
        return dict(connection.execute("SELECT state, count(*) FROM deliveries GROUP BY state").fetchall())
    finally:
        connection.close()


def reached(folder: Path, wanted: int) -> Callable[[], bool]:
    """Whether so many deliveries were settled; 0 means that the first recipients were frozen, -1 that it has begun."""

    def look() -> bool:
        if wanted < 0:
            return (folder / "var" / "digest.db.sender").exists()
        found = states(folder)
        return bool(found) if wanted == 0 else found.get("submitted", 0) >= wanted

    return look


def kill_when(folder: Path, condition: Callable[[], bool], start: Any) -> None:
    """Starts `digest send` and kills it as soon as the condition holds, or lets it end."""
    process = start("send", cwd_folder=folder)
    deadline = time.monotonic() + 60
    while not condition() and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    process.kill()
    process.wait()


@pytest.fixture
def start() -> Any:
    def begin(*arguments: str, cwd_folder: Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "digest", *arguments],
            cwd=cwd_folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    return begin


@pytest.fixture(scope="module")
def undisturbed(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What is sent when nobody kills anything."""
    folder = tmp_path_factory.mktemp("undisturbed") / "site"
    shutil.copytree(prepared, folder)
    run(folder, "send")
    sent = messages(folder)
    assert len(sent) == PEOPLE
    return sent


@pytest.mark.parametrize(
    "moments",
    [
        pytest.param([-1, 0], id="while beginning and planning"),
        pytest.param([1, 60, 150], id="three times while sending"),
        pytest.param([PEOPLE - 1], id="at the last ones"),
        pytest.param(random.Random().sample(range(PEOPLE), 2), id="at random"),
    ],
)
def test_killed_and_restarted_everybody_has_exactly_one(
    prepared: Path, undisturbed: dict[str, bytes], tmp_path: Path, start: Any, moments: list[int]
) -> None:
    folder = tmp_path / "site"
    shutil.copytree(prepared, folder)
    kept: dict[str, bytes] = {}
    for moment in sorted(moments):
        kill_when(folder, reached(folder, moment), start)
        found = states(folder)
        assert found.get("in_flight", 0) <= 4, f"more in doubt than there are connections, killed at {moments}"
        files = messages(folder)
        # A file may be there whose outcome was not recorded; never the other way round.
        assert found.get("submitted", 0) <= len(files) <= found.get("submitted", 0) + 4
        assert all(files[name] == content for name, content in kept.items())
        kept = files
    run(folder, "send")
    assert states(folder) == {"submitted": PEOPLE}
    assert messages(folder) == undisturbed
    assert list((folder / "var" / "outbox" / "tmp").iterdir()) == []
    assert "nobody gets a second copy" in run(folder, "send")


def test_a_second_copy_has_the_very_same_bytes(prepared: Path, tmp_path: Path, start: Any) -> None:
    """What was in flight when the process died is written again: Date and all are those of the first claim."""
    folder = tmp_path / "site"
    shutil.copytree(prepared, folder)
    kill_when(folder, reached(folder, 20), start)
    new = folder / "var" / "outbox" / "new"
    before = {file.name: file.read_bytes() for file in new.iterdir()}
    connection = sqlite3.connect(folder / "var" / "digest.db")
    connection.execute("UPDATE deliveries SET state = 'in_flight' WHERE state = 'submitted'")
    connection.commit()
    connection.close()
    run(folder, "send")
    after = {file.name: file.read_bytes() for file in new.iterdir()}
    assert len(after) == PEOPLE
    assert {name: after[name] for name in before} == before
