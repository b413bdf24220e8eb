"""Readers' pages on a phone, without JavaScript, as somebody uses them who needs a screen reader."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
from playwright.sync_api import Page, expect

from digest.app import App
from digest.deliver.memory import MemoryBackend
from tests.browser.conftest import Served, overflow
from tests.conftest import MORNING
from tests.integration.letters import Letter, send_letters

WEEK = {"slug": "woche", "name": "Die Woche", "lists": ["woche"], "template": "weekly", "brand": {"accent": "#ffd84d"}}
MORNING_PAPER = {"slug": "morgen", "name": "Der Morgen", "lists": ["morgen"], "days": "daily"}

Look = Callable[[Page], None]
T = TypeVar("T")


@pytest.fixture
def site(serve: Callable[..., Served], make_app: Callable[..., App]) -> Served:
    from subscribers.lists import create_list

    app = make_app(
        backend=MemoryBackend(),
        newsletters=[MORNING_PAPER, WEEK],
        sources=[{"name": "Politik", "type": "sample", "topics": ["politik", "krypto"]}],
        site={"imprint": "Probeverlag, Gasse 1, 10115 Berlin", "privacy_url": "https://probe.example/datenschutz"},
    )
    with app.database.write() as connection:
        create_list(connection, "woche", "Die Woche", now=app.clock())
    return serve(app=app)


def send_edition(app: App, add_articles: Callable[..., None]) -> None:
    add_articles(app, ("Der Hafen wird bebaut", MORNING), ("Das Rathaus bleibt stehen", MORNING), topics=("politik",))
    prepared = app.prepare(app.newsletters("morgen")[0], app.today())
    elsewhere(app.sender().send, prepared.edition.number, app.prices)


def elsewhere(work: Callable[..., T], *arguments: Any) -> T:
    """Does it in another thread: sending has a loop of its own, and Playwright's runs in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work, *arguments).result()


def read_letters(app: App) -> list[Letter]:
    return elsewhere(send_letters, app)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


@pytest.fixture
def look(findings: Callable[[Page], list[str]]) -> Look:
    """Fails for a page that does not fit its screen or that some people cannot read."""

    def check(page: Page) -> None:
        assert findings(page) == []
        assert overflow(page) <= 0
        assert page.get_by_role("heading", level=1).count() == 1

    return check


def test_a_readers_life_from_sign_up_to_erasure(
    site: Served, phone: Callable[..., Page], look: Look, add_articles: Callable[..., None], tmp_path: Path
) -> None:
    page, app = phone(accept_downloads=True), site.app

    page.goto(f"{site.base}/")
    look(page)
    page.get_by_role("link", name="Anmelden: Der Morgen").click()
    look(page)
    page.get_by_label("E-Mail-Adresse").fill("anna@leser.example")
    press(page, "Anmelden")
    expect(page.get_by_role("heading", level=1)).to_have_text("Fast geschafft")
    look(page)

    [letter] = read_letters(app)
    assert letter.to == "anna@leser.example"
    page.goto(site.base + letter.path)
    look(page)
    press(page, "Anmeldung bestätigen")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sie sind angemeldet")
    look(page)
    read_letters(app)

    send_edition(app, add_articles)
    handle = reader_handle(app)
    page.goto(site.base + path_of(app.links.settings(handle, edition_of(app))))
    look(page)
    page.get_by_label("Politik").check()
    page.get_by_label("Bitcoin").select_option("2. Stelle")
    page.get_by_label("Ether").select_option("nicht zeigen")
    page.get_by_label("Litecoin").select_option("1. Stelle")
    page.get_by_label("Artikel je Ausgabe").fill("4")
    page.get_by_label("Mit „du“ ansprechen").check()
    page.get_by_label("Newsletter erst wieder ab").fill("2026-04-01")
    press(page, "Speichern")
    expect(page.get_by_role("status")).to_contain_text("Gespeichert")
    expect(page.get_by_role("heading", level=1)).to_have_text("Deine Einstellungen")
    expect(page.get_by_label("Litecoin")).to_have_value("1")
    look(page)

    page.goto(site.base + path_of(app.links.unsubscribe(handle, edition_of(app))))
    look(page)
    page.get_by_label("Es kommt zu oft.").check()
    press(page, "Jetzt abbestellen")
    expect(page.get_by_role("heading", level=1)).to_contain_text("abgemeldet")
    look(page)

    undo = next(letter.path for letter in read_letters(app) if "zuruecknehmen" in letter.path)
    page.goto(site.base + undo)
    look(page)
    press(page, "Ja, wieder anmelden")
    expect(page.get_by_role("heading", level=1)).to_contain_text("wieder dabei")
    read_letters(app)

    page.goto(f"{site.base}/meine-daten")
    look(page)
    page.get_by_label("E-Mail-Adresse").fill("anna@leser.example")
    press(page, "Link schicken")
    look(page)
    own = next(letter.path for letter in read_letters(app) if "meine-daten" in letter.path)
    page.goto(site.base + own)
    look(page)
    page.get_by_label("Nachname").fill("Weber")
    page.get_by_label("Anrede").select_option("Frau")
    press(page, "Speichern")
    expect(page.get_by_label("Nachname")).to_have_value("Weber")
    with page.expect_download() as download:
        page.get_by_role("link", name="Daten herunterladen").click()
    download.value.save_as(tmp_path / "daten.json")
    assert "anna@leser.example" in (tmp_path / "daten.json").read_text("utf-8")
    assert json.loads((tmp_path / "daten.json").read_text("utf-8"))
    page.get_by_role("link", name="Alle Daten löschen").click()
    look(page)
    press(page, "Endgültig löschen")
    expect(page.get_by_role("heading", level=1)).to_contain_text("gelöscht")
    look(page)
    assert reader_handle(app) == ""


def test_the_archive_and_a_message_of_ones_own(
    site: Served,
    phone: Callable[..., Page],
    look: Look,
    add_person: Callable[..., Any],
    add_articles: Callable[..., None],
) -> None:
    person = add_person(site.app, "anna@leser.example", first_name="Anna")
    send_edition(site.app, add_articles)
    page = phone(java_script_enabled=True)
    page.goto(f"{site.base}/archiv/morgen")
    look(page)
    page.locator(".entries a").click()
    look(page)
    expect(page.get_by_text("Bitcoin", exact=True)).to_be_visible()
    page.goto(site.base + path_of(site.app.links.browser(person.handle, edition_of(site.app))))
    expect(page.get_by_role("heading", name="Der Hafen wird bebaut")).to_be_visible()
    assert overflow(page) <= 0
    assert page.evaluate("getComputedStyle(document.querySelector('.paper')).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("document.querySelector('.spark').naturalWidth") > 0
    assert page.evaluate("self.origin") == "null"


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 320)])
def test_every_page_can_be_read_by_day_and_by_night(
    site: Served, phone: Callable[..., Page], look: Look, add_person: Callable[..., Any], scheme: str, width: int
) -> None:
    links, app = site.app.links, site.app
    person = add_person(app, "anna@leser.example")
    page = phone(color_scheme=scheme, viewport={"width": width, "height": 700})
    for path in (
        "/",
        "/anmelden/woche",
        "/archiv/woche",
        "/meine-daten",
        path_of(links.unsubscribe(person.handle, 1)),
        path_of(links.settings(person.handle, 1)),
    ):
        page.goto(site.base + path)
        look(page)
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == {"light": "rgb(244, 241, 234)", "dark": "rgb(18, 20, 23)"}[scheme]


def test_everything_can_be_reached_by_keyboard(site: Served, phone: Callable[..., Page]) -> None:
    page = phone(java_script_enabled=True)
    page.goto(f"{site.base}/anmelden/morgen")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Zum Inhalt")).to_be_focused()
    for _ in range(2):
        page.keyboard.press("Tab")
    expect(page.get_by_label("E-Mail-Adresse")).to_be_focused()
    page.keyboard.type("neu@leser.example")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Anmelden")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Fast geschafft")


def test_the_proof_of_work_is_done_by_the_page(
    serve: Callable[..., Served], phone: Callable[..., Page], now: Any
) -> None:
    from datetime import UTC, datetime

    now.moment = datetime.now(UTC)  # the proof's library looks at the clock itself
    site = serve(web={"proof_of_work": True})
    page = phone(java_script_enabled=True)
    page.goto(f"{site.base}/anmelden/morgen")
    page.get_by_label("E-Mail-Adresse").fill("neu@leser.example")
    press(page, "Anmelden")
    expect(page.get_by_role("heading", level=1)).to_have_text("Fast geschafft")
    plain = phone()
    plain.goto(f"{site.base}/anmelden/morgen")
    assert "<noscript>" in plain.content()


def test_a_form_on_somebody_elses_page(site: Served, phone: Callable[..., Page]) -> None:
    page = phone()
    page.set_content(
        f'<form method="post" action="{site.base}/anmelden/morgen"><input name="email" type="email">'
        "<button>Los</button></form>"
    )
    page.locator("input").fill("neu@leser.example")
    press(page, "Los")
    expect(page.get_by_role("heading", level=1)).to_have_text("Fast geschafft")


def path_of(url: str) -> str:
    return url.removeprefix("https://probe.example")


def reader_handle(app: App) -> str:
    from subscribers.repository import find_subscriber

    with app.database.read() as connection:
        person = find_subscriber(connection, "anna@leser.example", secret=app.secret)
    return person.handle if person else ""


def edition_of(app: App) -> int:
    found = app.regular_edition(app.newsletters("morgen")[0], app.today())
    assert found is not None
    return found.number
