"""Feeds of every kind, from files and from a server, sound and hostile -> articles."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pytest_httpserver import HTTPServer

from digest.errors import FetchError, SourceError
from digest.gather.base import Context
from digest.gather.feed import FeedSource
from digest.gather.fetch import Fetcher
from digest.gather.settings import GatherSettings, SourceSettings
from digest.model.article import Article

BERLIN = ZoneInfo("Europe/Berlin")
DAY = date(2025, 10, 17)


@pytest.fixture
def context() -> Iterator[Context]:
    """Nothing outside may be reached: loopback is not allowed, and no name is known."""

    def nobody(*_: object) -> list[tuple[object, ...]]:
        raise OSError("no such name")

    settings = GatherSettings(timeout_seconds=15)
    with Fetcher(settings, resolver=nobody) as fetcher:  # type: ignore[arg-type]
        yield Context(fetcher=fetcher, now=datetime(2025, 10, 17, 4, 30, tzinfo=UTC), day=DAY, zone=BERLIN)


class Reader:
    """Writes a feed into a file and reads it as a source."""

    def __init__(self, folder: Path, context: Context) -> None:
        self.folder, self.context = folder, context

    def __call__(self, content: str | bytes, **settings: object) -> list[Article]:
        file = self.folder / "feed.xml"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        source = SourceSettings(name="Blatt", type="feed", path=str(file), **settings)  # type: ignore[arg-type]
        return list(FeedSource(source).articles(self.context))

    def one(self, content: str | bytes) -> Article:
        (article,) = self(content)
        return article


@pytest.fixture
def read(tmp_path: Path, context: Context) -> Reader:
    return Reader(tmp_path, context)


def rss(item: str, channel: str = "<title>Tagblatt</title><link>https://t.example/</link>") -> str:
    return f"""<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"
      xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/"
      xmlns:itunes="http://www.itunes.com/DTDs/PodCast-1.0.dtd" xmlns:x="https://t.example/ns">
      <channel>{channel}<item>{item}</item></channel></rss>"""


def atom(entry: str, head: str = "<title>Tagblatt</title>") -> str:
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://t.example/">{head}<entry>{entry}</entry></feed>'
    )


def test_a_whole_rss_item(read: Reader) -> None:
    article = read.one(
        rss(
            """<title>Hafen &amp;amp; Stadt</title><link>https://t.example/hafen?utm_source=rss</link>
            <description>&lt;p&gt;Der Hafen wächst.&lt;/p&gt;</description>
            <content:encoded><![CDATA[<p>Erster Absatz.</p><figure><img src="/hafen.jpg"><figcaption>Der Hafen.
            Foto: Eva Muster/dpa</figcaption></figure><p>Zweiter Absatz.</p>
            <p>Der Beitrag <a href="x">Hafen</a> erschien zuerst auf <a href="y">Tagblatt</a>.</p>]]></content:encoded>
            <dc:creator>Von Anna Beispiel</dc:creator><category>Wirtschaft</category><category>Hamburg</category>
            <pubDate>Fri, 17 Oct 2025 05:10:00 +0200</pubDate><x:dachzeile>Ausbau</x:dachzeile>""",
            "<title>Tagblatt</title><link>https://t.example/</link><language>de-CH</language>",
        )
    )
    assert article == Article(
        title="Hafen & Stadt",
        source="Blatt",
        kicker="Ausbau",
        lead="Der Hafen wächst.",
        body=("Erster Absatz.", "Zweiter Absatz."),
        author="Anna Beispiel",
        published=datetime(2025, 10, 17, 5, 10, tzinfo=BERLIN),
        url="https://t.example/hafen",
        image_url="https://t.example/hafen.jpg",
        image_credit="Eva Muster/dpa",
        topics=("Wirtschaft", "Hamburg"),
        site="Tagblatt",
        language="de",
    )


def test_a_whole_atom_entry(read: Reader) -> None:
    article = read.one(
        atom(
            """<title type="html">Neue &lt;b&gt;Brücke&lt;/b&gt;</title><link href="bruecke"/><id>urn:x:1</id>
            <author><name>Anna Beispiel</name></author><author><name>Max Muster</name></author>
            <category term="verkehr-12" label="Verkehr"/><published>2025-10-16T22:00:00Z</published>
            <updated>2025-10-17T01:00:00Z</updated><summary>Sie steht.</summary>
            <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Eins.</p><p>Zwei.</p></div></content>"""
        )
    )
    assert article.title == "Neue Brücke"
    assert article.url == "https://t.example/bruecke"
    assert article.author == "Anna Beispiel, Max Muster"
    assert article.topics == ("Verkehr", "verkehr-12")
    assert article.published == datetime(2025, 10, 17, 0, 0, tzinfo=BERLIN)
    assert not article.date_only
    assert (article.lead, article.body) == ("Sie steht.", ("Eins.", "Zwei."))


@pytest.mark.parametrize(
    "feed",
    [
        '<rss version="0.91"><channel><title>T</title><item><title>Titel</title><link>https://t.example/1</link></item>'
        "</channel></rss>",
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://my.netscape.com/rdf/'
        'simple/0.9/">'
        "<channel><title>T</title></channel><item><title>Titel</title><link>https://t.example/1</link></item></rdf:RDF>",
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><channel>'
        '<title>T</title></channel><item rdf:about="https://t.example/1"><title>Titel</title>'
        "<link>https://t.example/1</link></item></rdf:RDF>",
        '<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>T</title><entry><title>Titel</title>'
        '<link rel="alternate" type="text/html" href="https://t.example/1"/></entry></feed>',
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><entry><title>Titel</title>'
        '<link href="https://t.example/1"/></entry></feed>',
        '{"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": [{"id": "1", "title": "Titel",'
        ' "url": "https://t.example/1"}]}',
        "<rss><channel><title>T</title><item><title>Titel</title><link>https://t.example/1</link>",
        "<rss><channel><title>T</title><item><title>Titel</title><link>https://t.example/1</link><b></i></item></channel>",
        '\n\n <?xml version="1.0"?>\n<rss><channel><title>T</title><item><title>Titel</title>'
        "<link> https://t.example/1\n</link></item></channel></rss>",
        "<rss><channel><title>T</title><item><title>Titel\x08</title><guid>https://t.example/1</guid></item></channel></rss>",
    ],
)
def test_every_kind_of_feed_and_every_slip(read: Reader, feed: str) -> None:
    article = read.one(feed)
    assert (article.title, article.url, article.site) == ("Titel", "https://t.example/1", "T")


@pytest.mark.parametrize(
    ("item", "title"),
    [
        ("<title>Zinsen &lt; 3 %</title>", "Zinsen < 3 %"),
        ("<title>&lt;b&gt;Fett&lt;/b&gt; und mager</title>", "Fett und mager"),
        ("<title>Eins&lt;br/&gt;Zwei</title>", "Eins Zwei"),
        ("<title><![CDATA[Äpfel & Birnen]]></title>", "Äpfel & Birnen"),
        ("<title>AT&amp;amp;T</title>", "AT&T"),
        ("<title>{{ 7*7 }} {% raw %}</title>", "{{ 7*7 }} {% raw %}"),
        ("<description>Erster Satz am 17. Oktober. Zweiter Satz.</description>", "Erster Satz am 17. Oktober."),
        ("<link>https://t.example/1</link>", ""),
        ("<title>Geheimnis der Villa (Plus)</title>", "Geheimnis der Villa"),
        ("<title>S+ Geheimnis der Villa</title>", "Geheimnis der Villa"),
        ("<title>Disney+ wächst</title>", "Disney+ wächst"),
    ],
)
def test_titles(read: Reader, item: str, title: str) -> None:
    assert read.one(rss(item)).title == title


@pytest.mark.parametrize(
    ("entry", "title"),
    [
        ("<title>Der &lt;blink&gt;-Tag</title>", "Der <blink>-Tag"),
        ('<title type="html">Der &amp;lt;blink&amp;gt;-Tag</title>', "Der <blink>-Tag"),
        ('<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Der <b>Tag</b></div></title>', "Der Tag"),
    ],
)
def test_titles_in_atom_say_what_they_are(read: Reader, entry: str, title: str) -> None:
    assert read.one(atom(entry)).title == title


@pytest.mark.parametrize(
    ("item", "author"),
    [
        ("<author>redaktion@t.example (Anna Beispiel)</author>", "Anna Beispiel"),
        ("<author>Anna Beispiel</author>", "Anna Beispiel"),
        ("<author>anna@t.example</author>", "anna@t.example"),
        ("<author>noreply@t.example</author>", ""),
        ("<dc:creator>Anna Beispiel</dc:creator><dc:creator>Max Muster</dc:creator>", "Anna Beispiel, Max Muster"),
        ("<author>Anna Beispiel &lt;anna@zeitung.hamburg&gt;</author>", "Anna Beispiel"),
        ("<author>a@t.example (Anna), m@t.example (Max)</author>", "Anna, Max"),
        ("<dc:creator>a@zeitung.hamburg (Anna)</dc:creator><dc:creator>Max Muster</dc:creator>", "Anna, Max Muster"),
        ("<dc:creator>me@t.info (Eva von der Au)</dc:creator>", "Eva von der Au"),
        ("<dc:creator>Anna Beispiel (dpa)</dc:creator>", "Anna Beispiel (dpa)"),
        ("<itunes:author>Anna &lt;b&gt;Beispiel&lt;/b&gt;</itunes:author>", "Anna Beispiel"),
        ("", ""),
    ],
)
def test_authors(read: Reader, item: str, author: str) -> None:
    assert read.one(rss(f"<title>T</title>{item}")).author == author


def test_the_feeds_author_counts_in_atom(read: Reader) -> None:
    head = "<title>T</title><author><name>Redaktion</name></author>"
    assert read.one(atom("<title>T</title>", head)).author == "Redaktion"
    assert read.one(atom("<title>T</title><author><name>Anna</name></author>", head)).author == "Anna"


@pytest.mark.parametrize(
    ("item", "published", "date_only"),
    [
        ("<pubDate>Fri, 17 Oct 2025 05:10:00 GMT</pubDate>", datetime(2025, 10, 17, 5, 10, tzinfo=UTC), False),
        ("<pubDate>Fri, 17 Oct 2025 05:10:00</pubDate>", datetime(2025, 10, 17, 3, 10, tzinfo=UTC), False),
        ("<pubDate>17. Oktober 2025, 7.10 Uhr</pubDate>", datetime(2025, 10, 17, 5, 10, tzinfo=UTC), False),
        ("<pubDate>Oktober 17, 2025</pubDate>", datetime(2025, 10, 16, 22, 0, tzinfo=UTC), True),
        ("<dc:date>2025-10-17T07:10:00+02:00</dc:date>", datetime(2025, 10, 17, 5, 10, tzinfo=UTC), False),
        ("<dc:date>2025-10-17</dc:date>", datetime(2025, 10, 16, 22, 0, tzinfo=UTC), True),
        (
            "<pubDate>bald</pubDate><dc:date>2025-10-17T05:10Z</dc:date>",
            datetime(2025, 10, 17, 5, 10, tzinfo=UTC),
            False,
        ),
        ("<pubDate>Fr, 32 Okt 2025</pubDate>", None, False),
        ("<pubDate></pubDate>", None, False),
        ("", None, False),
    ],
)
def test_dates(read: Reader, item: str, published: datetime | None, date_only: bool) -> None:
    article = read.one(rss(f"<title>T</title>{item}"))
    assert (article.published, article.date_only) == (published, date_only)


@pytest.mark.parametrize(
    ("item", "url"),
    [
        ("<link>/a</link>", "https://t.example/a"),
        ("<guid>https://t.example/g</guid>", "https://t.example/g"),
        ('<guid isPermaLink="false">https://t.example/g</guid>', None),
        ("<link>https://t.example/a</link><guid>https://t.example/g</guid>", "https://t.example/a"),
        ("<link>javascript:alert(1)</link><guid>https://t.example/g</guid>", "https://t.example/g"),
        ("<link></link>", None),
    ],
)
def test_links(read: Reader, item: str, url: str | None) -> None:
    assert read.one(rss(f"<title>T</title><description>x</description>{item}")).url == url


@pytest.mark.parametrize(
    ("item", "image"),
    [
        ('<media:content url="s.jpg" width="90"/><media:content url="https://i.example/l.jpg" width="900"/>',
         "https://i.example/l.jpg"),
        ('<media:content url="https://i.example/v.mp4" type="video/mp4"/>'
         '<media:thumbnail url="https://i.example/t.jpg"/>',
         "https://i.example/t.jpg"),
        ('<enclosure url="https://i.example/a.mp3" type="audio/mpeg"/>'
         '<enclosure url="https://i.example/b" type="image/png"/>',
         "https://i.example/b"),
        ('<itunes:image href="https://i.example/c.png"/>', "https://i.example/c.png"),
        ('<description>&lt;img src="http://vg09.met.vgwort.de/na/1" width="1"&gt;&lt;img src="d.gif"&gt;</description>',
         "https://t.example/d.gif"),
        ('<enclosure url="javascript:alert(1)" type="image/png"/>', None),
        ("", None),
    ],
)  # fmt: skip
def test_pictures(read: Reader, item: str, image: str | None) -> None:
    assert read.one(rss(f"<title>T</title>{item}")).image_url == image


def test_the_credit_of_media_rss(read: Reader) -> None:
    item = '<media:content url="https://i.example/a.jpg"/><media:credit>Foto: Eva Muster/dpa</media:credit>'
    assert read.one(rss(f"<title>T</title>{item}")).image_credit == "Eva Muster/dpa"


def test_teasers_and_texts(read: Reader) -> None:
    long = (
        "<p>" + "</p><p>".join(f"Absatz {n} mit einem ganzen Satz, der etwas länger ist." for n in range(30)) + "</p>"
    )
    article = read.one(rss(f"<title>T</title><description><![CDATA[{long}]]></description>"))
    assert len(article.body) == 30
    assert article.lead.startswith("Absatz 0 mit")
    assert len(article.lead) <= 600
    assert article.lead.endswith("ist.")
    teaser = read.one(rss("<title>T</title><description>Kurz gesagt. [&amp;hellip;]</description>"))
    assert (teaser.lead, teaser.body) == ("Kurz gesagt. …", ())
    more = read.one(rss("<title>T</title><description>Kurz gesagt. &lt;a&gt;Weiterlesen »&lt;/a&gt;</description>"))
    assert more.lead == "Kurz gesagt."


def test_what_the_site_hangs_on_a_text_is_no_part_of_it(read: Reader) -> None:
    text = "<p>Der Hafen wächst.</p><p>Lesen Sie auch: Brücke wird gesperrt</p><p>Teilen</p>"
    article = read.one(rss(f"<title>T</title><content:encoded><![CDATA[{text}]]></content:encoded>"))
    assert (article.body, article.related) == (("Der Hafen wächst.",), ("Brücke wird gesperrt",))


def test_paid_articles_are_known(read: Reader) -> None:
    assert read.one(rss("<title>Die Villa (Plus)</title>")).paid
    assert read.one(rss("<title>Die Villa</title><category>Plus</category><category>Kultur</category>")).paid
    assert not read.one(rss("<title>Die Villa</title><category>Kultur</category>")).paid


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", ""),
        ("utf-8", "utf-8"),
        ("utf-8", "iso-8859-1"),
        ("utf-8-sig", "utf-8"),
        ("iso-8859-1", "iso-8859-1"),
        ("cp1252", "iso-8859-1"),
        ("cp1252", "utf-8"),
        ("cp1252", ""),
        ("cp1252", "klingon"),
        ("iso-8859-15", "iso-8859-15"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16"),
        ("utf-32-be", "utf-32"),
        ("cp037", "cp037"),
    ],
)
def test_encodings(read: Reader, encoding: str, declared: str) -> None:
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else "<?xml version='1.0'?>"
    title = "Größe über alles"
    text = f"{declaration}<rss version='2.0'><channel><item><title>{title}</title></item></channel></rss>"
    assert read.one(text.encode(encoding)).title == title


def test_what_is_not_utf8_is_said(read: Reader, caplog: pytest.LogCaptureFixture) -> None:
    assert read.one(rss("<title>Größe</title>").encode("cp1252")).title == "Größe"
    assert "Source Blatt" in caplog.text
    assert "is not valid utf-8 and was read as Windows-1252" in caplog.text


def test_a_few_broken_letters_do_not_spoil_the_rest(read: Reader) -> None:
    content = rss("<title>Größe, Maß und Überfluß: äöü – 1 ? 2</title>").encode().replace(b"1 ? 2", b"1 \xff 2")
    assert read.one(content).title == "Größe, Maß und Überfluß: äöü – 1 \ufffd 2"


def test_the_newest_first_and_all_of_them(read: Reader) -> None:
    items = "</item><item>".join(
        f"<title>T{day}</title><pubDate>{day} Oct 2025 05:00:00 GMT</pubDate>" for day in (14, 16, 15)
    )
    assert [article.title for article in read(rss(items + "</item><item><title>T0</title>"))] == [
        "T16",
        "T15",
        "T14",
        "T0",
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "is empty"),
        (" \n\t", "is empty"),
        ("nur Text", "is neither RSS, Atom nor JSON Feed"),
        ("<html><body><p>Wartungsarbeiten</p></body></html>", "is neither RSS, Atom nor JSON Feed"),
        ("\x89PNG\r\n\x1a\n" + "\0" * 99, "is neither RSS, Atom nor JSON Feed"),
        ("{", "is not valid JSON"),
        ("{}", "is JSON, but no JSON Feed"),
        ('{"version": "https://jsonfeed.org/version/1", "items": 7}', "is JSON, but no JSON Feed"),
        ("[" * 100_000, "is neither RSS, Atom nor JSON Feed"),
        ('{"a":' * 100_000, "is not valid JSON"),
        ("<rss version='2.0'><channel><title>T</title></channel></rss>", "has no articles"),
    ],
)
def test_what_is_no_feed_is_named(read: Reader, content: str, problem: str) -> None:
    with pytest.raises(SourceError, match=problem) as caught:
        read(content)
    assert str(caught.value).startswith("Source Blatt: ")
    assert "\n" not in str(caught.value)


def test_paths_that_lead_nowhere(tmp_path: Path, context: Context) -> None:
    def articles(path: Path) -> list[Article]:
        return list(FeedSource(SourceSettings(name="Blatt", type="feed", path=str(path))).articles(context))

    with pytest.raises(FetchError, match="does not exist"):
        articles(tmp_path / "none.xml")
    with pytest.raises(SourceError, match="has no files"):
        articles(tmp_path)
    (tmp_path / "b.xml").write_text(rss("<title>B</title>"))
    (tmp_path / "a.xml").write_text("kaputt")
    (tmp_path / ".c.xml").write_text(rss("<title>C</title>"))
    assert [article.title for article in articles(tmp_path)] == ["B"]


@pytest.mark.parametrize(
    "content",
    [
        # Billion laughs, quadratic blow-up, external entities, in the sound and in the broken parser.
        '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]><rss><channel><item><title>'
        "x &c;</title></item></channel></rss>",
        '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><rss><channel><item><title>x &a;</title></item>'
        "</channel></rss>",
        '<!DOCTYPE r SYSTEM "http://127.0.0.1:1/x.dtd"><rss><channel><item><title>x</title></item></channel></rss>',
        '<!DOCTYPE r [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x.dtd"> %p;]><rss><channel><item><title>x</title></item>',
    ],
)
def test_entities_bring_nothing_from_outside(read: Reader, content: str) -> None:
    (article,) = read(content)
    assert article.title.startswith("x")
    assert len(article.title) < 20
    assert "root" not in article.title


def test_a_small_entity_of_its_own_is_fine(read: Reader) -> None:
    own = '<!DOCTYPE rss [\n<!ENTITY haus "Tagblatt">\n]>\n'
    feed = f"{own}<rss><channel><item><title>Im &haus;</title></item></channel></rss>"
    assert read.one(feed).title == "Im Tagblatt"


def test_quadratic_blow_up_is_refused(read: Reader) -> None:
    own = f'<!DOCTYPE r [<!ENTITY a "{"a" * 20_000}">]>'
    feed = f"{own}<rss><channel><item><title>{'&a;' * 50_000}</title></item></channel></rss>"
    with pytest.raises(SourceError, match="entities"):
        read(feed)


@pytest.mark.parametrize(
    "content",
    [
        "<rss><channel><item><author>" + "a." * 200_000 + "</author></item></channel></rss>",
        "<rss><channel><item><description><![CDATA[" + "<!--" * 200_000 + "]]></description></item></channel></rss>",
        "<rss><channel>" + "<a>" * 300_000,
    ],
)
def test_hostile_content_has_a_deadline(tmp_path: Path, content: str) -> None:
    file = tmp_path / "feed.xml"
    file.write_text(content)
    began = time.monotonic()
    with Fetcher(GatherSettings(timeout_seconds=1)) as fetcher:
        context = Context(fetcher=fetcher, now=datetime.now(UTC), day=DAY, zone=BERLIN)
        with pytest.raises(SourceError):
            list(FeedSource(SourceSettings(name="Blatt", type="feed", path=str(file))).articles(context))
    assert time.monotonic() - began < 8


def test_a_large_feed_comes_back_whole(read: Reader) -> None:
    text = "Ein langer Satz, der sich wiederholt. " * 40
    items = "</item><item>".join(
        f"<title>Meldung {n}</title><description>{text}</description>"
        f"<pubDate>Fri, 17 Oct 2025 05:{n:02}:00 +0200</pubDate>"
        for n in range(40)
    )
    articles = read(rss(items))
    assert [article.title for article in articles] == [f"Meldung {n}" for n in reversed(range(40))]
    assert articles[0].published == datetime(2025, 10, 17, 5, 39, tzinfo=BERLIN)
    assert articles[0].published.tzinfo == BERLIN


PAGE = """<!doctype html><html lang="de"><head><title>Der Hafen wächst - Tagblatt</title>
<meta property="og:site_name" content="Tagblatt"><meta name="author" content="Anna Beispiel">
<meta property="article:published_time" content="2025-10-17T05:00:00+02:00"></head><body><article>
<h1>Der Hafen wächst</h1><p>Der Hafen der Stadt wächst weiter, teilte die Behörde am Freitag mit.</p>
<p>Im nächsten Jahr sollen drei neue Becken entstehen, in denen auch sehr große Schiffe liegen können.</p>
<p>Die Anwohner hatten sich lange gegen den Ausbau gewehrt und vor Gericht zuletzt verloren.</p>
</article></body></html>"""


def serve_feed(httpserver: HTTPServer, item: str) -> SourceSettings:
    httpserver.expect_request("/feed").respond_with_data(rss(item), content_type="text/html; charset=iso-8859-1")
    return SourceSettings(name="Blatt", type="feed", url=httpserver.url_for("/feed"))


def serving_context(*networks: str) -> Context:
    fetcher = Fetcher(GatherSettings(timeout_seconds=5, allow_networks=networks))
    return Context(fetcher=fetcher, now=datetime(2025, 10, 17, 4, 30, tzinfo=UTC), day=DAY, zone=BERLIN)


def test_where_the_feed_has_a_line_the_page_has_the_rest(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hafen").respond_with_data(PAGE, content_type="text/html; charset=utf-8")
    item = (
        f"<title>Größter Hafen</title><description>Er wächst.</description><link>{httpserver.url_for('/hafen')}</link>"
    )
    (article,) = FeedSource(serve_feed(httpserver, item)).articles(serving_context("127.0.0.0/8"))
    assert (article.title, article.lead) == ("Größter Hafen", "Er wächst.")
    assert any("drei neue Becken" in paragraph for paragraph in article.body)
    assert article.author == "Anna Beispiel"
    assert article.published == datetime(2025, 10, 17, 5, 0, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("more", "networks"),
    [
        ("", ()),  # the page lies in a network that is not allowed
        ("<pubDate>Fri, 05 Sep 2025 05:00:00 GMT</pubDate>", ("127.0.0.0/8",)),  # older than any edition looks back
        (f"<description>{'Ein ganzer Text. ' * 40}</description>", ("127.0.0.0/8",)),
    ],
)
def test_pages_that_are_not_asked_for(httpserver: HTTPServer, more: str, networks: tuple[str, ...]) -> None:
    httpserver.expect_request("/hafen").respond_with_data(PAGE, content_type="text/html")
    settings = serve_feed(httpserver, f"<title>Hafen</title><link>{httpserver.url_for('/hafen')}</link>{more}")
    (article,) = FeedSource(settings).articles(serving_context(*networks))
    assert article.title == "Hafen"
    assert [request.path for request, _ in httpserver.log] == ["/feed"]


@pytest.mark.parametrize(
    ("status", "kind", "content"), [(404, "text/html", PAGE), (200, "video/mp4", PAGE), (200, "text/html", "<p>")]
)
def test_a_page_that_gives_nothing_costs_nothing(httpserver: HTTPServer, status: int, kind: str, content: str) -> None:
    httpserver.expect_request("/hafen").respond_with_data(content, status=status, content_type=kind)
    item = f"<title>Hafen</title><description>Er wächst.</description><link>{httpserver.url_for('/hafen')}</link>"
    (article,) = FeedSource(serve_feed(httpserver, item)).articles(serving_context("127.0.0.0/8"))
    assert (article.title, article.lead, article.body) == ("Hafen", "Er wächst.", ())


def test_relative_links_refer_to_where_the_feed_came_from(httpserver: HTTPServer) -> None:
    feed = '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>T</title><link href="a"/></entry></feed>'
    httpserver.expect_request("/x/feed").respond_with_data(feed, content_type="application/atom+xml")
    httpserver.expect_request("/y").respond_with_data(feed, headers={"Content-Location": "http://z.example/b/"})
    for path, url in (("/x/feed", httpserver.url_for("/x/a")), ("/y", "http://z.example/b/a")):
        settings = SourceSettings(name="Blatt", type="feed", url=httpserver.url_for(path))
        (article,) = FeedSource(settings).articles(serving_context())
        assert article.url == url
