"""A site that is really served, and Debian's Chromium to look at it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from digest.app import App
from digest.deliver.memory import MemoryBackend
from digest.render.chromium import NAMES
from digest.web.app import make_web_app
from digest.web.serving import address_of, listen

PHONE: dict[str, Any] = {"viewport": {"width": 375, "height": 667}, "has_touch": True, "locale": "de-DE"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    if found is None:
        pytest.skip(f"no Chromium is installed: none of {', '.join(NAMES)} is on the PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


class Served(NamedTuple):
    """A product whose web server listens at `base`."""

    app: App
    base: str


@pytest.fixture
def serve(make_app: Callable[..., App]) -> Iterator[Callable[..., Served]]:
    """Serves the app of these tables, or one that is there already; arguments as for `make_app`."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(*arguments: Any, app: App | None = None, **tables: Any) -> Served:
        product = app or make_app(*arguments, backend=MemoryBackend(), **tables)
        listening = listen(product, "127.0.0.1", 0)
        server = uvicorn.Server(uvicorn.Config(make_web_app(product), access_log=False, log_config=None, ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        running.append((server, thread))
        return Served(product, address_of(listening))

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join()


@pytest.fixture
def phone(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a phone-sized page without JavaScript; keywords change the context. What it complains of fails the test."""
    contexts: list[BrowserContext] = []
    said: list[str] = []

    def open_page(**changes: Any) -> Page:
        context = browser.new_context(**(PHONE | {"java_script_enabled": False} | changes))
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []


@pytest.fixture
def findings(browser: Browser) -> Iterator[Callable[[Page], list[str]]]:
    """Gives what axe finds on a page that is serious or worse, with the place.

    Axe needs JavaScript, so it looks at the same document in a page of its own, with the same styles.
    """
    contexts: dict[str, Page] = {}

    def find(page: Page) -> list[str]:
        scheme = "dark" if page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") else "light"
        if scheme not in contexts:
            contexts[scheme] = browser.new_context(**PHONE, color_scheme=scheme).new_page()
        looking = contexts[scheme]
        looking.goto(page.url)
        looking.set_content(page.content(), wait_until="load")
        return _serious(looking)

    yield find
    for looking in contexts.values():
        looking.context.close()


def _serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {node['html']}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


def overflow(page: Page) -> int:
    """How many CSS pixels the page is wider than its screen."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
