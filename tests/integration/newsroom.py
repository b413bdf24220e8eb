"""What tests of the newsroom share: an account, somebody signed in, forms with their token."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from httpx import Response
from litestar.testing import TestClient

from digest.app import App
from digest.model.editor import Role
from digest.storage import editors
from digest.storage.sessions import begin_session
from digest.tasks.change_editor import add_editor
from digest.tasks.passwords import hash_password
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
    now = site.app.clock()
    with site.app.database.write() as connection:
        editor = editors.add_editor(connection, "anna@probe.example", "Anna", role, now=now)
        editors.set_password_hash(connection, editor, _hashed())
        session = begin_session(connection, editor, now=now)
    site.client.cookies.set("__Host-redaktion", session, domain="probe.example", path="/")
    return site


@cache
def _hashed() -> str:
    return hash_password(PASSWORD)
