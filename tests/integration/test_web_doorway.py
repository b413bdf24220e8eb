"""What holds for every page: headers, hosts, methods, sizes, faults."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from digest.errors import StorageError
from tests.integration.conftest import MakeWebsite

PATHS = ["/", "/anmelden", "/archiv/morgen", "/meine-daten", "/nirgends", "/abmelden/x", "/healthz", "/robots.txt"]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_is_guarded(make_website: MakeWebsite, path: str) -> None:
    headers = make_website().client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert "max-age=" in headers["strict-transport-security"]
    assert "camera=()" in headers["permissions-policy"]
    assert "set-cookie" not in headers


def test_https_is_promised_only_where_it_is(make_website: MakeWebsite) -> None:
    site = make_website(site={"base_url": "http://probe.example"})
    assert "strict-transport-security" not in site.client.get("/").headers


def test_pages_for_everybody_may_be_found_and_kept_and_no_others(make_website: MakeWebsite) -> None:
    client = make_website().client
    for path in ("/", "/archiv/morgen"):
        assert client.get(path).headers["x-robots-tag"] == "all"
        assert "public" in client.get(path).headers["cache-control"]
    for path in ("/abmelden/x", "/ausgabe/x", "/nirgends"):
        assert client.get(path).headers["x-robots-tag"] == "noindex"
        assert client.get(path).headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("probe.example", 200),
        ("PROBE.example:443", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("localhost", 200),
        ("evil.example", 421),
        ("probe.example.evil.example", 421),
        ("probe.example@evil.example", 421),
        ("[", 421),
        ("", 421),
    ],
)
def test_another_host_gets_nothing(make_website: MakeWebsite, host: str, status: int) -> None:
    client = make_website().client
    answer = client.get("/", headers={"host": host})
    assert answer.status_code == status
    assert host not in answer.text or status == 200 or not host
    assert client.get("/healthz", headers={"host": host}).status_code == 200


def test_the_address_in_a_forwarded_host_is_not_believed(make_website: MakeWebsite) -> None:
    answer = make_website().client.get(
        "/archiv/morgen/feed.xml", headers={"x-forwarded-host": "evil.example", "x-forwarded-proto": "http"}
    )
    assert "evil.example" not in answer.text
    assert "https://probe.example/archiv/morgen" in answer.text


@pytest.mark.parametrize("path", [*PATHS, "/static/x/y.css"])
def test_head_is_get_without_its_body(make_website: MakeWebsite, path: str) -> None:
    client = make_website().client
    got, headed = client.get(path), client.head(path)
    assert headed.status_code == got.status_code
    assert headed.content == b""
    assert headed.headers["content-length"] == str(len(got.content))
    assert headed.headers["content-type"] == got.headers["content-type"]


def test_faults_have_a_page_with_a_way_back(make_website: MakeWebsite) -> None:
    client = make_website().client
    for answer, status in (
        (client.get("/nirgends"), 404),
        (client.post("/robots.txt"), 405),
        (client.post("/anmelden/morgen", content=b"x" * 70_000, headers={"content-type": FORM}), 413),
        (client.post("/anmelden/morgen", content=b"a=1&" * 300, headers={"content-type": FORM}), 400),
        (client.get("/archiv/unbekannt"), 404),
    ):
        assert answer.status_code == status
        assert 'href="/"' in answer.text
        assert "<h1>" in answer.text
    assert "GET" in client.post("/robots.txt").headers["allow"]


FORM = "application/x-www-form-urlencoded"


def test_a_body_that_does_not_say_its_length_is_counted(make_website: MakeWebsite) -> None:
    def endless() -> Any:
        for _ in range(100):
            yield b"a" * 1000

    answer = make_website().client.post("/anmelden/morgen", content=endless(), headers={"content-type": FORM})
    assert answer.status_code == 413


def test_the_api_answers_faults_as_json(make_website: MakeWebsite) -> None:
    answer = make_website().client.get("/api/nirgends")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert json.loads(answer.text)["status"] == 404


def test_a_fault_of_ours_says_nothing_of_itself(
    make_website: MakeWebsite, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    site = make_website()

    def fail(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(site.app, "clock", fail)
    answer = site.client.get("/archiv/morgen/feed.xml")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert "secret detail" in caplog.text


def test_the_log_holds_no_token(
    make_website: MakeWebsite, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    site = make_website()
    token = site.app.links.browser("ab" * 8, 1).rpartition("/")[2]
    monkeypatch.setattr(site.app.database, "read", _broken)
    assert site.client.get(f"/ausgabe/{token}").status_code == 503
    assert "/ausgabe/{token}" in caplog.text
    assert token not in caplog.text


def _broken() -> None:
    raise StorageError("The database cannot be used.")


def test_health_needs_the_database(make_website: MakeWebsite, monkeypatch: pytest.MonkeyPatch) -> None:
    site = make_website()
    assert site.client.get("/healthz").json() == {"status": "ok"}
    monkeypatch.setattr(site.app.database, "read", _broken)
    assert site.client.get("/healthz").status_code == 503


def test_styles_are_kept_for_a_year_and_named_by_their_content(make_website: MakeWebsite) -> None:
    client = make_website(newsletter={"brand": {"accent": "#ffee00"}}).client
    page = client.get("/archiv/morgen").text
    sheets = [part.split('"')[0] for part in page.split('href="')[1:] if part.startswith("/static/")]
    assert len([sheet for sheet in sheets if sheet.endswith(".css")]) == 2
    for sheet in sheets:
        answer = client.get(sheet)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    accent = client.get(next(sheet for sheet in sheets if "newsletter-morgen" in sheet)).text
    assert "--bar: #ffee00" in accent
    assert "--accent: #ffee00;" not in accent.split("@media")[0]  # too pale to be read by day


@pytest.mark.parametrize("path", ["/static/../base.html", "/static/x/..%2f..%2fbase.html", "/bilder/..%2fdigest.db"])
def test_no_way_out_of_the_folders(make_website: MakeWebsite, path: str) -> None:
    assert make_website().client.get(path).status_code == 404


def test_an_operators_own_page_wins(make_website: MakeWebsite, make_app: Callable[..., Any], tmp_path: Any) -> None:
    own = tmp_path / "eigene" / "web"
    own.mkdir(parents=True)
    (own / "landing.html").write_text('{% extends "base.html" %}{% block main %}Unsere Seite {{ "<b>" }}{% endblock %}')
    page = make_website(templates={"path": "eigene"}).client.get("/").text
    assert "Unsere Seite &lt;b&gt;" in page
    assert "Impressum" in page or "<footer>" in page


def test_an_operators_broken_page_is_said_at_the_start(make_website: MakeWebsite, tmp_path: Any) -> None:
    own = tmp_path / "eigene" / "web"
    own.mkdir(parents=True)
    (own / "landing.html").write_text("{% if %}")
    with pytest.raises(Exception, match=r"web/landing\.html, line 1"):
        make_website(templates={"path": "eigene"})
