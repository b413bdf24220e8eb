"""The edition desk without a script: every change by a form, two editors at once, approving what one has seen."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from httpx import Response

from digest.deliver.memory import MemoryBackend
from digest.model.arrangement import Override
from digest.model.edition import EditionState
from digest.model.editor import Role
from digest.model.edits import DropArticle, RewriteArticle, SetSubject
from tests.integration.conftest import MakeWebsite, Website
from tests.integration.newsroom import add_account, newsroom, sign_in, token_in

BEN = "editor:ben@probe.example"
SECTIONS = [{"name": "Politik", "topics": ["politik"]}, {"name": "Kultur", "topics": ["kultur"]}]
HX = {"hx-request": "true"}


@pytest.fixture
def backend() -> MemoryBackend:
    return MemoryBackend()


@pytest.fixture
def make_desk(
    make_website: MakeWebsite,
    backend: MemoryBackend,
    add_person: Callable[..., Any],
    add_articles: Callable[..., None],
    now: Any,
) -> Callable[..., tuple[Website, int]]:
    """Somebody of that role is signed in, and an edition of five articles is prepared; its number."""

    def make(role: Role = Role.EDITOR, **newsletter: Any) -> tuple[Website, int]:
        site = newsroom(make_website({"at": "23:59", "sections": SECTIONS} | newsletter, backend=backend), role)
        for place in range(5):
            topics = ("kultur",) if place % 2 else ("politik",)
            add_articles(
                site.app,
                (f"Meldung {place}", now() - timedelta(minutes=10 + place)),
                topics=topics,
                url=f"https://probe.example/{place}",
            )
        add_person(site.app, "leser@leser.example", first_name="Rita", last_name="Leser")
        return site, site.app.prepare(site.app.newsletters()[0], site.app.today()).edition.number

    return make


@pytest.fixture
def desk(make_desk: Callable[..., tuple[Website, int]]) -> tuple[Website, int]:
    return make_desk()


def at(number: int, part: str = "") -> str:
    return f"/redaktion/ausgaben/{number}/tisch" + (f"/{part}" if part else "")


def state(desk: tuple[Website, int]) -> Any:
    site, number = desk
    return site.app.edition_desk.state(number)


def titles(desk: tuple[Website, int]) -> list[str]:
    return [each.article.title for each in state(desk).articles]


def key(desk: tuple[Website, int], title: str) -> str:
    found: str = next(each.key for each in state(desk).articles if each.article.title == title)
    return found


def send(
    desk: tuple[Website, int], panel: str, headers: dict[str, str] | None = None, **fields: str | list[str]
) -> Response:
    """Sends a form of the desk as it is now, unless `stand` says otherwise."""
    site, number = desk
    fields = {"csrf": token_in(site.client.get(at(number)).text), "stand": str(state(desk).revision)} | fields
    answer: Response = site.client.post(at(number, panel), data=fields, headers=headers)
    return answer


def told(desk: tuple[Website, int], answer: Response) -> str:
    """The page that the answer leads to, as text."""
    site, _ = desk
    assert answer.status_code == 303, answer.text
    return html.unescape(site.client.get(answer.headers["location"]).text)


def test_the_desk_has_the_edition_the_pool_and_a_preview(
    desk: tuple[Website, int], add_articles: Callable[..., None], now: Any
) -> None:
    site, number = desk
    add_articles(site.app, ("Später dazugekommen", now()))
    answer = site.client.get(at(number))
    page = html.unescape(answer.text)
    assert answer.status_code == 200
    assert "frame-src 'self'" in answer.headers["content-security-policy"]
    assert "Meldung 4" in page
    assert "Später dazugekommen" in page
    frame = re.search(r"<iframe [^>]*>", page)
    assert frame is not None
    assert 'sandbox="" ' in frame[0]
    assert f'src="{at(number, "nachricht")}"' in frame[0]


def test_searching_and_filtering_the_pool(desk: tuple[Website, int]) -> None:
    site, number = desk
    found = site.client.get(at(number, "vorrat"), params={"q": "meldung 3"}, headers=HX).text
    assert "Meldung 3" in found
    assert "Meldung 2" not in found
    assert "<html" not in found
    by_topic = site.client.get(at(number, "vorrat"), params={"thema": "kultur"}, headers=HX).text
    assert ("Meldung 1" in by_topic, "Meldung 0" in by_topic) == (True, False)
    assert "0 Artikel" in site.client.get(at(number, "vorrat"), params={"quelle": "' OR 1=1 --"}, headers=HX).text


@pytest.mark.parametrize(
    ("tun", "after"),
    [
        ("hoch", [0, 2, 1, 3, 4]),
        ("runter", [0, 1, 3, 2, 4]),
        ("herausnehmen", [0, 1, 3, 4]),
        ("anheften", [2, 0, 1, 3, 4]),
    ],
)
def test_a_button_at_an_article(desk: tuple[Website, int], tun: str, after: list[int]) -> None:
    send(desk, "vorrat", tun=f"{tun} {key(desk, 'Meldung 2')}")
    assert titles(desk) == [f"Meldung {place}" for place in after]
    send(desk, "vorrat", tun="rueckgaengig")
    assert titles(desk) == [f"Meldung {place}" for place in range(5)]
    send(desk, "vorrat", tun="wiederholen")
    assert titles(desk) == [f"Meldung {place}" for place in after]


def test_dropped_and_taken_in_again_at_a_place(desk: tuple[Website, int]) -> None:
    gone = key(desk, "Meldung 1")
    send(desk, "vorrat", tun=f"herausnehmen {gone}")
    send(desk, "vorrat", tun=f"aufnehmen {gone}", vor=key(desk, "Meldung 4"))
    assert titles(desk) == ["Meldung 0", "Meldung 2", "Meldung 3", "Meldung 1", "Meldung 4"]
    send(desk, "vorrat", tun=f"verschieben {gone}", vor=key(desk, "Meldung 0"))
    assert titles(desk)[0] == "Meldung 1"


def test_what_cannot_be_done_is_said(desk: tuple[Website, int]) -> None:
    page = told(desk, send(desk, "vorrat", tun=f"hoch {key(desk, 'Meldung 0')}"))
    assert "„Meldung 0“ steht schon ganz oben." in page
    page = told(desk, send(desk, "vorrat", tun="herausnehmen gibt-es-nicht"))
    assert "steht nicht mehr in der Ausgabe" in page
    page = told(desk, send(desk, "vorrat", tun="sprengen alles"))
    assert "nicht angekommen" in page
    assert state(desk).revision == 0


def test_rewriting_sends_all_fields_and_changes_only_the_new(desk: tuple[Website, int]) -> None:
    site, number = desk
    article = key(desk, "Meldung 1")
    page = site.client.get(at(number, "artikel"), params={"artikel": article}).text
    assert "Artikel bearbeiten" in page
    fields = {"title": "Meldung 1", "lead": 'Ein "neuer" Vorspann', "kicker": "", "rubrik": "Politik"}
    answer = send(desk, "artikel", tun="bearbeiten", formular="artikel", artikel=article, **fields)
    assert "Ein „neuer“ Vorspann" in told(desk, answer)
    found = next(each for each in state(desk).articles if each.key == article)
    assert (set(found.edited), found.section) == ({"lead", "section"}, "Politik")
    assert "Ein „neuer“ Vorspann" in site.app.desk_previews().preview(number).html
    send(desk, "artikel", tun="zuruecksetzen-lead", formular="artikel", artikel=article, **fields)
    assert next(each for each in state(desk).articles if each.key == article).edited == ("section",)


def test_a_refused_text_stays_in_its_form(desk: tuple[Website, int]) -> None:
    article = key(desk, "Meldung 1")
    answer = send(
        desk, "artikel", tun="bearbeiten", formular="artikel", artikel=article, title="", lead="Nicht verlieren"
    )
    assert answer.status_code == 400
    assert "Nicht verlieren" in answer.text
    assert "Ein Artikel braucht einen Titel." in answer.text


def test_two_editors_at_once(desk: tuple[Website, int]) -> None:
    site, number = desk
    article = key(desk, "Meldung 1")
    site.app.edition_desk.edit(
        number, RewriteArticle(article=article, wording=Override(title="Bens Titel")), who=BEN, based_on=0
    )
    mine = {"tun": "bearbeiten", "formular": "artikel", "artikel": article, "title": "Annas <Titel>", "stand": "0"}
    answer = send(desk, "artikel", **mine)
    page = html.unescape(answer.text)
    assert answer.status_code == 409
    assert "Annas <Titel>" in page
    assert "ben@probe.example" in page
    assert "Bens Titel" in titles(desk)
    known = re.search(r'name="durchsetzen" value="(\d+)"', page)
    assert known is not None
    send(desk, "artikel", **mine, durchsetzen=known[1])
    assert "Annas <Titel>" in titles(desk)


def test_changes_to_different_articles_get_along(desk: tuple[Website, int]) -> None:
    site, number = desk
    site.app.edition_desk.edit(number, DropArticle(article=key(desk, "Meldung 4")), who=BEN, based_on=0)
    send(desk, "vorrat", tun=f"herausnehmen {key(desk, 'Meldung 1')}", stand="0")
    assert titles(desk) == ["Meldung 0", "Meldung 2", "Meldung 3"]


def test_ones_own_later_changes_are_no_conflict(desk: tuple[Website, int]) -> None:
    article = key(desk, "Meldung 1")
    send(desk, "vorrat", tun=f"anheften {article}")
    send(desk, "artikel", tun="bearbeiten", formular="artikel", artikel=article, title="Neu", stand="0")
    assert "Neu" in titles(desk)


def test_for_a_script_only_what_changed(desk: tuple[Website, int]) -> None:
    site, number = desk
    article = key(desk, "Meldung 1")
    fields = {"tun": "bearbeiten", "formular": "artikel", "artikel": article, "title": "Neu", "leise": "1"}
    answer = send(desk, "artikel", headers=HX, **fields)
    assert answer.status_code == 200
    assert '"vorschau"' in answer.headers["hx-trigger"]
    assert "<html" not in answer.text
    assert answer.text.lstrip().startswith('<div class="form-state" id="zustand-artikel">')
    assert 'name="stand" value="1"' in answer.text
    assert 'id="feld-title"' not in answer.text
    assert send(desk, "artikel", headers=HX, **fields).status_code == 204
    site.app.edition_desk.edit(number, SetSubject(subject="Von Ben"), who=BEN, based_on=1)
    conflict = send(desk, "vorrat", headers=HX, tun="betreff", formular="betreff", subject="Von Anna", stand="1")
    assert 'name="durchsetzen" value="2"' in conflict.text
    assert re.search('id="zustand-betreff">\\s*<input type="hidden" name="stand" value="1">', conflict.text)
    assert "hx-trigger" not in conflict.headers


def test_news_of_others(desk: tuple[Website, int]) -> None:
    site, number = desk
    path = re.search(r'hx-get="([^"]+/neues[^"]+)"', site.client.get(at(number)).text)
    assert path is not None
    address = html.unescape(path[1])
    assert site.client.get(address, headers=HX).status_code == 204
    site.app.edition_desk.edit(number, SetSubject(subject="Von Ben"), who=BEN, based_on=0)
    news = site.client.get(address, headers=HX)
    assert "ben@probe.example" in news.text
    assert 'value="Von Ben"' in news.text
    for nonsense in ("", "x", "-", "99999999999999999999-a-b"):
        assert site.client.get(at(number, "neues"), params={"bekannt": nonsense}, headers=HX).status_code == 200


def test_letter_dates_list_and_advertisements(desk: tuple[Website, int]) -> None:
    site, number = desk
    send(
        desk,
        "beiwerk",
        tun="brief",
        formular="brief",
        text="Erster\nAbsatz.\n\nZweiter.",
        name="Rita",
        role="",
        portrait="",
    )
    send(
        desk,
        "beiwerk",
        tun="termine",
        formular="termine",
        heading="Heute",
        when=["10 Uhr", ""],
        what=["Sitzung", ""],
        url=["", ""],
    )
    send(desk, "beiwerk", tun="liste", formular="liste", heading="Meistgelesen", entries="Eins\nZwei\n")
    days = {"first_day": "2026-03-01", "last_day": ""}
    send(
        desk,
        "beiwerk",
        tun="anzeigen",
        formular="anzeigen",
        title="Bank",
        advertiser="Bank AG",
        text="",
        url="",
        **days,
    )
    extras = state(desk).extras
    assert extras.letter.text == ("Erster Absatz.", "Zweiter.")
    assert [(each.when, each.what) for each in extras.dates] == [("10 Uhr", "Sitzung")]
    assert extras.numbered.entries == ("Eins", "Zwei")
    assert extras.advertisements[0].first_day.isoformat() == "2026-03-01"
    page = html.unescape(site.client.get(at(number, "beiwerk")).text)
    for text in ("Erster Absatz.", "Sitzung", "Meistgelesen", "Bank AG", "2026-03-01"):
        assert text in page
    wrong = send(
        desk,
        "beiwerk",
        tun="anzeigen",
        formular="anzeigen",
        title="Bank",
        advertiser="",
        text="Bleibt stehen",
        url="",
        first_day="morgen",
        last_day="",
    )
    assert wrong.status_code == 400
    assert "Bleibt stehen" in wrong.text
    send(desk, "beiwerk", tun="kein-brief", formular="brief")
    assert state(desk).extras.letter is None


def test_an_article_written_by_hand(desk: tuple[Website, int]) -> None:
    fields = {"title": "Von Hand", "lead": "Text", "topics": "Politik, Bonn", "rubrik": "Kultur", "anheften": "1"}
    send(desk, "neu", tun="schreiben", formular="schreiben", **fields)
    found = state(desk).articles[0]
    assert (found.article.title, found.written, found.pinned, found.section) == ("Von Hand", True, True, "Kultur")
    assert found.article.topics == ("politik", "bonn")


def test_a_pasted_address_that_is_refused(desk: tuple[Website, int]) -> None:
    """No address of this machine or its network is read, and what was pasted stays in the field."""
    answer = send(desk, "neu", tun="adresse", formular="adresse", url="http://127.0.0.1:9/geheim")
    assert answer.status_code == 400
    assert "http://127.0.0.1:9/geheim" in answer.text
    answer = send(desk, "neu", tun="adresse", formular="adresse", url="javascript:alert(1)")
    assert "ist keine Webadresse" in answer.text
    assert len(titles(desk)) == 5


def test_the_history_has_who_what_and_a_diff(desk: tuple[Website, int]) -> None:
    site, number = desk
    article = key(desk, "Meldung 1")
    send(desk, "artikel", tun="bearbeiten", formular="artikel", artikel=article, title="Meldung eins")
    page = site.client.get(at(number, "verlauf")).text
    assert "anna@probe.example" in page
    assert "<del>1</del>" in page
    assert "<ins>eins</ins>" in page
    assert "„Meldung 1“ bearbeitet" in page


def approve(desk: tuple[Website, int], content_hash: str) -> str:
    site, number = desk
    token = token_in(site.client.get(at(number)).text)
    return told(desk, site.client.post(at(number, "freigeben"), data={"csrf": token, "inhalt": content_hash}))


def test_approving_what_one_has_seen(make_desk: Callable[..., tuple[Website, int]]) -> None:
    desk = make_desk(approval="required")
    site, number = desk
    seen = re.search(r'name="inhalt" value="([0-9a-f]{64})"', site.client.get(at(number)).text)
    assert seen is not None
    site.app.edition_desk.edit(number, SetSubject(subject="Anders"), who=BEN, based_on=0)
    assert "Nicht freigegeben" in approve(desk, seen[1])
    assert state(desk).edition.state is EditionState.IN_REVIEW
    assert "Die Ausgabe ist freigegeben" in approve(desk, state(desk).edition.content_hash)
    assert state(desk).edition.state is EditionState.APPROVED
    page = told(desk, send(desk, "vorrat", tun="betreff", formular="betreff", subject="Noch anders"))
    assert "seit der Freigabe geändert" in page
    assert (state(desk).edition.state, state(desk).edition.approved_hash) == (EditionState.IN_REVIEW, "")
    assert "Nicht freigegeben" in approve(desk, "")


def test_an_edition_that_is_being_sent_can_only_be_looked_at(desk: tuple[Website, int]) -> None:
    from digest.storage.editions import get_edition, take_step

    site, number = desk
    with site.app.database.write() as connection:
        take_step(connection, get_edition(connection, number), EditionState.SENDING)
    page = site.client.get(at(number)).text
    assert "lässt sich nicht mehr ändern" in page
    assert 'name="tun" value="hoch' not in page
    assert "lässt sich nicht mehr ändern" in told(
        desk, send(desk, "vorrat", tun=f"herausnehmen {key(desk, 'Meldung 1')}")
    )
    assert len(titles(desk)) == 5
    for panel in ("vorrat", "neu", "beiwerk", "pruefung", "test", "verlauf"):
        assert site.client.get(at(number, panel)).status_code == 200


def test_looking_changes_nothing(desk: tuple[Website, int]) -> None:
    site, number = desk
    article = key(desk, "Meldung 1")
    before = [line for line in site.dump() if "editor_sessions" not in line]
    for path in ("", "vorrat", "neu", "beiwerk", "pruefung", "test", "verlauf", "nachricht", "lage", "neues"):
        assert site.client.get(at(number, path), params={"tun": f"herausnehmen {article}"}).status_code == 200
        site.client.head(at(number, path))
    assert [line for line in site.dump() if "editor_sessions" not in line] == before


@pytest.mark.parametrize("path", ["/tisch/sprengen", "/tisch/artikel?artikel=fehlt", "/tisch/artikel"])
def test_what_is_not_there(desk: tuple[Website, int], path: str) -> None:
    site, number = desk
    assert site.client.get(f"/redaktion/ausgaben/{number}{path}").status_code == 404
    assert site.client.get(at(999)).status_code == 404


def test_a_form_without_its_token(desk: tuple[Website, int]) -> None:
    site, number = desk
    for path in ("vorrat", "freigeben", "testversand"):
        answer = site.client.post(at(number, path), data={"tun": f"herausnehmen {key(desk, 'Meldung 1')}"})
        assert answer.status_code == 403
    assert len(titles(desk)) == 5


def test_only_for_those_who_are_signed_in(desk: tuple[Website, int]) -> None:
    site, number = desk
    site.client.cookies.clear()
    for path in ("", "vorrat", "nachricht", "bild", "lage"):
        answer = site.client.get(at(number, path))
        assert answer.headers["location"].startswith("/redaktion/anmelden")


# --- Preview ---------------------------------------------------------------------------------------------------------


def test_the_preview_cannot_run_or_ask_for_anything(desk: tuple[Website, int]) -> None:
    site, number = desk
    answer = site.client.get(at(number, "nachricht"))
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert policy.endswith("; sandbox")
    assert "script-src" not in policy
    assert "frame-ancestors 'self'" in policy
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert "Meldung 0" in answer.text


def test_views_of_the_message(desk: tuple[Website, int]) -> None:
    site, number = desk

    def view(**asked: str) -> Response:
        answer: Response = site.client.get(at(number, "nachricht"), params=asked)
        return answer

    text = view(ansicht="text")
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert "Meldung 0" in text.text
    assert "Subject: " in view(ansicht="kopf").text
    assert "Content-Type: multipart/alternative" in view(ansicht="quelle").text
    assert "prefers-color-scheme" not in view(farben="dunkel").text
    assert view(farben="dunkel").text.count("(min-width: 0px)") == view().text.count("(max-width: 0px)") > 0
    assert "Dein" in view(als="du").text or "dein" in view(als="du").text
    assert view(als="gibt-es-nicht").text == view().text
    assert re.search('<span id="stelle"[^>]*></span>Meldung 3', view(artikel=key(desk, "Meldung 3")).text)


def test_only_admins_look_as_a_named_reader(make_desk: Callable[..., tuple[Website, int]]) -> None:
    site, number = make_desk(Role.ADMIN)
    seen = site.client.get(at(number, "nachricht"), params={"adresse": "leser@leser.example"}).text
    assert "Rita" in seen or "Leser" in seen
    nobody = site.client.get(at(number, "nachricht"), params={"adresse": "niemand@leser.example"})
    assert (nobody.status_code, "niemand bekannt" in nobody.text) == (200, True)
    add_account(site.app, email="ed@probe.example", role=Role.EDITOR)
    site.client.cookies.clear()
    sign_in(site, email="ed@probe.example")
    assert 'id="adresse"' not in site.client.get(at(number)).text
    asked = site.client.get(at(number, "nachricht"), params={"adresse": "leser@leser.example"})
    assert asked.status_code == 403


def test_no_token_is_shown(make_desk: Callable[..., tuple[Website, int]]) -> None:
    """Whatever is shown of a real reader's message opens nothing."""
    site, number = make_desk(Role.ADMIN)
    for view in ("html", "text", "kopf", "quelle"):
        asked = {"adresse": "leser@leser.example", "ansicht": view}
        shown = site.client.get(at(number, "nachricht"), params=asked).text.replace("=\n", "")
        tokens = re.findall(r"/(?:abmelden|einstellungen|ausgabe)/([A-Za-z0-9]+)", shown)
        assert all(set(token) <= {"x", "X"} for token in tokens)


# --- Tests, report, extra and correction -----------------------------------------------------------------------------


def test_a_test_goes_to_colleagues_only(desk: tuple[Website, int], backend: MemoryBackend) -> None:
    site, number = desk
    refused = send(desk, "testversand", addresses="chef@probe.example\nfremd@anderswo.example")
    assert refused.status_code == 400
    assert "nur an Adressen bei @probe.example" in html.unescape(refused.text)
    assert backend.messages == []
    page = told(desk, send(desk, "testversand", addresses="chef@PROBE.example, anna@probe.example"))
    assert "an den Mailserver übergeben" in page
    assert [message.rcpt_to for message in backend.messages] == ["chef@probe.example", "anna@probe.example"]
    assert b"TEST=3A_" in backend.messages[0].data
    assert site.app.sending_status(number)[0].total == 0
    assert "zum Test verschickt" in site.client.get(at(number, "verlauf")).text
    shown = send(desk, "testversand", headers=HX, addresses="anna@probe.example").text
    assert "anna@probe.example</strong> an den Mailserver übergeben" in shown


def test_the_report_beside_the_edition(desk: tuple[Website, int]) -> None:
    site, number = desk
    send(
        desk,
        "artikel",
        tun="bearbeiten",
        formular="artikel",
        artikel=key(desk, "Meldung 1"),
        title="Lorem ipsum TODO",
    )
    page = html.unescape(site.client.get(at(number, "pruefung")).text)
    assert "wie Gmail zählt" in page
    assert "Auch die Links prüfen" in page


def test_an_extra_edition(desk: tuple[Website, int]) -> None:
    site, _ = desk
    token = token_in(site.client.get("/redaktion/ausgaben/neu").text)
    fields = {"csrf": token, "newsletter": "morgen", "subject": "Eilmeldung", "articles": "Meldung 3\n"}
    page = told(desk, site.client.post("/redaktion/ausgaben/neu", data=fields))
    assert "Sonderausgabe vom" in page
    assert "Meldung 3" in page
    wrong = site.client.post("/redaktion/ausgaben/neu", data=fields | {"articles": "Gibt es nicht"})
    assert wrong.status_code == 400
    assert "Gibt es nicht" in wrong.text
    assert site.client.post("/redaktion/ausgaben/neu", data=fields | {"newsletter": "x"}).status_code == 404


def test_a_correction_of_what_was_sent(desk: tuple[Website, int]) -> None:
    site, number = desk
    path = f"/redaktion/ausgaben/{number}/korrektur"
    assert "Korrigieren lässt sich nur" in told(desk, site.client.get(path))
    site.app.sender().send(number, site.app.prices)
    token = token_in(site.client.get(path).text)
    fields = {"csrf": token, "artikel": "1", "text": "Richtig ist: <b>zwölf</b>.\n\nWir bitten um Entschuldigung."}
    page = told(desk, site.client.post(path, data=fields))
    assert "Korrektur vom" in page
    assert "<b>zwölf" not in site.client.get(at(number + 1)).text
    empty = site.client.post(path, data=fields | {"text": " "})
    assert (empty.status_code, "braucht einen Text" in empty.text) == (400, True)
    assert site.client.post(path, data=fields | {"artikel": "77"}).status_code == 404


def test_taking_over_what_the_source_says_now(
    desk: tuple[Website, int], add_articles: Callable[..., None], now: Any
) -> None:
    site, number = desk
    article = key(desk, "Meldung 1")
    for tun in ("anheften", "loesen"):
        send(desk, "vorrat", tun=f"{tun} {article}")
    now.moment += timedelta(minutes=1)
    made = {"topics": ("kultur",), "url": "https://probe.example/1"}
    add_articles(site.app, ("Meldung 1, berichtigt", now() - timedelta(minutes=12)), **made)
    assert "an der Quelle geändert" in site.client.get(at(number)).text
    panel = site.client.get(at(number, "artikel"), params={"artikel": article}).text
    assert "Meldung 1, berichtigt" in panel
    send(desk, "artikel", tun="zuruecksetzen", formular="artikel", artikel=article)
    assert "Meldung 1, berichtigt" in titles(desk)
    assert "an der Quelle geändert" not in site.client.get(at(number)).text
