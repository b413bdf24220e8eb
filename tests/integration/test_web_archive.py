"""The archive, its feed, the pictures, and a reader's own message as a page."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import feedparser
import pytest
from lxml import etree

from digest.app import App
from digest.deliver.memory import MemoryBackend
from digest.model.article import Article
from tests.conftest import MORNING
from tests.integration.conftest import MakeWebsite, Website

DAY = "2026-03-06"
XSS = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def sent(
    make_website: MakeWebsite,
    make_app: Callable[..., App],
    add_person: Callable[..., Any],
    add_articles: Callable[..., None],
) -> Callable[..., Website]:
    """Sends an edition with these articles to anna@leser.example; arguments as for `make_app`."""

    def send(*articles: Any, person: dict[str, Any] | None = None, **tables: Any) -> Website:
        app = make_app(backend=MemoryBackend(), **tables)
        add_person(app, "anna@leser.example", **(person or {"first_name": "Anna", "last_name": "Geheim"}))
        add_articles(app, *(articles or [("Der Hafen wird bebaut", MORNING), ("Das Rathaus bleibt", MORNING)]))
        prepared = app.prepare(app.newsletters()[0], app.today())
        assert app.sender().send(prepared.edition.number, app.prices).submitted == 1
        return make_website(app=app)

    return send


def message(site: Website) -> str:
    """The HTML of the one message that was sent."""
    backend = site.app.backend()
    assert isinstance(backend, MemoryBackend)
    [octets] = [each.data for each in backend.messages]
    body = email.message_from_bytes(octets, policy=email.policy.default).get_body(("html",))
    assert body is not None
    html: str = body.get_content()
    return html


def browser_path(site: Website) -> str:
    found = re.search(r'https://probe\.example(/ausgabe/[^"]+)"', message(site))
    assert found
    return found[1]


def test_a_sent_edition_without_any_of_its_readers(sent: Callable[..., Website]) -> None:
    site = sent()
    page = site.client.get(f"/archiv/morgen/{DAY}")
    assert page.status_code == 200
    for text in ("Der Hafen wird bebaut", "Das Rathaus bleibt", "Bitcoin", "Liebe Leserin, lieber Leser,", "Kurse"):
        assert text in page.text
    for text in ("Anna", "Geheim", "leser.example", "/abmelden/", "/einstellungen/", "/ausgabe/", "mailto:"):
        assert text not in page.text
    assert 'href="/anmelden/morgen"' in page.text


def test_the_list_leads_to_the_edition(sent: Callable[..., Website]) -> None:
    site = sent()
    page = site.client.get("/archiv/morgen").text
    assert f'href="/archiv/morgen/{DAY}"' in page
    assert "Freitag, 6. März 2026" in page
    assert site.client.get("/archiv/morgen?vor=2026-03-06").text.count("<li>") == 0
    assert site.client.get("/archiv/morgen?vor=2026-03-07").text.count("<li>") == 1


def test_a_day_without_an_edition_is_not_there(sent: Callable[..., Website]) -> None:
    client = sent().client
    for path in ("2026-03-05", "20260306", "heute", "2026-13-01", "%3Cscript%3E", "2026-03-06%00", "0"):
        assert client.get(f"/archiv/morgen/{path}").status_code == 404
        assert client.get(f"/archiv/morgen?vor={path}").status_code in (200, 404)


def test_what_was_not_sent_is_not_in_the_archive(
    make_website: MakeWebsite, add_articles: Callable[..., None], add_person: Callable[..., Any]
) -> None:
    site = make_website()
    add_person(site.app, "anna@leser.example")
    add_articles(site.app, ("Noch geheim", MORNING))
    site.app.prepare(site.app.newsletters()[0], site.app.today())
    assert "Noch geheim" not in site.client.get("/archiv/morgen").text
    assert "Noch geheim" not in site.client.get("/archiv/morgen/feed.xml").text
    assert site.client.get(f"/archiv/morgen/{DAY}").status_code == 404


def test_the_feed_is_atom(sent: Callable[..., Website]) -> None:
    answer = sent().client.get("/archiv/morgen/feed.xml")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    root = etree.fromstring(answer.content)
    assert root.tag == f"{ATOM}feed"
    for parent in (root, root.find(f"{ATOM}entry")):
        assert parent is not None
        for name in ("id", "title", "updated"):  # RFC 4287, 4.1.1 and 4.1.2
            assert len(parent.findall(f"{ATOM}{name}")) == 1
    assert root.find(f"{ATOM}author/{ATOM}name").text == "Probeblatt"  # type: ignore[union-attr]
    read = feedparser.parse(answer.content)
    assert not read.bozo
    assert read.entries[0].link == f"https://probe.example/archiv/morgen/{DAY}"
    assert read.entries[0].updated_parsed[:3] == (2026, 3, 6)


def test_an_empty_archive_has_a_page_and_a_valid_feed(make_website: MakeWebsite) -> None:
    client = make_website().client
    assert "bald die ersten" in client.get("/archiv/morgen").text
    assert not feedparser.parse(client.get("/archiv/morgen/feed.xml").content).bozo


def hostile() -> Article:
    return Article(
        title=f"Titel {XSS}",
        kicker=XSS,
        lead=f"Vorspann {XSS} {{{{ 7*7 }}}}",
        author=XSS,
        source="Politik",
        site=XSS,
        published=MORNING,
        url='javascript:alert(1)//"onclick=x',
        image_credit=XSS,
        related=(XSS,),
        topics=("politik",),
    )


def test_what_sources_write_stays_text(sent: Callable[..., Website]) -> None:
    site = sent(hostile(), person={"first_name": XSS, "last_name": XSS, "salutation": "Frau"})
    for path in ("/archiv/morgen", f"/archiv/morgen/{DAY}", "/archiv/morgen/feed.xml", browser_path(site)):
        answer = site.client.get(path)
        assert answer.status_code == 200
        assert "<script" not in answer.text
        assert "<img src=x" not in answer.text
        assert "javascript:" not in answer.text
    assert "{{ 7*7 }}" in site.client.get(f"/archiv/morgen/{DAY}").text


def test_only_hosted_pictures_stand_in_the_archive(sent: Callable[..., Website]) -> None:
    name = f"{'ab' * 32}.jpg"
    site = sent(
        Article(title="Eigenes", source="Politik", published=MORNING, image_url="https://fremd.example/a.jpg"),
        sources=[{"name": "Politik", "type": "sample", "images": "remote"}],
    )
    page = site.client.get(f"/archiv/morgen/{DAY}")
    assert "fremd.example" not in page.text
    assert "https:" not in page.headers["content-security-policy"]
    assert site.client.get(f"/bilder/{name}").status_code == 404
    folder: Path = site.app.pictures_folder
    folder.mkdir()
    (folder / name).write_bytes(b"\xff\xd8picture")
    answer = site.client.get(f"/bilder/{name}")
    assert answer.content == b"\xff\xd8picture"
    assert answer.headers["content-type"] == "image/jpeg"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"


def test_ones_own_message_as_a_page(sent: Callable[..., Website]) -> None:
    site = sent()
    before = site.dump()
    answer = site.client.get(browser_path(site))
    assert answer.status_code == 200
    assert "Der Hafen wird bebaut" in answer.text
    assert "Weitergeleitet bekommen?" in answer.text
    assert "cid:" not in answer.text
    assert "data:image/png;base64," in answer.text
    policy = answer.headers["content-security-policy"]
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "script-src" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert site.dump() == before


def test_its_pictures_come_only_from_where_it_names_them(sent: Callable[..., Website]) -> None:
    site = sent(
        Article(title="Bild", source="Politik", published=MORNING, image_url="https://bilder.example/a.jpg"),
        sources=[{"name": "Politik", "type": "sample", "images": "remote"}],
    )
    policy = site.client.get(browser_path(site)).headers["content-security-policy"]
    assert re.search(r"img-src data: https://bilder\.example;", policy)


def test_it_is_the_message_that_was_sent_also_when_the_reader_has_changed(sent: Callable[..., Website]) -> None:
    from subscribers.model import Changes
    from subscribers.repository import change_subscriber, find_subscriber

    site = sent(person={"first_name": "Anna", "last_name": "Weber", "salutation": "Frau"})
    with site.app.database.write() as connection:
        person = find_subscriber(connection, "anna@leser.example", secret=site.app.secret)
        assert person is not None
        later = datetime(2026, 3, 7, tzinfo=UTC)
        change_subscriber(connection, person.id, Changes(last_name="Neu"), now=later)
    page = site.client.get(browser_path(site)).text
    assert "Frau Weber" in page
    assert "Neu" not in page


def test_a_token_for_something_else_or_someone_unknown_opens_nothing(sent: Callable[..., Website]) -> None:
    site = sent()
    genuine = browser_path(site).rpartition("/")[2]
    links = site.app.links
    wrong = [
        links.unsubscribe("ab" * 8, 1).rpartition("/")[2],
        links.browser("ab" * 8, 1).rpartition("/")[2],
        genuine[:-1] + ("b" if genuine[-1] != "b" else "c"),
        genuine[:-1],
        "x",
        "ü",
        "%00",
        "a" * 5000,
    ]
    pages = {site.client.get(f"/ausgabe/{token}").text for token in wrong}
    assert len(pages) == 1
    assert {site.client.get(f"/ausgabe/{token}").status_code for token in wrong} == {404}
    other_purpose = site.client.get(f"/abmelden/{genuine}")
    assert other_purpose.status_code == 404
