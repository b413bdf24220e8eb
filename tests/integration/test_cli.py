"""The command line's contract: exit codes, one JSON document, sentences instead of tracebacks."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HOUSE = """
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

Digest = Callable[..., Any]
MakeConfig = Callable[..., Path]

#: Every command that prints, with arguments that it can be run with; in an order in which they all succeed.
COMMANDS = [
    ("migrate",),
    ("lists", "create", "morgen", "--name", "Der Morgen"),
    ("lists", "list"),
    ("lists", "show", "morgen"),
    ("subscribers", "add", "anna@probe.example", "--list", "morgen", "--consent", "test", "--coins", "LTC;BTC"),
    ("subscribers", "import", "people.csv", "--list", "morgen", "--consent", "test"),
    ("subscribers", "import", "people.csv", "--list", "morgen", "--dry-run"),
    ("subscribers", "list"),
    ("subscribers", "show", "anna@probe.example"),
    ("sources", "list"),
    ("sources", "test", "Politik"),
    ("gather",),
    ("articles", "list"),
    ("articles", "list", "--source", "Politik", "--since", "2020-01-01"),
    ("snapshot",),
    ("prepare",),
    ("run", "--dry-run"),
    ("editions", "list"),
    ("editions", "show"),
    ("editions", "hold"),
    ("editions", "release"),
    ("editions", "approve", "1"),
    ("preview",),
    ("preview", "--as", "anna@probe.example", "--edition", "1"),
    ("send",),
    ("status",),
    ("why", "anna@probe.example"),
    ("run",),
    ("prepare", "--date", "2030-01-01"),
    ("editions", "cancel", "2", "--yes"),
]


def test_every_command_prints_one_document_and_nothing_else(
    digest: Digest, make_config: MakeConfig, tmp_path: Path
) -> None:
    make_config({"empty": "send"})
    (tmp_path / "people.csv").write_text("email\nbert@probe.example\nkaputt\n", "utf-8")
    for arguments in COMMANDS:
        ran = digest(*arguments, "--json")
        assert ran.exit_code == 0, (arguments, ran.stderr)
        assert isinstance(ran.json, dict | list), arguments
        assert ran.stdout.endswith("\n")
        assert "Traceback" not in ran.stderr


def test_every_command_speaks_to_people_too(digest: Digest, make_config: MakeConfig, tmp_path: Path) -> None:
    make_config({"empty": "send"})
    (tmp_path / "people.csv").write_text("email\nbert@probe.example\nkaputt\n", "utf-8")
    for arguments in COMMANDS:
        ran = digest(*arguments)
        assert ran.exit_code == 0, (arguments, ran.stderr)
        assert ran.stdout.strip(), arguments
        with pytest.raises(json.JSONDecodeError):
            json.loads(ran.stdout)


def test_pausing_is_for_what_is_being_sent(digest: Digest, make_config: MakeConfig) -> None:
    make_config({"empty": "send"})
    digest("lists", "create", "morgen")
    digest("prepare")
    ran = digest("editions", "pause", "--json")
    assert ran.exit_code == 1
    assert ran.stdout == ""
    assert "cannot become paused" in ran.stderr


@pytest.fixture(scope="session")
def built_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a list, one person and a prepared edition, made once."""
    folder = tmp_path_factory.mktemp("house")
    (folder / "config.toml").write_text(HOUSE, "utf-8")
    for arguments in (
        ("lists", "create", "morgen"),
        ("subscribers", "add", "anna@probe.example", "--list", "morgen", "--consent", "test"),
        ("gather",),
        ("prepare",),
    ):
        ran = run_process(folder, *arguments, capture_output=True)
        assert ran.returncode == 0, ran.stderr
    return folder


@pytest.fixture
def house(built_house: Path, tmp_path: Path) -> None:
    """A list with one person, and a prepared edition."""
    shutil.copytree(built_house, tmp_path, dirs_exist_ok=True)


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize(
    ("arguments", "name", "where"),
    [
        (("run", "--newsletter", "abend"), "newsletter abend", "config.toml"),
        (("gather", "--newsletter", "abend"), "newsletter abend", "config.toml"),
        (("prepare", "--newsletter", "abend"), "newsletter abend", "config.toml"),
        (("send", "--newsletter", "abend"), "newsletter abend", "config.toml"),
        (("editions", "list", "--newsletter", "abend"), "newsletter abend", "config.toml"),
        (("send", "--edition", "99"), "edition 99", "database"),
        (("editions", "show", "99"), "edition 99", "database"),
        (("editions", "approve", "--edition", "99"), "edition 99", "database"),
        (("editions", "cancel", "99", "--yes"), "edition 99", "database"),
        (("preview", "--edition", "99"), "edition 99", "database"),
        (("preview", "--as", "nobody@probe.example"), "nobody@probe.example", "database"),
        (("why", "nobody@probe.example"), "nobody@probe.example", "database"),
        (("subscribers", "show", "nobody@probe.example"), "nobody@probe.example", "database"),
        (("lists", "show", "abend"), "list abend", "database"),
        (("subscribers", "list", "--list", "abend"), "list abend", "database"),
        (("subscribers", "add", "bert@probe.example", "--list", "abend"), "list abend", "database"),
        (("subscribers", "import", "x.csv", "--list", "morgen"), "x.csv", ""),
        (("sources", "test", "Sport"), "source Sport", "config.toml"),
        (("articles", "list", "--source", "Sport"), "source Sport", "config.toml"),
        (("lists", "create", "morgen"), "list morgen", ""),
        (("lists", "create", "Mor gen"), "Mor gen", ""),
        (("run", "--config", "nowhere.toml"), "nowhere.toml", "--config"),
    ],
)
def test_what_does_not_exist_is_named_and_where(
    digest: Digest, arguments: tuple[str, ...], name: str, where: str
) -> None:
    for json_too in ((), ("--json",)):
        ran = digest(*arguments, *json_too)
        assert ran.exit_code == 2
        assert name in ran.stderr
        assert where in ran.stderr
        assert ran.stdout == ""
        assert "Traceback" not in ran.stderr


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("address", ["kaputt", "a@b", "a b@probe.example", "a@probe.example\r\nBcc: x@y.example", ""])
def test_a_broken_address_is_refused(digest: Digest, address: str) -> None:
    ran = digest("subscribers", "add", address, "--list", "morgen", "--consent", "test")
    assert ran.exit_code == 2
    assert ran.stdout == ""
    assert "\nBcc" not in ran.stderr
    assert len(digest("subscribers", "list", "--json").json) == 1


def test_refused_rows_are_counted_and_said(digest: Digest, make_config: MakeConfig, tmp_path: Path) -> None:
    make_config()
    digest("lists", "create", "morgen")
    (tmp_path / "people.csv").write_text("email\nanna@probe.example\nkaputt\nbert@\n", "utf-8")
    ran = digest("subscribers", "import", "people.csv", "--list", "morgen", "--consent", "test")
    assert ran.exit_code == 0
    assert "3 read" in ran.stdout
    assert "1 added" in ran.stdout
    assert "2 refused" in ran.stdout
    assert "line 3, kaputt" in ran.stderr


EVERY = [arguments for arguments in COMMANDS if arguments[:2] != ("sources", "list")]


def older(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    connection.close()


def newer(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()


def no_database(file: Path) -> None:
    file.write_bytes(b"ein Brief " * 1000)


def folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize(
    ("spoil", "exit_code", "says"),
    [
        (older, 2, "digest migrate"),
        (newer, 1, "newer than this program"),
        (no_database, 1, "not a database"),
        (folder, 1, "cannot be used"),
    ],
)
def test_a_database_that_cannot_be_used_is_a_sentence_in_every_command(
    digest: Digest,
    make_config: MakeConfig,
    database_file: Path,
    tmp_path: Path,
    spoil: Callable[[Path], None],
    exit_code: int,
    says: str,
) -> None:
    make_config()
    (tmp_path / "people.csv").write_text("email\nbert@probe.example\n", "utf-8")
    spoil(database_file)
    for arguments in EVERY:
        if arguments[:2] == ("sources", "test") or (arguments == ("migrate",) and spoil is older):
            continue
        ran = digest(*arguments, "--json")
        assert ran.exit_code == exit_code, (arguments, ran.stderr)
        assert says in ran.stderr, arguments
        assert ran.stdout == ""
        assert "Traceback" not in ran.stderr
        assert len(ran.stderr.strip().splitlines()) == 1, ran.stderr


@pytest.mark.parametrize("text", ["[site]\nnaem = 'x'", "[[newsletters]]\nslug = 3", "kein toml"])
def test_settings_that_are_wrong_are_named_in_every_command(digest: Digest, tmp_path: Path, text: str) -> None:
    (tmp_path / "config.toml").write_text(text, "utf-8")
    for arguments in COMMANDS:
        ran = digest(*arguments)
        assert ran.exit_code == 2
        assert ran.stderr.startswith("Error: config.toml: setting `")
        assert ran.stdout == ""


@pytest.mark.usefixtures("house")
def test_config_and_environment(digest: Digest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert digest("lists", "list", "--config", tmp_path / "config.toml").exit_code == 0
    assert digest("lists", "list", env={"DIGEST_CONFIG": str(tmp_path / "config.toml")}).exit_code == 0
    assert digest("lists", "list").exit_code == 2
    env = {"DIGEST_CONFIG": str(tmp_path / "config.toml"), "DIGEST_DATABASE__URL": "sqlite:///anders/x.db"}
    assert digest("lists", "list", "--json", env=env).json == []
    assert (tmp_path / "anders" / "x.db").is_file()
    wrong = digest("lists", "list", env=env | {"DIGEST_SIET__NAME": "x"})
    assert wrong.exit_code == 2
    assert "DIGEST_SIET__NAME" in wrong.stderr


@pytest.mark.usefixtures("house")
def test_the_articles_document(digest: Digest) -> None:
    (first, *_) = digest("articles", "list", "--json").json
    assert set(first) >= {
        "title", "kicker", "lead", "body", "author", "published", "date_only", "url", "image_url", "image_credit",
        "topics", "related", "source", "site", "coins", "language", "paid",
    }  # fmt: skip
    assert isinstance(first["body"], list)
    assert digest("articles", "list", "--since", "2999-01-01", "--json").json == []


@pytest.mark.usefixtures("house")
def test_previews(digest: Digest, tmp_path: Path) -> None:
    text = digest("preview")
    assert "Liebe Leserin, lieber Leser" in text.stdout
    assert "<html" in digest("preview", "--format", "html").stdout
    eml = digest("preview", "--format", "eml", "--out", "m.eml")
    assert eml.stdout == ""
    assert b"\r\nMIME-Version: 1.0\r\n" in (tmp_path / "m.eml").read_bytes()
    assert digest("preview", "--out", "nowhere/m.txt").exit_code == 2
    document = digest("preview", "--json").json
    assert document["to"] == "anna@probe.example"
    assert document["text"].replace("\r\n", "\n").strip() in text.stdout.replace("\r\n", "\n")


def test_without_a_newsletter_there_is_nothing_to_run(digest: Digest, make_config: MakeConfig) -> None:
    make_config(newsletters=[])
    ran = digest("run")
    assert ran.exit_code == 2
    assert "[[newsletters]]" in ran.stderr


def test_an_empty_list_does_not_use_the_day_up(digest: Digest, make_config: MakeConfig) -> None:
    make_config()
    missing = digest("run")
    assert missing.exit_code == 2
    assert "morgen" in missing.stderr
    digest("lists", "create", "morgen")
    nobody = digest("run")
    assert nobody.exit_code == 0
    assert "nobody" in nobody.stdout
    digest("subscribers", "add", "anna@probe.example", "--list", "morgen", "--consent", "test")
    assert digest("run", "--json").json["editions"][0]["submitted"] == 1


def run_process(tmp_path: Path, *arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DIGEST_")}
    environ = clean | options.pop("env", {})
    command = [sys.executable, "-m", "digest", *arguments]
    return subprocess.run(command, cwd=tmp_path, env=environ, check=False, **options)


@pytest.mark.usefixtures("house")
def test_a_terminal_without_the_euro_sign_is_no_reason_to_break_off(tmp_path: Path) -> None:
    env = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    ran = run_process(tmp_path, "snapshot", env=env, capture_output=True)
    assert ran.returncode == 0, ran.stderr
    assert b"BTC" in ran.stdout
    ran = run_process(tmp_path, "articles", "list", "--json", env=env, capture_output=True)
    assert "ü" in "".join(each["lead"] for each in json.loads(ran.stdout.decode("utf-8")))


@pytest.mark.usefixtures("house")
def test_a_reader_that_has_seen_enough_is_no_fault_of_ours(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ran = run_process(tmp_path, "articles", "list", "--json", stdout=writing, stderr=subprocess.PIPE)
    finally:
        os.close(writing)
    assert b"Traceback" not in ran.stderr
    assert b"Exception ignored" not in ran.stderr
    assert ran.returncode == 1


def test_leaving_by_command_is_effective_at_once(digest: Digest, house: object) -> None:
    digest("subscribers", "add", "geht@leser.example", "--list", "morgen", "--consent", "test")
    assert digest("subscribers", "unsubscribe", "geht@leser.example", "--json").json["left"] == ["morgen"]
    assert "had left already" in digest("subscribers", "unsubscribe", "geht@leser.example").stdout
    assert digest("subscribers", "unsubscribe", "niemand@leser.example").exit_code == 2


def test_a_templates_folder_that_is_not_there_is_named(digest: Digest, make_config: MakeConfig) -> None:
    make_config(templates={"path": "gibt-es-nicht"})
    ran = digest("prepare")
    assert ran.exit_code == 2
    assert "templates.path" in ran.stderr
    assert "gibt-es-nicht" in ran.stderr


def test_a_mistyped_backend_is_named_before_anything_is_prepared(digest: Digest, make_config: MakeConfig) -> None:
    make_config(delivery={"backend": "smpt"})
    ran = digest("run")
    assert ran.exit_code == 2
    assert "delivery.backend" in ran.stderr
    assert digest("editions", "list", "--json").json == []
