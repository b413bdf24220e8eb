"""digest serve, as a process of its own."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Start = Callable[..., subprocess.Popen[str]]


def address(process: subprocess.Popen[str]) -> str:
    """Where it says that it serves."""
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(r"Serving at (http://\S+),", line):
            return found[1]
    raise AssertionError("it ended without serving")


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310, our own server
        body: str = answer.read().decode()
        assert answer.headers["server"] is None
        return body


@pytest.mark.parametrize(("stop", "options"), [(signal.SIGTERM, ["--no-scheduler"]), (signal.SIGINT, [])])
def test_it_serves_until_it_is_stopped(
    make_config: Callable[..., Path], database_file: Path, start_digest: Start, stop: int, options: list[str]
) -> None:
    make_config(sources=[])
    process = start_digest("serve", "--port", "0", *options)
    base = address(process)
    assert "Der Morgen" in get(base + "/")
    assert "ok" in get(base + "/healthz")
    process.send_signal(stop)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in said
    assert "GET /" not in said


def test_it_lets_go_of_a_browser_that_stays(
    make_config: Callable[..., Path], database_file: Path, start_digest: Start
) -> None:
    make_config()
    process = start_digest("serve", "--port", "0", "--no-scheduler")
    host, _, port = address(process).removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as idle:
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(100).startswith(b"HTTP/1.1 200")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])  # noqa: S104
def test_it_listens_to_the_world_only_behind_https(make_config: Callable[..., Path], digest: Any, host: str) -> None:
    make_config(site={"base_url": "http://probe.example"})
    ran = digest("serve", "--host", host, "--port", "0")
    assert ran.exit_code == 2
    assert "web.host" in ran.stderr
    assert "https" in ran.stderr


def test_a_port_that_is_taken_is_one_sentence(make_config: Callable[..., Path], digest: Any) -> None:
    make_config()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = digest("serve", "--port", str(taken.getsockname()[1]), "--no-scheduler")
    assert ran.exit_code == 2
    assert "cannot listen at 127.0.0.1" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    ("web", "said"),
    [
        ({"port": 70000}, "port must be between"),
        ({"trusted_proxies": ["proxy.example"]}, "'proxy.example' is no address"),
        ({"prot": 1}, "web.prot"),
    ],
)
def test_wrong_settings_are_said(make_config: Callable[..., Path], digest: Any, web: dict[str, Any], said: str) -> None:
    make_config(web=web)
    ran = digest("serve")
    assert ran.exit_code == 2
    assert said in ran.stderr


def test_an_older_database_is_not_served(make_config: Callable[..., Path], database_file: Path, digest: Any) -> None:
    import sqlite3

    make_config()
    with sqlite3.connect(database_file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    ran = digest("serve", "--port", "0")
    assert ran.exit_code == 2
    assert "digest migrate" in ran.stderr
