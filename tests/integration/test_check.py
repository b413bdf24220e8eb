from __future__ import annotations

import json
import shutil
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from digest.app import open_app
from digest.cli import cli, main
from digest.storage import editions

CONFIG = """
[site]
name = "Kurier"
base_url = "https://kurier.example"
sender = "digest@kurier.example"
imprint = "Kurier Verlag, Gasse 1, 10115 Berlin"
responsible = "Erika Muster, Gasse 1, 10115 Berlin"

[database]
url = "sqlite:///digest.db"

[[sources]]
name = "Politik"
type = "sample"

[[newsletters]]
slug = "morgen"
name = "Kurier am Morgen"
lists = ["morgen"]
max_articles = 3

[templates]
path = "eigene"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG, "utf-8")
    (tmp_path / "eigene").mkdir()
    return path


def check(config: Path, *options: str) -> tuple[int, Result]:
    """The command's own exit code: it returns 0 or 3, as `main` passes on."""
    result = CliRunner().invoke(cli, ["check", "--config", str(config), *options], standalone_mode=False)
    if result.exception:
        raise result.exception
    return int(result.return_value), result


def own_template(config: Path, name: str, text: str) -> None:
    path = config.parent / "eigene" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


@pytest.fixture(scope="module")
def _prepared_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("prepared") / "config.toml"
    path.write_text(CONFIG, "utf-8")
    (path.parent / "eigene").mkdir()
    for step in ("gather", "snapshot", "prepare"):
        assert CliRunner().invoke(cli, [step, "--config", str(path)]).exit_code == 0
    return path


@pytest.fixture
def prepared(_prepared_once: Path, tmp_path: Path) -> Path:
    """The settings file of a place of its own where edition 1 is prepared."""
    folder = tmp_path / "prepared"
    shutil.copytree(_prepared_once.parent, folder)
    return folder / "config.toml"


def test_the_shipped_look_passes(config: Path) -> None:
    code, result = check(config, "--json")
    found = json.loads(result.stdout)
    assert code == 0
    assert {finding["level"] for finding in found} <= {"warning"}
    assert all(
        set(finding) == {"level", "rule", "file", "line", "text", "problem", "remedy", "about"} for finding in found
    )


def test_a_mistake_in_an_own_template_holds_back(config: Path) -> None:
    own_template(config, "parts/footer.mjml.j2", '<mj-text>\n<img src="https://fremd.example/a.png" /></mj-text>\n')
    code, result = check(config, "--json")
    assert code == 3
    places = {(finding["rule"], finding["file"], finding["line"]) for finding in json.loads(result.stdout)}
    assert places >= {
        ("missing-alt", "parts/footer.mjml.j2", 2),
        ("third-party", "parts/footer.mjml.j2", 2),
        ("missing-unsubscribe", "daily/edition.mjml.j2", None),
        ("missing-imprint", "daily/edition.mjml.j2", None),
    }
    code, result = check(config)
    assert code == 3
    assert "parts/footer.mjml.j2:2" in result.stdout
    assert " errors, " in result.stdout


@pytest.mark.parametrize("text", ["{% if %}", "{{ nobody }}", "<mjml>", ""])
def test_a_template_that_does_not_compile_is_a_finding(config: Path, text: str) -> None:
    own_template(config, "daily/edition.mjml.j2", text)
    code, result = check(config, "--json")
    assert code == 3
    assert "daily/edition.mjml.j2" in {finding["file"] for finding in json.loads(result.stdout)}


def test_a_look_that_does_not_exist_is_a_finding(config: Path) -> None:
    config.write_text(CONFIG.replace('slug = "morgen"', 'slug = "morgen"\ntemplate = "nirgends"'), "utf-8")
    code, result = check(config, "--json")
    (finding,) = [each for each in json.loads(result.stdout) if each["level"] == "error"]
    assert (code, finding["rule"], finding["about"]) == (3, "template", "morgen")


def test_the_sample_imprint_is_only_a_warning(config: Path) -> None:
    config.write_text(CONFIG.replace("Kurier Verlag, Gasse 1, 10115 Berlin", ""), "utf-8")
    code, result = check(config, "--json")
    found = {finding["rule"]: finding for finding in json.loads(result.stdout)}
    assert code == 0
    assert found["site-imprint"]["file"] == str(config)


def test_the_newest_edition_is_checked_with_what_it_was_frozen_with(prepared: Path) -> None:
    code, result = check(prepared, "--json")
    assert code == 0
    assert "edition 1" in {about for finding in json.loads(result.stdout) for about in finding["about"].split(", ")}
    # What is changed afterwards is none of a frozen edition's business.
    own_template(prepared, "parts/footer.mjml.j2", "<mj-text>Ende</mj-text>")
    assert check(prepared, "--edition", "1")[0] == 0
    assert check(prepared)[0] == 3


def test_an_edition_with_a_mistake_names_the_article(prepared: Path) -> None:
    app = open_app(prepared, {})
    with app.database.write() as connection:
        edition = editions.get_edition(connection, 1, content=True)
        assert edition.content is not None
        first, *others = edition.content.articles
        changed = replace(edition.content, articles=(replace(first, title=""), *others))
        editions.freeze(connection, edition, changed, [], b"", edition.state, datetime.now(app.settings.site.zone))
    app.close()
    code, result = check(prepared, "--edition", "1", "--json")
    assert code == 3
    assert ("empty-title", "edition 1, article 1") in {
        (finding["rule"], finding["file"]) for finding in json.loads(result.stdout)
    }


def test_names_that_do_not_exist_are_wrong_usage(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for options in (["--edition", "99"], ["--newsletter", "abend"]):
        monkeypatch.setattr("sys.argv", ["digest", "check", "--config", str(config), *options])
        with pytest.raises(SystemExit) as leave:
            main()
        assert leave.value.code == 2


def test_a_mistake_in_a_letter_is_found(config: Path) -> None:
    own_template(config, "letters/welcome/subject.txt.j2", "{{ newsletter.nahme }}\n")
    code, result = check(config, "--json")
    assert code == 3
    assert ("letters/welcome/subject.txt.j2", 1, "letter welcome") in {
        (finding["file"], finding["line"], finding["about"]) for finding in json.loads(result.stdout)
    }
