"""One page -> one article."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.gather.page_article import extract
from digest.model.article import Article

BERLIN = ZoneInfo("Europe/Berlin")
URL = "https://www.heidebote.example/umwelt/moor-am-kolbsee-4711.html"
PAGE = (Path(__file__).parents[2] / "data" / "gather" / "artikel.html").read_text(encoding="utf-8")
SCRIPT = PAGE[PAGE.index("{", PAGE.index("ld+json")) : PAGE.index("</script>")]


def read(page: str | bytes, url: str = URL) -> Article:
    article = extract(page.encode() if isinstance(page, str) else page, url, source="Heide", zone=BERLIN)
    assert article is not None
    return article


def with_jsonld(text: str) -> str:
    return PAGE.replace(SCRIPT, text)


def test_everything_is_found() -> None:
    article = read(PAGE)
    assert article.title == "Moor am Kolbsee wird wieder nass"
    assert article.kicker == "Naturschutz"
    assert article.lead.startswith("Nach vierzig Jahren schließt der Landkreis")
    assert [paragraph.split()[0] for paragraph in article.body] == ["Mit", "„Wir", "Ein", "Für", "Kritik"]
    assert article.author == "Rieke Kalthoff und Max Beispiel"
    assert (article.published, article.date_only) == (datetime(2025, 10, 16, 18, 20, tzinfo=BERLIN), False)
    assert article.topics == ("Umwelt", "Moor", "Klima")
    assert article.image_url == "https://www.heidebote.example/bilder/moor-gross.jpg"
    assert article.image_credit == "Gesa Wulf/Heidebote"
    assert article.related == ("Warum die Kraniche länger bleiben",)
    assert (article.url, article.site, article.language, article.paid) == (URL, "Der Heidebote", "de", True)


@pytest.mark.parametrize(
    "jsonld", ["", "{", "[[[[", '{"@type": 5}', '{"@graph": {"@type": null}}', "null", "[" * 100_000]
)
def test_what_json_ld_does_not_say_the_page_does(jsonld: str) -> None:
    article = read(with_jsonld(jsonld))
    assert article.title == "Moor am Kolbsee wird wieder nass"
    assert article.published == datetime(2025, 10, 16, 18, 20, tzinfo=BERLIN)
    assert (article.site, article.paid) == ("Der Heidebote", False)
    assert article.image_url == "https://www.heidebote.example/bilder/moor.jpg"
    assert article.body == read(PAGE).body


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ("Anna Muster", "Anna Muster"),
        ({"name": "Anna Muster"}, "Anna Muster"),
        ([{"name": "Anna Muster"}, "dpa"], "Anna Muster und dpa"),
        ("Anna Muster, Max Beispiel, Kim Weber", "Anna Muster, Max Beispiel und Kim Weber"),
        ({"name": "Anna &amp; <b>Muster</b>"}, "Anna und Muster"),
        ({"name": "admin_x7"}, ""),
    ],
)
def test_authors(author: object, expected: str) -> None:
    node = {"@type": "NewsArticle", "headline": "Moor am Kolbsee wird wieder nass", "author": author}
    assert read(with_jsonld(json.dumps(node))).author == expected


@pytest.mark.parametrize(
    ("node", "paid"),
    [
        ({"isAccessibleForFree": False}, True),
        ({"isAccessibleForFree": "http://schema.org/False"}, True),
        ({"isAccessibleForFree": True}, False),
        ({"hasPart": {"@type": "WebPageElement", "isAccessibleForFree": "False"}}, True),
        ({}, False),
    ],
)
def test_paid(node: dict[str, object], paid: bool) -> None:
    whole = {"@type": "ReportageNewsArticle", "headline": "Moor am Kolbsee wird wieder nass", **node}
    assert read(with_jsonld(json.dumps(whole))).paid is paid


def test_json_ld_of_another_article_on_the_page_is_not_taken() -> None:
    nodes = [
        {
            "@type": "NewsArticle",
            "headline": "Ganz etwas anderes heute",
            "url": "https://www.heidebote.example/x-1.html",
        },
        {"@type": "NewsArticle", "headline": "Moor am Kolbsee wird wieder nass", "mainEntityOfPage": {"@id": URL}},
    ]
    assert read(with_jsonld(json.dumps(nodes))).title == "Moor am Kolbsee wird wieder nass"


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8-sig", "utf-16", "iso-8859-15"])
def test_a_charset_that_is_not_the_one_declared(encoding: str) -> None:
    page = PAGE.replace("„", '"').replace("“", '"')
    assert read(page.encode(encoding)).body == read(page).body


def test_a_page_from_a_file_has_its_own_address_or_none() -> None:
    assert read(PAGE, "file:///srv/artikel.html").url == URL
    assert read(PAGE.replace('rel="canonical"', 'rel="x"'), "file:///srv/artikel.html").url is None
    assert read(PAGE.replace("https://www.heidebote.example/umwelt", "javascript:alert(1)//")).url == URL


def test_a_sites_own_slogan_is_no_lead() -> None:
    assert "Nachrichten aus der Heide" not in read(PAGE.replace('class="article__intro"', "")).lead


@pytest.mark.parametrize(
    "content",
    [b"", b"nur Text", b"<", b"\0" * 1000, b"<html></html>", b"%PDF-1.7 \xff\xfe", b"<p>kurz</p>", b"<div>" * 50_000],
)
def test_what_is_no_article(content: bytes) -> None:
    assert extract(content, URL, source="Heide", zone=BERLIN) is None


@settings(max_examples=30)
@given(st.binary(max_size=400), st.integers(0, len(PAGE)))
def test_bytes_in_the_midst_of_a_page_break_nothing(junk: bytes, at: int) -> None:
    page = PAGE.encode()
    article = extract(page[:at] + junk + page[at:], URL, source="Heide", zone=BERLIN)
    assert article is None or article.title


def test_the_text_is_plain() -> None:
    article = read(PAGE.replace("ein Bohlenweg", "ein &lt;b&gt;Bohlenweg&lt;/b&gt;\u2028<script>alert(1)</script>"))
    assert not any("\u2028" in paragraph or "alert" in paragraph for paragraph in article.body)
