"""The edition desk: edits, their history, two editors at once, and what approval is of."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pytest_httpserver import HTTPServer

from digest.errors import ConflictError, EditRefusedError, HeldBackError, StepError, TemplateError
from digest.model.arrangement import Override
from digest.model.article import Article
from digest.model.desk import DeskState, RevisionKind
from digest.model.edition import EditionState
from digest.model.edits import (
    AddArticle,
    DropArticle,
    MoveArticle,
    PinArticle,
    PlaceArticle,
    ResetArticle,
    RewriteArticle,
    SetDates,
    SetLetter,
    SetSubject,
    WriteArticle,
)
from digest.model.extras import Appointment, EditorLetter
from digest.tasks.review_edition import find_edition, review_edition
from subscribers.audit import list_changes

ANNA, BEN = "editor:anna@probe.example", "editor:ben@probe.example"


@pytest.fixture
def desk(make_app: Callable[..., Any], add_person: Any, add_articles: Any, now: Any) -> Any:
    """Makes an app with a prepared edition of six articles, and gives both it and the edition's number."""

    def make(newsletter: dict[str, Any] | None = None, **tables: Any) -> tuple[Any, int]:
        app = make_app({"at": "23:59"} | (newsletter or {}), **tables)
        for number in range(6):
            add_articles(
                app,
                (f"Meldung {number}", now() - timedelta(minutes=10 + number)),
                topics=("kultur" if number % 2 else "politik",),
                url=f"https://probe.example/{number}",
            )
        add_person(app, "anna@leser.example")
        return app, app.prepare(app.newsletters()[0], app.today()).edition.number

    return make


def titles(state: DeskState) -> list[str]:
    return [each.article.title.removeprefix("Meldung ") for each in state.articles]


def keys(state: DeskState) -> list[str]:
    return [each.key for each in state.articles]


def approve(app: Any, number: int) -> None:
    edition, _ = find_edition(app.database, number)
    review_edition(app.database, edition, "approve", app.clock())


def test_a_morning_at_the_desk(desk: Any) -> None:
    app, number = desk()
    work = app.edition_desk
    a, b, _, d, _, f = keys(work.state(number))
    done = [
        DropArticle(article=b),
        PinArticle(article=d),
        RewriteArticle(article=a, wording=Override(lead='Ein "neuer" Vorspann')),
        MoveArticle(article=f, before=a),
        WriteArticle(content=Article(title="Von Hand", source="Redaktion", lead="{{ 7*7 }} <script>")),
        SetSubject(subject="Der Betreff"),
    ]
    for revision, edit in enumerate(done):
        state = work.edit(number, edit, who=ANNA, based_on=revision)
        assert state.revision == revision + 1
    assert titles(state) == ["3", "Von Hand", "5", "0", "2", "4"]
    assert [each.pinned for each in state.articles] == [True, True, False, False, False, False]
    message = app.desk_previews().preview(number)
    assert message.subject == "Der Betreff"
    assert "Ein „neuer“ Vorspann" in message.text
    assert "{{ 7*7 }} <script>" in message.text
    assert "<script" not in message.html
    # Preparing again keeps it all.
    assert [each.title for each in app.prepare(app.newsletters()[0], app.today()).articles][:2] == [
        "Meldung 3",
        "Von Hand",
    ]
    history = work.history(number)
    assert [each.summary for each in history] == [
        "Betreff geändert",
        "„Von Hand“ geschrieben",
        "„Meldung 5“ verschoben",
        "„Meldung 0“ bearbeitet",
        "„Meldung 3“ angeheftet",
        "„Meldung 1“ herausgenommen",
    ]
    [lead] = history[3].changes
    assert (lead.what, lead.before, lead.after) == (
        "Vorspann von „Meldung 0“",
        "Über Meldung 0.",
        "Ein „neuer“ Vorspann",
    )
    for _ in done:
        state = work.undo(number, who=BEN)
    assert titles(state) == list("012345")
    assert (state.can_undo, state.can_redo) == (False, True)
    for _ in done:
        state = work.redo(number, who=BEN)
    assert titles(state) == ["3", "Von Hand", "5", "0", "2", "4"]
    assert {each.who for each in work.history(number)} == {ANNA, BEN}
    with app.database.read() as connection:
        audited = list_changes(connection, subject=f"edition:{number}")
    assert len([entry for entry in audited if entry.what == "edition edited"]) == 18


def test_approval_is_of_what_was_seen(desk: Any) -> None:
    app, number = desk({"approval": "required"})
    work = app.edition_desk
    [first, *_] = keys(work.state(number))
    approve(app, number)
    # What changes nothing voids nothing.
    same = work.edit(number, RewriteArticle(article=first, wording=Override(title="Meldung 0")), who=ANNA, based_on=0)
    assert same.edition.state is EditionState.APPROVED
    state = work.edit(number, RewriteArticle(article=first, wording=Override(title="Neu")), who=ANNA, based_on=1)
    assert (state.edition.state, state.edition.approved_hash) == (EditionState.IN_REVIEW, "")
    with pytest.raises(HeldBackError, match="waits for approval"):
        app.sender().send(number, app.prices)
    assert "changed-since-approval" in [each.rule for each in app.desk_report(number, links=False)]
    # Taking it back brings the old content, not the old approval.
    assert work.undo(number, who=ANNA).edition.state is EditionState.IN_REVIEW
    approve(app, number)
    assert "changed-since-approval" not in [each.rule for each in app.desk_report(number, links=False)]
    assert app.sender().send(number, app.prices).sent_now == 1


def test_nothing_is_changed_once_sending_began(desk: Any) -> None:
    app, number = desk()
    work = app.edition_desk
    app.sender().send(number, app.prices)
    state = work.state(number)
    assert "Korrektur-Ausgabe" in state.closed
    for change in (
        lambda: work.edit(number, SetSubject(subject="Zu spät"), who=ANNA, based_on=0),
        lambda: work.undo(number, who=ANNA),
    ):
        with pytest.raises(StepError, match="ist versandt"):
            change()


def test_two_editors_at_once(desk: Any) -> None:
    app, number = desk()
    work = app.edition_desk
    first, second, *_ = keys(work.state(number))
    work.edit(number, RewriteArticle(article=first, wording=Override(title="Annas Titel")), who=ANNA, based_on=0)
    with pytest.raises(ConflictError, match=r"anna@probe\.example, 6\.00 Uhr: „Meldung 0“ bearbeitet") as refused:
        work.edit(number, RewriteArticle(article=first, wording=Override(title="Bens Titel")), who=BEN, based_on=0)
    assert (refused.value.revision, len(refused.value.changes)) == (1, 1)
    # Another article, and another part, get along with it.
    work.edit(number, DropArticle(article=second), who=BEN, based_on=0)
    state = work.edit(number, SetSubject(subject="Bens Betreff"), who=BEN, based_on=0)
    assert titles(state)[0] == "Annas Titel"
    assert state.revision == 3
    with pytest.raises(ConflictError):
        work.edit(number, PinArticle(article=second), who=ANNA, based_on=1)
    with pytest.raises(ConflictError):
        work.undo(number, who=ANNA, based_on=1)
    assert work.state(number).revision == 3


def test_many_at_the_very_same_moment_lose_nothing(desk: Any) -> None:
    app, number = desk()
    work = app.edition_desk
    start = threading.Barrier(4)
    failed: list[Exception] = []

    def rewrite(key: str, title: str) -> None:
        start.wait()
        try:
            work.edit(number, RewriteArticle(article=key, wording=Override(title=title)), who=ANNA, based_on=0)
        except (ConflictError, StepError) as problem:
            failed.append(problem)

    threads = [
        threading.Thread(target=rewrite, args=(key, f"Neu {place}"))
        for place, key in enumerate(keys(work.state(number))[:4])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert titles(work.state(number)) == ["Neu 0", "Neu 1", "Neu 2", "Neu 3", "4", "5"]


def test_what_was_gathered_since_waits_in_the_pool(desk: Any, add_articles: Any, now: Any) -> None:
    app, number = desk({"max_articles": 6})
    work = app.edition_desk
    add_articles(app, ("Eilmeldung", now() - timedelta(minutes=1)), url="https://probe.example/eil", topics=("sport",))
    state = work.edit(number, SetSubject(subject="Nur der Betreff"), who=ANNA, based_on=0)
    assert titles(state) == list("012345")
    pool = work.pool(number, "EIL")
    [found] = pool.articles
    assert (found.article.title, found.in_edition, pool.total) == ("Eilmeldung", False, 1)
    assert work.pool(number, topic="kultur").total == 3
    assert work.pool(number, source="Politik", limit=2).total == 7
    assert set(pool.topics) == {"kultur", "politik", "sport"}
    before = keys(state)[0]
    state = work.edit(number, AddArticle(article=found.key, before=before), who=ANNA, based_on=1)
    assert titles(state)[0] == "Eilmeldung"
    # What an editor arranged stays, whatever a rule would choose by now.
    assert [each.title for each in app.prepare(app.newsletters()[0], app.today()).articles] == [
        each.article.title for each in state.articles
    ]


def test_dropping_leaves_a_gap_and_a_new_article_takes_no_arranged_place(
    desk: Any, add_articles: Any, now: Any
) -> None:
    app, number = desk({"max_articles": 4})
    work = app.edition_desk
    state = work.state(number)
    assert titles(state) == list("0123")
    work.edit(number, DropArticle(article=keys(state)[1]), who=ANNA, based_on=0)
    add_articles(app, ("Eilmeldung", now() - timedelta(minutes=1)), url="https://probe.example/eil")
    again = app.prepare(app.newsletters()[0], app.today())
    assert [each.title for each in again.articles] == ["Eilmeldung", "Meldung 0", "Meldung 2"]


def test_undo_keeps_what_a_preparation_brought_in(desk: Any, add_articles: Any, now: Any) -> None:
    app, number = desk()
    work = app.edition_desk
    work.edit(number, SetSubject(subject="Vorher"), who=ANNA, based_on=0)
    add_articles(app, ("Eilmeldung", now() - timedelta(minutes=1)), url="https://probe.example/eil")
    app.prepare(app.newsletters()[0], app.today())
    assert "Eilmeldung" in titles(work.undo(number, who=ANNA))


def test_the_sources_words_come_back(desk: Any) -> None:
    app, number = desk()
    work = app.edition_desk
    [first, *_] = keys(work.state(number))
    wording = Override(title="Neu", kicker="Dach", lead="Anders", picture_alt="Bild")
    state = work.edit(number, RewriteArticle(article=first, wording=wording), who=ANNA, based_on=0)
    assert state.articles[0].edited == ("kicker", "title", "lead", "picture_alt")
    assert state.articles[0].original.title == "Meldung 0"
    state = work.edit(number, ResetArticle(article=first, fields=("title",)), who=ANNA, based_on=1)
    assert (state.articles[0].article.title, state.articles[0].article.kicker) == ("Meldung 0", "Dach")
    state = work.edit(number, ResetArticle(article=first), who=ANNA, based_on=2)
    assert state.articles[0].edited == ()
    assert state.articles[0].article.lead == "Über Meldung 0."


def test_a_section_by_name(desk: Any) -> None:
    sections = [{"name": "Politik", "topics": ["politik"]}, {"name": "Kultur", "topics": ["kultur"]}]
    app, number = desk({"sections": sections})
    work = app.edition_desk
    third = keys(work.state(number))[2]
    state = work.edit(number, PlaceArticle(article=third, section="Kultur"), who=ANNA, based_on=0)
    assert [each.section for each in state.articles] == ["Politik", "Kultur", "Kultur", "Kultur", "Politik", "Kultur"]
    text = app.desk_previews().preview(number).text
    assert text.index("KULTUR") < text.index("Meldung 2")


def test_everything_beside_the_articles(desk: Any) -> None:
    app, number = desk()
    work = app.edition_desk
    letter = EditorLetter(text=("Guten  Morgen!", " "), name="Erika Muster")
    work.edit(number, SetLetter(letter=letter), who=ANNA, based_on=0)
    dates = (Appointment(when="10.00 Uhr", what='Rat "tagt"', url="https://probe.example/rat"),)
    work.edit(number, SetDates(dates=dates), who=ANNA, based_on=1)
    text = app.desk_previews().preview(number).text
    assert "Guten Morgen!" in text
    assert "Rat „tagt“" in text
    changes = work.history(number)[0].changes
    assert [(each.what, each.before, each.after) for each in changes] == [
        ("Termine", "", "Termine\n10.00 Uhr: Rat „tagt“ (https://probe.example/rat)")
    ]


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (SetDates(dates=(Appointment(when="8", what="X", url="javascript:alert(1)"),)), "ist keine Webadresse"),
        (SetSubject(subject="x" * 300), "Der Betreff ist mit 300 Zeichen zu lang"),
        (AddArticle(article="gibt.es/nicht"), "gibt es im Vorrat nicht mehr"),
        (WriteArticle(content=Article(title="\u200b", source="R")), "braucht einen Titel"),
        (WriteArticle(content=Article(title="X", source="R", url="ftp://x/")), "Der Link ist keine Webadresse"),
    ],
)
def test_what_is_refused_changes_nothing(desk: Any, edit: Any, sentence: str) -> None:
    app, number = desk()
    with pytest.raises(EditRefusedError, match=sentence):
        app.edition_desk.edit(number, edit, who=ANNA, based_on=0)
    assert app.edition_desk.state(number).revision == 0
    with pytest.raises(EditRefusedError, match="nichts, was sich rückgängig"):
        app.edition_desk.undo(number, who=ANNA)


def test_a_template_that_breaks_on_an_edit_leaves_everything_as_it_was(desk: Any, tmp_path: Path) -> None:
    own = tmp_path / "eigene" / "parts"
    own.mkdir(parents=True)
    app, number = desk(templates={"path": "eigene"})
    before = app.edition_desk.state(number)
    (own / "editor.mjml.j2").write_text("{{ kaputt", "utf-8")
    letter = EditorLetter(text=("Hallo",), name="E")
    with pytest.raises(TemplateError):
        app.edition_desk.edit(number, SetLetter(letter=letter), who=ANNA, based_on=0)
    assert app.edition_desk.state(number) == before


def test_an_article_from_a_pasted_address(desk: Any, httpserver: HTTPServer) -> None:
    body = "<p>" + "Der Rat der Stadt hat am Abend lange über den Haushalt beraten. " * 8 + "</p>"
    page = f"<html lang=de><head><title>Rat berät</title></head><body><article><h1>Rat berät</h1>{body}{body}</article>"
    httpserver.expect_request("/rat").respond_with_data(page, content_type="text/html; charset=utf-8")
    app, number = desk(gather={"allow_networks": ["127.0.0.0/8"]})
    work = app.edition_desk
    state = work.add_from_url(number, httpserver.url_for("/rat"), who=ANNA, based_on=0)
    assert titles(state)[-1] == "Rat berät"
    assert state.articles[-1].written
    with pytest.raises(EditRefusedError, match="steht schon"):
        work.add_from_url(number, httpserver.url_for("/rat"), who=ANNA, based_on=1)
    with pytest.raises(EditRefusedError, match="answered 500"):
        work.add_from_url(number, httpserver.url_for("/nirgends"), who=ANNA, based_on=1)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://[::ffff:7f00:1]/", "http://169.254.169.254/x"])
def test_a_pasted_address_leads_to_no_private_network(desk: Any, url: str) -> None:
    app, number = desk()
    with pytest.raises(EditRefusedError, match="may not be fetched"):
        app.edition_desk.add_from_url(number, url, who=ANNA, based_on=0)


def test_what_a_command_replaced_can_be_brought_back(desk: Any) -> None:
    app, number = desk()
    work = app.edition_desk
    work.edit(number, SetSubject(subject="Vom Desk"), who=ANNA, based_on=0)
    raw = {"subject": "Vom Befehl", "articles": [{"title": "Von Hand"}], "pinned": ["Meldung 4"]}
    app.edit(app.newsletters()[0], app.today(), raw, "extras.toml")
    state = work.state(number)
    assert titles(state)[:2] == ["Von Hand", "4"]
    with pytest.raises(ConflictError, match="durch einen Befehl"):
        work.edit(number, SetSubject(subject="Noch eins"), who=ANNA, based_on=1)
    # The desk can take apart what the command made.
    state = work.edit(number, PinArticle(article=state.articles[0].key, pinned=False), who=ANNA, based_on=2)
    assert titles(state)[:2] == ["4", "Von Hand"]
    state = work.edit(number, DropArticle(article=state.articles[0].key), who=ANNA, based_on=3)
    assert titles(state) == ["Von Hand", "0", "1", "2", "3", "5"]
    for _ in range(3):
        state = work.undo(number, who=ANNA)
    assert (state.extras.subject, titles(state)) == ("Vom Desk", list("012345"))
    assert work.history(number)[0].kind is RevisionKind.UNDO


def test_an_empty_day_is_filled_by_hand(make_app: Any) -> None:
    app = make_app({"at": "23:59"})
    number = app.prepare(app.newsletters()[0], app.today()).edition.number
    work = app.edition_desk
    assert work.state(number).edition.state is EditionState.SKIPPED
    edit = WriteArticle(content=Article(title="Doch etwas", source="Redaktion"))
    state = work.edit(number, edit, who=ANNA, based_on=0)
    assert (state.edition.state, titles(state)) == (EditionState.PREPARED, ["Doch etwas"])


def test_an_extra_edition_is_filled_at_the_desk(desk: Any) -> None:
    app, number = desk()
    made = app.create_extra(app.newsletters()[0], [], who=ANNA)
    work = app.edition_desk
    article = keys(work.state(number))[2]
    state = work.edit(made.number, AddArticle(article=article), who=ANNA, based_on=0)
    assert titles(state) == ["2"]


def test_a_correction_is_worded_at_the_desk(desk: Any) -> None:
    app, number = desk()
    app.sender().send(number, app.prices)
    made = app.create_correction(number, ["Falsch war das."], article=0, who=ANNA)
    state = app.edition_desk.edit(made.number, SetSubject(subject="Wir berichtigen"), who=ANNA, based_on=0)
    assert state.edition.content.extras.correction.text == ("Falsch war das.",)
    assert app.desk_previews().preview(made.number).subject == "Wir berichtigen"


def test_a_picture_that_an_editor_chose_is_hosted_and_fetched_once(desk: Any, httpserver: HTTPServer) -> None:
    png = BytesIO()
    Image.new("RGB", (600, 300), "teal").save(png, "PNG")
    httpserver.expect_ordered_request("/bild.png").respond_with_data(png.getvalue(), content_type="image/png")
    app, number = desk(gather={"allow_networks": ["127.0.0.0/8"]})
    work = app.edition_desk
    [first, second, *_] = keys(work.state(number))
    picture = Override(image_url=httpserver.url_for("/bild.png"), picture_alt="Ein Bild", image_credit="Foto-Probe")
    state = work.edit(number, RewriteArticle(article=first, wording=picture), who=ANNA, based_on=0)
    assert state.warnings == ()
    assert state.articles[0].article.picture.startswith("https://probe.example/bilder/")
    page = app.desk_previews().preview(number)
    assert 'src="data:image/jpeg;base64,' in page.framed()
    assert "data:image" not in page.framed(pictures=False)
    assert "Ein Bild" in page.framed(pictures=False)
    # The server would answer no second time.
    state = work.edit(number, PinArticle(article=second), who=ANNA, based_on=1)
    assert state.articles[1].article.picture
    assert state.articles[1].article.source == "Politik"
    state = work.edit(number, RewriteArticle(article=first, wording=Override(image_url="")), who=ANNA, based_on=2)
    assert not state.articles[1].article.picture
