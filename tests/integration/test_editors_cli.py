"""digest editors."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Digest

PASSWORD = "ein langer Satz zum Merken"


@pytest.fixture
def run(digest: Digest, make_config: Callable[..., Any], database_file: Any) -> Digest:
    make_config()
    return digest


def test_adding_prints_a_link_that_is_kept_nowhere(run: Digest, database_file: Any) -> None:
    ran = run("editors", "add", "Anna@Probe.example", "--name", "Anna", "--role", "admin", "--json")
    assert ran.exit_code == 0
    assert ran.json["editor"]["email"] == "anna@probe.example"
    assert ran.json["editor"]["role"] == "admin"
    assert ran.json["link"].startswith("https://probe.example/redaktion/anmelden/")
    assert ran.json["local_link"].startswith("http://127.0.0.1:8000/redaktion/anmelden/")
    assert ran.json["link"].rpartition("/")[2].encode() not in database_file.read_bytes()


def test_people_are_told_where_to_go(run: Digest) -> None:
    said = run("editors", "add", "anna@probe.example").stdout
    assert "http://127.0.0.1:8000/redaktion/anmelden/" in said
    assert "https://probe.example/redaktion/anmelden/" in said
    assert "editor" in said


def test_a_password_is_read_from_what_is_piped_in(
    run: Digest, monkeypatch: pytest.MonkeyPatch, database_file: Any
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))
    ran = run("editors", "add", "anna@probe.example", "--password", "--json")
    assert ran.json["editor"]["has_password"] is True
    assert "link" not in ran.json
    assert PASSWORD.encode() not in database_file.read_bytes()
    assert "password" in run("editors", "list").stdout


@pytest.mark.parametrize(
    ("typed", "said"), [("kurz\n", "12 characters"), ("", "no terminal"), ("aaaaaaaaaaaaaa\n", "5")]
)
def test_a_password_that_does_not_do_adds_nobody(
    run: Digest, monkeypatch: pytest.MonkeyPatch, typed: str, said: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    ran = run("editors", "add", "anna@probe.example", "--password")
    assert ran.exit_code == 2
    assert said in ran.stderr
    assert run("editors", "list", "--json").json == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "kein-at"),
        ("add", "anna@probe.example"),
        ("add", "neu@probe.example", "--role", "chef"),
        ("passwd", "nobody@probe.example"),
        ("remove", "nobody@probe.example", "--yes"),
        ("remove", "anna@probe.example"),
    ],
)
def test_wrong_usage(run: Digest, arguments: tuple[str, ...]) -> None:
    run("editors", "add", "ANNA@probe.example")
    ran = run("editors", *arguments)
    assert ran.exit_code == 2
    assert "Traceback" not in ran.stderr
    assert len(run("editors", "list", "--json").json) == 1


def test_a_new_link_ends_the_one_before(run: Digest) -> None:
    first = run("editors", "add", "anna@probe.example", "--json").json["link"]
    second = run("editors", "passwd", "anna@probe.example", "--json").json["link"]
    assert first != second
    assert run("editors", "list", "--json").json[0]["has_password"] is False


def test_removing_leaves_the_audit_trail(run: Digest) -> None:
    run("editors", "add", "anna@probe.example")
    assert run("editors", "remove", "anna@probe.example", "--yes").exit_code == 0
    assert run("editors", "list", "--json").json == []
    assert [each["what"] for each in run("audit", "list", "--json").json] == ["editor.remove", "editor.add"]
