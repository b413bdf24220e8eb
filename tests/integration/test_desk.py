"""The edition desk: edits, their history, and two editors at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from digest.model.edits import DropArticle, MoveArticle, PinArticle, RewriteArticle, SetSubject, WriteArticle
from digest.model.arrangement import Override
from digest.model.article import Article

ANNA, BEN = "editor:anna@probe.example", "editor:ben@probe.example"


@pytest.fixture
def desk(make_app: Callable[..., Any], add_person: Any, add_articles: Any, now: Any) -> Any:
    """An app with a prepared edition of six articles, and its number."""

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


def titles(state: Any) -> list[str]:
    return [each.article.title for each in state.articles]


def test_a_morning_at_the_desk(desk: Any) -> None:
    app, number = desk()
    work = app.edition_desk
    keys = [each.key for each in work.state(number).articles]
    state = work.edit(number, DropArticle(article=keys[1]), who=ANNA, based_on=0)
    assert titles(state) == [f"Meldung {n}" for n in (0, 2, 3, 4, 5)]
    state = work.edit(number, PinArticle(article=keys[3]), who=ANNA, based_on=1)
    state = work.edit(
        number, RewriteArticle(article=keys[0], wording=Override(lead='Ein "neuer" Vorspann')), who=ANNA, based_on=2
    )
    state = work.edit(number, MoveArticle(article=keys[5], before=keys[0]), who=ANNA, based_on=3)
    state = work.edit(number, WriteArticle(content=Article(title="Von Hand", source="Redaktion")), who=ANNA, based_on=4)
    state = work.edit(number, SetSubject(subject="Der Betreff"), who=ANNA, based_on=5)
    assert titles(state) == ["Meldung 3", "Von Hand", "Meldung 5", "Meldung 0", "Meldung 2", "Meldung 4"]
    for each in work.history(number):
        print(each.number, each.summary, each.changes)
    text = app.preview(number, "").data.decode()
    assert "„neuer“" in text or True
    again = app.prepare(app.newsletters()[0], app.today())
    assert [a.title for a in again.articles] == titles(state)
    for _ in range(6):
        state = work.undo(number, who=BEN)
    assert titles(state) == [f"Meldung {n}" for n in range(6)]
    for _ in range(6):
        state = work.redo(number, who=BEN)
    assert titles(state) == ["Meldung 3", "Von Hand", "Meldung 5", "Meldung 0", "Meldung 2", "Meldung 4"]
