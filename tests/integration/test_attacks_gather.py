"""What a hostile source tries: everything ends in bounded time, with a sentence that names it and no secret in it."""

from __future__ import annotations

import gzip
import itertools
import logging
import os
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from digest.errors import FetchError, SourceError
from digest.gather.base import Context
from digest.gather.collect import gather_source
from digest.gather.feed_picture import clean_alt
from digest.gather.fetch import Fetcher
from digest.gather.lines import one_line
from digest.gather.overview import article_links
from digest.gather.page_article import extract
from digest.gather.page_reading import PageBytes
from digest.gather.page_tree import parse_page
from digest.gather.read_apart import one_reader, read_page_apart
from digest.gather.settings import GatherSettings, SourceSettings
from digest.gather.textfile import read_text
from digest.gather.xmltext import UnsoundError
from digest.model.article import Article

BERLIN = ZoneInfo("Europe/Berlin")
#: Seconds. Before they were mended, all of these took minutes, hours or days.
BOUND = 12.0
EXPORT = "Ein Titel über allem\n17. Oktober 2025\nVon Anna Muster\n\nDer Text beginnt mit einem ganzen Satz.\n\n{}\n"
PARAGRAPH = "<p>Das ist ein ganz gewöhnlicher Absatz, der lang genug ist, um als Text zu gelten.</p>"
PAGE = f"<html><head><title>Ein Titel</title></head><body><article><h1>Ein Titel</h1>{PARAGRAPH * 4}%s</article></body>"


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < BOUND


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    with Fetcher(GatherSettings(timeout_seconds=1, max_bytes=3_000_000), cache=tmp_path / "cache.db") as fetcher:
        yield Context(fetcher=fetcher, now=datetime(2025, 10, 17, 5, tzinfo=UTC), day=date(2025, 10, 17), zone=BERLIN)


def gather(context: Context, kind: str, path: Path, *, name: str = "Blatt") -> list[Article]:
    return gather_source(SourceSettings(name=name, type=kind, path=str(path)), {}, context)  # type: ignore[arg-type]


@contextmanager
def answering(head: bytes, body: Iterable[bytes] = ()) -> Iterator[int]:
    """A server that answers everybody with `head` and `body`, until they hang up."""

    def serve(listening: socket.socket) -> None:
        while True:
            try:
                caller, _ = listening.accept()
            except OSError:
                return
            try:
                with caller:
                    caller.recv(65536)
                    caller.sendall(head)
                    for piece in body:
                        caller.sendall(piece)
            except OSError:
                continue

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


def test_marks_that_have_to_be_sorted() -> None:
    assert len(one_line("a" + "\u0301\u0316" * 1_000_000)) == 30
    assert one_line("x" + "\u0f73" * 300_000).startswith("x")
    assert one_line("Cafe\u0301, Zu\u0308rich, “so”") == "Café, Zürich, “so”"
    for text in ("אֱלֹהִים", "ที่นี่", "नमस्ते", "ệ" * 40, "…" * 100):
        assert one_line(text) == text


@pytest.mark.parametrize("line", ["!" * 1_000_000 + "a", "." * 1_900_000 + "a", "a" + "\u0301\u0316" * 400_000])
def test_a_line_of_an_export(line: str) -> None:
    found = read_text(EXPORT.format(line), source="Blatt", zone=BERLIN)
    assert found is not None
    assert found.title == "Ein Titel über allem"


@pytest.mark.parametrize("alt", ["1" * 10_000 + "!", "a" * 10_000 + "!", "-1" * 5_000 + " "])
def test_an_alternative_text_of_digits(alt: str) -> None:
    clean_alt(alt)
    assert clean_alt("IMG_20251017") == ""
    assert clean_alt("Der Hafen 2025") == "Der Hafen 2025"


@pytest.mark.parametrize(
    "page",
    [
        PAGE % ("<br>x" * 500_000),
        PAGE % ("<div>" * 240 + "<a href=/ein-weg-1>x</a>" * 120_000),
        PAGE % '<script type="application/ld+json">' + "1 " * 499_000 + "</script>",
        (PAGE % "").replace("<title>", "<meta name=a content='<b>x'>" * 80_000 + "<title>"),
    ],
    ids=["line breaks", "links", "JSON-LD", "metadata"],
)
def test_a_page_that_takes_long_to_read(context: Context, tmp_path: Path, page: str) -> None:
    (tmp_path / "lang.html").write_text(page)
    try:
        gather(context, "page", tmp_path / "lang.html")
    except SourceError as error:
        assert "lang.html" in str(error)  # noqa: PT017, to be read in time is fine, too


def test_the_next_page_is_read_after_one_that_took_too_long() -> None:
    def page(content: str) -> PageBytes:
        return PageBytes(content=content.encode(), content_type="", url="", source="Blatt", zone="Europe/Berlin")

    with one_reader():
        with pytest.raises(UnsoundError, match=r"in 0\.5 seconds"):
            read_page_apart(page(PAGE % ("<br>x" * 500_000)), 0.5)
        found = read_page_apart(page(PAGE % (PARAGRAPH.replace("Das", "Dies") * 200)), 8)
    assert found.article is not None
    assert found.article.title == "Ein Titel"


def test_addresses_that_are_none_cost_nothing_else() -> None:
    linked = '<h2><a href="http://[">Ein kaputter Link</a></h2><h2><a href="/ein-weg-am-see-7">Ein Weg am See</a></h2>'
    tree = parse_page(f"<html><body>{linked}</body></html>".encode())
    assert tree is not None
    assert article_links(tree, "https://a.example/") == ("https://a.example/ein-weg-am-see-7",)
    said = '{"@type": "NewsArticle", "headline": "Ein Titel", "mainEntityOfPage": "http://[", "url": "https://[::1"}'
    page = (PAGE % "").replace("<title>", f'<script type="application/ld+json">{said}</script><title>')
    article = extract(page.encode(), "https://a.example/x", source="Blatt", zone=BERLIN)
    assert article is not None
    assert article.url == "https://a.example/x"


def test_a_json_feed_that_takes_long_to_read(context: Context, tmp_path: Path) -> None:
    items = ",".join(['{"content_html": "' + "<div>" * 1_990 + '"}'] * 280)
    (tmp_path / "feed.json").write_text(f'{{"version": "https://jsonfeed.org/version/1.1", "items": [{items}]}}')
    with pytest.raises(SourceError, match=r"feed\.json could not be read in 1 seconds"):
        gather(context, "feed", tmp_path / "feed.json")


def test_a_feed_of_one_hundred_thousand_entries(context: Context, tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text(f"<rss><channel>{'<item><title>a</title></item>' * 100_000}</channel></rss>")
    try:
        assert len(gather(context, "feed", tmp_path / "feed.xml")) == 1
    except SourceError as error:
        assert "feed.xml could not be read in 1 seconds" in str(error)  # noqa: PT017, either will do


@pytest.mark.parametrize("kind", ["textfile", "feed", "page"])
def test_paths_that_are_no_files(context: Context, tmp_path: Path, kind: str) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    for path in (tmp_path / "pipe.txt", Path("/dev/zero"), Path("/dev/stdin")):
        with pytest.raises(SourceError, match="Source Blatt: "):
            gather(context, kind, path)


@pytest.mark.parametrize(("kind", "name"), [("textfile", "x.txt"), ("page", "x.html"), ("feed", "x.xml")])
def test_a_link_out_of_the_folder_publishes_nothing(
    context: Context, tmp_path: Path, kind: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (tmp_path / "secret").write_text(EXPORT.format("Streng geheim und sehr privat."))
    (inbox / name).symlink_to(tmp_path / "secret")
    with pytest.raises(SourceError):
        gather(context, kind, inbox)
    assert "leads out of its folder" in caplog.text


def test_a_link_inside_the_folder_is_fine(context: Context, tmp_path: Path) -> None:
    (tmp_path / "v1").mkdir()
    (tmp_path / "v1" / "a.txt").write_text(EXPORT.format("Noch ein Satz, der hier steht."))
    (tmp_path / "a.txt").symlink_to(tmp_path / "v1" / "a.txt")
    assert len(gather(context, "textfile", tmp_path)) == 1


def test_a_folder_ends_with_the_time_of_its_source(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(100):
        (tmp_path / f"{number:03}.txt").write_text(EXPORT.format("1 xxabyy 2020\n" * 2_000))
    with Fetcher(GatherSettings(timeout_seconds=0.1)) as fetcher:
        context = Context(fetcher=fetcher, now=datetime.now(UTC), day=date(2025, 10, 17), zone=BERLIN)
        assert gather(context, "textfile", tmp_path)
    assert "the time for this source is used up" in caplog.text


def test_octets_that_unpack_to_nothing(context: Context, tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nETag: x\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"hi")
    with answering(head, itertools.repeat(b"\0" * 65536)) as port, pytest.raises(FetchError, match="is bigger than"):
        context.fetcher.get(f"http://127.0.0.1:{port}/", trusted=True)
    assert (tmp_path / "cache.db").stat().st_size < 10_000_000
    assert (tmp_path / "cache.db").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("kind", ["feed", "page", "textfile"])
@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://u:geheim@169.254.169.254/x\r\n\r\n",
        b"HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_credentials_are_in_no_sentence(
    context: Context, kind: str, head: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "digest")
    with answering(head) as port:
        url = f"http://u:geheim@127.0.0.1:{port}/x"
        with pytest.raises(SourceError) as failed:
            gather_source(SourceSettings(name="Blatt", type=kind, url=url), {}, context)  # type: ignore[arg-type]
    assert "geheim" not in str(failed.value) + caplog.text
    assert "/x" in str(failed.value)


def test_what_a_server_says_is_one_short_line(context: Context) -> None:
    head = b"HTTP/1.1 404 \x9b31m" + b"y" * 50_000 + b"\r\nContent-Length: 0\r\n\r\n"
    with answering(head) as port, pytest.raises(FetchError) as failed:
        context.fetcher.get(f"http://127.0.0.1:{port}/", trusted=True)
    assert len(str(failed.value)) < 300
    assert str(failed.value).isprintable()
    with pytest.raises(FetchError) as failed:
        context.fetcher.get("http://a.example/\r\nWarning: all is well")
    assert str(failed.value).isprintable()
