"""A morning at the edition desk: by mouse, by thumb, by keyboard alone, without scripts, two editors at once."""

# ruff: noqa: N802 -- aiosmtpd finds its handlers by name

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from playwright.sync_api import FrameLocator, Locator, Page, expect

from digest.app import App
from digest.model.article import Article
from digest.model.editor import Role
from digest.model.edits import SetSubject
from digest.tasks.change_editor import add_editor
from tests.browser.conftest import PHONE, Served, overflow

LAPTOP: dict[str, Any] = {"viewport": {"width": 1366, "height": 800}, "locale": "de-DE"}
PASSWORD = "ein langer Satz zum Merken"
ANNA, BEN = "anna@probe.example", "ben@probe.example"
#: What tries to run: from feeds, from editors, from readers' names.
ATTACKS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<svg onload=alert(1)><animate onbegin=alert(1) attributeName=x></svg>",
    "</textarea><script>alert(1)</script>",
    "' onmouseover='alert(1)' x='",
    "{{ ''.__class__.__mro__ }} {% for x in range(9) %}",
    "<style>*{background:url(https://fremd.example/x)}</style>",
    '<a href="javascript:alert(1)">hier</a> javascript:alert(1)',
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "<div style='width:expression(alert(1))'>",
    "<math><mi xlink:href='data:x,<script>alert(1)</script>'>",
    "\u202e<b>verkehrt</b>]]><!--",
)
OpenPage = Callable[..., Page]


class Mailbox:
    """Keeps what it takes over."""

    def __init__(self, port: int) -> None:
        self.messages: list[EmailMessage] = []
        self.port = port

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 fine"

    def subjects(self) -> list[str]:
        return [str(message["Subject"]) for message in self.messages]


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        kept = Mailbox(free.getsockname()[1])
    controller = Controller(kept, "127.0.0.1", kept.port)
    controller.start()
    yield kept
    controller.stop()


@pytest.fixture
def make_site(
    serve: Callable[..., Served],
    make_app: Callable[..., App],
    add_person: Callable[..., Any],
    add_articles: Callable[..., None],
    mailbox: Mailbox,
    now: Any,
) -> Callable[..., Served]:
    """Articles of those titles, three readers, an edition that needs approval, a mail server that takes everything."""

    def make(*titles: str, **newsletter: Any) -> Served:
        app = make_app(
            {"at": "23:59", "approval": "required", "max_articles": 30} | newsletter,
            site={
                "imprint": "Probeverlag, Gasse 1, 10115 Berlin",
                "responsible": "Rita Redlich, Gasse 1, 10115 Berlin",
            },
            delivery={"backend": "smtp", "relays": [{"host": "127.0.0.1", "port": mailbox.port, "tls": "none"}]},
        )
        for place, title in enumerate(titles or [f"Meldung {number}" for number in range(6)]):
            article = Article(
                title=title,
                kicker=title if titles else "",
                lead=title if titles else f"Der Vorspann zu {title}.",
                source="Politik",
                author=title if titles else "",
                url=f"https://probe.example/{place}",
                topics=("politik",),
                published=now() - timedelta(minutes=10 + place),
            )
            add_articles(app, article)
        for number in range(3):
            add_person(app, f"leser{number}@leser.example", first_name=ATTACKS[number], last_name="Leser")
        for email, name, role in ((ANNA, "Anna Weber", Role.ADMIN), (BEN, "Ben Baum", Role.EDITOR)):
            add_editor(app.database, email, name, role, PASSWORD, who="cli:test", now=app.clock())
        app.prepare(app.newsletters("morgen")[0], app.today())
        return serve(app=app)

    return make


@pytest.fixture
def site(make_site: Callable[..., Served]) -> Served:
    return make_site()


@pytest.fixture
def live(phone: OpenPage) -> OpenPage:
    """Opens a page with JavaScript; a dialog, or a complaint of the browser (a policy's too), fails the test."""

    def open_page(**changes: Any) -> Page:
        page = phone(java_script_enabled=True, **changes)
        page.on("dialog", lambda dialog: pytest.fail(f"a dialog says {dialog.message}"))
        return page

    return open_page


def enter(page: Page, site: Served, email: str = ANNA) -> None:
    """Signs in and goes to the desk."""
    page.goto(f"{site.base}/redaktion/ausgaben/1/tisch")
    page.get_by_label("E-Mail-Adresse").fill(email)
    page.get_by_label("Passwort").fill(PASSWORD)
    page.get_by_role("button", name="Anmelden").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ausgabe vom Freitag, 6. März 2026")


def titles(page: Page) -> list[str]:
    return page.locator("#ausgabe .title").all_inner_texts()


def preview(page: Page) -> FrameLocator:
    return page.frame_locator("#vorschau-rahmen")


def field(page: Page, name: str) -> Locator:
    return page.get_by_role("textbox", name=name, exact=True)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_the_whole_morning(site: Served, live: OpenPage, mailbox: Mailbox, findings: Any) -> None:
    page = live(**LAPTOP)
    enter(page, site)
    expect(page.locator("#ausgabe .piece")).to_have_count(6)
    expect(preview(page).get_by_role("heading", name="Meldung 5")).to_be_visible()
    assert findings(page) == []

    press(page, "„Meldung 2“ herausnehmen")
    expect(page.locator("#ausgabe .piece")).to_have_count(5)
    expect(page.locator("#ansage")).to_contain_text("„Meldung 2“ herausgenommen")
    expect(preview(page).get_by_role("heading", name="Meldung 2")).to_have_count(0)
    press(page, "„Meldung 4“ anheften")
    expect(page.locator("#ausgabe .title").first).to_have_text("Meldung 4")

    page.get_by_role("link", name="„Meldung 1“ bearbeiten").click()
    expect(page.get_by_role("heading", name="Artikel bearbeiten")).to_be_focused()
    field(page, "Vorspann").fill('Der Vorspann in "unseren" Worten.')
    expect(preview(page).get_by_text("Der Vorspann in „unseren“ Worten.")).to_be_visible()
    expect(page.locator("#zustand-artikel")).to_contain_text("Gespeichert")
    assert findings(page) == []
    field(page, "Betreff").fill("Der Betreff des Tages")
    expect(page.get_by_role("button", name="Rückgängig")).to_be_enabled()

    page.get_by_role("link", name="Prüfung").click()
    expect(page.locator("#befunde")).to_contain_text("wie Gmail zählt")
    page.get_by_role("link", name="Test", exact=True).click()
    press(page, "Test senden")
    expect(page.get_by_text("an den Mailserver übergeben")).to_be_visible()
    assert mailbox.subjects() == ["TEST: Der Betreff des Tages"]
    page.get_by_role("link", name="Verlauf").click()
    expect(page.locator(".history")).to_contain_text("„Meldung 1“ bearbeitet")
    assert findings(page) == []

    page.get_by_label("Desktop").check()
    with page.expect_download() as download:
        press(page, "Als PNG")
    assert download.value.suggested_filename == "ausgabe-1-640.png"
    assert download.value.path().read_bytes().startswith(b"\x89PNG")

    press(page, "Freigeben")
    expect(page.get_by_role("status").get_by_text("Die Ausgabe ist freigegeben.")).to_be_visible()
    page.get_by_role("link", name="Jetzt senden").click()
    press(page, "Jetzt senden")
    expect(page.get_by_text("3 von 3 erledigt")).to_be_visible()
    expect(page.get_by_role("img", name="An den Mailserver übergeben im Verlauf: 3")).to_be_visible()
    assert sorted(mailbox.subjects()) == ["Der Betreff des Tages"] * 3 + ["TEST: Der Betreff des Tages"]
    text = mailbox.messages[-1].get_body(("plain",)).get_content()
    assert ("unseren" in text, "Meldung 2" in text) == (True, False)


def test_on_a_phone(site: Served, live: OpenPage, findings: Any) -> None:
    """One part of the desk at a time, nothing wider than the screen, everything within reach of a thumb."""
    page = live(**PHONE)
    enter(page, site)
    assert overflow(page) <= 0
    assert findings(page) == []
    expect(page.locator("#werkbank")).to_be_hidden()
    press(page, "„Meldung 0“ nach unten")
    expect(page.locator("#ausgabe .title").first).to_have_text("Meldung 1")
    page.get_by_role("link", name="„Meldung 1“ bearbeiten").click()
    expect(field(page, "Vorspann")).to_be_visible()
    expect(page.locator("#ausgabe")).to_be_hidden()
    field(page, "Titel").fill("Unterwegs geschrieben")
    expect(page.locator("#zustand-artikel")).to_contain_text("Gespeichert")
    assert overflow(page) <= 0
    page.get_by_role("link", name="Vorschau", exact=True).click()
    expect(preview(page).get_by_role("heading", name="Unterwegs geschrieben")).to_be_visible()
    assert overflow(page) <= 0


def test_by_keyboard_alone(site: Served, live: OpenPage) -> None:
    page = live(**LAPTOP)
    enter(page, site)
    page.keyboard.press("Tab")
    focus(page, "„Meldung 1“ nach unten")
    page.keyboard.press("Enter")
    expect(page.locator("#ansage")).to_contain_text("„Meldung 1“ verschoben. Platz 3 von 6.")
    assert focused(page) == "„Meldung 1“ nach unten"
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("#ansage")).to_contain_text("Platz 2 von 6.")
    focus(page, "„Meldung 1“ bearbeiten")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Artikel bearbeiten")).to_be_focused()
    focus(page, "Titel")
    page.keyboard.press("Control+A")
    page.keyboard.type("Ohne Maus")
    expect(page.locator("#ausgabe .title").nth(1)).to_have_text("Ohne Maus")
    assert focused(page) == "Titel"
    focus(page, "Rückgängig", back=True)
    page.keyboard.press("Enter")
    expect(page.locator("#ausgabe .title").nth(1)).to_have_text("Meldung 1")
    expect(field(page, "Titel")).to_have_value("Meldung 1")


def focused(page: Page) -> str:
    named = page.evaluate(
        "(e => e.getAttribute('aria-label') ?? e.labels?.[0]?.innerText ?? e.innerText)(document.activeElement)"
    )
    return " ".join(str(named).split())


def focus(page: Page, name: str, *, back: bool = False) -> None:
    """Presses Tab until what is called `name` has the focus."""
    for _ in range(150):
        if focused(page) == name:
            return
        page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"Tab never comes to {name}")


def test_dragging(site: Served, live: OpenPage) -> None:
    page = live(**LAPTOP)
    enter(page, site)
    piece = page.locator("#ausgabe .piece")
    piece.nth(3).drag_to(piece.nth(0), target_position={"x": 60, "y": 5})
    expect(page.locator("#ausgabe .title").first).to_have_text("Meldung 3")
    press(page, "„Meldung 5“ herausnehmen")
    waiting = page.locator('.pool .piece[draggable="true"]', has_text="Meldung 5")
    waiting.drag_to(page.locator("#ausgabe .piece").nth(1), target_position={"x": 60, "y": 5})
    expect(page.locator("#ausgabe .title").nth(1)).to_have_text("Meldung 5")
    assert titles(page) == [f"Meldung {number}" for number in (3, 5, 0, 1, 2, 4)]


def test_without_scripts(site: Served, phone: OpenPage, mailbox: Mailbox) -> None:
    page = phone(**LAPTOP)
    enter(page, site, BEN)
    press(page, "„Meldung 2“ herausnehmen")
    expect(page.get_by_role("status").first).to_contain_text("„Meldung 2“ herausgenommen")
    press(page, "„Meldung 2“ aufnehmen")
    press(page, "„Meldung 2“ nach oben")
    assert titles(page) == [f"Meldung {number}" for number in (0, 1, 3, 4, 2, 5)]
    page.get_by_role("link", name="„Meldung 1“ bearbeiten").click()
    field(page, "Vorspann").fill("Geschrieben ohne Skript")
    field(page, "Titel").fill("Ohne Skript")
    page.locator("#formular-artikel").get_by_role("button", name="Speichern", exact=True).last.click()
    expect(preview(page).get_by_text("Geschrieben ohne Skript")).to_be_visible()
    page.get_by_label("Dunkel").check()
    press(page, "Neu laden")
    paper = preview(page).locator(".paper").first
    expect(paper).to_have_css("background-color", "rgb(28, 31, 36)")
    press(page, "Rückgängig")
    expect(page.get_by_role("status").first).to_contain_text("Rückgängig")
    page.get_by_role("link", name="Test", exact=True).click()
    press(page, "Test senden")
    expect(page.get_by_role("status").first).to_contain_text("an den Mailserver übergeben")
    press(page, "Freigeben")
    expect(page.get_by_text("freigegeben", exact=True)).to_be_visible()


def test_two_editors_at_once(site: Served, live: OpenPage) -> None:
    anna, ben = live(**LAPTOP), live(**LAPTOP)
    enter(anna, site)
    enter(ben, site, BEN)
    anna.get_by_role("link", name="„Meldung 1“ bearbeiten").click()
    ben.get_by_role("link", name="„Meldung 1“ bearbeiten").click()
    expect(field(anna, "Titel")).to_have_value("Meldung 1")
    field(ben, "Titel").fill("Bens Titel")
    expect(ben.locator("#zustand-artikel")).to_contain_text("Gespeichert")

    field(anna, "Titel").fill("Annas Titel")
    expect(anna.locator("#zustand-artikel")).to_contain_text("Hier hat inzwischen jemand anderes etwas geändert")
    expect(anna.locator("#zustand-artikel")).to_contain_text(BEN)
    expect(field(anna, "Titel")).to_have_value("Annas Titel")
    expect(anna.locator("#ausgabe .title").nth(1)).to_have_text("Bens Titel")
    expect(anna.locator("#nachricht")).to_contain_text("„Meldung 1“ bearbeitet")
    press(anna, "Meine Fassung speichern")
    expect(anna.locator("#ausgabe .title").nth(1)).to_have_text("Annas Titel")
    expect(anna.locator("#zustand-artikel")).to_contain_text("Gespeichert")

    # Ben's page asks for news by itself, and his field keeps what it holds.
    expect(ben.locator("#nachricht")).to_contain_text(ANNA)
    expect(ben.locator("#ausgabe .title").nth(1)).to_have_text("Annas Titel")
    expect(field(ben, "Titel")).to_have_value("Bens Titel")


def test_an_approval_is_of_what_was_seen(site: Served, live: OpenPage) -> None:
    page = live(**LAPTOP)
    enter(page, site)
    page.evaluate("document.getElementById('neues').remove()")  # as if the news were still on its way
    site.app.edition_desk.edit(1, SetSubject(subject="Von Ben"), who=f"editor:{BEN}", based_on=0)
    press(page, "Freigeben")
    expect(page.get_by_text("Nicht freigegeben: Die Ausgabe ist inzwischen eine andere.")).to_be_visible()
    press(page, "Freigeben")
    expect(page.get_by_text("freigegeben", exact=True)).to_be_visible()
    press(page, "„Meldung 2“ herausnehmen")
    expect(page.get_by_text("seit der Freigabe geändert")).to_be_visible()
    expect(page.get_by_text("wartet auf Freigabe")).to_be_visible()


def test_nothing_in_a_title_runs(make_site: Callable[..., Served], live: OpenPage) -> None:
    site = make_site(*ATTACKS)
    page = live(**LAPTOP)
    enter(page, site)
    assert len(titles(page)) > len(ATTACKS) // 2
    assert any("<script>" in title for title in titles(page))
    page.locator("#ausgabe .piece").nth(3).get_by_text("Bearbeiten", exact=True).click()
    expect(field(page, "Titel")).to_have_value(re.compile("alert|class"))
    for attack in ATTACKS:
        field(page, "Vorspann").fill(attack)
        field(page, "Betreff").fill(attack)
        field(page, "Betreff").press("Enter")
    for name in ("Neu", "Beiwerk", "Prüfung", "Verlauf", "Vorrat"):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("link", name=name, exact=True)).to_have_attribute("aria-current", "true")
    field(page, "oder als Leser").fill("leser1@leser.example")
    page.get_by_label("Dunkel").check()
    expect(preview(page).locator("h2").first).to_be_visible()
    assert preview(page).locator("script, iframe, svg, [onerror], [onload], [href^='javascript:']").count() == 0
    assert page.locator("main script, main svg, main img, main [onerror], main [onload]").count() == 0
    page.goto(f"{site.base}/redaktion")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


@pytest.mark.parametrize("size", [LAPTOP, PHONE | {"viewport": {"width": 320, "height": 600}}], ids=["laptop", "small"])
def test_every_panel_can_be_read(site: Served, live: OpenPage, findings: Any, size: dict[str, Any]) -> None:
    page = live(**size | {"color_scheme": "dark"})
    enter(page, site)
    for path in ("vorrat", "neu", "beiwerk", "pruefung", "test", "verlauf"):
        page.goto(f"{site.base}/redaktion/ausgaben/1/tisch/{path}#werkbank")
        for closed in page.locator("#werkbank summary").all():
            closed.click()
        assert findings(page) == [], path
        assert overflow(page) <= 0, path
    page.goto(f"{site.base}/redaktion/ausgaben/neu")
    assert findings(page) == []


def test_a_newest_edit_is_soon_on_screen(make_site: Callable[..., Served], live: OpenPage) -> None:
    """What the page itself measures, from the change of a field to the frame's load; generous, for busy machines."""
    site = make_site(*[f"Meldung Nummer {number}" for number in range(30)])
    page = live(**LAPTOP)
    enter(page, site)
    page.get_by_role("link", name="„Meldung Nummer 3“ bearbeiten").click()
    for text in ("Warm", "Eins", "Zwei", "Drei"):
        field(page, "Vorspann").evaluate(
            "(field, text) => { field.value = text; window.changed = performance.now();"
            " window.shown = new Promise(done => document.getElementById('vorschau-rahmen')"
            ".addEventListener('load', () => done(performance.now() - window.changed), { once: true }));"
            " field.dispatchEvent(new Event('change', { bubbles: true })); }",
            text,
        )
        took = page.evaluate("window.shown")
        expect(preview(page).get_by_text(text, exact=True)).to_be_visible()
    assert took < 3_000
