"""Help answers for every command, and quickly."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import click
import pytest

from digest.cli import COMMANDS, cli

HEAVY = ("sqlalchemy", "msgspec", "jinja2", "rich", "alembic", "premailer", "trafilatura", "apscheduler", "httpx2")


def commands(group: click.Group = cli, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


ALL = list(commands())


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_answers_help(digest: Callable[..., Any], path: tuple[str, ...]) -> None:
    ran = digest(*path, "--help")
    assert ran.exit_code == 0
    assert f"Usage: digest {' '.join(path)}" in ran.stdout
    assert ran.stderr == ""


def test_the_contracts_commands_are_there() -> None:
    assert set(COMMANDS) >= {
        "run", "gather", "snapshot", "prepare", "send", "editions", "sources", "articles", "preview", "why",
        "schedule", "lists", "subscribers", "migrate",
    }  # fmt: skip
    assert {path[1] for path in ALL if path[0] == "editions" and len(path) == 2} >= {
        "list", "show", "approve", "hold", "release", "pause", "cancel",
    }  # fmt: skip


GROUPS = {(path[0],) for path in ALL if len(path) == 2}


@pytest.mark.parametrize("path", [path for path in ALL if path not in GROUPS], ids=" ".join)
def test_every_command_takes_config_and_says_json(digest: Callable[..., Any], path: tuple[str, ...]) -> None:
    said = digest(*path, "--help").stdout
    assert "--config" in said
    assert "--json" in said or path in {("schedule",), ("serve",), ("worker",)}


def test_the_overview_names_every_command_with_its_line(digest: Callable[..., Any]) -> None:
    said = " ".join(digest("--help").stdout.split())
    for name, (_, line) in COMMANDS.items():
        assert re.search(rf"\b{name}\b", said)
        assert line in said


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "sys.argv = ['digest', '--help']\n"
        "from digest.cli import main\n"
        "try:\n    main()\nexcept SystemExit as left:\n    assert left.code == 0\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "Usage: digest" in ran.stdout
    loaded = set(ran.stderr.split())
    assert "click" in loaded
    assert not loaded.intersection(HEAVY)


def test_the_version(digest: Callable[..., Any]) -> None:
    assert re.search(r"\d+\.\d+", digest("--version").stdout)


@pytest.mark.parametrize(
    "arguments",
    [
        ("nothing",),
        ("run", "--nothing"),
        ("run", "extra"),
        ("run", "--date", "tomorrow"),
        ("run", "--date", "2026-02-30"),
        ("run", "--date", "20260301"),
        ("run", "--date", "0001-01-01"),
        ("editions", "show", "x"),
        ("editions", "nothing"),
        ("lists", "create"),
        ("preview", "--format", "pdf"),
        ("preview", "--width", "9999"),
        ("subscribers", "list", "--limit", "0"),
        ("editions", "show", "1", "--edition", "2"),
    ],
)
def test_wrong_usage(digest: Callable[..., Any], make_config: Any, arguments: tuple[str, ...]) -> None:
    make_config()
    ran = digest(*arguments)
    assert ran.exit_code == 2
    assert ran.stdout == ""
    assert "Error:" in ran.stderr
    assert "Traceback" not in ran.stderr
