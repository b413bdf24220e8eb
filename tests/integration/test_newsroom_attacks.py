"""What strangers wrote, shown in the newsroom: it is text there, whatever it says. And who asks from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from sqlalchemy import insert, update

from digest.deliver.memory import MemoryBackend
from digest.model.article import Article
from digest.model.delivery import DeliveryState
from digest.model.editor import Role
from digest.storage.editions import get_edition, take_step
from digest.storage.source_health import note_failure
from digest.storage.tables import deliveries, editions
from subscribers.audit import record_change
from subscribers.events import record_event
from subscribers.model import BounceClass, EventKind
from subscribers.tables import bounces
from tests.integration.conftest import MakeWebsite, Website
from tests.integration.newsroom import newsroom, post

PAYLOADS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' autofocus onfocus=alert(1) x='",
    "</title><svg onload=alert(1)>",
    "javascript:alert(1)",
    "{{ 7*7 }}{% include 'x' %}${7*7}<%= 7*7 %>",
    '<a href="javascript:alert(1)" hx-get="/redaktion/abmelden" hx-trigger=load>x</a>',
    "</textarea></select></script><iframe srcdoc='<script>alert(1)</script>'>",
    "\u202e\u0000<b>x</b>",
]
_ALLOWED = {
    "html", "head", "meta", "title", "link", "script", "body", "a", "header", "strong", "span", "nav", "ul", "li",
    "details", "summary", "div", "p", "br", "form", "input", "button", "main", "h1", "h2", "h3", "section", "article",
    "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tr", "th", "td", "label", "select", "option", "code", "ol",
    "time", "progress", "figure", "figcaption", "svg", "rect",
}  # fmt: skip


class Markup(HTMLParser):
    """What of a page is markup."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.handlers: list[str] = []
        self.links: list[str] = []
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name.startswith(("on", "style", "srcdoc", "data-hx")):
                self.handlers.append(name)
            if name in ("href", "src", "action", "hx-get"):
                self.links.append(value or "")
        if tag == "script":
            self.scripts.append(dict(attrs).get("src") or "inline")


def read(page: str) -> Markup:
    found = Markup()
    found.feed(page)
    return found


@pytest.fixture
def attacked(
    make_website: MakeWebsite, add_person: Callable[..., Any], add_articles: Callable[..., None], now: Any
) -> Callable[[str], tuple[Website, int]]:
    """A newsroom in which `payload` stands wherever strangers write; and the number of the edition."""

    def attack(payload: str) -> tuple[Website, int]:
        text = payload.replace("\u0000", "")
        site = newsroom(make_website(backend=MemoryBackend()), Role.ADMIN)
        app = site.app
        person = add_person(app, "anna@leser.example", first_name=text[:60], last_name=text[:60], tags=(text[:60],))
        article = Article(
            title=f"Titel {text}",
            source="Politik",
            kicker=text,
            lead=text,
            url=text,
            author=text,
            published=now() - timedelta(hours=1),
        )
        add_articles(app, article)
        number = app.prepare(app.newsletters("morgen")[0], app.today()).edition.number
        with app.database.write() as connection:
            note_failure(connection, "Politik", text, now=now())
            record_change(
                connection, who=f"editor:{text}", what=text[:60], subject=text, at=now(), subscriber_id=person.id
            )
            record_change(connection, who=text, what="edition.hold", subject=f"edition:{number}", at=now())
            take_step(connection, get_edition(connection, number), get_edition(connection, number).state.SENDING)
            row = {"edition_id": number, "subscriber_id": person.id, "state": DeliveryState.REJECTED, "attempts": 1}
            row |= {"reason": text[:60], "reply": text, "choice": b"\0", "settled_at": now()}
            connection.execute(insert(deliveries).values(row))
            connection.execute(update(editions).where(editions.c.id == number).values(reason=text))
            record_event(connection, EventKind.BOUNCED, at=now(), subscriber_id=person.id, edition_id=number)
            came_back = {
                "digest": "x",
                "at": now(),
                "edition_id": number,
                "subscriber_id": person.id,
                "effect": text[:32],
            }
            came_back |= {"bounce_class": BounceClass.HARD, "reason": text[:32], "status": text[:16], "waiting": False}
            connection.execute(insert(bounces).values(came_back))
        return site, number

    return attack


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_strangers_write_is_text(attacked: Callable[[str], tuple[Website, int]], payload: str) -> None:
    site, number = attacked(payload)
    for path in ("", "/ausgaben", f"/ausgaben/{number}", f"/ausgaben/{number}/stand", "/leser", "/leser/1", "/quellen"):
        answer = site.client.get(f"/redaktion{path}")
        assert answer.status_code == 200, path
        page = read(answer.text)
        assert page.tags <= _ALLOWED, page.tags - _ALLOWED
        assert page.handlers == []
        assert all(link.startswith(("/", "#", "http://", "https://")) for link in page.links), page.links
        assert all(script.startswith("/static/") for script in page.scripts)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


def test_what_looks_like_a_template_is_not_run(attacked: Callable[[str], tuple[Website, int]]) -> None:
    site, _ = attacked("{{ 7*7 }}")
    for path in ("", "/leser/1", "/quellen"):
        assert "{{ 7*7 }}" in site.client.get(f"/redaktion{path}").text


def test_what_is_sent_by_hand_comes_back_as_text(make_website: MakeWebsite) -> None:
    site = newsroom(make_website(), Role.ADMIN)
    for payload in PAYLOADS:
        answers = [
            site.client.get("/redaktion/leser", params={"q": payload}),
            site.client.get("/redaktion/ausgaben", params={"newsletter": payload}),
            post(site.client, "/redaktion/leser/neu", email=payload, list=payload, consent=payload),
            post(site.client, "/redaktion/listen", slug=payload, name=payload),
            post(site.client, "/redaktion/sperren", target=payload, reason=payload),
        ]
        for answer in answers:
            page = read(answer.text)
            assert page.tags <= _ALLOWED
            assert page.handlers == []
            assert all(link.startswith(("/", "#")) for link in page.links)


def test_what_is_typed_to_sign_in_comes_back_as_text(make_website: MakeWebsite) -> None:
    client = make_website().client
    for payload in PAYLOADS:
        sent = {"email": payload, "password": payload, "weiter": payload}
        answer = post(client, "/redaktion/anmelden", "/redaktion/anmelden", **sent)
        page = read(answer.text)
        assert page.tags <= _ALLOWED
        assert page.handlers == []
        assert "weiter" not in answer.text or 'name="weiter" value="/redaktion"' in answer.text


def test_a_name_with_markup_is_shown_as_it_is(make_website: MakeWebsite) -> None:
    from digest.tasks.change_editor import add_editor
    from tests.integration.newsroom import PASSWORD, sign_in

    site = make_website()
    name = "<b>Erika</b> & Co"
    add_editor(site.app.database, "e@probe.example", name, Role.EDITOR, PASSWORD, who="cli", now=site.app.clock())
    sign_in(site, "e@probe.example")
    assert "&lt;b&gt;Erika&lt;/b&gt; &amp; Co" in site.client.get("/redaktion").text


def test_another_host_gets_nothing(make_website: MakeWebsite) -> None:
    site = newsroom(make_website())
    for path in ("", "/anmelden", "/leser", "/ausgaben/1/stand"):
        for host in ("evil.example", "probe.example.evil.example"):
            answer = site.client.get(f"/redaktion{path}", headers={"host": host})
            assert answer.status_code == 421
            assert "set-cookie" not in answer.headers


def test_a_forwarded_host_leads_nobody_elsewhere(make_website: MakeWebsite) -> None:
    site = make_website()
    answer = site.client.get("/redaktion/leser", headers={"x-forwarded-host": "evil.example", "x-forwarded-proto": "x"})
    assert answer.headers["location"].startswith("/redaktion/")


def test_other_methods_do_nothing(make_website: MakeWebsite) -> None:
    site = newsroom(make_website(), Role.ADMIN)
    before = site.dump()
    for method in ("PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"):
        assert site.client.request(method, "/redaktion/listen").status_code in (204, 403, 404, 405)
    assert site.dump() == before


def test_a_form_of_a_megabyte_is_refused(make_website: MakeWebsite) -> None:
    site = newsroom(make_website(), Role.ADMIN)
    answer = post(site.client, "/redaktion/listen", slug="a", name="x" * 1_000_000)
    assert answer.status_code == 413
