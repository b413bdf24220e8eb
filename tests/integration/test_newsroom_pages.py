"""The newsroom's tables: people, lists, suppressions, sources, settings; who may look, and who may change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.app import App
from digest.model.editor import Role
from subscribers.audit import list_changes
from subscribers.model import SubscriptionState, SuppressionReason
from subscribers.subscriptions import subscriptions_of
from subscribers.suppression_pages import page_suppressions
from tests.integration.conftest import MakeWebsite, Website
from tests.integration.newsroom import newsroom, post, sign_in, token_in

AddPerson = Callable[..., Any]

LOOKED_AT = [
    "",
    "/ausgaben",
    "/leser",
    "/leser?q=anna",
    "/leser/1",
    "/listen",
    "/sperren",
    "/quellen",
    "/einstellungen",
    "/passwort",
]
#: What only admins change, with what their forms send.
CHANGED = [
    ("/leser/neu", {"email": "neu@leser.example", "list": "morgen", "consent": "Stadtfest"}),
    ("/leser/1/angaben", {"first_name": "Berta"}),
    ("/leser/1/abmelden", {"list": "morgen"}),
    ("/leser/1/anmelden", {"list": "morgen"}),
    ("/leser/1/sperren", {}),
    ("/leser/1/entsperren", {}),
    ("/leser/1/loeschen", {}),
    ("/listen", {"slug": "abend", "name": "Der Abend"}),
    ("/listen/morgen/name", {"name": "Anders"}),
    ("/listen/morgen/archiv", {}),
    ("/sperren", {"target": "@boese.example"}),
    ("/sperren/aufheben", {"target": "weg@leser.example"}),
]


@pytest.fixture
def open_room(make_website: MakeWebsite, add_person: AddPerson) -> Callable[[Role], Website]:
    """Opens a newsroom with Anna (number 1) on the list, for somebody of that role."""

    def open_as(role: Role) -> Website:
        site = newsroom(make_website(), role)
        add_person(site.app, "anna@leser.example", first_name="Anna", last_name="Weber", topics=("politik",))
        return site

    return open_as


OpenRoom = Callable[[Role], Website]


def standing(app: App) -> SubscriptionState:
    with app.database.read() as connection:
        return subscriptions_of(connection, 1)[0].state


def test_nobody_looks_in_without_an_account(make_website: MakeWebsite) -> None:
    client = make_website().client
    for path in LOOKED_AT:
        answer = client.get(f"/redaktion{path}")
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/redaktion/anmelden?weiter=%2Fredaktion")


@pytest.mark.parametrize("role", list(Role))
def test_both_roles_look_at_everything(open_room: OpenRoom, role: Role) -> None:
    site = open_room(role)
    for path in LOOKED_AT:
        answer = site.client.get(f"/redaktion{path}")
        assert answer.status_code == 200, path
        assert answer.headers["cache-control"] == "no-store"


def test_editors_change_no_people_and_no_lists(open_room: OpenRoom) -> None:
    site = open_room(Role.EDITOR)
    before = site.dump()
    for path, fields in CHANGED:
        answer = post(site.client, f"/redaktion{path}", **fields)
        assert answer.status_code == 403, path
        assert "Das dürfen nur Admins" in answer.text
    assert site.dump() == before


def test_editors_are_not_even_asked(open_room: OpenRoom) -> None:
    client = open_room(Role.EDITOR).client
    assert {client.get(f"/redaktion{path}").status_code for path in ("/leser/neu", "/leser/1/loeschen")} == {403}


def test_editors_see_no_forms_that_they_may_not_send(open_room: OpenRoom) -> None:
    client = open_room(Role.EDITOR).client
    for path in ("/leser", "/leser/1", "/listen", "/sperren"):
        page = client.get(f"/redaktion{path}").text.partition("<main")[2]
        assert 'method="post"' not in page


@pytest.mark.parametrize("signed_in", [True, False])
def test_nothing_is_changed_without_the_forms_own_token(open_room: OpenRoom, signed_in: bool) -> None:
    site = open_room(Role.ADMIN)
    if not signed_in:
        site.client.cookies.clear()
    before = site.dump()
    for path, fields in CHANGED:
        for sent in ({}, {"csrf": ""}, {"csrf": "0" * 64}, {"csrf": "ä"}):
            answer = site.client.post(f"/redaktion{path}", data=fields | sent)
            assert answer.status_code == (403 if signed_in else 303), path
    assert site.dump() == before


def test_a_token_of_another_session_does_not_serve(open_room: OpenRoom) -> None:
    site = open_room(Role.ADMIN)
    first = token_in(site.client.get("/redaktion/passwort").text)
    site.client.cookies.clear()
    sign_in(site)
    answer = site.client.post("/redaktion/listen", data={"csrf": first, "slug": "abend", "name": "Abend"})
    assert answer.status_code == 403
    assert "Es wurde nichts geändert" in answer.text


@pytest.mark.parametrize("site_said", ["cross-site", "same-site"])
def test_another_site_cannot_send_the_form_even_with_the_token(open_room: OpenRoom, site_said: str) -> None:
    client = open_room(Role.ADMIN).client
    token = token_in(client.get("/redaktion/passwort").text)
    sent = {"csrf": token, "slug": "abend", "name": "Abend"}
    assert client.post("/redaktion/listen", data=sent, headers={"sec-fetch-site": site_said}).status_code == 403
    assert client.post("/redaktion/listen", data=sent, headers={"sec-fetch-site": "same-origin"}).status_code == 303


def test_people_are_found(open_room: OpenRoom, add_person: AddPerson) -> None:
    site = open_room(Role.EDITOR)
    add_person(site.app, "bernd@firma.example", first_name="Bernd")
    for wanted, found in [("weber", True), ("@leser.example", True), ("anna@LESER.example", True), ("bernd", False)]:
        page = site.client.get("/redaktion/leser", params={"q": wanted}).text
        assert ("anna@leser.example" in page) is found
    assert "findet sich niemand" in site.client.get("/redaktion/leser?q=nirgends").text
    assert site.client.get("/redaktion/leser", params={"q": "a " * 30}).status_code == 400


def test_people_come_page_by_page(open_room: OpenRoom, add_person: AddPerson) -> None:
    site = open_room(Role.EDITOR)
    for number in range(60):
        add_person(site.app, f"p{number}@leser.example", last_name="Weber & Söhne")
    first = site.client.get("/redaktion/leser?q=weber").text
    assert "q=weber&amp;nach=50" in first
    second = site.client.get("/redaktion/leser?q=weber&nach=50").text
    assert "p59@leser.example" in second
    assert "p3@leser.example" not in second


def test_numbers_that_nobody_has(open_room: OpenRoom) -> None:
    client = open_room(Role.ADMIN).client
    for path in ("/leser/99", "/leser/99999999999999999999", "/leser/x", "/leser/-1", "/ausgaben/99999999999999"):
        assert client.get(f"/redaktion{path}").status_code in (400, 404), path


def test_an_admin_adds_somebody_with_and_without_consent(open_room: OpenRoom) -> None:
    site = open_room(Role.ADMIN)
    for email, consent, state in [
        ("c@leser.example", "Stadtfest", SubscriptionState.ACTIVE),
        ("d@leser.example", "", SubscriptionState.PENDING),
    ]:
        answer = post(site.client, "/redaktion/leser/neu", email=email, list="morgen", consent=consent)
        number = int(answer.headers["location"].rpartition("/")[2])
        with site.app.database.read() as connection:
            assert subscriptions_of(connection, number)[0].state is state
    wrong = post(site.client, "/redaktion/leser/neu", email="kein-at", list="morgen")
    assert wrong.status_code == 400
    assert 'value="kein-at"' in wrong.text


def test_an_admin_changes_a_person(open_room: OpenRoom) -> None:
    site = open_room(Role.ADMIN)
    assert post(site.client, "/redaktion/leser/1/angaben", last_name="Weber-Groß", topics="kultur").status_code == 303
    page = site.client.get("/redaktion/leser/1").text
    assert "Weber-Groß" in page
    assert 'value="Anna"' in page
    assert post(site.client, "/redaktion/leser/1/angaben", salutation="Graf").status_code == 400
    post(site.client, "/redaktion/leser/1/abmelden", list="morgen")
    assert standing(site.app) is SubscriptionState.UNSUBSCRIBED
    post(site.client, "/redaktion/leser/1/anmelden", list="morgen")
    assert standing(site.app) is SubscriptionState.PENDING
    with site.app.database.read() as connection:
        who = {(each.who, each.what) for each in list_changes(connection, subscriber_id=1)}
    assert {("editor:anna@probe.example", what) for what in ("subscriber.change", "subscription.request")} <= who


def test_an_admin_suppresses_and_erases(open_room: OpenRoom) -> None:
    site = open_room(Role.ADMIN)
    post(site.client, "/redaktion/leser/1/sperren")
    assert "An diese Adresse geht nichts" in site.client.get("/redaktion/leser/1").text
    post(site.client, "/redaktion/leser/1/entsperren")
    assert "An diese Adresse geht nichts" not in site.client.get("/redaktion/leser/1").text
    assert "anna@leser.example" in site.client.get("/redaktion/leser/1/loeschen").text
    post(site.client, "/redaktion/leser/1/loeschen")
    assert site.client.get("/redaktion/leser/1").status_code == 404
    assert not [line for line in site.dump() if "anna@leser.example" in line]
    assert "gelöschte Adresse" in site.client.get("/redaktion/sperren").text


def test_suppressing_a_domain_and_taking_it_back(open_room: OpenRoom) -> None:
    site = open_room(Role.ADMIN)
    post(site.client, "/redaktion/sperren", target="@boese.example", reason="complaint")
    with site.app.database.read() as connection:
        assert [each.reason for each in page_suppressions(connection)] == [SuppressionReason.COMPLAINT]
    assert post(site.client, "/redaktion/sperren", target="was?").status_code == 400
    assert post(site.client, "/redaktion/sperren/aufheben", target="@gut.example").status_code == 400
    post(site.client, "/redaktion/sperren/aufheben", target="@boese.example")
    assert "Niemand ist gesperrt." in site.client.get("/redaktion/sperren").text


def test_lists_are_made_renamed_and_archived(open_room: OpenRoom) -> None:
    site = open_room(Role.ADMIN)
    for path, fields, said in [
        ("/listen", {"slug": "abend", "name": "Der Abend"}, "angelegt"),
        ("/listen/abend/name", {"name": "Am Abend"}, "Am Abend"),
        ("/listen/abend/archiv", {}, "archiviert"),
        ("/listen/abend/archiv", {"wieder": "1"}, "wieder offen"),
    ]:
        assert post(site.client, f"/redaktion{path}", **fields).status_code == 303
        assert said in site.client.get("/redaktion/listen").text
    assert "schon" in post(site.client, "/redaktion/listen", slug="abend", name="x").text
    assert post(site.client, "/redaktion/listen", slug="A b", name="x").status_code == 400
    assert post(site.client, "/redaktion/listen/nirgends/name", name="x").status_code == 404


def test_a_source_is_tried_and_its_health_is_kept(make_website: MakeWebsite, tmp_path: Path, now: Any) -> None:
    feed = tmp_path / "feed.json"
    sources = [{"name": "Blatt", "type": "feed", "path": str(feed)}]
    site = newsroom(make_website(sources=sources))
    assert "noch nie gelesen" in site.client.get("/redaktion/quellen").text
    post(site.client, "/redaktion/quellen/versuchen", source="Blatt")
    page = site.client.get("/redaktion/quellen").text
    assert "nicht erreichbar" in page
    assert "1 Quelle nicht erreichbar" in site.client.get("/redaktion").text
    item = (
        '{"id": "1", "title": "Der Hafen", "url": "https://probe.example/1", "date_published": "2026-03-06T04:00:00Z"}'
    )
    feed.write_text('{"version": "https://jsonfeed.org/version/1.1", "title": "x", "items": [' + item + "]}", "utf-8")
    now.moment += timedelta(minutes=5)
    answer = post(site.client, "/redaktion/quellen/versuchen", source="Blatt")
    page = site.client.get(answer.headers["location"]).text
    assert "Blatt: 1 Artikel gelesen, 1 davon neu." in page
    assert "in Ordnung" in page
    assert "nicht erreichbar" not in site.client.get("/redaktion").text
    assert post(site.client, "/redaktion/quellen/versuchen", source="Nirgends").status_code == 404


def test_no_secret_is_shown(make_website: MakeWebsite) -> None:
    site = newsroom(
        make_website(
            sources=[{"name": "Blatt", "type": "feed", "url": "https://ich:geheim@blatt.example/feed"}],
            delivery={"relays": [{"host": "mail.example", "username": "ich", "password_env": "RELAY_PASSWORD"}]},
            alerts={"webhook_url": "https://alarm.example/geheim"},
        ),
        Role.ADMIN,
    )
    for path in ("/einstellungen", "/quellen", ""):
        page = site.client.get(f"/redaktion{path}").text
        assert "geheim" not in page
        assert str(site.app.settings.site.secret_file) not in page
