"""The way into the newsroom: passwords, links, sessions, and who is kept out."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from digest.app import App
from digest.errors import TooManyTriesError
from digest.model.editor import Role
from digest.storage.sessions import IDLE, LONGEST
from digest.tasks.change_editor import add_editor, remove_editor, reset_password
from digest.tasks.sign_in_editor import LINK_LIFETIME, sign_in_by_password
from subscribers.audit import list_changes
from tests.integration.conftest import MakeWebsite, Website
from tests.integration.newsroom import PASSWORD, add_account, newsroom, post, sign_in, token_in

COOKIE = "__Host-redaktion"


def is_signed_in(site: Website) -> bool:
    return bool(site.client.get("/redaktion/passwort").status_code == 200)


def make_link(site: Website, email: str = "neu@probe.example") -> str:
    _, link = add_editor(site.app.database, email, "Neu", Role.EDITOR, None, who="cli:test", now=site.app.clock())
    return f"/redaktion/anmelden/{link}"


def test_a_password_lets_in(make_website: MakeWebsite) -> None:
    site = make_website()
    add_account(site.app)
    assert not is_signed_in(site)
    answer = sign_in(site, email="ANNA@probe.example")
    assert (answer.status_code, answer.headers["location"]) == (303, "/redaktion")
    assert is_signed_in(site)


def test_an_address_and_a_password_are_theirs_however_they_are_spelled(make_website: MakeWebsite) -> None:
    site = make_website()
    email, password = "jörg@müller.example", "ein schöner langer Satz"
    add_editor(site.app.database, email, "Jörg", Role.EDITOR, password, who="cli:test", now=site.app.clock())
    spelled = unicodedata.normalize("NFD", password)
    assert spelled != password
    assert sign_in(site, email=unicodedata.normalize("NFD", email).upper(), password=spelled).status_code == 303


def test_the_cookie_is_bound_to_https_and_to_this_host(make_website: MakeWebsite) -> None:
    site = make_website()
    add_account(site.app)
    cookie = sign_in(site).headers["set-cookie"]
    for part in ("__Host-redaktion=", "HttpOnly", "Secure", "Path=/", "SameSite=lax"):
        assert part in cookie
    assert "Domain" not in cookie


def test_on_this_machine_it_works_without_tls(make_website: MakeWebsite) -> None:
    site = make_website()
    add_account(site.app)
    site.client.base_url = "http://127.0.0.1:8000"  # type: ignore[assignment]
    cookie = sign_in(site).headers["set-cookie"]
    assert cookie.startswith("redaktion=")
    assert "Secure" not in cookie
    assert is_signed_in(site)


@pytest.mark.parametrize("email", ["anna@probe.example", "niemand@probe.example", "nur-link@probe.example", "", "@"])
def test_a_wrong_password_and_an_unknown_account_get_the_same_answer(make_website: MakeWebsite, email: str) -> None:
    site = make_website()
    add_account(site.app)
    make_link(site, "nur-link@probe.example")
    answer = sign_in(site, email=email, password="etwas anderes")
    assert answer.status_code == 400
    assert "Adresse oder Passwort stimmen nicht." in answer.text
    assert not is_signed_in(site)
    plain = answer.text.replace(email, "") if email else answer.text
    again = sign_in(site, email="x@x.example", password="y").text.replace("x@x.example", "")
    assert plain.replace("value", "") == again.replace("value", "") or email in ("", "@")


def test_tries_are_limited_for_accounts_that_are_there_and_for_others(make_website: MakeWebsite, now: Any) -> None:
    site = make_website()
    add_account(site.app)
    for email in ("anna@probe.example", "niemand@probe.example"):
        said = [sign_in(site, email=email, password="falsch").status_code for _ in range(11)]
        assert said == [400] * 10 + [429]
    locked = sign_in(site)
    assert locked.status_code == 429
    assert int(locked.headers["retry-after"]) == 900
    now.moment += timedelta(minutes=16)
    assert sign_in(site).status_code == 303


def test_tries_of_one_network_are_limited(make_app: Callable[..., App]) -> None:
    app = make_app()
    add_account(app)

    def attempt(email: str, ip: str) -> object:
        return sign_in_by_password(app.database, email, PASSWORD, secret=app.secret, ip=ip, now=app.clock())

    for number in range(30):
        assert attempt(f"a{number}@probe.example", f"203.0.113.{number}") is None
    with pytest.raises(TooManyTriesError):
        attempt("anna@probe.example", "203.0.113.200")
    assert attempt("anna@probe.example", "198.51.100.1") is not None


def test_what_a_browser_held_before_is_worth_nothing_afterwards(make_website: MakeWebsite) -> None:
    """Session fixation: an attacker's own cookie in somebody's browser lets nobody in."""
    site = make_website()
    add_account(site.app)
    site.client.get("/redaktion/anmelden")
    planted = site.client.cookies[COOKIE]
    assert sign_in(site).status_code == 303
    assert site.client.cookies[COOKIE] != planted
    site.client.cookies.set(COOKIE, planted)
    assert not is_signed_in(site)


def test_signing_in_again_ends_the_session_before(make_website: MakeWebsite) -> None:
    site = newsroom(make_website())
    first = site.client.cookies[COOKIE]
    token = token_in(site.client.get("/redaktion/passwort").text)
    data = {"csrf": token, "email": "anna@probe.example", "password": PASSWORD}
    assert site.client.post("/redaktion/anmelden", data=data).status_code == 303
    site.client.cookies.clear()
    site.client.cookies.set(COOKIE, first)
    assert not is_signed_in(site)


def test_a_cookie_that_was_made_up_is_no_session(make_website: MakeWebsite) -> None:
    client = make_website().client
    for held in ("x", "a" * 43, "a" * 5000, "ä" * 3, "'; DROP TABLE editors; --"):
        answer = client.get("/redaktion/passwort", headers={"cookie": f"{COOKIE}={held}".encode()})
        assert answer.status_code == 303, held


def test_signing_out_ends_the_session_at_the_server(make_website: MakeWebsite) -> None:
    site = newsroom(make_website())
    held = site.client.cookies[COOKIE]
    assert post(site.client, "/redaktion/abmelden").headers["location"] == "/redaktion/anmelden"
    site.client.cookies.clear()
    site.client.cookies.set(COOKIE, held)
    assert not is_signed_in(site)


def test_a_new_password_signs_out_everywhere_else(make_website: MakeWebsite) -> None:
    site = newsroom(make_website())
    elsewhere = site.client.cookies[COOKIE]
    new = "noch ein langer Satz"
    answer = post(site.client, "/redaktion/passwort", old=PASSWORD, new=new, again=new)
    assert answer.status_code == 303
    assert is_signed_in(site)
    site.client.cookies.clear()
    site.client.cookies.set(COOKIE, elsewhere)
    assert not is_signed_in(site)
    site.client.cookies.clear()
    assert sign_in(site).status_code == 400
    assert sign_in(site, password=new).status_code == 303


REFUSED = [
    ("falsch", "noch ein langer Satz", "noch ein langer Satz", "bisherige"),
    (PASSWORD, "noch ein langer Satz", "noch ein langer satz", "nicht gleich"),
    (PASSWORD, "kurz", "kurz", "mindestens"),
    (PASSWORD, "x" * 300, "x" * 300, "höchstens"),
    (PASSWORD, "ababababababab", "ababababababab", "verschiedenen"),
    (PASSWORD, "anna@probe.example", "ANNA@probe.example", "nicht gleich"),
    (PASSWORD, "ANNA@probe.example", "ANNA@probe.example", "Adresse"),
]


def test_a_password_that_does_not_do(make_website: MakeWebsite) -> None:
    site = newsroom(make_website())
    for old, new, again, said in REFUSED:
        answer = post(site.client, "/redaktion/passwort", old=old, new=new, again=again)
        assert answer.status_code == 400, new
        assert said in answer.text
        assert "Es wurde nichts geändert." in answer.text
    site.client.cookies.clear()
    assert sign_in(site).status_code == 303


def test_a_link_serves_once_and_opening_it_uses_nothing_up(make_website: MakeWebsite) -> None:
    site = make_website()
    link = make_link(site)
    for _ in range(3):
        page = site.client.get(link)
        assert "neu@probe.example" in page.text
    assert not is_signed_in(site)
    answer = site.client.post(link, data={"csrf": token_in(page.text)})
    assert answer.headers["location"] == "/redaktion/passwort"
    assert "Passwort wählen" in site.client.get("/redaktion/passwort").text
    assert post(site.client, link).status_code == 404
    site.client.cookies.clear()
    assert site.client.get(link).status_code == 404


def test_a_link_ends(make_website: MakeWebsite, now: Any) -> None:
    site = make_website()
    link = make_link(site)
    now.moment += LINK_LIFETIME - timedelta(minutes=1)
    assert site.client.get(link).status_code == 200
    now.moment += timedelta(minutes=1)
    assert site.client.get(link).status_code == 404


def test_sessions_end_by_themselves(make_website: MakeWebsite, now: Any) -> None:
    site = newsroom(make_website())
    began = now.moment
    while now.moment < began + LONGEST - IDLE:
        now.moment += IDLE - timedelta(minutes=1)
        assert is_signed_in(site)
    now.moment = began + LONGEST
    assert not is_signed_in(site)
    sign_in(site)
    now.moment += IDLE
    assert not is_signed_in(site)


@pytest.mark.parametrize("end", ["removed", "reset"])
def test_the_command_line_signs_out_at_once(make_website: MakeWebsite, end: str) -> None:
    site = newsroom(make_website())
    assert is_signed_in(site)
    if end == "removed":
        remove_editor(site.app.database, "anna@probe.example", who="cli:test", now=site.app.clock())
    else:
        reset_password(site.app.database, "anna@probe.example", None, who="cli:test", now=site.app.clock())
    assert not is_signed_in(site)
    assert sign_in(site).status_code == 400


ELSEWHERE = [
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "/redaktion//evil.example",
    "/redaktion@evil.example",
    "/redaktion.evil.example",
    "/redaktionx",
    "/redaktion/../abmelden/x",
    "/redaktion/%0d%0aSet-Cookie: a=b",
    "/redaktion\r\nX: y",
    "javascript:alert(1)",
    "/redaktion?x=\\",
]


def test_signing_in_leads_nowhere_else(make_website: MakeWebsite) -> None:
    site = make_website()
    add_account(site.app)
    for weiter in ELSEWHERE:
        site.client.cookies.clear()
        asked = site.client.get("/redaktion/anmelden", params={"weiter": weiter})
        assert 'name="weiter" value="/redaktion"' in asked.text, weiter
    for weiter in ELSEWHERE[:8]:
        site.client.cookies.clear()
        answer = sign_in(site, weiter=weiter)
        assert (answer.status_code, answer.headers["location"]) == (303, "/redaktion"), weiter
    for weiter in ELSEWHERE:
        assert site.client.get("/redaktion/anmelden", params={"weiter": weiter}).headers["location"] == "/redaktion"


def test_it_leads_back_to_what_was_asked_for(make_website: MakeWebsite) -> None:
    site = make_website()
    add_account(site.app)
    asked = site.client.get("/redaktion/passwort?a=b&c=d")
    assert asked.status_code == 303
    page = site.client.get(asked.headers["location"])
    assert 'name="weiter" value="/redaktion/passwort?a=b&amp;c=d"' in page.text
    assert sign_in(site, weiter="/redaktion/passwort?a=b&c=d").headers["location"] == "/redaktion/passwort?a=b&c=d"


def test_sign_ins_and_passwords_are_in_the_audit_trail(make_website: MakeWebsite) -> None:
    site = make_website()
    add_account(site.app)
    sign_in(site)
    new = "noch ein langer Satz"
    post(site.client, "/redaktion/passwort", old=PASSWORD, new=new, again=new)
    with site.app.database.read() as connection:
        found = [(each.who, each.what) for each in list_changes(connection)]
    assert found == [
        ("editor:anna@probe.example", "editor.password"),
        ("editor:anna@probe.example", "editor.sign_in"),
        ("cli:test", "editor.add"),
    ]
    assert not [line for line in site.dump() if PASSWORD in line or new in line]
