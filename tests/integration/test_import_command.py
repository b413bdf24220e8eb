"""Import, export and suppressions from the command line."""

from __future__ import annotations

import csv
import json
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def admin(make_app: Callable[..., Any], digest: Callable[..., Any]) -> Callable[..., Any]:
    """The command line on an empty database with the list `morgen`."""
    make_app()
    return digest


def people(folder: Path, content: str | bytes) -> str:
    file = folder / "leute.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file.name


def test_an_admins_day(admin: Callable[..., Any], tmp_path: Path) -> None:
    content = "email;salutation;first_name;last_name;Status\n"
    rows = "anna@x.example;Frau;Änne;Weber;\nkaputt;;;;\nben@x.example;Fräulein;;;\nANNA@x.example;;;Weber;\n"
    file = people(tmp_path, (content + rows).encode("cp1252"))
    onto = ("--list", "morgen", "--consent", "Messe")
    checked = admin("subscribers", "import", file, *onto, "--dry-run", "--json").json
    assert (checked["added"], checked["refused"], checked["import_id"], checked["report"]) == (1, 2, None, "")
    assert not (tmp_path / "var" / "imports").exists()
    done = admin("subscribers", "import", file, *onto)
    assert done.exit_code == 0
    assert "as import 1: 4 read, 1 added, 1 unchanged" in done.stdout
    report = tmp_path / "var" / "imports" / "1.csv"
    assert str(report) in done.stdout
    assert "line 3, kaputt" in done.stderr
    with report.open(newline="", encoding="utf-8") as lines:
        assert [row["line"] for row in csv.DictReader(lines)] == ["3", "4", "5"]
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert admin("subscribers", "export", "--list", "morgen", "--out", "aus.csv", "--json").json["rows"] == 1
    assert stat.S_IMODE((tmp_path / "aus.csv").stat().st_mode) == 0o600
    assert admin("segments", "create", "weber", "--where", "last_name = Weber").exit_code == 0
    assert admin("subscribers", "export", "--segment", "weber").stdout.count("anna@x.example") == 1
    assert admin("subscribers", "export", "--segment", "fehlt").exit_code == 2
    shown = admin("subscribers", "export", "--state", "active")
    assert shown.stdout.encode() == (tmp_path / "aus.csv").read_bytes()
    assert [one["id"] for one in admin("subscribers", "imports", "--json").json] == [1]
    refused = admin("subscribers", "import", "--undo", "1")
    assert refused.exit_code == 2
    assert "say --yes" in refused.stderr
    assert admin("subscribers", "import", "--undo", "1", "--yes", "--json").json["removed"] == 1
    again = admin("subscribers", "import", "--undo", "1")
    assert (again.exit_code, "nothing was done now" in again.stdout) == (0, True)
    assert admin("subscribers", "list", "--json").json == []


def test_mailed_people_are_kept(
    make_app: Callable[..., Any], digest: Callable[..., Any], add_articles: Any, tmp_path: Path, now: Any
) -> None:
    app = make_app()
    file = people(tmp_path, "email\nanna@x.example\n")
    assert digest("subscribers", "import", file, "--list", "morgen", "--consent", "Messe").exit_code == 0
    add_articles(app, ("Titel", now()))
    newsletter = app.newsletters()[0]
    app.prepare(newsletter, app.today())
    sent = digest("send")
    assert sent.exit_code == 0, sent.stderr
    undone = digest("subscribers", "import", "--undo", "1", "--yes", "--json").json
    assert (undone["removed"], undone["ended"], undone["kept"]) == (0, 1, {"mailed since": 1})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("import",), "Name the file and the list"),
        (("import", "leute.csv"), "Name the file and the list"),
        (("import", "leute.csv", "--undo", "1"), "--undo takes no file"),
        (("import", "--undo", "7", "--yes"), "no import 7"),
        (("import", "leute.csv", "--list", "abend"), "no list abend"),
        (("import", "leute.csv", "--list", "morgen", "--map", "lyris"), "no map lyris"),
        (("import", "fehlt.csv", "--list", "morgen"), "fehlt.csv"),
        (("export", "--list", "abend"), "no list abend"),
        (("export", "--json"), "--out"),
        (("export", "--out", "fehlt/aus.csv"), "cannot be written"),
    ],
)
def test_wrong_usage(admin: Callable[..., Any], tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    people(tmp_path, "email\nanna@x.example\n")
    ran = admin("subscribers", *arguments)
    assert ran.exit_code == 2
    assert said in ran.stderr
    assert ran.stdout == ""
    assert admin("subscribers", "list", "--json").json == []


def test_another_programs_export_by_its_own_header(admin: Callable[..., Any], tmp_path: Path) -> None:
    content = (
        "Email Address,First Name,OPTIN_TIME,CONFIRM_TIME,LEID,UNSUB_TIME\n"
        "anna@x.example,Anna,2020-01-01 10:00:00,2020-01-01 10:01:00,1,\n"
        "weg@x.example,Weg,2020-01-01 10:00:00,2020-01-01 10:01:00,2,2021-01-01 00:00:00\n"
    )
    file = people(tmp_path, content)
    refused = admin("subscribers", "import", file, "--list", "morgen", "--consent", "x")
    assert refused.exit_code == 2
    assert "say --map mailchimp" in refused.stderr
    done = admin(
        "subscribers", "import", file, "--list", "morgen", "--map", "auto", "--report", "weg.json", "--json"
    ).json
    assert (done["added"], done["suppressed"], done["report"]) == (1, 1, "weg.json")
    assert json.loads((tmp_path / "weg.json").read_text())[0]["address"] == "weg@x.example"
    (entry,) = admin("suppressions", "list", "--json").json
    assert (entry["reason"], entry["address"]) == ("imported", "weg@x.example")


def test_suppressions(admin: Callable[..., Any], tmp_path: Path) -> None:
    assert admin("suppressions", "add", "@firma.example", "--json").json["new"] is True
    assert "suppressed already" in admin("suppressions", "add", "@FIRMA.example").stdout
    file = people(tmp_path, "anna@x.example\nkaputt\n@firma.example\n")
    done = admin("suppressions", "import", file, "--json").json
    assert (done["added"], done["known"], done["refused"]) == (1, 1, 1)
    file = people(tmp_path, "email\nchef@firma.example\nanna@x.example\nben@x.example\n")
    imported = admin("subscribers", "import", file, "--list", "morgen", "--consent", "x", "--json").json
    assert (imported["added"], imported["suppressed"]) == (1, 2)
    assert "anna@x.example" in admin("suppressions", "list").stdout
    assert admin("suppressions", "remove", "anna@x.example").exit_code == 2
    assert admin("suppressions", "remove", "anna@x.example", "--yes").exit_code == 0
    assert admin("suppressions", "remove", "anna@x.example", "--yes").exit_code == 2
    assert [one["domain"] for one in admin("suppressions", "list", "--json").json] == ["firma.example"]


def test_whoever_reads_an_export_may_stop(admin: Callable[..., Any], tmp_path: Path) -> None:
    rows = "".join(f"leser{number}@x.example\n" for number in range(5_000))
    file = people(tmp_path, f"email\n{rows}")
    assert admin("subscribers", "import", file, "--list", "morgen", "--consent", "x").exit_code == 0
    command = f"{sys.executable} -m digest subscribers export | head -1"
    ran = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("email,")
    assert "Traceback" not in ran.stderr
