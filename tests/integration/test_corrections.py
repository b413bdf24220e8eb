"""Extra editions, and corrections that go to whoever received the fault."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
from msgspec.structs import replace

from digest.deliver.memory import MemoryBackend
from digest.errors import NotFoundError, StepError, UsageError
from digest.model.edition import EditionKind, EditionState
from digest.storage.corrections import corrections_of
from digest.storage.editions import list_editions
from digest.tasks.archive_edition import archived_editions
from subscribers.repository import get_subscriber
from subscribers.subscriptions import unsubscribe


@pytest.fixture
def sent(make_app: Callable[..., Any], add_person: Any, add_articles: Any, now: Any) -> Any:
    """Makes an app whose edition 1 was sent: everybody got article 0, who reads politik or kultur one more."""

    def make(newsletter: dict[str, Any] | None = None) -> tuple[Any, MemoryBackend]:
        backend = MemoryBackend()
        app = make_app({"at": "23:59"} | (newsletter or {}), backend=backend)
        for number, topic in enumerate(("sport", "politik", "kultur")):
            moment = now() - timedelta(minutes=number)
            add_articles(app, (f"Über {topic}", moment), topics=(topic,), url=f"https://probe.example/{topic}")
        for name, topics, most in (("anna", ("politik",), 1), ("ben", ("kultur",), 1), ("cem", (), 3), ("dora", (), 1)):
            add_person(app, f"{name}@leser.example", topics=topics, max_articles=most)
        number = app.prepare(app.newsletters()[0], app.today()).edition.number
        app.sender().send(number, app.prices)
        backend.messages.clear()
        return app, backend

    return make


def recipients(backend: MemoryBackend) -> list[str]:
    return sorted(message.rcpt_to.partition("@")[0] for message in backend.messages)


def test_a_correction_goes_to_exactly_those_who_received_the_article(sent: Any) -> None:
    app, backend = sent()
    made = app.create_correction(1, ['Der Rat tagt "heute".', "Nicht morgen."], article=1, who="cli")
    assert made.kind is EditionKind.CORRECTION
    assert made.state is EditionState.PREPARED
    app.sender().send(made.number, app.prices)
    assert recipients(backend) == ["anna", "cem"]
    message = message_from_bytes(backend.messages[0].data, policy=policy.default)
    assert message["Subject"] == "Korrektur: Über politik"
    for kind in ("plain", "html"):
        body = " ".join(message.get_body((kind,)).get_content().split())
        assert "Der Rat tagt „heute“." in body
        assert "Nicht morgen." in body
        assert "Freitag, 6. März 2026" in body
        assert "https://probe.example/politik" in body
        assert "Bitcoin" not in body


def test_the_archive_of_the_faulty_edition_says_so_once_the_correction_was_sent(sent: Any) -> None:

    app, _ = sent()
    made = app.create_correction(1, ["Nicht heute."], article=1, who="cli")
    with app.database.read() as connection:
        assert corrections_of(connection, 1) == []
    app.sender().send(made.number, app.prices)
    first, second = archived_editions(app.database, "morgen", app.today())
    [note] = first.corrections
    assert (note.title, note.text, note.article) == ("Über politik", ("Nicht heute.",), 1)
    assert second.kind is EditionKind.CORRECTION
    assert not second.corrections


def test_what_everybody_got_is_corrected_for_everybody_who_may_still_be_mailed(sent: Any, add_person: Any) -> None:
    app, backend = sent()
    add_person(app, "neu@leser.example")
    with app.database.write() as connection:
        gone = get_subscriber(connection, "ben@leser.example", secret=app.secret)
        unsubscribe(connection, gone.id, "morgen", source="test", now=app.clock())
    made = app.create_correction(1, ["Der Termin ist am Dienstag."], title="Termine", who="cli")
    report = app.sender().send(made.number, app.prices)
    assert recipients(backend) == ["anna", "cem", "dora"]
    assert report.skipped == {"unsubscribed": 1}
    assert made.content.subject == "Korrektur: Termine"


def test_what_cannot_be_corrected(sent: Any) -> None:
    app, _ = sent()
    with pytest.raises(NotFoundError, match="There is no article 3"):
        app.create_correction(1, ["Nein."], article=3, who="cli")
    with pytest.raises(NotFoundError, match="There is no edition 7"):
        app.create_correction(7, ["Nein."], who="cli")
    with pytest.raises(UsageError, match="needs a text"):
        app.create_correction(1, ["  "], article=1, who="cli")
    waiting = app.create_correction(1, ["Ja."], article=1, who="cli")
    with pytest.raises(StepError, match="is prepared"):
        app.create_correction(waiting.number, ["Nein."], article=0, who="cli")
    with app.database.read() as connection:
        assert len(list_editions(connection)) == 2


def test_where_approval_is_required_a_correction_waits_for_it(sent: Any) -> None:
    app, _ = sent({"approval": "auto"})
    held = app.newsletters()[0]

    app.settings = replace(app.settings, newsletters=(replace(held, approval="required"),))
    assert app.create_correction(1, ["Ja."], article=1, who="cli").state is EditionState.IN_REVIEW


def test_an_extra_edition_at_any_time(sent: Any, add_articles: Any, now: Any) -> None:
    app, backend = sent()
    add_articles(app, ("Eilt sehr", now() - timedelta(days=9)), url="https://probe.example/eilt")
    news = app.newsletters()[0]
    first = app.create_extra(news, ["https://probe.example/eilt", "Über kultur"], who="cli")
    second = app.create_extra(news, ["Über sport"], who="cli", subject="Noch eine")
    assert [article.title for article in first.content.articles] == ["Eilt sehr", "Über kultur"]
    assert (first.kind, second.kind, first.date) == (EditionKind.EXTRA, EditionKind.EXTRA, app.today())
    assert second.content.subject == "Noch eine"
    assert app.regular_edition(news, app.today()).number == 1
    app.sender().send(first.number, app.prices)
    assert recipients(backend) == ["anna", "ben", "cem", "dora"]


def test_an_extra_edition_needs_articles_that_exist(sent: Any, digest: Any) -> None:
    app, _ = sent()
    with pytest.raises(NotFoundError, match="There is no article 'Gibt es nicht'"):
        app.create_extra(app.newsletters()[0], ["Gibt es nicht"], who="cli")
    app.close()
    ran = digest("editions", "extra", "--article", "http://127.0.0.1:9/", "--json")
    assert ran.exit_code == 1
    assert "may not be fetched" in ran.stderr


def test_both_by_command(sent: Any, digest: Any) -> None:
    app, _ = sent()
    app.close()
    assert digest("editions", "extra", "--article", "Über sport", "--json").json["kind"] == "extra"
    made = digest("editions", "correct", "--edition", "1", "--article", "1", "Erstens.\n\nZweitens.", "--json").json
    assert (made["kind"], made["state"]) == ("correction", "prepared")
    shown = digest("preview", "--edition", str(made["number"]))
    assert "Zweitens." in shown.stdout
