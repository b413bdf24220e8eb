"""An admin's commands on lists, and who did what."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Digest = Callable[..., Any]


@pytest.fixture
def admin(digest: Digest, make_config: Any, database_file: Path) -> Digest:
    make_config()
    digest("lists", "create", "morgen", "--name", "Der Morgen")
    for name in ("anna", "ben"):
        digest("subscribers", "add", f"{name}@leser.example", "--list", "morgen", "--consent", "Messe")
    return digest


def test_counts_and_growth(admin: Digest) -> None:
    admin("subscribers", "add", "cem@leser.example", "--list", "morgen")
    admin("subscribers", "unsubscribe", "ben@leser.example")
    (found,) = admin("lists", "list", "--json").json
    assert (found["active"], found["pending"], found["unsubscribed"]) == (1, 1, 1)
    assert found["growth"] == {"joined_7_days": 2, "left_7_days": 1, "joined_30_days": 2, "left_30_days": 1}
    assert admin("lists", "show", "morgen", "--json").json == found | {"newsletters": ["morgen"]}
    said = admin("lists", "show", "morgen").stdout
    assert "+2 −1" in said
    assert "go to it: morgen." in said


def test_rename(admin: Digest) -> None:
    assert "is called Am Abend" in admin("lists", "rename", "morgen", "Am Abend").stdout
    assert admin("lists", "show", "morgen", "--json").json["mailing_list"]["name"] == "Am Abend"
    assert admin("lists", "rename", "morgen", "").exit_code == 2
    assert admin("lists", "rename", "mittag", "x").exit_code == 2


def test_archived_and_taken_back(admin: Digest) -> None:
    ran = admin("lists", "archive", "morgen")
    assert "is archived" in ran.stdout
    assert "newsletter morgen" in ran.stderr
    assert "was archived before" in admin("lists", "archive", "morgen").stdout
    assert "archived" in admin("lists", "list").stdout
    assert admin("subscribers", "add", "cem@leser.example", "--list", "morgen").exit_code == 2
    assert admin("lists", "unarchive", "morgen", "--json").json["archived_at"] is None
    assert admin("lists", "show", "morgen", "--json").json["active"] == 2


def test_a_list_with_subscriptions_is_not_deleted_untold(admin: Digest, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = admin("lists", "delete", "morgen")
    assert refused.exit_code == 2
    assert "2 active subscriptions" in refused.stderr
    assert "--yes" in refused.stderr
    monkeypatch.setattr("sys.stdin", _Terminal("n\n"))
    assert admin("lists", "delete", "morgen").exit_code == 1
    assert len(admin("lists", "list", "--json").json) == 1
    monkeypatch.setattr("sys.stdin", _Terminal("y\n"))
    assert "deleted, with 2 active" in admin("lists", "delete", "morgen").stdout
    assert admin("lists", "list", "--json").json == []
    assert admin("subscribers", "show", "anna@leser.example", "--json").json["subscriptions"] == []


class _Terminal:
    """A terminal on which somebody types."""

    def __init__(self, typed: str) -> None:
        self._typed = typed

    def isatty(self) -> bool:
        return True

    def readline(self) -> str:
        return self._typed


@pytest.mark.parametrize("told", ["--yes", "--force"])
def test_deleted_where_it_is_told(admin: Digest, told: str) -> None:
    assert admin("lists", "delete", "morgen", told, "--json").json["active"] == 2
    assert admin("lists", "delete", "morgen", told).exit_code == 2


def test_an_empty_list_is_deleted_without_a_question(admin: Digest) -> None:
    admin("lists", "create", "leer")
    assert admin("lists", "delete", "leer").exit_code == 0


def test_every_change_is_on_record(admin: Digest) -> None:
    admin("lists", "rename", "morgen", "Neu")
    admin("lists", "archive", "morgen")
    admin("lists", "unarchive", "morgen")
    admin("subscribers", "tag", "anna@leser.example", "vip")
    admin("segments", "create", "vip", "--where", "tag:vip")
    admin("segments", "delete", "vip", "--yes")
    admin("lists", "delete", "morgen", "--yes")
    found = admin("audit", "list", "--json").json
    assert [each["what"] for each in reversed(found)] == [
        "list.create",
        *["subscriber.add", "subscription.add"] * 2,
        "list.rename",
        "list.archive",
        "list.unarchive",
        "subscriber.change",
        "segment.create",
        "segment.delete",
        "list.delete",
    ]
    assert all(each["who"].startswith("cli:") for each in found)
    assert "leser.example" not in json.dumps(found)
    of_anna = admin("audit", "list", "--person", "anna@leser.example", "--json").json
    assert [each["what"] for each in of_anna] == ["subscriber.change", "subscription.add", "subscriber.add"]
    of_vip = admin("audit", "list", "--subject", "vip", "--json").json
    assert [each["what"] for each in of_vip] == ["segment.delete", "segment.create"]
    newest, *_ = admin("audit", "list", "--limit", "1", "--json").json
    assert admin("audit", "list", "--before", str(newest["id"]), "--limit", "1", "--json").json == [found[1]]
    said = admin("audit", "list").stdout
    assert "list.delete" in said
    assert "active: 2" in said


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(digest: Digest, shell: str) -> None:
    ran = digest("completion", shell)
    assert ran.exit_code == 0
    assert "_DIGEST_COMPLETE" in ran.stdout
    assert digest("completion", shell, "--json").json["script"].strip() == ran.stdout.strip()


def test_completion_completes() -> None:
    """As the script of bash asks for it."""
    words = {"COMP_WORDS": "digest lists una", "COMP_CWORD": "2", "_DIGEST_COMPLETE": "bash_complete"}
    script = "import sys; sys.argv = ['digest']; from digest.cli import main; main()"
    ran = subprocess.run(
        [sys.executable, "-c", script], env=os.environ | words, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == ["plain,unarchive"]
