"""Today, the editions' pages, and what an editor decides there."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from digest.deliver.memory import MemoryBackend
from digest.model.edition import EditionState
from tests.integration.conftest import MakeWebsite, Website
from tests.integration.newsroom import newsroom, post, token_in

AddPerson = Callable[..., Any]
AddArticles = Callable[..., None]


@pytest.fixture
def backend() -> MemoryBackend:
    return MemoryBackend()


@pytest.fixture
def site(
    make_website: MakeWebsite, backend: MemoryBackend, add_person: AddPerson, add_articles: AddArticles, now: Any
) -> Website:
    """An editor is signed in, two people are subscribed, and there is an article of an hour ago."""
    made = newsroom(make_website(backend=backend))
    add_person(made.app, "a@leser.example")
    add_person(made.app, "b@leser.example")
    add_articles(made.app, ("Der Hafen wird bebaut", now() - timedelta(hours=1)))
    return made


def prepare(site: Website) -> int:
    """The number of today's edition, prepared."""
    newsletter = site.app.newsletters("morgen")[0]
    return int(site.app.prepare(newsletter, site.app.today()).edition.number)


def state(site: Website, number: int) -> EditionState:
    return EditionState(site.app.sending_status(number)[0].state)


def decide(site: Website, number: int, path: str) -> Any:
    """Asks and answers yes."""
    address = f"/redaktion/ausgaben/{number}/entscheiden/{path}"
    asked = site.client.get(address)
    if asked.status_code != 200:
        return asked
    seen = re.search(r'name="seen" value="([^"]+)"', asked.text)
    assert seen is not None
    return site.client.post(address, data={"csrf": token_in(asked.text), "seen": seen[1]})


def wait_until(site: Website, number: int, wanted: EditionState) -> None:
    """The worker's thread is waited for, not the clock."""
    worker = next(t for t in __import__("threading").enumerate() if t.name == "sending")
    for _ in range(400):
        if state(site, number) is wanted:
            return
        worker.join(0.05)
    raise AssertionError(f"edition {number} is {state(site, number)}, not {wanted}")


def test_a_day_that_has_no_edition_yet(make_website: MakeWebsite) -> None:
    site = newsroom(make_website())
    page = site.client.get("/redaktion").text
    assert "Freitag, 6. März 2026" in page
    assert "Nächste Ausgabe: Freitag, 6. März 2026" in page
    assert "Jetzt vorbereiten" in page


def test_preparing_by_hand(site: Website) -> None:
    answer = post(site.client, "/redaktion/vorbereiten", newsletter="morgen")
    assert answer.headers["location"] == "/redaktion"
    page = site.client.get("/redaktion").text
    assert "Die Ausgabe ist vorbereitet." in page
    assert "vorbereitet" in page
    assert "vorbereitet von anna@probe.example" in page
    assert post(site.client, "/redaktion/vorbereiten", newsletter="nirgends").status_code == 404


def test_what_is_told_is_told_once(site: Website) -> None:
    post(site.client, "/redaktion/vorbereiten", newsletter="morgen")
    said = "Die Ausgabe ist vorbereitet."
    assert said in site.client.get("/redaktion").text
    assert said not in site.client.get("/redaktion").text


def test_approving_and_sending(site: Website, backend: MemoryBackend) -> None:
    number = prepare(site)
    assert decide(site, number, "freigeben").status_code == 303
    assert state(site, number) is EditionState.APPROVED
    assert decide(site, number, "senden").status_code == 303
    wait_until(site, number, EditionState.SENT)
    assert len(backend.messages) == 2
    page = site.client.get(f"/redaktion/ausgaben/{number}").text
    assert "2 von 2 erledigt" in page
    for deed in ("freigegeben von anna@probe.example", "Versand gestartet von anna@probe.example"):
        assert deed in page


def test_what_was_not_approved_is_not_sent_where_it_has_to_be(
    make_website: MakeWebsite, add_person: AddPerson, add_articles: AddArticles, now: Any, backend: MemoryBackend
) -> None:
    site = newsroom(make_website({"approval": "required"}, backend=backend))
    add_person(site.app, "a@leser.example")
    add_articles(site.app, ("Der Hafen wird bebaut", now() - timedelta(hours=1)))
    number = prepare(site)
    assert state(site, number) is EditionState.IN_REVIEW
    assert "entscheiden/senden" not in site.client.get("/redaktion").text
    assert decide(site, number, "senden").status_code == 303  # back to the edition
    assert backend.messages == []
    assert state(site, number) is EditionState.IN_REVIEW


@pytest.mark.parametrize(
    ("path", "then"),
    [
        ("freigeben", EditionState.APPROVED),
        ("zurueckhalten", EditionState.HELD),
        ("auslassen", EditionState.SKIPPED),
    ],
)
def test_decisions(site: Website, path: str, then: EditionState) -> None:
    number = prepare(site)
    decide(site, number, path)
    assert state(site, number) is then


def test_a_hold_is_released(site: Website) -> None:
    number = prepare(site)
    decide(site, number, "zurueckhalten")
    assert "zurückgehalten" in site.client.get("/redaktion").text
    decide(site, number, "aufheben")
    assert state(site, number) is EditionState.PREPARED


def test_leaving_an_edition_out_is_taken_back_by_preparing_it(site: Website) -> None:
    number = prepare(site)
    decide(site, number, "auslassen")
    assert "Neu vorbereiten" in site.client.get("/redaktion").text
    answer = decide(site, number, "vorbereiten")
    assert "Die Ausgabe ist vorbereitet." in site.client.get(answer.headers["location"]).text
    assert state(site, number) is EditionState.PREPARED


def test_what_is_approved_is_not_prepared_again(site: Website) -> None:
    number = prepare(site)
    decide(site, number, "freigeben")
    assert "Neu vorbereiten" not in site.client.get("/redaktion").text
    post(site.client, "/redaktion/vorbereiten", newsletter="morgen")
    assert "bleibt, wie sie ist: freigegeben" in site.client.get("/redaktion").text


def test_editions_come_page_by_page(site: Website) -> None:
    from datetime import date

    from digest.storage.editions import regular_edition

    with site.app.database.write() as connection:
        for step in range(70):
            regular_edition(connection, "morgen", date(2025, 1, 1) + timedelta(days=step), site.app.clock())
    first = site.client.get("/redaktion/ausgaben").text
    assert first.count("<tr>") == 61
    older = re.search(r'href="(/redaktion/ausgaben\?[^"]+vor=\d+)"', html.unescape(first))
    assert older is not None
    second = site.client.get(older[1]).text
    assert second.count("<tr>") == 11
    assert "Ältere" not in second


def test_opening_the_question_changes_nothing(site: Website) -> None:
    number = prepare(site)
    before = site.dump()
    for path in ("freigeben", "senden", "zurueckhalten", "auslassen", "abbrechen", "anhalten", "weiter", "aufheben"):
        site.client.get(f"/redaktion/ausgaben/{number}/entscheiden/{path}")
        site.client.head(f"/redaktion/ausgaben/{number}/entscheiden/{path}")
    notes = [line for line in site.dump() if "editor_sessions" not in line]
    assert notes == [line for line in before if "editor_sessions" not in line]


def test_a_decision_about_what_changed_meanwhile_is_void(site: Website, add_articles: AddArticles, now: Any) -> None:
    number = prepare(site)
    address = f"/redaktion/ausgaben/{number}/entscheiden/freigeben"
    asked = site.client.get(address).text
    seen = re.search(r'name="seen" value="([^"]+)"', asked)
    assert seen is not None
    add_articles(site.app, ("Noch ein Artikel", now() - timedelta(minutes=30)))
    prepare(site)
    answer = site.client.post(address, data={"csrf": token_in(asked), "seen": seen[1]})
    assert answer.headers["location"] == f"/redaktion/ausgaben/{number}"
    assert "inzwischen geändert" in site.client.get(answer.headers["location"]).text
    assert state(site, number) is EditionState.PREPARED


def test_what_stands_in_the_way_is_said(make_website: MakeWebsite, add_articles: AddArticles, now: Any) -> None:
    """The sample imprint lets no mail out."""
    site = newsroom(
        make_website(delivery={"backend": "smtp", "relays": [{"host": "127.0.0.1", "port": 9, "tls": "none"}]})
    )
    add_articles(site.app, ("Der Hafen wird bebaut", now() - timedelta(hours=1)))
    number = prepare(site)
    answer = decide(site, number, "senden")
    assert "imprint" in site.client.get(answer.headers["location"]).text
    assert state(site, number) is EditionState.PREPARED


def test_an_edition_with_nobody_to_go_to_says_so(
    make_website: MakeWebsite, add_articles: AddArticles, now: Any
) -> None:
    site = newsroom(make_website(backend=MemoryBackend()))
    add_articles(site.app, ("Der Hafen wird bebaut", now() - timedelta(hours=1)))
    number = prepare(site)
    decide(site, number, "senden")
    worker = next(t for t in __import__("threading").enumerate() if t.name == "sending")
    for _ in range(100):
        page = site.client.get(f"/redaktion/ausgaben/{number}").text
        if "has nobody to go to" in page:
            break
        worker.join(0.05)
    assert "has nobody to go to" in page


def test_progress_asks_for_itself_and_ends(site: Website) -> None:
    number = prepare(site)
    quiet = site.client.get(f"/redaktion/ausgaben/{number}/stand", headers={"hx-request": "true"})
    assert quiet.headers["hx-refresh"] == "true"
    assert "hx-trigger" not in quiet.text
    with site.app.database.write() as connection:
        from digest.storage.editions import get_edition, take_step

        take_step(connection, get_edition(connection, number), EditionState.SENDING)
    busy = site.client.get(f"/redaktion/ausgaben/{number}/stand", headers={"hx-request": "true"})
    assert 'hx-trigger="every 2s"' in busy.text
    assert "Gerade arbeitet niemand" in busy.text


def test_the_page_notices_what_others_do(site: Website) -> None:
    prepare(site)
    page = site.client.get("/redaktion").text
    path = re.search(r'hx-get="(/redaktion/heute/[0-9a-f]+)"', page)
    assert path is not None
    assert site.client.get(path[1]).status_code == 204
    site.app.database.close()
    newsletter = site.app.newsletters("morgen")[0]
    from digest.tasks.review_edition import review_edition

    edition = site.app.regular_edition(newsletter, site.app.today())
    assert edition is not None
    review_edition(site.app.database, edition, "hold", site.app.clock(), who="cli:bernd")
    assert site.client.get(path[1]).headers["hx-refresh"] == "true"
    assert "bernd" in html.unescape(site.client.get("/redaktion").text)


def test_a_page_that_is_left_open_keeps_nobody_signed_in(site: Website, now: Any) -> None:
    from digest.storage.sessions import IDLE

    path = re.search(r'hx-get="(/redaktion/heute/[0-9a-f]+)"', site.client.get("/redaktion").text)
    assert path is not None
    now.moment += IDLE / 2
    assert site.client.get(path[1]).status_code in (200, 204)
    now.moment += IDLE / 2
    answer = site.client.get(path[1], headers={"hx-request": "true"})
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == "/redaktion/anmelden"


@pytest.mark.parametrize("path", ["/redaktion/ausgaben/999", "/redaktion/ausgaben/1/entscheiden/loeschen"])
def test_what_is_not_there(site: Website, path: str) -> None:
    answer = site.client.get(path)
    assert answer.status_code == 404
    assert "Hier ist nichts" in answer.text
    assert "Abmelden" in answer.text
