"""From a source's settings to its articles, or to one sentence that says why there are none."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pytest_httpserver import HTTPServer

from digest.errors import SourceError
from digest.gather.base import TYPES, Context
from digest.gather.collect import choose_articles, gather_source
from digest.gather.fetch import Fetcher
from digest.gather.settings import GatherSettings, SourceSettings
from digest.model.article import Article

NOW = datetime(2025, 10, 17, 4, 30, tzinfo=UTC)


@pytest.fixture
def context() -> Iterator[Context]:
    with Fetcher(GatherSettings(timeout_seconds=2)) as fetcher:
        yield Context(fetcher=fetcher, now=NOW, day=date(2025, 10, 17), zone=ZoneInfo("Europe/Berlin"))


def settings(**changes: object) -> SourceSettings:
    return SourceSettings(**{"name": "Blatt", "type": "feed", "path": "x", **changes})  # type: ignore[arg-type]


def article(title: str, **more: object) -> Article:
    return Article(**{"title": title, "source": "anders", "url": f"https://z.example/{title}", **more})  # type: ignore[arg-type]


def titles(found: Iterable[Article]) -> list[str]:
    return [one.title for one in found]


def test_newest_first_each_once_and_not_too_many() -> None:
    found = [article(f"Meldung {hour}", published=NOW - timedelta(hours=hour)) for hour in (3, 1, 2, 9)]
    found += [article("Ohne Datum"), article("Meldung 1", published=NOW - timedelta(hours=1))]
    assert titles(choose_articles(found, settings(), {}, NOW)) == [
        "Meldung 1",
        "Meldung 2",
        "Meldung 3",
        "Meldung 9",
        "Ohne Datum",
    ]
    assert titles(choose_articles(found, settings(max_items=2), {}, NOW)) == ["Meldung 1", "Meldung 2"]


def test_a_false_date_pins_nothing() -> None:
    found = [article("Morgen", published=NOW + timedelta(days=300)), article("Heute", published=NOW)]
    chosen = choose_articles(found, settings(), {}, NOW)
    assert titles(chosen) == ["Heute", "Morgen"]
    assert chosen[1].published is None


def test_topics_are_mapped_added_and_excluded() -> None:
    table = {"Kryptowährungen": "krypto", "Werbung": "anzeige"}
    found = [
        article("Bitcoin", topics=("KRYPTOWÄHRUNGEN", "Märkte")),
        article("Reklame", topics=("Werbung",)),
        article("Sport", topics=("Sport",)),
    ]
    chosen = choose_articles(found, settings(topics=("Geld",), exclude_topics=("Anzeige", "sport")), table, NOW)
    assert [(one.title, one.topics, one.source) for one in chosen] == [
        ("Bitcoin", ("geld", "krypto", "märkte"), "Blatt")
    ]
    assert choose_articles(found, settings(exclude_topics=("Werbung",)), table, NOW)[1].title == "Sport"


def test_titles_cannot_break_a_header_and_nothing_else_is_lost() -> None:
    found = [article("Titel\r\nBcc: x@y.example\u2028Ende", lead="Anriss", url="https://z.example/1")]
    (chosen,) = choose_articles(found, settings(), {}, NOW)
    assert chosen.title == "Titel Bcc: x@y.example Ende"
    assert (chosen.lead, chosen.url) == ("Anriss", "https://z.example/1")


def test_nothing_at_all_is_a_fault_but_nothing_left_is_not() -> None:
    with pytest.raises(SourceError, match=r"^Source Blatt: has no articles$"):
        choose_articles([], settings(), {}, NOW)
    with pytest.raises(SourceError, match="has no articles"):
        choose_articles([article("", lead="ohne Titel")], settings(), {}, NOW)
    assert choose_articles([article("Sport", topics=("Sport",))], settings(exclude_topics=("Sport",)), {}, NOW) == []


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "does not exist"),
        ("", "is empty"),
        ("kein XML", "neither RSS"),
        ("<rss><channel/></rss>", "has no articles"),
    ],
)
def test_a_file_that_gives_nothing(tmp_path: Path, context: Context, content: str | None, problem: str) -> None:
    file = tmp_path / "feed.xml"
    if content is not None:
        file.write_text(content)
    with pytest.raises(SourceError, match=problem) as caught:
        gather_source(settings(path=str(file)), {}, context)
    assert str(caught.value).startswith("Source Blatt: ")


@pytest.mark.parametrize("status", [404, 410, 429])
def test_a_server_that_gives_nothing(httpserver: HTTPServer, context: Context, status: int) -> None:
    httpserver.expect_request("/feed").respond_with_data("", status=status)
    with pytest.raises(SourceError, match=f"^Source Blatt: .*/feed answered {status}"):
        gather_source(settings(path="", url=httpserver.url_for("/feed")), {}, context)
    assert len(httpserver.log) == 1


def test_every_type_of_the_settings_is_there() -> None:
    assert set(TYPES) == {"feed", "page", "textfile", "wordpress", "sample"}


def test_a_type_that_is_not_there(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(TYPES, "feed")
    with pytest.raises(SourceError, match="'feed' is not available"):
        gather_source(settings(), {}, context)


class BrokenSource:
    """A parser that meets something it was not made for."""

    def __init__(self, _: SourceSettings) -> None:
        pass

    def articles(self, _: Context) -> Iterator[Article]:
        yield article("Eins")
        raise KeyError("unerwartet\nzweizeilig")


def test_an_unexpected_fault_names_the_source_and_keeps_its_cause(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TYPES, "feed", f"{__name__}:BrokenSource")
    monkeypatch.setitem(globals(), "BrokenSource", BrokenSource)
    with pytest.raises(SourceError, match=r"^Source Blatt: cannot be read: KeyError: ") as caught:
        gather_source(settings(), {}, context)
    assert isinstance(caught.value.__cause__, KeyError)
    assert "\n" not in str(caught.value)


def test_a_source_as_a_whole_has_a_deadline(httpserver: HTTPServer) -> None:
    """A feed of many lines, each linked to a page that never comes."""
    held = threading.Event()
    items = "".join(f"<item><title>T{n}</title><link>{{url}}/{n}</link></item>" for n in range(25))
    feed = f"<rss><channel>{items}</channel></rss>".replace("{url}", httpserver.url_for("/page"))
    httpserver.expect_request("/feed").respond_with_data(feed)
    for number in range(25):
        httpserver.expect_request(f"/page/{number}").respond_with_handler(lambda _: held.wait(30) and None)
    limits = GatherSettings(timeout_seconds=0.5, allow_networks=("127.0.0.0/8",))
    began = time.monotonic()
    with Fetcher(limits) as fetcher:
        context = Context(fetcher=fetcher, now=NOW, day=NOW.date(), zone=ZoneInfo("Europe/Berlin"))
        found = gather_source(settings(path="", url=httpserver.url_for("/feed")), {}, context)
    held.set()
    assert len(found) == 25
    assert time.monotonic() - began < 5
