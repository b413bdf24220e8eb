"""`kill -9` in the middle of an import: whole batches are in, and running it again comes to the same."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

PEOPLE = 20_000
CONFIG = '[site]\nbase_url = "https://probe.example"\nsender = "morgen@probe.example"\n'


def run(folder: Path, *arguments: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "digest", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def ask(folder: Path, query: str) -> list[Any]:
    connection = sqlite3.connect(folder / "var" / "digest.db", timeout=30)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").write_text(CONFIG, "utf-8")
    rows = "".join(f"leser{number}@probe.example,Name{number}\n" for number in range(PEOPLE))
    (tmp_path / "people.csv").write_text(f"email,first_name\n{rows}", "utf-8")
    run(tmp_path, "lists", "create", "morgen")
    return tmp_path


def test_killed_and_run_again(folder: Path) -> None:
    arguments = ("subscribers", "import", "people.csv", "--list", "morgen", "--consent", "Messe")
    process = subprocess.Popen(
        [sys.executable, "-m", "digest", *arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while not ask(folder, "SELECT 1 FROM imports WHERE line > 0") and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.wait()
    (line, finished), *_ = ask(folder, "SELECT line, finished_at FROM imports")
    assert finished is None
    assert 0 < line - 1 < PEOPLE
    for table in ("subscribers", "subscriptions", "consent_events", "events", "import_changes"):
        assert ask(folder, f"SELECT count(*) FROM {table}") == [(line - 1,)], table  # noqa: S608
    assert "broken off after line" in run(folder, "subscribers", "imports")
    said = run(folder, *arguments)
    assert f"{PEOPLE} read, {PEOPLE - line + 1} added, {line - 1} unchanged" in said
    for table in ("subscribers", "subscriptions", "consent_events", "events"):
        assert ask(folder, f"SELECT count(*) FROM {table}") == [(PEOPLE,)], table  # noqa: S608
    for number in ("1", "2"):
        run(folder, "subscribers", "import", "--undo", number, "--yes")
    assert ask(folder, "SELECT count(*) FROM subscribers") == [(0,)]
