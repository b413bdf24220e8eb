"""Markup, addresses and articles: what comes out is plain, on one line, and harmless."""

from __future__ import annotations

import time
import unicodedata
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.gather.clean import LEAD_CHARS, TITLE_CHARS, clean_article, cut
from digest.gather.html_text import captions, paragraphs, pictures, plain, text_paragraphs
from digest.gather.topics import map_topics
from digest.gather.urls import clean_url
from digest.model.article import Article

NOW = datetime(2025, 10, 17, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("Bund &amp; Länder", "Bund & Länder"),
        ("3 &lt; 5 &amp;lt; 7", "3 < 5 &lt; 7"),
        ("<b>Fett</b>es <i>Wort</i>", "Fettes Wort"),
        ("<p>Eins</p><p>Zwei</p>", "Eins Zwei"),
        ("Eins<br>Zwei<br/>Drei", "Eins Zwei Drei"),
        ("vor<script>alert(1)</script>nach", "vornach"),
        ("<style>p { color: red }</style>Text", "Text"),
        ("<img src=x onerror=alert(1)>Text", "Text"),
        ('<img alt="a > b" src="x">Text', "Text"),
        ("<!-- weg -->Text", "Text"),
        ("<figure><img src=x><figcaption>Foto: dpa</figcaption></figure><p>Text</p>", "Text"),
        ('<div class="wp-caption"><p class="wp-caption-text">Foto</p></div>Text', "Text"),
        ("don&#146;t", "don’t"),
        ("A\r\nB\x0bC\x85D\u2028E\u2029F\x1fG", "A B C D E F G"),
        ("Donau\u00addampf\u200bschiff", "Donaudampfschiff"),
        ("\u202egelesen\u202c", "gelesen"),
        ("u\u0308ber", "über"),
        ("  viel \t Platz \n ", "viel Platz"),
        ("Unvollst<b", "Unvollst"),
        ("", ""),
    ],
)
def test_plain(markup: str, text: str) -> None:
    assert plain(markup) == text


@given(st.text(alphabet=st.sampled_from("<>&;/\"'=abp!-[]#x\n\r\u2028\u202e\x00\x0b \u00ad"), max_size=80))
def test_plain_is_one_line_without_controls_whatever_comes(markup: str) -> None:
    text = plain(markup)
    assert text == " ".join(text.split())
    assert not any(unicodedata.category(letter) in {"Cc", "Zl", "Zp", "Cs"} for letter in text)
    assert unicodedata.is_normalized("NFC", text)


@pytest.mark.parametrize(
    ("markup", "found"),
    [
        ("<p>Eins</p>\n<p>Zwei <b>drei</b></p>", ("Eins", "Zwei drei")),
        ("Eins<br><br/>Zwei<br>noch Zwei", ("Eins", "Zwei noch Zwei")),
        ("Eins\n\nZwei\nnoch Zwei", ("Eins", "Zwei noch Zwei")),
        ("Eins <b>x</b>\n\nZwei", ("Eins x", "Zwei")),
        ("<p>Eins\n\nnoch eins</p>", ("Eins noch eins",)),
        ("<h2>Kopf</h2><ul><li>a</li><li>b</li></ul><blockquote>c</blockquote>", ("Kopf", "a", "b", "c")),
        ("<p>Eins</p><p>***</p><p>&nbsp;</p><p>Zwei</p>", ("Eins", "Zwei")),
        ("<div class='feedflare'><div>x</div><p>y</p></div><p>Text</p>", ("Text",)),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", ("a b", "c")),
        ("<p>vorn<p>hinten", ("vorn", "hinten")),
        ("…", ("…",)),
        ("", ()),
    ],
)
def test_paragraphs(markup: str, found: tuple[str, ...]) -> None:
    assert paragraphs(markup) == found


def test_text_is_not_read_as_markup() -> None:
    assert text_paragraphs("Der <blink>-Tag\n\n3 &lt; 5") == ("Der <blink>-Tag", "3 &lt; 5")


@pytest.mark.parametrize(
    "hostile", ["<div>", "<ul><li>", "<b><p>", "<!--", "<a href='", "&", "<", "<table><tr><td>", "<p class='caption'>"]
)
def test_hostile_markup_takes_bounded_time(hostile: str) -> None:
    began = time.monotonic()
    paragraphs(hostile * 200_000)
    assert time.monotonic() - began < 3


def test_pictures_and_captions() -> None:
    markup = (
        '<figure><img src="/a.jpg?x=1&amp;y=2" width="600" height="40%" alt="Ein > „Kran“">'
        "<figcaption>Der Hafen. Foto: <i>Eva</i> Muster"
        '</figcaption></figure><img src="javascript:alert(1)"><img alt="leer"><img src="b.png" width="1">'
    )
    assert [tuple(picture) for picture in pictures(markup)] == [
        ("/a.jpg?x=1&y=2", 600, 40, "Ein > „Kran“"),
        ("b.png", 1, 0, ""),
    ]
    assert captions(markup) == ("Der Hafen. Foto: Eva Muster",)


@pytest.mark.parametrize(
    ("url", "cleaned"),
    [
        ("https://Zeitung.Example/a", "https://zeitung.example/a"),
        ("HTTPS://zeitung.example:443/a?b=1#c", "https://zeitung.example/a?b=1#c"),
        ("http://zeitung.example:8080", "http://zeitung.example:8080"),
        ("https://z.example/a?utm_source=rss&id=7&utm_medium=feed", "https://z.example/a?id=7"),
        ("https://z.example/a?wt_mc=rss.red&xing_share=news", "https://z.example/a"),
        ("https://z.example/a?fbclid=1&amp;b=2", "https://z.example/a?b=2"),
        ("https://z.example/a?ref=rss", "https://z.example/a"),
        ("https://z.example/a?source=12&ref=34&eid=5", "https://z.example/a?source=12&ref=34&eid=5"),
        ("https://z.example/a?reference=rss", "https://z.example/a?reference=rss"),
        ("https://z.example/a?b=%C3%BC&c=ü&a=1", "https://z.example/a?b=%C3%BC&c=%C3%BC&a=1"),
        ("https://z.example/a#xtor=RSS-16", "https://z.example/a"),
        ("https://me:secret@z.example/a", "https://z.example/a"),
        ("https://müller.example/straße", "https://xn--mller-kva.example/stra%C3%9Fe"),
        ("https://z.example/a b\n/c", "https://z.example/a%20b/c"),
        ("https://z.example/100%", "https://z.example/100%25"),
        ('https://z.example/"><script>', "https://z.example/%22%3E%3Cscript%3E"),
        ("https://[2001:db8::1]/a", "https://[2001:db8::1]/a"),
        ("/a", None),
        ("javascript:alert(1)", None),
        ("java\nscript:alert(1)", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
        ("ftp://z.example/", None),
        ("mailto:a@z.example", None),
        ("https://", None),
        ("https://a b/", None),
        ("https://z.example:99999/", None),
        ("https://[::1/", None),
        ('https://z"onmouseover=x/', None),
        ("https://" + "a" * 300 + ".example/", None),
        ("https://z.example/" + "a" * 3000, None),
        ("", None),
    ],
)
def test_clean_url(url: str, cleaned: str | None) -> None:
    assert clean_url(url) == cleaned


@pytest.mark.parametrize(
    ("url", "base", "cleaned"),
    [
        ("b", "https://z.example/a/", "https://z.example/a/b"),
        ("/b", "https://z.example/a/", "https://z.example/b"),
        ("//y.example/b", "https://z.example/", "https://y.example/b"),
        ("http://y.example/b", "https://z.example/", "http://y.example/b"),
        ("b", "", None),
        ("b", "file:///etc/", None),
    ],
)
def test_relative_urls(url: str, base: str, cleaned: str | None) -> None:
    assert clean_url(url, base) == cleaned


@given(st.text(max_size=60), st.sampled_from(["", "https://z.example/a/?b", "nonsense"]))
def test_clean_url_gives_a_web_address_or_nothing(url: str, base: str) -> None:
    for candidate in (url, f"https://{url}", f"http://z.example/{url}"):
        if (cleaned := clean_url(candidate, base)) is not None:
            parts = urlsplit(cleaned)
            assert parts.scheme in {"http", "https"}
            assert parts.hostname
            assert parts.username is None
            assert cleaned.isascii()
            assert not set(cleaned) & set('"<> \n\r\t')
            assert clean_url(cleaned) == cleaned


def test_clean_article_makes_every_field_sound() -> None:
    article = clean_article(
        Article(
            title="Titel\r\nBcc: wer@anders.example",
            source="Blatt",
            kicker="Dach\u2028zeile",
            lead=" Vor\x85spann ",
            body=("Eins\r\n", "  ", "Zwei"),
            author="Eva\nMuster",
            published=NOW,
            url="https://z.example/a?utm_source=x",
            image_url="javascript:alert(1)",
            image_credit="dpa\n",
            topics=("Politik", "Politik", " "),
            site="Z\u200b.example",
            language="de-DE",
        ),
        NOW,
    )
    assert article == Article(
        title="Titel Bcc: wer@anders.example",
        source="Blatt",
        kicker="Dach zeile",
        lead="Vor spann",
        body=("Eins", "Zwei"),
        author="Eva Muster",
        published=NOW,
        url="https://z.example/a",
        image_credit="dpa",
        topics=("Politik",),
        site="Z.example",
        language="de",
    )


def test_titles_and_texts_have_a_length() -> None:
    article = clean_article(Article(title="Wort " * 200, source="s", lead="Wort " * 1000, body=("x" * 9_000,)), NOW)
    assert article is not None
    assert len(article.title) <= TITLE_CHARS
    assert article.title.endswith("Wort…")
    assert len(article.lead) <= LEAD_CHARS
    assert len(article.body[0]) <= 5_000


@pytest.mark.parametrize("title", ["", "  \n", "…", "\u202e\u200b"])
def test_without_a_title_there_is_no_article(title: str) -> None:
    assert clean_article(Article(title=title, source="s", lead="Text"), NOW) is None


@pytest.mark.parametrize(
    ("published", "kept"),
    [
        (NOW, True),
        (NOW + timedelta(minutes=50), True),
        (NOW + timedelta(minutes=70), False),
        (NOW + timedelta(days=365), False),
        (NOW - timedelta(days=3650), True),
        (datetime(1970, 1, 1, tzinfo=UTC), False),
    ],
)
def test_a_false_date_is_none(published: datetime, kept: bool) -> None:
    article = clean_article(Article(title="T", source="s", published=published, date_only=True), NOW)
    assert article is not None
    assert (article.published, article.date_only) == ((published, True) if kept else (None, False))


@pytest.mark.parametrize(
    ("language", "code"), [("de-DE", "de"), ("EN_us", "en"), ("", "de"), ("x" * 9, "de"), ("fr", "fr")]
)
def test_languages(language: str, code: str) -> None:
    article = clean_article(Article(title="T", source="s", language=language), NOW)
    assert article is not None
    assert article.language == code


@given(st.text(max_size=50), st.integers(2, 30))
def test_cut_keeps_the_limit(text: str, limit: int) -> None:
    shortened = cut(text, limit)
    assert len(shortened) <= limit
    assert shortened == text or shortened.endswith("…")


def test_topics_are_mapped_whatever_the_case() -> None:
    table = {"Kryptowährungen": "krypto", "POLITIK": "Politik"}
    assert map_topics(["KRYPTOWÄHRUNGEN", "Politik", "Künstliche\n Intelligenz", "x" * 99], table, ["Wirtschaft"]) == (
        "wirtschaft",
        "krypto",
        "politik",
        "künstliche intelligenz",
    )
