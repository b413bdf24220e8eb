"""The source "wordpress" against a server that answers as WordPress documents it, and with all that goes wrong."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import stamina
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from digest.errors import SourceError
from digest.gather.base import Context
from digest.gather.collect import gather_source
from digest.gather.fetch import Fetcher
from digest.gather.settings import GatherSettings, SourceSettings
from digest.model.article import Article

NOW = datetime(2025, 10, 17, 5, tzinfo=UTC)
LOOPBACK = ("127.0.0.0/8",)
BODY = "Der Stadtrat hat am Abend lange beraten und dann mit knapper Mehrheit entschieden."


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    """Three tries, but nobody waits between them."""
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


def post(number: int, **fields: Any) -> dict[str, Any]:
    """The post of that number, an hour older than the one before."""
    moment = (NOW - timedelta(hours=number)).replace(tzinfo=None)
    return {
        "id": number,
        "date_gmt": moment.isoformat(),
        "link": f"https://t.example/{number}/",
        "status": "publish",
        "title": {"rendered": f"Titel {number} &amp; mehr"},
        "excerpt": {"rendered": "<p>Ein Anriss.</p>", "protected": False},
        "content": {"rendered": f"<p>{BODY}</p>", "protected": False},
        "sticky": False,
        "_embedded": {"wp:term": [[{"name": "Krypto", "taxonomy": "category"}]]},
    } | fields


class WordPress:
    """A site's page, its API and its feed. What a test puts into `answers` comes instead of the posts of that page."""

    def __init__(self, server: HTTPServer, posts: list[dict[str, Any]]) -> None:
        self.server, self.posts = server, posts
        self.root = server.url_for("/wp-json/")
        self.route: str | None = None
        self.page_status = 200
        self.answers: dict[int, Response | Callable[[], Response]] = {}
        self.feed = (
            "<rss><channel><item><title>Aus dem Feed</title><link>https://t.example/f/</link></item></channel></rss>"
        )
        server.expect_request("/").respond_with_handler(self._page)
        server.expect_request("/wp-json/wp/v2/posts").respond_with_handler(self._posts)
        server.expect_request("/feed/").respond_with_handler(lambda _: Response(self.feed))

    def _page(self, request: Request) -> Response:
        if request.args.get("rest_route") is not None and request.args["rest_route"] == self.route:
            return self._posts(request)
        head = '<link rel="alternate" type="application/rss+xml" title="Tagblatt &raquo; Feed" href="/feed/">'
        links = f'<{self.root}>; rel="https://api.w.org/"' if self.root else ""
        page = f"<!doctype html><head>{head}</head>"
        return Response(page, self.page_status, {"Link": links}, content_type="text/html")

    def _posts(self, request: Request) -> Response:
        size, number = int(request.args.get("per_page", 10)), int(request.args.get("page", 1))
        if special := self.answers.get(number):
            return special if isinstance(special, Response) else special()
        pages = -(-len(self.posts) // size)
        if number > max(pages, 1):
            problem = {"code": "rest_post_invalid_page_number", "message": "Zu weit.", "data": {"status": 400}}
            return Response(json.dumps(problem), 400)
        shown = self.posts[(number - 1) * size : number * size]
        headers = {"X-WP-Total": str(len(self.posts)), "X-WP-TotalPages": str(pages), "ETag": f'"{size}-{number}"'}
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return Response(status=304, headers=headers)
        return Response(json.dumps(shown), headers=headers, content_type="application/json")

    @property
    def asked(self) -> list[str]:
        """What was asked for, without what a list of posts is asked for every time."""
        named = [(request.path, request.args) for request, _ in self.server.log]
        return [path + "".join(f"?{key}={args[key]}" for key in ("rest_route", "page") if key in args)
                for path, args in named]  # fmt: skip


@pytest.fixture
def site(httpserver: HTTPServer) -> WordPress:
    return WordPress(httpserver, [post(number) for number in range(3)])


def gather(url: str, *, cache: Path | None = None, allow: tuple[str, ...] = (), **settings: Any) -> list[Article]:
    """The source's articles; `timeout_seconds` and `max_bytes` are for [gather], all else for the source."""
    limits: dict[str, Any] = {"timeout_seconds": 5.0, "allow_networks": allow}
    limits |= {key: settings.pop(key) for key in ("timeout_seconds", "max_bytes") if key in settings}
    source = SourceSettings(name="Blatt", type="wordpress", url=url, **settings)
    with Fetcher(GatherSettings(**limits), cache=cache) as fetcher:
        context = Context(fetcher=fetcher, now=NOW, day=date(2025, 10, 17), zone=ZoneInfo("Europe/Berlin"))
        return gather_source(source, {}, context)


def titles(found: list[Article]) -> list[str]:
    return [article.title for article in found]


def test_a_site_by_the_link_to_its_api(site: WordPress) -> None:
    found = gather(site.server.url_for("/"), topics=("wirtschaft",))
    assert titles(found) == ["Titel 0 & mehr", "Titel 1 & mehr", "Titel 2 & mehr"]
    first = found[0]
    assert (first.url, first.lead, first.body) == ("https://t.example/0/", "Ein Anriss.", (BODY,))
    assert (first.source, first.site, first.topics) == ("Blatt", "Tagblatt", ("wirtschaft", "krypto"))
    assert first.published == NOW
    assert site.asked == ["/", "/wp-json/wp/v2/posts"]
    asked = site.server.log[1][0].args
    assert (asked["per_page"], asked["orderby"], asked["order"]) == ("30", "date", "desc")
    assert "wp:term" in asked["_embed"]
    assert {"content", "_links", "_embedded"} <= set(asked["_fields"].split(","))


@pytest.mark.parametrize(
    ("path", "root", "route", "asked"),
    [
        ("/wp-json/", "", None, ["/wp-json/wp/v2/posts"]),
        ("/wp-json/wp/v2/posts?categories=5", "", None, ["/wp-json/wp/v2/posts"]),
        ("/?rest_route=/", "", "/wp/v2/posts", ["/?rest_route=/wp/v2/posts"]),
        ("/", "/?rest_route=/", "/wp/v2/posts", ["/", "/?rest_route=/wp/v2/posts"]),
        ("/", "", None, ["/", "/wp-json/wp/v2/posts"]),
    ],
    ids=["the API", "a list", "plain permalinks", "announced plain permalinks", "not announced"],
)
def test_other_ways_to_the_posts(site: WordPress, path: str, root: str, route: str | None, asked: list[str]) -> None:
    site.root, site.route = root, route
    assert len(gather(site.server.url_for(path))) == 3
    assert site.asked == asked
    assert ("categories" in site.server.log[-1][0].args) is ("categories" in path)


def test_an_api_that_is_only_at_the_parameter(site: WordPress) -> None:
    site.root, site.route = "", "/wp/v2/posts"
    site.server.clear()
    site.server.expect_request("/").respond_with_handler(site._page)
    site.server.expect_request("/wp-json/wp/v2/posts").respond_with_data("", status=404)
    assert len(gather(site.server.url_for("/"))) == 3
    assert site.asked == ["/", "/wp-json/wp/v2/posts", "/?rest_route=/wp/v2/posts"]


def test_pages_until_there_are_enough(site: WordPress) -> None:
    site.posts = [post(number) for number in range(100)]
    assert len(gather(site.root, max_items=70)) == 70
    assert site.asked == ["/wp-json/wp/v2/posts", "/wp-json/wp/v2/posts?page=2", "/wp-json/wp/v2/posts?page=3"]


def test_pages_end_where_the_server_says_so_or_says_nothing(site: WordPress) -> None:
    site.posts = [post(number) for number in range(30)]
    assert len(gather(site.root, max_items=60)) == 30
    assert site.asked == ["/wp-json/wp/v2/posts"]
    site.server.clear_log()
    same = json.dumps(site.posts)
    site.answers = {number: Response(same) for number in range(1, 9)}
    assert len(gather(site.root, max_items=200)) == 30
    assert site.asked == ["/wp-json/wp/v2/posts", "/wp-json/wp/v2/posts?page=2"]


def test_a_later_page_that_fails_costs_no_other(site: WordPress, caplog: pytest.LogCaptureFixture) -> None:
    site.posts = [post(number) for number in range(90)]
    site.answers = {2: Response("", 500)}
    assert len(gather(site.root, max_items=60)) == 30
    assert "page 2 of its posts is missing" in caplog.text


def test_what_is_too_big_is_asked_for_in_smaller_parts(site: WordPress) -> None:
    site.posts = [post(number, content={"rendered": f"<p>{BODY * 50}</p>"}) for number in range(12)]
    assert len(gather(site.root, max_bytes=30_000)) == 12
    assert site.asked[1:] == ["/wp-json/wp/v2/posts", "/wp-json/wp/v2/posts?page=2"]
    with pytest.raises(SourceError, match="is bigger than 2000 bytes"):
        gather(site.root, max_bytes=2_000)


def test_stickies_and_passwords(site: WordPress, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "digest")
    closed = {"rendered": "", "protected": True}
    site.posts = [post(400, sticky=True), post(1), post(2, content=closed), post(3)]
    assert titles(gather(site.root)) == ["Titel 1 & mehr", "Titel 3 & mehr", "Titel 400 & mehr"]
    assert "1 posts need a password" in caplog.text


def test_what_did_not_change_is_not_sent_again(site: WordPress, tmp_path: Path) -> None:
    found = [gather(site.root, cache=tmp_path / "cache.db") for _ in range(2)]
    assert found[0] == found[1]
    assert len(found[0]) == 3
    assert [response.status_code for _, response in site.server.log] == [200, 304]


@pytest.mark.parametrize(
    "answer",
    [
        Response(json.dumps({"code": "rest_not_logged_in", "message": "Bitte anmelden."}), 401),
        Response("Forbidden", 403),
        Response(json.dumps({"code": "rest_no_route", "message": "Keine Route."}), 404),
        Response("<!doctype html><title>Anmelden</title>", 200),
        Response(json.dumps({"code": "rest_disabled", "message": "Abgeschaltet."}), 200),
        Response("", 200),
    ],
    ids=["401", "403", "404", "a page", "an error", "nothing"],
)
def test_where_the_api_is_closed_the_feed_is_read_and_it_is_said(
    site: WordPress, answer: Response, caplog: pytest.LogCaptureFixture
) -> None:
    site.answers = {1: answer}
    (article,) = gather(site.server.url_for("/"))
    assert (article.title, article.source) == ("Aus dem Feed", "Blatt")
    assert "Source Blatt: the WordPress REST API cannot be used" in caplog.text
    assert f"its feed {site.server.url_for('/feed/')} is read instead" in caplog.text


def test_a_refusal_is_respected(site: WordPress) -> None:
    site.answers = {1: Response("Forbidden", 403)}
    gather(site.server.url_for("/"))
    assert site.asked == ["/", "/wp-json/wp/v2/posts", "/feed/"]


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_page_for_people_only_keeps_nobody_from_the_api(site: WordPress, status: int) -> None:
    site.page_status = status
    assert len(gather(site.server.url_for("/"))) == 3


def test_where_there_is_no_feed_either_both_are_named(site: WordPress) -> None:
    site.answers = {1: Response("", 403)}
    site.feed = "kein Feed"
    with pytest.raises(
        SourceError, match=r"^Source Blatt: the WordPress REST API .* 403 .*neither can its feed: .*/feed/"
    ):
        gather(site.server.url_for("/"))


@pytest.mark.parametrize(("status", "said", "tries"), [(500, "500", 3), (503, "503", 3), (429, "429", 1)])
def test_a_passing_fault_is_no_closed_door(site: WordPress, status: int, said: str, tries: int) -> None:
    site.answers = {1: Response("", status)}
    with pytest.raises(SourceError, match=f"answered {said}"):
        gather(site.root)
    assert site.asked == ["/wp-json/wp/v2/posts"] * tries


def test_a_fault_that_has_passed_is_none(site: WordPress) -> None:
    def recovering() -> Response:
        del site.answers[1]
        return Response("", 502)

    site.answers = {1: recovering}
    assert len(gather(site.root)) == 3


def test_too_many_requests(site: WordPress) -> None:
    site.answers = {1: Response("", 429, {"Retry-After": "3600"})}
    with pytest.raises(SourceError, match="come back in 3600 seconds"):
        gather(site.server.url_for("/"))
    assert site.asked == ["/", "/wp-json/wp/v2/posts"]


def test_a_slow_site_ends_at_the_deadline(site: WordPress) -> None:
    held = threading.Event()

    def late() -> Response:
        held.wait(20)
        return Response("[]")

    site.answers = {1: late}
    began = time.monotonic()
    try:
        with pytest.raises(SourceError, match=r"did not answer in 0\.3 seconds"):
            gather(site.root, timeout_seconds=0.3)
    finally:
        held.set()
    assert time.monotonic() - began < 5


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(SourceError, match="cannot be reached"):
        gather(f"http://127.0.0.1:{port}/")


def test_a_redirect_to_ourselves_is_refused(site: WordPress) -> None:
    site.answers = {1: Response("", 302, {"Location": site.server.url_for("/geheim")})}
    site.server.expect_request("/geheim").respond_with_data(json.dumps([post(1)]))
    with pytest.raises(SourceError, match=r"gather\.allow_networks"):
        gather(site.root)
    assert "/geheim" not in site.asked
    assert len(gather(site.root, allow=LOOPBACK)) == 1


@pytest.mark.parametrize("host", ["169.254.169.254", "10.0.0.1", "[::1]", "127.1"])
def test_an_api_elsewhere_is_not_trusted(site: WordPress, host: str) -> None:
    site.root = f"http://{host}:{site.server.port}/wp-json/"
    with pytest.raises(SourceError, match="may not be fetched"):
        gather(site.server.url_for("/"))
    assert site.asked == ["/"]


def test_the_operators_credentials_go_to_the_api_and_into_no_sentence(
    site: WordPress, caplog: pytest.LogCaptureFixture
) -> None:
    url = site.server.url_for("/").replace("http://", "http://blatt:geheim@")
    assert len(gather(url)) == 3
    assert all(request.authorization is not None for request, _ in site.server.log)
    site.answers, site.feed = {1: Response("", 403)}, ""
    caplog.set_level(logging.DEBUG, "digest")
    with pytest.raises(SourceError) as failed:
        gather(url)
    assert "geheim" not in str(failed.value) + caplog.text


def test_a_post_without_any_text_is_completed_from_its_page(site: WordPress) -> None:
    link = site.server.url_for("/nur-auf-der-seite/")
    page = (
        f"<html><head><title>Titel</title></head><body><article><h1>Titel 0</h1><p>{BODY} {BODY}</p></article></body>"
    )
    site.server.expect_request("/nur-auf-der-seite/").respond_with_data(page, content_type="text/html")
    site.posts = [post(0, link=link, content={"rendered": ""}, excerpt={"rendered": ""})]
    (article,) = gather(site.root, allow=LOOPBACK)
    assert BODY in " ".join(article.body)
    assert article.title == "Titel 0 & mehr"


def test_hostile_posts_cost_no_other(site: WordPress) -> None:
    hostile: list[Any] = [
        None,
        7,
        [],
        {"title": []},
        {"link": {"rendered": 5}},
        {"content": {"rendered": "<b>" * 9_000}},
    ]
    site.posts = [*hostile, post(1, _embedded=[], yoast_head_json="x" * 50_000), *hostile]
    assert "Titel 1 & mehr" in titles(gather(site.root))


def test_an_address_is_known_as_wordpress(digest: Any, make_config: Any, site: WordPress) -> None:
    make_config(gather={"allow_networks": list(LOOPBACK)})
    tried = digest("sources", "test", site.server.url_for("/"), "--json").json
    first, *others = tried["candidates"]
    assert (first["type"], first["name"], first["articles"]) == ("wordpress", "Tagblatt", 3)
    assert 'type = "wordpress"' in first["table"]
    assert [each["type"] for each in others] == ["feed", "page"]
    site.answers = {1: Response("", 403)}
    tried = digest("sources", "test", site.server.url_for("/"), "--json").json
    assert tried["candidates"][0]["type"] == "feed"


def test_an_address_of_an_api_is_known_too(digest: Any, make_config: Any, site: WordPress) -> None:
    make_config(gather={"allow_networks": list(LOOPBACK)})
    tried = digest("sources", "test", f"{site.root}wp/v2/posts?categories=5", "--json").json
    assert [(each["type"], each["articles"]) for each in tried["candidates"]] == [("wordpress", 3)]


def test_the_main_job_takes_articles_from_wordpress(digest: Any, make_config: Any, site: WordPress) -> None:
    make_config(
        sources=[{"name": "Blatt", "type": "wordpress", "url": site.server.url_for("/")}], topics={"Krypto": "geld"}
    )
    gathered = digest("gather", "--json").json
    assert gathered["sources"] == [{"source": "Blatt", "found": 3, "new": 3, "warning": ""}]
    listed = digest("articles", "list", "--json").json
    assert {tuple(each["topics"]) for each in listed} == {("geld",)}
