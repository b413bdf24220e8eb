"""The source "page": single articles and overviews, from a real server and from files."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pytest_httpserver import HTTPServer

from digest.errors import SourceError
from digest.gather.base import Context
from digest.gather.fetch import Fetcher
from digest.gather.overview import article_links, is_overview
from digest.gather.page import PageSource
from digest.gather.page_tree import parse_page
from digest.gather.settings import GatherSettings, SourceSettings
from digest.model.article import Article

BERLIN = ZoneInfo("Europe/Berlin")
HTML = "text/html; charset=utf-8"


def article_page(title: str) -> str:
    text = "Der Stadtrat hat am Abend lange beraten und dann mit knapper Mehrheit entschieden. " * 3
    return (
        f'<html lang="de"><head><title>{title}</title><meta property="og:type" content="article"></head><body><article>'
        f"<h1>{title}</h1><p>{text}</p><p>{title}, hieß es danach. {text}</p></article></body></html>"
    )


def overview_page(*links: str) -> str:
    items = "".join(
        f'<article><h2><a href="{link}">Der Titel zu {link}</a></h2><p>Ein Satz dazu.</p></article>' for link in links
    )
    return (
        '<html lang="de"><head><title>Lokales</title></head><body><nav><a href="/impressum">Impressum</a></nav>'
        f'<main>{items}</main><footer><a href="/ueber-die-redaktion">Über die Redaktion</a></footer></body></html>'
    )


@pytest.fixture
def context() -> Context:
    fetcher = Fetcher(GatherSettings(allow_networks=("127.0.0.0/8",), timeout_seconds=5))
    return Context(fetcher=fetcher, now=datetime(2025, 10, 17, 5, tzinfo=UTC), day=date(2025, 10, 17), zone=BERLIN)


def gather(context: Context, *, max_items: int = 30, url: str = "", path: Path | None = None) -> list[Article]:
    settings = SourceSettings(name="Lokales", type="page", url=url, path=str(path or ""), max_items=max_items)
    return list(PageSource(settings).articles(context))


def test_an_overviews_articles_in_its_order(httpserver: HTTPServer, context: Context) -> None:
    names = ["haus-am-markt-1", "bad-am-see-2", "weg-im-wald-3"]
    for name in names:
        httpserver.expect_request(f"/{name}").respond_with_data(article_page(f"Neues vom {name}"), content_type=HTML)
    again = f"/{names[0]}?utm_source=x#oben"
    page = overview_page(*(f"/{name}" for name in names), again, "https://anderswo.example/fremd-am-see-4")
    httpserver.expect_request("/lokales/").respond_with_data(page, content_type=HTML)
    articles = gather(context, url=httpserver.url_for("/lokales/"))
    assert [article.title for article in articles] == [f"Neues vom {name}" for name in names]
    assert articles[0].url == httpserver.url_for(f"/{names[0]}")
    assert len(gather(context, url=httpserver.url_for("/lokales/"), max_items=2)) == 2


def test_a_page_that_fails_is_said_and_the_rest_goes_on(
    httpserver: HTTPServer, context: Context, caplog: pytest.LogCaptureFixture
) -> None:
    httpserver.expect_request("/da-ist-er-1").respond_with_data(article_page("Da ist der Artikel"), content_type=HTML)
    httpserver.expect_request("/fehlt-hier-was-2").respond_with_data("weg", status=404)
    httpserver.expect_request("/ein-bild-hier-3").respond_with_data(b"\x89PNG", content_type="image/png")
    page = overview_page("/fehlt-hier-was-2", "/ein-bild-hier-3", "/da-ist-er-1")
    httpserver.expect_request("/lokales/").respond_with_data(page, content_type=HTML)
    with caplog.at_level(logging.WARNING):
        assert [article.title for article in gather(context, url=httpserver.url_for("/lokales/"))] == [
            "Da ist der Artikel"
        ]
    assert "fehlt-hier-was-2" in caplog.text
    assert "image/png" in caplog.text


def test_when_every_page_fails_the_source_does(httpserver: HTTPServer, context: Context) -> None:
    httpserver.expect_request("/lokales/").respond_with_data(
        overview_page("/weg-ist-weg-1", "/weg-ist-weg-2"), content_type=HTML
    )
    with pytest.raises(SourceError, match=r"Lokales.*2 tried"):
        gather(context, url=httpserver.url_for("/lokales/"))


def test_what_an_overview_leads_to_is_not_trusted(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/haus-am-markt-1").respond_with_data(article_page("Intern"), content_type=HTML)
    httpserver.expect_request("/").respond_with_data(
        overview_page("/haus-am-markt-1", "/haus-am-markt-2"), content_type=HTML
    )
    strict = Context(fetcher=Fetcher(GatherSettings()), now=datetime.now(UTC), day=date(2025, 10, 17), zone=BERLIN)
    with pytest.raises(SourceError):
        gather(strict, url=httpserver.url_for("/"))


def test_a_single_article_by_url(httpserver: HTTPServer, context: Context) -> None:
    httpserver.expect_request("/a").respond_with_data(article_page("Nur dieser eine"), content_type=HTML)
    (article,) = gather(context, url=httpserver.url_for("/a"))
    assert (article.title, article.source, article.url) == ("Nur dieser eine", "Lokales", httpserver.url_for("/a"))


def test_files_and_folders(tmp_path: Path, context: Context, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("b", "a"):
        (tmp_path / f"{name}.html").write_text(article_page(f"Artikel {name} aus der Datei"), encoding="utf-8")
    (tmp_path / "c.html").write_text("<p>leer</p>", encoding="utf-8")
    (tmp_path / "d.txt").write_text(article_page("Keine Seite"), encoding="utf-8")
    assert [article.title for article in gather(context, path=tmp_path)] == [
        "Artikel a aus der Datei",
        "Artikel b aus der Datei",
    ]
    assert "c.html" in caplog.text
    assert [article.url for article in gather(context, path=tmp_path / "a.html")] == [None]
    with pytest.raises(SourceError, match=r"c\.html"):
        gather(context, path=tmp_path / "c.html")
    with pytest.raises(SourceError, match="fehlt"):
        gather(context, path=tmp_path / "fehlt")


def test_a_local_overview_reads_its_neighbours_and_nothing_else(tmp_path: Path, context: Context) -> None:
    folder = tmp_path / "seite"
    folder.mkdir()
    (tmp_path / "geheim-im-haus-1.html").write_text(article_page("Geheim"), encoding="utf-8")
    (folder / "neues-vom-markt-2.html").write_text(article_page("Neues vom Markt"), encoding="utf-8")
    (folder / "link-nach-draussen-3.html").symlink_to(tmp_path / "geheim-im-haus-1.html")
    links = ("../geheim-im-haus-1.html", "neues-vom-markt-2.html", "link-nach-draussen-3.html")
    (folder / "index.html").write_text(overview_page(*links), encoding="utf-8")
    assert [article.title for article in gather(context, path=folder / "index.html")] == ["Neues vom Markt"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('<ul><li><a href="artikel-1.html">Eins</a></li><li><a href="artikel-2.html">Zwei</a></li></ul>', [
            "https://bote.example/orte/artikel-1.html", "https://bote.example/orte/artikel-2.html"]),
        ('<a href="/x/haus-am-see-1"><h3>Haus am See</h3></a><a href="/x/bad-am-see-2"><h3>Bad am See</h3></a>', [
            "https://bote.example/x/haus-am-see-1", "https://bote.example/x/bad-am-see-2"]),
        ('<h2><a href="https://www.bote.example/a-b-c">Mit www</a></h2><h2><a href="/tag/a-b-c">Schlagwort</a></h2>'
         '<h2><a href="/bild-a-b-c.jpg">Bild</a></h2><h2><a href="mailto:a@bote.example">Post</a></h2>', [
            "https://www.bote.example/a-b-c"]),
        ('<script type="application/ld+json">{"@type": "ItemList", "itemListElement": [{"url": "/z-y-x"},'
         '{"item": {"@id": "https://bote.example/w-v-u"}}]}</script>', [
            "https://bote.example/z-y-x", "https://bote.example/w-v-u"]),
        ('<base href="https://bote.example/neu/"><h2><a href="a-b-c">Titel</a></h2>', ["https://bote.example/neu/a-b-c"]),
    ],
)  # fmt: skip
def test_article_links(body: str, expected: list[str]) -> None:
    tree = parse_page(f"<html><body>{body}</body></html>".encode())
    assert tree is not None
    assert list(article_links(tree, "https://bote.example/orte/")) == expected


def test_what_is_an_overview() -> None:
    for page, expected in [
        (overview_page("/a-b-c", "/d-e-f"), True),
        (article_page("Ein Artikel"), False),
        (article_page("Ein Artikel").replace('content="article"', 'content="website"'), False),
        (overview_page("/a-b-c", "/d-e-f").replace("<main>", "<main><p>Ein einleitendes Wort.</p>"), True),
    ]:
        tree = parse_page(page.encode())
        assert tree is not None
        assert is_overview(tree, "https://bote.example/orte/") is expected
