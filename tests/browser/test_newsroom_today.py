"""A morning in the newsroom: in by a link, a look at Today, a decision; by mouse, by thumb, by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from digest.app import App
from digest.model.editor import Role
from digest.tasks.change_editor import add_editor
from tests.browser.conftest import PHONE, Served, overflow

LAPTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "locale": "de-DE"}
PASSWORD = "ein langer Satz zum Merken"


@pytest.fixture
def site(
    serve: Callable[..., Served], add_person: Callable[..., Any], add_articles: Callable[..., None], now: Any
) -> Served:
    """Three readers, two articles, today's edition prepared; what articles and readers say tries to run."""
    served = serve(
        newsletter={"approval": "required"},
        sources=[{"name": "Politik", "type": "sample"}, {"name": "Weg", "type": "feed", "path": "weg.xml"}],
    )
    app = served.app
    for number in range(3):
        add_person(app, f"leser{number}@leser.example", first_name="<img src=x onerror=alert(1)>")
    add_articles(
        app,
        ("Der Hafen wird bebaut <script>alert(1)</script>", now() - timedelta(hours=1)),
        ('"><img src=x onerror=alert(1)>', now() - timedelta(hours=2)),
    )
    app.gather(app.sources("Weg"), app.today())
    app.prepare(app.newsletters("morgen")[0], app.today())
    return served


OpenPage = Callable[..., Page]


@pytest.fixture
def desk(browser: Browser, phone: OpenPage) -> OpenPage:
    """Opens a page with JavaScript; a dialog, or a complaint of the browser (a policy's too), fails the test."""

    def open_page(**changes: Any) -> Page:
        page = phone(java_script_enabled=True, **changes)
        page.on("dialog", lambda dialog: pytest.fail(f"a dialog says {dialog.message}"))
        return page

    return open_page


def account(app: App, password: str | None = PASSWORD, role: Role = Role.EDITOR) -> str:
    """An account; the path of its link, where it has no password."""
    _, link = add_editor(
        app.database, "anna@probe.example", "Anna Weber", role, password, who="cli:test", now=app.clock()
    )
    return f"/redaktion/anmelden/{link}"


def enter(page: Page, site: Served) -> None:
    page.goto(f"{site.base}/redaktion")
    page.get_by_label("E-Mail-Adresse").fill("anna@probe.example")
    page.get_by_label("Passwort").fill(PASSWORD)
    page.get_by_role("button", name="Anmelden").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Freitag, 6. März 2026")


def test_in_by_a_link_approve_send_and_watch(site: Served, desk: OpenPage, findings: Any) -> None:
    page = desk(**LAPTOP)
    page.goto(site.base + account(site.app, password=None))
    page.get_by_role("button", name="Anmelden").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Passwort wählen")
    assert findings(page) == []
    page.get_by_label("Neues Passwort", exact=True).fill(PASSWORD)
    page.get_by_label("Noch einmal das neue Passwort").fill(PASSWORD)
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_role("status")).to_contain_text("Das Passwort ist geändert.")

    expect(page.get_by_text("wartet auf Freigabe")).to_be_visible()
    expect(page.get_by_text("1 Quelle nicht erreichbar")).to_be_visible()
    page.get_by_role("link", name="Freigeben").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Freigeben?")
    expect(page.get_by_text("Empfänger")).to_be_visible()
    page.get_by_role("button", name="Freigeben").click()
    expect(page.get_by_role("status")).to_have_text("Die Ausgabe ist freigegeben.")
    page.get_by_role("link", name="Jetzt senden").click()
    page.get_by_role("button", name="Jetzt senden").click()
    expect(page.get_by_text("versendet", exact=True)).to_be_visible()
    expect(page.get_by_text("3 von 3 erledigt")).to_be_visible()
    expect(page.get_by_role("img", name="An den Mailserver übergeben im Verlauf: 3")).to_be_visible()
    assert findings(page) == []
    page.get_by_text("als Tabelle").click()
    expect(page.get_by_role("cell", name="3", exact=True)).to_be_visible()


def test_the_page_follows_what_happens(site: Served, desk: OpenPage) -> None:
    from digest.tasks.review_edition import review_edition

    account(site.app)
    page = desk(**LAPTOP)
    enter(page, site)
    edition = site.app.regular_edition(site.app.newsletters("morgen")[0], site.app.today())
    assert edition is not None
    page.evaluate("htmx.findAll('[hx-get^=\"/redaktion/heute/\"]').forEach(e => e.setAttribute('hx-trigger', 'now'))")
    page.evaluate("htmx.process(document.body)")
    review_edition(site.app.database, edition, "hold", site.app.clock(), who="cli:bernd")
    page.evaluate("htmx.trigger('[hx-get^=\"/redaktion/heute/\"]', 'now')")
    expect(page.get_by_text("zurückgehalten", exact=True)).to_be_visible()
    expect(page.get_by_text("bernd")).to_be_visible()


PAGES = ["", "/ausgaben/1", "/leser/1", "/listen", "/sperren", "/quellen"]
OTHERS = [
    "/ausgaben",
    "/ausgaben/1/entscheiden/freigeben",
    "/leser",
    "/leser/neu",
    "/leser/1/loeschen",
    "/einstellungen",
]


@pytest.mark.parametrize(
    ("size", "scheme", "looked_through"),
    [
        (LAPTOP, "light", PAGES),
        (PHONE, "light", []),
        (PHONE | {"viewport": {"width": 320, "height": 600}}, "dark", OTHERS),
    ],
    ids=["laptop", "phone", "small phone at night"],
)
def test_every_page_can_be_read(
    site: Served, desk: OpenPage, findings: Any, size: dict[str, Any], scheme: str, looked_through: list[str]
) -> None:
    account(site.app, role=Role.ADMIN)
    page = desk(**size | {"color_scheme": scheme})
    page.goto(f"{site.base}/redaktion/anmelden")
    assert findings(page) == []
    enter(page, site)
    for path in PAGES + OTHERS:
        page.goto(f"{site.base}/redaktion{path}")
        assert overflow(page) <= 0, path
        if path in looked_through:
            assert findings(page) == [], path


def test_by_keyboard_alone(site: Served, desk: OpenPage) -> None:
    account(site.app)
    page = desk(**LAPTOP)
    page.goto(f"{site.base}/redaktion")
    focus(page, "E-Mail-Adresse")
    page.keyboard.type("anna@probe.example")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Freitag, 6. März 2026")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Zum Inhalt")).to_be_focused()
    page.keyboard.press("Enter")
    focus(page, "Zurückhalten …")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Zurückhalten?")
    focus(page, "Zurückhalten")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Die Ausgabe ist zurückgehalten.")
    focus(page, "Konto: Anna Weber")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Abmelden")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Abmelden")).to_be_hidden()


def focus(page: Page, name: str) -> None:
    """Presses Tab until what is called `name` has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        found = page.evaluate("document.activeElement.labels?.[0]?.innerText ?? document.activeElement.innerText")
        if " ".join(found.split()) == name:
            return
    raise AssertionError(f"Tab never comes to {name}")


def test_it_works_without_scripts(site: Served, phone: OpenPage) -> None:
    account(site.app)
    page = phone()
    enter(page, site)
    page.get_by_role("link", name="Freigeben").click()
    page.get_by_role("button", name="Freigeben").click()
    expect(page.get_by_role("status")).to_have_text("Die Ausgabe ist freigegeben.")
    page.get_by_text("Anna Weber").click()
    page.get_by_role("button", name="Abmelden").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Anmelden")
