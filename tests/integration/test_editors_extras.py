"""What editors give an edition, sections and personal reasons, as readers get them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest

from digest.errors import StepError, UsageError
from digest.model.edition import EditionState
from digest.tasks.review_edition import find_edition
from subscribers.errors import UnknownSegmentError

EXTRAS: dict[str, Any] = {
    "subject": "Was heute wichtig wird",
    "pinned": ["Meldung 7"],
    "letter": {"text": ["Heute geht es um <b>viel</b>.", "Bis morgen!"], "name": "Erika Muster", "role": "Redaktion"},
    "articles": [{"title": "Von Hand geschrieben", "lead": "Ein Stück der Redaktion.", "topics": ["politik"]}],
    "dates": [{"when": "10.00 Uhr", "what": "Ratssitzung", "url": "javascript:alert(1)"}],
    "numbered": {"heading": "Am meisten gelesen", "entries": ["Erstens", "Zweitens"]},
    "advertisements": [
        {"title": "Läuft", "advertiser": "Rösterei", "url": "https://werbung.example/"},
        {"title": "Ist vorbei", "advertiser": "Rösterei", "last_day": "2020-01-01"},
    ],
}


def parts(message: Any) -> tuple[str, str]:
    parsed = message_from_bytes(message.data, policy=policy.default)
    assert not parsed.defects
    return tuple(" ".join(parsed.get_body((kind,)).get_content().split()) for kind in ("plain", "html"))  # type: ignore[return-value]


@pytest.fixture
def filled(
    make_app: Callable[..., Any], add_person: Callable[..., Any], add_articles: Callable[..., None], now: Any
) -> Any:
    """Makes an app with ten articles, alternately on politik and kultur, and one reader who wants three on kultur."""

    def make(newsletter: dict[str, Any] | None = None, **tables: Any) -> Any:
        app = make_app({"at": "23:59", "max_articles": 6} | (newsletter or {}), **tables)
        published = now() - timedelta(hours=1)
        for number in range(10):
            topic = "kultur" if number % 2 else "politik"
            moment = published - timedelta(minutes=number)
            address = f"https://probe.example/{number}"
            add_articles(app, (f"Meldung {number}", moment), topics=(topic,), url=address)
        add_person(app, "anna@leser.example", topics=("kultur",), max_articles=3)
        return app

    return make


def test_everything_an_editor_wrote_stands_in_both_parts(filled: Any) -> None:
    app = filled()
    report = app.edit(app.newsletters()[0], app.today(), EXTRAS, "extras.toml")
    assert [article.title for article in report.articles[:2]] == ["Von Hand geschrieben", "Meldung 7"]
    message = app.preview(report.edition.number, "anna@leser.example")
    assert message_from_bytes(message.data, policy=policy.default)["Subject"] == "Was heute wichtig wird"
    text, html = parts(message)
    for part in (text, html):
        for words in ("Bis morgen!", "Erika Muster", "Von Hand geschrieben", "Ratssitzung", "Zweitens", "Läuft"):
            assert words in part
        assert "Ist vorbei" not in part
        assert "javascript:" not in part
    assert "ANZEIGE Läuft" in text
    assert "Heute geht es um &lt;b&gt;viel&lt;/b&gt;." in html
    # The limit of three holds, but for what the editor chose.
    assert text.count("] Meldung ") == 2


def test_pins_reach_everybody_whatever_their_limit(filled: Any) -> None:
    app = filled()
    pins = {"pinned": [f"Meldung {number}" for number in (0, 2, 4, 6)]}
    number = app.edit(app.newsletters()[0], app.today(), pins, "extras.toml").edition.number
    text, _ = parts(app.preview(number, "anna@leser.example"))
    assert [f"Meldung {n}" in text for n in (0, 2, 4, 6)] == [True] * 4
    assert text.count("] Meldung ") == 4


def test_preparing_again_keeps_what_editors_wrote(filled: Any) -> None:
    app = filled()
    newsletter = app.newsletters()[0]
    app.edit(newsletter, app.today(), {"subject": "Bleibt"}, "extras.toml")
    assert app.prepare(newsletter, app.today()).edition.content.subject == "Bleibt"


def test_an_edit_voids_the_approval(filled: Any) -> None:
    from digest.tasks.review_edition import review_edition

    app = filled({"approval": "required"})
    newsletter = app.newsletters()[0]
    edition = app.prepare(newsletter, app.today()).edition
    approved = review_edition(app.database, edition, "approve", app.clock())
    assert approved.approved_hash == approved.content_hash
    changed = app.edit(newsletter, app.today(), {"subject": "Anders"}, "extras.toml").edition
    assert changed.state == "in_review"
    assert changed.approved_hash != changed.content_hash


def test_what_is_sent_cannot_be_edited(filled: Any) -> None:
    app = filled()
    newsletter = app.newsletters()[0]
    number = app.prepare(newsletter, app.today()).edition.number
    app.sender().send(number, lambda: None)
    with pytest.raises(StepError, match="can no longer be changed"):
        app.edit(newsletter, app.today(), {"subject": "Zu spät"}, "extras.toml")


@pytest.mark.parametrize(
    ("extras", "named"),
    [
        ({"subjekt": "x"}, "subjekt"),
        ({"letter": {"text": "kein Feld", "name": "x"}}, "letter.text"),
        ({"articles": [{"lead": "ohne Titel"}]}, "title"),
        ({"articles": "x"}, "articles"),
        ({"dates": [{"when": "10.00 Uhr"}]}, "what"),
        ({"pinned": ["x"] * 31}, "more than 30"),
        ({"pinned": 5}, "pinned"),
    ],
)
def test_a_mistake_in_the_file_is_named(filled: Any, extras: dict[str, Any], named: str) -> None:
    app = filled()
    with pytest.raises(UsageError, match=r"extras\.toml") as told:
        app.edit(app.newsletters()[0], app.today(), extras, "extras.toml")
    assert named in str(told.value)


def test_sections_have_a_heading_only_where_something_follows(filled: Any) -> None:
    sections = [
        {"name": "Aus der Politik", "topics": ["politik"]},
        {"name": "Sport am Rand", "topics": ["sport"]},
        {"name": "Feuilleton", "topics": ["kultur"]},
    ]
    app = filled({"sections": sections})
    number = app.prepare(app.newsletters()[0], app.today()).edition.number
    text, html = parts(app.preview(number, "anna@leser.example"))
    # Three on kultur, of which the first leads.
    assert "FEUILLETON" in text
    assert "Feuilleton" in html
    for other in ("Aus der Politik", "Sport am Rand", "Weitere Meldungen"):
        assert other not in html
        assert other.upper() not in text


def test_a_topic_that_brought_an_article_in_is_named(filled: Any, add_person: Any) -> None:
    app = filled()
    add_person(app, "otto@leser.example", max_articles=3)
    number = app.prepare(app.newsletters()[0], app.today()).edition.number
    text, html = parts(app.preview(number, "anna@leser.example"))
    # Of Meldung 1, 3 and 5 the first would have been among the first three anyway.
    assert text.count("Warum Sie das lesen: Ihr Thema „Kultur“") == 2
    assert html.count("Warum Sie das lesen: Ihr Thema „Kultur“") == 2
    assert "Warum" not in parts(app.preview(number, "otto@leser.example"))[0]


def test_own_links_get_the_newsletters_parameters_and_others_do_not(filled: Any, add_articles: Any, now: Any) -> None:
    app = filled({"link_params": "utm_source={newsletter}&utm_content=platz-{position}"})
    foreign = ("Anderswo", now() - timedelta(minutes=1))
    add_articles(app, foreign, url="https://anderswo.example/a?b=1", topics=("kultur",))
    number = app.prepare(app.newsletters()[0], app.today()).edition.number
    text, _ = parts(app.preview(number, "anna@leser.example"))
    assert "https://anderswo.example/a?b=1 " in text
    assert "https://probe.example/1?utm_source=morgen&utm_content=platz-3" in text


def test_nobody_reads_an_article_twice_across_newsletters(
    make_app: Any, add_person: Any, add_articles: Any, now: Any
) -> None:
    from subscribers.lists import create_list

    two = [
        {"slug": "morgen", "name": "Der Morgen", "lists": ["morgen"], "days": "daily", "at": "23:59"},
        {"slug": "abend", "name": "Der Abend", "lists": ["abend"], "days": "daily", "at": "23:59"},
    ]
    app = make_app(newsletters=two)
    with app.database.write() as connection:
        create_list(connection, "abend", "Der Abend", now=now())
    for number in range(2):
        add_articles(app, (f"Meldung {number}", now() - timedelta(hours=1)), url=f"https://probe.example/{number}")
    add_person(app, "beide@leser.example")
    add_person(app, "beide@leser.example", "abend")
    add_person(app, "abend@leser.example", "abend")
    morning, evening = (app.prepare(each, app.today()).edition.number for each in app.newsletters())
    assert app.sender().send(morning, lambda: None).submitted == 1
    report = app.sender().send(evening, lambda: None)
    assert (report.submitted, report.skipped) == (1, {"nothing_new": 1})


def test_an_edition_can_be_built_again_from_what_was_frozen(filled: Any) -> None:
    from digest.render.compiling import compile_edition
    from digest.storage.editions import get_edition, load_shell

    app = filled({"sections": [{"name": "Feuilleton", "topics": ["kultur"]}]})
    number = app.edit(app.newsletters()[0], app.today(), EXTRAS, "extras.toml").edition.number
    with app.database.read() as connection:
        stored, shell = get_edition(connection, number, content=True), load_shell(connection, number)
    assert stored.content.hash == stored.content_hash
    assert compile_edition(stored.content).to_bytes() == shell


def test_an_edition_for_a_segment_never_goes_to_the_whole_list(filled: Any) -> None:
    app = filled({"segment": "plus"})
    number = app.prepare(app.newsletters()[0], app.today()).edition.number
    with pytest.raises(UnknownSegmentError, match="plus"):
        app.sender().send(number, lambda: None)
    assert find_edition(app.database, number)[0].state is EditionState.PREPARED


def test_a_review_of_the_week_repeats_what_the_days_brought(
    make_app: Any, add_person: Any, add_articles: Any, now: Any
) -> None:
    two = [
        {"slug": "morgen", "name": "Der Morgen", "lists": ["morgen"], "days": "daily", "at": "23:59"},
        {
            "slug": "woche",
            "name": "Die Woche",
            "lists": ["morgen"],
            "days": "daily",
            "at": "23:59",
            "lookback_hours": 168,
        },
    ]
    app = make_app(newsletters=two)
    add_articles(app, ("Meldung", now() - timedelta(hours=1)), url="https://probe.example/1")
    add_person(app, "beide@leser.example")
    for newsletter in app.newsletters():
        number = app.prepare(newsletter, app.today()).edition.number
        assert app.sender().send(number, lambda: None).submitted == 1


def test_a_pin_that_names_nothing_is_said_and_one_that_does_outranks_its_full_section(filled: Any) -> None:
    app = filled({"sections": [{"name": "Politik", "topics": ["politik"], "max": 1}]})
    report = app.edit(app.newsletters()[0], app.today(), {"pinned": ["Meldung 8", "Gibt es nicht"]}, "extras.toml")
    assert report.articles[0].title == "Meldung 8"
    (warning,) = report.warnings
    assert "Gibt es nicht" in warning


def test_editors_words_are_set_as_a_german_paper_sets_them(filled: Any) -> None:
    app = filled()
    letter = {"text": ['Er sagte "ja" - und ging...'], "name": "Erika Muster"}
    number = app.edit(app.newsletters()[0], app.today(), {"letter": letter}, "extras.toml").edition.number
    assert "Er sagte „ja“ – und ging…" in parts(app.preview(number, "anna@leser.example"))[0]
