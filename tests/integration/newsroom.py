"""What tests of the newsroom share: an account, somebody signed in, forms with their token."""

from __future__ import annotations

import re
from typing import Any

from httpx import Response
from litestar.testing import TestClient

from digest.app import App
from digest.model.editor import Role
from digest.tasks.change_editor import add_editor
from tests.integration.conftest import Website

PASSWORD = "ein langer Satz zum Merken"


def add_account(app: App, email: str = "anna@probe.example", role: Role = Role.EDITOR, name: str = "Anna") -> None:
    """An account with the password PASSWORD."""
    add_editor(app.database, email, name, role, PASSWORD, who="cli:test", now=app.clock())


def token_in(page: str) -> str:
    """The token of the forms of a page."""
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
    assert found is not None, page
    return found[1]


def post(client: TestClient[Any], path: str, page: str = "/redaktion/passwort", **fields: str) -> Response:
    """Sends a form with the token that `page` has."""
    token = token_in(client.get(page).text)
    answer: Response = client.post(path, data={"csrf": token} | fields)
    return answer


def sign_in(site: Website, email: str = "anna@probe.example", password: str = PASSWORD, weiter: str = "") -> Response:
    return post(
        site.client, "/redaktion/anmelden", "/redaktion/anmelden", email=email, password=password, weiter=weiter
    )


def newsroom(site: Website, role: Role = Role.EDITOR) -> Website:
    """The site, with somebody of that role signed in."""
    add_account(site.app, role=role)
    assert sign_in(site).status_code == 303
    return site
