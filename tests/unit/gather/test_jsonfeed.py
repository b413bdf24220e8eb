"""JSON Feed, both versions, and what people make of it."""

from __future__ import annotations

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.gather.jsonfeed import is_json, read_json_feed
from digest.gather.xmltext import UnsoundError
from digest.model.article import Article

BERLIN = ZoneInfo("Europe/Berlin")


def read(*items: object, **feed: object) -> tuple[Article, ...]:
    document = {"version": "https://jsonfeed.org/version/1.1", "title": "Tagblatt", "items": list(items), **feed}
    return read_json_feed(
        json.dumps(document).encode(), base="https://t.example/feed.json", source="Blatt", zone=BERLIN
    )


def test_a_whole_item() -> None:
    (article,) = read(
        {
            "id": "https://t.example/1",
            "url": "/hafen?utm_source=x",
            "title": "Hafen & <Stadt>",
            "summary": "Der Hafen wächst.",
            "content_html": '<p>Erster.</p><figure><img src="h.jpg">'
            "<figcaption>Foto: Eva Muster/dpa</figcaption></figure>"
            "<p>Zweiter &amp; letzter.</p>",
            "image": "https://t.example/gross.jpg",
            "date_published": "2025-10-17T05:10:00+02:00",
            "authors": [{"name": "Anna Beispiel"}, {"name": "Max Muster"}, {"url": "x"}],
            "tags": ["Wirtschaft", "Plus"],
            "language": "de-AT",
        }
    )
    assert article == Article(
        title="Hafen & <Stadt>",
        source="Blatt",
        lead="Der Hafen wächst.",
        body=("Erster.", "Zweiter & letzter."),
        author="Anna Beispiel, Max Muster",
        published=datetime(2025, 10, 17, 5, 10, tzinfo=BERLIN),
        url="https://t.example/hafen",
        image_url="https://t.example/gross.jpg",
        image_credit="Eva Muster/dpa",
        topics=("Wirtschaft",),
        site="Tagblatt",
        language="de-AT",
        paid=True,
    )


def test_version_one_and_what_is_inherited() -> None:
    (article,) = read(
        {"id": 7, "external_url": "https://y.example/a", "content_text": "Erster Satz. Zweiter.\n\nNoch einer."},
        version="https://jsonfeed.org/version/1",
        author={"name": "Redaktion"},
        language="en",
    )
    assert (article.title, article.author, article.language) == ("Erster Satz.", "Redaktion", "en")
    assert article.url == "https://y.example/a"
    assert article.body == ("Erster Satz. Zweiter.", "Noch einer.")


@pytest.mark.parametrize(
    ("item", "url", "image"),
    [
        ({"id": "https://t.example/1"}, "https://t.example/1", None),
        ({"id": "abc"}, None, None),
        ({"id": "1", "url": "javascript:alert(1)", "external_url": "//y.example/a"}, "https://y.example/a", None),
        ({"id": "1", "content_html": '<img src="p.gif" width="1"><img src="a.jpg">'}, None, "https://t.example/a.jpg"),
        ({"id": "1", "attachments": [{"url": "b.png", "mime_type": "image/png"}]}, None, "https://t.example/b.png"),
        ({"id": "1", "banner_image": "c.png"}, None, "https://t.example/c.png"),
    ],
)
def test_addresses_and_pictures(item: dict[str, object], url: str | None, image: str | None) -> None:
    (article,) = read({"title": "T", **item})
    assert (article.url, article.image_url) == (url, image)


def test_a_wrong_field_or_item_is_left_out_and_not_the_feed() -> None:
    articles = read(
        {"id": "1", "title": ["kein Titel"], "summary": "Aber ein Anriss.", "tags": "falsch", "authors": [7]},
        "kein Eintrag",
        None,
        {"id": "2", "title": "Gut", "date_published": "bald", "date_modified": "2025-10-17"},
        language=5,
    )
    assert [article.title for article in articles] == ["Aber ein Anriss.", "Gut"]
    assert articles[1].published == datetime(2025, 10, 17, tzinfo=BERLIN)
    assert articles[1].date_only


@pytest.mark.parametrize(
    ("content", "yes"),
    [
        (b'{"a": 1}', True),
        (b"\xef\xbb\xbf {", True),
        (b"\n\t{", True),
        (b"<rss/>", False),
        (b"", False),
        (b"[{}]", False),
    ],
)
def test_json_is_known_by_its_content(content: bytes, yes: bool) -> None:
    assert is_json(content) is yes


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32-be"])
def test_encodings(encoding: str) -> None:
    text = '{"version": "https://jsonfeed.org/version/1", "items": [{"id": "1", "title": "Größe"}]}'
    content = text.encode(encoding)
    assert is_json(content)
    assert [article.title for article in read_json_feed(content, base="", source="s", zone=BERLIN)] == ["Größe"]


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_keys = st.sampled_from(["id", "url", "title", "summary", "content_html", "tags", "authors", "date_published", "image"])


@given(st.dictionaries(_keys, _json))
def test_any_item_is_an_article_without_a_crash(item: dict[str, object]) -> None:
    assert len(read(item)) == 1


@given(_json)
def test_any_other_json_is_refused_and_not_a_crash(document: object) -> None:
    with pytest.raises(UnsoundError):
        read_json_feed(json.dumps(document).encode(), base="", source="s", zone=BERLIN)


def test_half_an_emoji_costs_nothing_else() -> None:
    first, second = read(
        {"title": "Hafen \ud83d", "summary": "Der Hafen wächst \ud83d", "tags": ["a\ud83d"], "id": 2**70},
        {"title": "Zweiter"},
    )
    assert (first.title, first.lead, first.topics) == ("Hafen", "Der Hafen wächst", ("a",))
    assert second.title == "Zweiter"
