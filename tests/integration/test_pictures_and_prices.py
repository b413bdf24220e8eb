"""From a feed with pictures to the message, and prices that are older than usual, through the whole house."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace
from pytest_httpserver import HTTPServer

from digest.app import App
from digest.cli import cli
from digest.config import load_settings
from digest.storage.snapshots import save_snapshot
from tests.unit.gather.test_shrink_picture import picture
from tests.unit.render.made_up import full_snapshot

NOW = datetime(2025, 10, 17, 4, 10, tzinfo=UTC)
DAY = date(2025, 10, 17)
ITEM = """<item><title>{title}</title><link>{base}{number}</link>
<pubDate>Fri, 17 Oct 2025 0{number}:00:00 +0200</pubDate>
<description>Ein Vorspann, der lang genug ist, um einer zu sein, und sagt, worum es in dem Artikel geht.</description>
<enclosure url="{base}{image}" type="image/jpeg" length="1"/></item>"""
CONFIG = """
[site]
name = "Kurier"
base_url = "https://kurier.example"
sender = "digest@news.example"
[[sources]]
name = "Feed"
type = "feed"
url = "{url}"
images = "{images}"
[gather]
allow_networks = ["127.0.0.0/8"]
timeout_seconds = 10
[market]
providers = {providers}
coingecko = {{ base_url = "http://127.0.0.1:9" }}
[[newsletters]]
slug = "morgen"
name = "Kurier am Morgen"
lists = ["morgen"]
"""


@pytest.fixture
def feed(httpserver: HTTPServer) -> HTTPServer:
    base = httpserver.url_for("/")
    items = [("Der Hafen wird bebaut", 3, "hafen.jpg"), ("Das Rathaus wird gestrichen", 2, "fehlt.jpg")]
    entries = "".join(ITEM.format(title=title, base=base, number=number, image=image) for title, number, image in items)
    channel = f'<rss version="2.0"><channel><title>Kurier</title>{entries}</channel></rss>'
    httpserver.expect_request("/feed").respond_with_data(channel, content_type="application/rss+xml")
    httpserver.expect_request("/hafen.jpg").respond_with_data(picture((1600, 900)), content_type="image/jpeg")
    return httpserver


@pytest.fixture
def made(tmp_path: Path) -> Iterator[list[App]]:
    apps: list[App] = []
    yield apps
    for app in apps:
        app.close()


def open_app(folder: Path, made: list[App], url: str, images: str, providers: str = '["sample"]') -> App:
    file = folder / "config.toml"
    file.write_text(CONFIG.format(url=url, images=images, providers=providers), "utf-8")
    app = App(load_settings(file, {}), path=file, environ={}, clock=lambda: NOW)
    made.append(app)
    people = folder / "people.csv"
    people.write_text("email\nanna@leser.example\n", "utf-8")
    for command in (
        ["lists", "create", "morgen"],
        ["subscribers", "import", str(people), "--list", "morgen", "--consent", "x"],
    ):
        done = CliRunner().invoke(cli, [command[0], command[1], "--config", str(file), *command[2:]])
        assert done.exit_code == 0, done.output
    return app


def prepared(app: App) -> tuple[str, tuple[str, ...], list[str]]:
    """The edition's content hash, the warnings, and what its articles show."""
    (newsletter,) = app.newsletters()
    report = app.prepare(newsletter, DAY)
    return report.edition.content_hash, report.warnings, [article.picture for article in report.articles]


def images_of(app: App) -> list[str]:
    message = message_from_bytes(app.preview(1, "").data, policy=policy.default)
    body = message.get_body(("html",))
    assert body is not None
    return re.findall(r'<img src="([^"]*)"', body.get_content())


def asked(feed: HTTPServer) -> list[str]:
    return [request.path for request, _ in feed.log if request.path.endswith(".jpg")]


def test_a_hosted_picture_is_fetched_once_and_shown_from_the_site(
    feed: HTTPServer, tmp_path: Path, made: list[App]
) -> None:
    app = open_app(tmp_path, made, feed.url_for("/feed"), "hosted")
    app.gather(app.sources(), DAY)
    first, warnings, shown = prepared(app)
    (file,) = (tmp_path / "var" / "pictures").iterdir()
    assert shown == [f"https://kurier.example/bilder/{file.name}", ""]
    assert len(warnings) == 1
    assert "'Das Rathaus wird gestrichen' goes without its picture" in warnings[0]
    assert images_of(app) == shown[:1]
    feed.expect_request("/fehlt.jpg").respond_with_data(b"still nothing")
    assert prepared(app)[0] == first
    assert asked(feed).count("/hafen.jpg") == 1
    html = CliRunner().invoke(cli, ["preview", "--config", str(app.path), "--format", "html"]).stdout
    assert 'src="data:image/jpeg;base64,' in html
    assert "kurier.example/bilder" not in html


@pytest.mark.parametrize(("images", "count"), [("remote", 2), ("none", 0)])
def test_remote_pictures_are_named_and_not_asked_for(
    feed: HTTPServer, tmp_path: Path, made: list[App], images: str, count: int
) -> None:
    app = open_app(tmp_path, made, feed.url_for("/feed"), images)
    app.gather(app.sources(), DAY)
    _, warnings, shown = prepared(app)
    assert [url for url in shown if url] == [feed.url_for("/hafen.jpg"), feed.url_for("/fehlt.jpg")][:count]
    assert warnings == ()
    assert asked(feed) == []
    assert not (tmp_path / "var" / "pictures").exists()


def test_a_snapshot_for_scripts_has_no_pictures(tmp_path: Path, made: list[App]) -> None:
    app = open_app(tmp_path, made, "http://127.0.0.1:9/feed", "none")
    done = CliRunner().invoke(cli, ["snapshot", "--config", str(app.path), "--json"])
    assert done.exit_code == 0
    assert '"change_7d"' in done.stdout
    assert "sparkline" not in done.stdout


@pytest.mark.parametrize(
    ("age", "stale"), [(timedelta(minutes=59), False), (timedelta(hours=3), True), (timedelta(hours=25), None)]
)
def test_when_nobody_gives_prices_the_last_of_the_day_are_shown_and_marked(
    tmp_path: Path, made: list[App], age: timedelta, stale: bool | None
) -> None:
    app = open_app(tmp_path, made, "http://127.0.0.1:9/feed", "none", '["coingecko"]')
    old = full_snapshot()
    quotes = tuple(replace(quote, at=NOW - age) for quote in old.quotes)
    with app.database.write() as connection:
        save_snapshot(connection, replace(old, taken_at=NOW - age, quotes=quotes))
    prices = app.prices()
    assert (prices.stale if prices else None) is stale
