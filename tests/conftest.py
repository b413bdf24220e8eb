"""What every test may use."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import settings

settings.register_profile("here", deadline=None, print_blob=True)
settings.load_profile("here")

_SHARED = Path(__file__).parents[2] / "shared"
#: A Friday, half an hour before the newsletters of the tests are due (06:30 in Berlin).
MORNING = datetime(2026, 3, 6, 5, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real pages, feeds and exports that may lie beside the project."""
    if not _SHARED.is_dir():
        pytest.skip("the folder of real input, shared/ beside the project, is not here")
    return _SHARED


class Now:
    """A clock that stands still until a test moves it."""

    def __init__(self, moment: datetime = MORNING) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def now() -> Now:
    return Now()


def toml(tables: Mapping[str, Any]) -> str:
    """`tables` as TOML."""
    return "".join(f"{_key(name)} = {_value(value)}\n" for name, value in tables.items())


def _key(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(name)} = {_value(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


MakeConfig = Callable[..., Path]


@pytest.fixture
def make_config(tmp_path: Path) -> MakeConfig:
    """Writes `tmp_path/config.toml`: sample sources and prices, one newsletter `morgen`, messages into a Maildir.

    `newsletter` changes keys of that newsletter; every other argument is a table that replaces the one here, or for
    `site` and `delivery` changes keys of it.
    """

    def write(newsletter: Mapping[str, Any] | None = None, **tables: Any) -> Path:
        site = {"name": "Probeblatt", "base_url": "https://probe.example", "sender": "morgen@probe.example"}
        morgen = {"slug": "morgen", "name": "Der Morgen", "lists": ["morgen"], "days": "daily"}
        everything = {
            "database": {"url": "sqlite:///var/digest.db"},
            "sources": [{"name": "Politik", "type": "sample"}],
            "market": {"providers": ["sample"]},
            "newsletters": [morgen | dict(newsletter or {})],
        } | tables
        everything["site"] = site | tables.get("site", {})
        everything["delivery"] = {"backend": "maildir", "path": "var/outbox"} | tables.get("delivery", {})
        path = tmp_path / "config.toml"
        path.write_text(toml(everything), "utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of the newest version with nothing in it, to be copied: migrating takes a while."""
    from digest.storage.database import open_database

    file = tmp_path_factory.mktemp("database") / "empty.db"
    open_database(f"sqlite:///{file}").close()
    return file


@pytest.fixture
def database_file(tmp_path: Path, empty_database: Path) -> Path:
    """An empty database where the settings of `make_config` look for it."""
    file = tmp_path / "var" / "digest.db"
    file.parent.mkdir(exist_ok=True)
    shutil.copy(empty_database, file)
    return file


@pytest.fixture
def make_app(make_config: MakeConfig, database_file: Path, now: Now) -> Iterator[Callable[..., Any]]:
    """Makes an App on the clock `now` and an empty database with the list `morgen`; arguments as for `make_config`.

    `backend` is used instead of the settings' own.
    """
    from digest.app import App
    from digest.config import load_settings
    from subscribers.errors import ListExistsError
    from subscribers.lists import create_list

    made: list[App] = []

    def make(newsletter: Mapping[str, Any] | None = None, *, backend: Any = None, **tables: Any) -> App:
        path = make_config(newsletter, **tables)
        app = App(load_settings(path, {}), path=path, environ={}, clock=now, backend=backend)
        made.append(app)
        with app.database.write() as connection, contextlib.suppress(ListExistsError):  # it may be a second app
            create_list(connection, "morgen", "Der Morgen", now=now())
        return app

    yield make
    for app in made:
        app.close()


@pytest.fixture
def add_person() -> Callable[..., Any]:
    """Adds somebody with an active subscription: `add_person(app, "a@probe.example", topics=("politik",))`."""
    from subscribers.addresses import parse_address
    from subscribers.model import Consent, Profile
    from subscribers.repository import add_subscriber
    from subscribers.subscriptions import subscribe

    def add(app: Any, email: str, list_slug: str = "morgen", **values: Any) -> Any:
        now = app.clock()
        with app.database.write() as connection:
            person = add_subscriber(connection, parse_address(email), Profile(**values), secret=app.secret, now=now)
            subscribe(connection, person.id, list_slug, consent=Consent(source="test"), now=now)
        return person

    return add


@pytest.fixture
def add_articles() -> Callable[..., None]:
    """Puts articles into the pool: `add_articles(app, ("Title", published), ...)`, from the source "Politik"."""
    from digest.gather.dedupe import article_key
    from digest.model.article import Article
    from digest.storage.articles import save_articles

    def add(app: Any, *articles: Any, **values: Any) -> None:
        made = [
            each
            if isinstance(each, Article)
            else Article(title=each[0], published=each[1], **{"source": "Politik", "lead": f"Über {each[0]}."} | values)
            for each in articles
        ]
        with app.database.write() as connection:
            save_articles(connection, [(article_key(each), each) for each in made], app.clock())

    return add


class Ran(NamedTuple):
    """What a command gave."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The one JSON document on stdout; fails where there is anything else."""
        return json.loads(self.stdout)


Digest = Callable[..., Ran]


@pytest.fixture
def digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Digest:
    """Runs the command line in this process, in `tmp_path`: `digest("lists", "show", "morgen", env={...})`."""
    from digest.cli import main

    for name in [name for name in os.environ if name.startswith("DIGEST_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path, env: Mapping[str, str] | None = None) -> Ran:
        capsys.readouterr()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["digest", *map(str, arguments)])
            for name, value in (env or {}).items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as left:
                main()
        said = capsys.readouterr()
        return Ran(int(left.value.code or 0), said.out, said.err)

    return run


@pytest.fixture
def start_digest(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the command line as a process of its own, in `tmp_path`; whatever still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DIGEST_")}

    def start(*arguments: str | Path, env: Mapping[str, str] | None = None, **options: Any) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "digest", *map(str, arguments)],
            cwd=tmp_path,
            env=clean | dict(env or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            **options,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """In CI a skipped test counts as failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and exitstatus == pytest.ExitCode.OK and reporter and reporter.stats.get("skipped"):
        reporter.write_line("Skipped tests count as failed in CI.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
