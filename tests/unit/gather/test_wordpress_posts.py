"""WordPress's posts: what is documented, what plug-ins make of it, and what nobody should send."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.gather.wordpress_posts import Posts, PostsBytes, read_posts
from digest.gather.xmltext import UnsoundError
from digest.model.article import Article

BERLIN = ZoneInfo("Europe/Berlin")
BASE = "https://t.example/"


def read_answer(content: bytes | str | object) -> Posts:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return read_posts(PostsBytes(content=raw, base=BASE, source="Blatt", zone="Europe/Berlin"))


def read(**fields: Any) -> Article:
    """The one article of a post that has a title, and `fields`."""
    (article,) = read_answer([{"title": {"rendered": "Titel"}, **fields}]).articles
    return article


def embedded(**relations: Any) -> Article:
    return read(_embedded={name.replace("wp_", "wp:"): value for name, value in relations.items()})


def test_a_whole_post() -> None:
    post = {
        "id": 7,
        "date": "2025-10-17T05:10:00",
        "date_gmt": "2025-10-17T03:10:00",
        "link": "https://t.example/2025/10/hafen/?utm_source=api",
        "status": "publish",
        "title": {"rendered": "Hafen &#038; Stadt &#8211; ein &#8222;Plan&#8220;"},
        "excerpt": {"rendered": "<p>Der Hafen w&auml;chst.</p>\n", "protected": False},
        "content": {
            "rendered": "<p>Erster Absatz.</p><script>alert(1)</script><figure><img src='/x.jpg'>"
            "<figcaption>Foto: Andere</figcaption></figure><p onclick='x()'>Zweiter <b>Absatz</b>.</p>"
            "<p>Foto: dpa</p>[vc_row el='x']",
            "protected": False,
        },
        "acf": {"dachzeile": "Ausbau"},
        "_embedded": {
            "author": [{"id": 1, "name": "Anna Beispiel"}, {"id": 2, "name": "Max Muster"}],
            "wp:featuredmedia": [
                {
                    "media_type": "image",
                    "mime_type": "image/jpeg",
                    "source_url": "https://t.example/wp-content/uploads/hafen.jpg",
                    "alt_text": "Kräne im Abendlicht",
                    "caption": {"rendered": "<p>Der Hafen am Abend. Foto: Eva Muster/dpa</p>"},
                }
            ],
            "wp:term": [
                [{"name": "Hamburg", "taxonomy": "post_tag"}, {"name": "Plus", "taxonomy": "post_tag"}],
                [{"name": "Politik &amp; Wirtschaft", "taxonomy": "category"}],
                [{"name": "Video", "taxonomy": "post_format"}],
            ],
        },
        "yoast_head_json": {"og_site_name": "Tagblatt", "og_locale": "de_DE", "author": "wp-admin"},
    }
    assert read_answer([post]).articles == (
        Article(
            title="Hafen & Stadt – ein „Plan“",
            source="Blatt",
            kicker="Ausbau",
            lead="Der Hafen wächst.",
            body=("Erster Absatz.", "Zweiter Absatz."),
            author="Anna Beispiel und Max Muster",
            published=datetime(2025, 10, 17, 5, 10, tzinfo=BERLIN),
            url="https://t.example/2025/10/hafen/",
            image_url="https://t.example/wp-content/uploads/hafen.jpg",
            image_credit="Eva Muster/dpa",
            picture_alt="Kräne im Abendlicht",
            topics=("Politik & Wirtschaft", "Hamburg"),
            site="Tagblatt",
            language="de_DE",
            paid=True,
        ),
    )


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        ({"rendered": "Tom &amp; Jerry"}, "Tom & Jerry"),
        ({"rendered": "&lt;script&gt; erklärt"}, "<script> erklärt"),
        ({"rendered": "<em>Kursiv</em><script>alert(1)</script>"}, "Kursiv"),
        ("Als Text", "Als Text"),
        ({"rendered": "{{ 7*7 }}"}, "{{ 7*7 }}"),
        ({"rendered": "Halb \ud83d"}, "Halb"),
        ({"rendered": "Zwei\r\nBcc: x"}, "Zwei Bcc: x"),
        ({"rendered": ["kein Text"]}, "Ein erster Satz."),
        ({"rendered": None}, "Ein erster Satz."),
        (None, "Ein erster Satz."),
        (5, "Ein erster Satz."),
    ],
)
def test_titles(raw: object, title: str) -> None:
    assert read(title=raw, content={"rendered": "<p>Ein erster Satz. Ein zweiter.</p>"}).title == title


@pytest.mark.parametrize(
    ("dates", "published"),
    [
        ({"date_gmt": "2025-07-01T10:00:00", "date": "2025-07-01T04:00:00"}, datetime(2025, 7, 1, 10, tzinfo=UTC)),
        ({"date_gmt": "2025-07-01T10:00:00+02:00"}, datetime(2025, 7, 1, 8, tzinfo=UTC)),
        ({"date_gmt": "0000-00-00T00:00:00", "date": "2025-07-01T10:00:00"}, datetime(2025, 7, 1, 8, tzinfo=UTC)),
        ({"date_gmt": "1970-01-01T00:00:00", "date": "2025-07-01T10:00:00"}, datetime(2025, 7, 1, 8, tzinfo=UTC)),
        ({"date_gmt": False, "date": None, "yoast_head_json": {"article_published_time": "2025-07-01T08:00:00+00:00"}},
         datetime(2025, 7, 1, 8, tzinfo=UTC)),
        ({"date_gmt": 1751364000, "date": {"raw": "x"}}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_dates(dates: dict[str, object], published: datetime | None) -> None:
    article = read(**dates)
    assert article.published == published
    assert not article.date_only


@pytest.mark.parametrize(
    ("excerpt", "content", "lead"),
    [
        ("<p>Von Hand geschrieben.</p>", "<p>Ein Absatz.</p>", "Von Hand geschrieben."),
        ("<p>Erster Satz des Textes. Der zweite wird [&hellip;]</p>",
         "<p>Erster Satz des Textes.</p><p>Der zweite wird länger.</p>",
         "Erster Satz des Textes. Der zweite wird länger."),
        ("<p>Erster Satz &hellip; <a href='x'>Weiterlesen</a></p>", "<p>Erster Satz und mehr.</p>",
         "Erster Satz und mehr."),
        ("<p>Etwas anderes [&hellip;]</p>", "<p>Ein Absatz.</p>", "Etwas anderes …"),
        ("", "<p>Nur Text.</p>", "Nur Text."),
        ("", "", "Was Suchmaschinen zeigen."),
    ],
)  # fmt: skip
def test_teasers(excerpt: str, content: str, lead: str) -> None:
    head = {"description": "Was Suchmaschinen zeigen."}
    article = read(excerpt={"rendered": excerpt}, content={"rendered": content}, yoast_head_json=head)
    assert article.lead == lead


MEDIA = {"source_url": "/uploads/a.jpg"}
GONE = {"code": "rest_post_invalid_id", "message": "Ungültige ID.", "data": {"status": 404}}


@pytest.mark.parametrize(
    ("media", "expected"),
    [
        ([MEDIA], ("https://t.example/uploads/a.jpg", "", "")),
        ([MEDIA | {"alt_text": "IMG_20251017", "caption": {"rendered": "Der Hafen (Foto: AFP)"}}],
         ("https://t.example/uploads/a.jpg", "Der Hafen", "AFP")),
        ([MEDIA | {"alt_text": "Ein &quot;Hafen&quot;", "media_details": {"image_meta": {"credit": "Foto: dpa"}}}],
         ("https://t.example/uploads/a.jpg", 'Ein "Hafen"', "dpa")),
        ([MEDIA | {"media_details": {"image_meta": {"credit": "", "copyright": "© Eva Muster"}}}],
         ("https://t.example/uploads/a.jpg", "", "Eva Muster")),
        ([MEDIA | {"source_url": None, "media_details": {"sizes": {"large": {"source_url": "b.jpg"}}}}],
         ("https://t.example/b.jpg", "", "")),
        ({"0": MEDIA}, ("https://t.example/uploads/a.jpg", "", "")),
        ([MEDIA | {"media_type": "file", "mime_type": "application/pdf"}], (None, "", "")),
        ([MEDIA | {"source_url": "javascript:alert(1)"}], (None, "", "")),
        ([MEDIA | {"source_url": "file:///etc/passwd"}], (None, "", "")),
        ([GONE], (None, "", "")),
        (GONE, (None, "", "")),
        ([None], (None, "", "")),
        ([], (None, "", "")),
        ("falsch", (None, "", "")),
        ([MEDIA | {"alt_text": 5, "caption": [], "media_details": [], "mime_type": None}],
         ("https://t.example/uploads/a.jpg", "", "")),
    ],
)  # fmt: skip
def test_pictures(media: object, expected: tuple[object, ...]) -> None:
    article = embedded(wp_featuredmedia=media)
    assert (article.image_url, article.picture_alt, article.image_credit) == expected


@pytest.mark.parametrize(
    ("fields", "url", "credit"),
    [
        ({"jetpack_featured_media_url": "https://t.example/j.jpg"}, "https://t.example/j.jpg", ""),
        ({"content": '<figure><img src="c.jpg" alt="Der See"><figcaption>Foto: dpa</figcaption></figure>'},
         "https://t.example/c.jpg", "dpa"),
        ({"yoast_head_json": {"og_image": [{"url": "https://t.example/y.jpg"}]}}, "https://t.example/y.jpg", ""),
        ({"yoast_head_json": {"og_image": {"url": "falsch"}}, "content": '<img src="data:image/png;base64,x">'},
         None, ""),
    ],
)  # fmt: skip
def test_pictures_without_a_featured_one(fields: dict[str, object], url: str | None, credit: str) -> None:
    article = read(**fields)
    assert (article.image_url, article.image_credit) == (url, credit)


@pytest.mark.parametrize(
    ("fields", "author"),
    [
        ({"_embedded": {"author": [{"name": "Von Anna &amp; Söhne"}]}}, "Anna & Söhne"),
        ({"_embedded": {"author": [GONE]}, "yoast_head_json": {"author": "Max Muster"}}, "Max Muster"),
        ({"_embedded": {"author": [{"name": "admin"}]}}, ""),
        ({"_embedded": {"author": {"name": "falsch"}}}, ""),
        ({"authors": [{"display_name": "A B"}, {"display_name": "C D"}, 5], "_embedded": {"author": [{"name": "E"}]}},
         "A B und C D"),
        ({"authors": [12, 13], "_embedded": {"author": [{"name": "E F"}]}}, "E F"),
        ({"yoast_head_json": {"schema": {"@graph": [{"@type": ["Article"], "author": {"name": "G H"}}]}}}, "G H"),
        ({"_embedded": None, "author": 3}, ""),
    ],
)  # fmt: skip
def test_authors(fields: dict[str, object], author: str) -> None:
    assert read(**fields).author == author


@pytest.mark.parametrize(
    ("fields", "topics"),
    [
        ({"_embedded": {"wp:term": [[{"name": "A"}], GONE, None, [{"name": 5}, "B", {"name": "C"}]]}}, ("A", "C")),
        ({"_embedded": {"wp:term": {"0": [{"name": "A", "taxonomy": "ressort"}]}}}, ("A",)),
        ({"class_list": ["post-1", "category-politik", "tag-bitcoin", "status-publish"]}, ("politik", "bitcoin")),
        ({"class_list": {"0": "post-1", "7": "category-sport"}}, ("sport",)),
        ({"_embedded": {"wp:term": GONE}, "class_list": ["category-x"], "yoast_head_json": {"schema": {"@graph": [
            {"@type": "NewsArticle", "articleSection": ["Politik"], "keywords": "Wahl"}]}}}, ("Politik", "Wahl")),
        ({"categories": [1, 2]}, ()),
    ],
)  # fmt: skip
def test_topics(fields: dict[str, object], topics: tuple[str, ...]) -> None:
    assert read(**fields).topics == topics


@pytest.mark.parametrize(
    ("fields", "paid"),
    [
        ({"title": {"rendered": "(Plus) Der Hafen"}}, True),
        ({"title": {"rendered": "Der Hafen"}}, False),
        ({"_embedded": {"wp:term": [[{"name": "Premium"}]]}}, True),
        ({"meta": {"_is_premium": "1"}}, True),
        ({"acf": {"is_paid": False, "plus": "0"}}, False),
        ({"class_list": ["pmpro-level-required"]}, True),
        ({"content": {"rendered": "<p>Anfang</p>___STEADY_PAYWALL___<p>Ende</p>"}}, True),
        ({"content": {"rendered": '<div class="wp-block-jetpack-paywall">x</div>'}}, True),
        ({"content": {"rendered": "<p>Ein Text über eine paywall</p>"}}, False),
        ({"yoast_head_json": {"schema": {"@graph": [{"@type": "Article", "isAccessibleForFree": False}]}}}, True),
        ({"yoast_head_json": {"schema": {"@graph": [{"@type": "WebPage", "isAccessibleForFree": False}]}}}, False),
    ],
)  # fmt: skip
def test_what_is_for_sale(fields: dict[str, object], paid: bool) -> None:
    article = read(**fields)
    assert article.paid is paid
    assert "STEADY" not in " ".join(article.body)


def test_what_only_a_password_opens_and_what_is_not_published_is_left_out() -> None:
    found = read_answer(
        [
            {"title": "Offen", "sticky": True},
            {"title": "Geschützt: Zu", "content": {"rendered": "", "protected": True}},
            {"title": "Auch zu", "excerpt": {"rendered": "", "protected": True}},
            {"title": "Entwurf", "status": "draft"},
            "kein Beitrag",
            None,
            GONE,
            {},
        ]
    )
    assert [article.title for article in found.articles] == ["Offen"]
    assert (found.listed, found.protected) == (8, 2)


@pytest.mark.parametrize(
    ("content", "titles"),
    [
        (b'[{"title": {"rendered": "A"}}]', ["A"]),
        (b'{"title": {"rendered": "A"}, "link": "https://t.example/a"}', ["A"]),
        (b'{"0": {"title": "A"}, "3": {"title": "B"}}', ["A", "B"]),
        (b'{"body": [{"title": "A"}], "status": 200, "headers": {}}', ["A"]),
        (b'\xef\xbb\xbf\n[{"title": "A"}]', ["A"]),
        (b'<br />\n<b>Warning</b>: array [0] in x.php on line 7<br />\n[{"title": "A"}]', ["A"]),
        (b'[17-Oct-2025 05:00:00 UTC] PHP Notice\n[{"title": "A"}]', ["A"]),
        (b'[null, 7, [], {"title": "A"}]', ["A"]),
        (b'[{"title": "A"}]<!-- cached -->', ["A"]),
        ('[{"title": "Größe"}]'.encode("cp1252"), ["Größe"]),
        (b"[]", []),
    ],
)
def test_lists_of_posts(content: bytes, titles: list[str]) -> None:
    assert [article.title for article in read_answer(content).articles] == titles


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"code": "rest_no_route", "message": "Keine Route", "data": {"status": 404}}', "with an error: Keine Route"),
        (
            b'<!doctype html><script type="application/ld+json">{"@type": "WebPage", "title": "x"}</script>',
            "is no JSON",
        ),
        (b"<rss/>", "is no JSON"),
        (b"", "is no JSON"),
        (b"[1, 2]", "no list of WordPress posts"),
        (b'{"name": "Tagblatt", "routes": {}}', "no list of WordPress posts"),
        (b'[{"id": 1}]', "no list of WordPress posts"),
        (b'[{"title": ', "is not valid JSON"),
        (b'[{"a":' * 200_000, "is not valid JSON"),
        (b'[{"title": ' + b"9" * 10_000 + b"}]", "is not valid JSON"),
    ],
)
def test_what_is_no_list_of_posts(content: bytes, why: str) -> None:
    with pytest.raises(UnsoundError, match=why):
        read_answer(content)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def _object(*keys: str, values: st.SearchStrategy[Any] = _json) -> st.SearchStrategy[Any]:
    return st.dictionaries(st.sampled_from(keys), values) | _json


_text = _object("rendered", "protected") | st.text()
_media = st.lists(_object("source_url", "caption", "alt_text", "media_details", "media_type", "mime_type"), max_size=2)
_node = _object(
    "@type", "author", "articleSection", "keywords", "isAccessibleForFree", values=_json | st.just("Article")
)
_post = st.fixed_dictionaries(
    {"link": st.text(min_size=1)},
    optional={
        **dict.fromkeys(("title", "content", "excerpt", "guid"), _text),
        **dict.fromkeys(("date", "date_gmt", "class_list", "meta", "acf", "authors", "lang"), _json),
        "_embedded": _object("author", "wp:term") | st.fixed_dictionaries({"wp:featuredmedia": _media}),
        "yoast_head_json": _object("author", "og_image", "og_locale", "description")
        | st.fixed_dictionaries({"schema": st.fixed_dictionaries({"@graph": st.lists(_node, max_size=2)})}),
    },
)


@given(_post)
def test_any_post_is_read_without_a_crash_and_can_travel(post: dict[str, object]) -> None:
    found = read_answer([post])
    assert found.listed == 1
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=Posts).listed == 1
    for article in found.articles:
        assert article.url is None or article.url.startswith(("http://", "https://"))
        assert article.image_url is None or article.image_url.startswith(("http://", "https://"))


@given(_json | st.binary())
def test_any_other_answer_is_read_or_refused(answer: object) -> None:
    try:
        read_answer(answer)
    except UnsoundError as unsound:
        assert str(unsound).isprintable()  # noqa: PT017, to be read is fine, too


@pytest.mark.parametrize(
    "markup",
    [
        "<div>" * 60_000,
        "[vc_row " * 40_000,
        "<a class='" * 30_000,
        "<p class=x " * 30_000,
        "&#" * 150_000,
        "\n" * 300_000,
    ],
)
def test_markup_that_has_no_end(markup: str) -> None:
    began = time.monotonic()
    read(content={"rendered": markup}, excerpt={"rendered": markup})
    assert time.monotonic() - began < 10
