"""Choosing the day's articles and freezing the edition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.errors import TemplateError
from digest.model.article import Article
from digest.model.edition import EditionState
from digest.tasks.review_edition import review_edition

DAY = date(2026, 3, 6)
AT = datetime(2026, 3, 6, 5, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)

MakeApp = Callable[..., Any]
AddArticles = Callable[..., None]

#: Titles that are nothing like each other.
NEWS = (
    "Bundestag beschließt Haushalt",
    "Regen überflutet Keller in Köln",
    "Bahn kauft neue Züge",
    "Museum zeigt Expressionisten",
    "Forscher entdecken Tiefseefisch",
)


def titles(report: Any) -> list[str]:
    return [article.title for article in report.articles]


def test_the_window_the_order_and_the_limit(make_app: MakeApp, add_articles: AddArticles) -> None:
    app = make_app({"max_articles": 3})
    add_articles(
        app,
        (NEWS[0], AT - 23 * HOUR),
        (NEWS[1], AT - HOUR),
        (NEWS[2], AT - 25 * HOUR),
        (NEWS[3], AT),
        (NEWS[4], AT - 2 * HOUR),
    )
    report = app.prepare(app.newsletters()[0], DAY)
    assert titles(report) == [NEWS[1], NEWS[4], NEWS[0]]
    assert report.edition.state is EditionState.PREPARED
    assert report.edition.content.subject
    assert report.note == ""


def test_only_the_newsletters_own_sources(make_app: MakeApp, add_articles: AddArticles) -> None:
    sources = [{"name": name, "type": "sample"} for name in ("Politik", "Kultur")]
    app = make_app({"sources": ["Kultur"]}, sources=sources)
    add_articles(app, (NEWS[0], AT - HOUR))
    add_articles(app, (NEWS[1], AT - HOUR), source="Kultur")
    add_articles(app, (NEWS[2], AT - HOUR), source="Abgeschafft")
    assert titles(app.prepare(app.newsletters()[0], DAY)) == [NEWS[1]]


def test_articles_of_sources_that_are_gone_are_left_out(make_app: MakeApp, add_articles: AddArticles) -> None:
    app = make_app(sources=[])
    add_articles(app, (NEWS[0], AT - HOUR))
    assert titles(app.prepare(app.newsletters()[0], DAY)) == []


def test_what_two_sources_have_is_there_once_from_the_heavier_one(make_app: MakeApp, add_articles: AddArticles) -> None:
    sources = [{"name": "Politik", "type": "sample"}, {"name": "Agentur", "type": "sample", "weight": 3}]
    app = make_app(sources=sources)
    add_articles(app, ("Kanzler reist nach Paris", AT - HOUR))
    add_articles(app, ("Kanzler reist nach Paris.", AT - 2 * HOUR), source="Agentur")
    (article,) = app.prepare(app.newsletters()[0], DAY).articles
    assert article.source == "Agentur"


def test_a_newsletter_gets_what_another_source_brought_first(make_app: MakeApp, add_articles: AddArticles) -> None:
    sources = [{"name": name, "type": "sample"} for name in ("Politik", "Kultur")]
    app = make_app({"sources": ["Kultur"]}, sources=sources)
    for source in ("Politik", "Kultur"):
        add_articles(app, (NEWS[0], AT - HOUR), source=source, url="https://a.example/1")
    assert titles(app.prepare(app.newsletters()[0], DAY)) == [NEWS[0]]


def test_nothing_is_carried_twice(make_app: MakeApp, add_articles: AddArticles, now: Any) -> None:
    app = make_app({"lookback_hours": 72})
    morgen = app.newsletters()[0]
    add_articles(app, (NEWS[0], AT - 3 * HOUR), url="https://a.example/1")
    assert titles(app.prepare(morgen, DAY)) == [NEWS[0]]
    now.moment += timedelta(days=1)
    add_articles(
        app,
        Article(title=f"{NEWS[0]} – Update", source="Politik", published=AT + HOUR, url="https://a.example/1"),
        Article(title=NEWS[0], source="Politik", published=AT - 3 * HOUR, url="https://b.example/other-address"),
        Article(title=NEWS[1], source="Politik", published=AT - 4 * HOUR),
    )
    assert titles(app.prepare(morgen, DAY + timedelta(days=1))) == [NEWS[1]]


def test_a_daily_column_keeps_its_title_and_is_news_each_day(
    make_app: MakeApp, add_articles: AddArticles, now: Any
) -> None:
    app = make_app()
    morgen = app.newsletters()[0]
    for days in range(2):
        published = AT - HOUR + timedelta(days=days)
        add_articles(app, ("Presseschau am Morgen", published), url=f"https://a.example/{days}")
        assert titles(app.prepare(morgen, DAY + timedelta(days=days))) == ["Presseschau am Morgen"]
        now.moment += timedelta(days=1)


def test_a_weekend_and_a_late_article_are_not_lost(make_app: MakeApp, add_articles: AddArticles, now: Any) -> None:
    app = make_app({"days": "mon-fri"})
    morgen = app.newsletters()[0]
    add_articles(app, (NEWS[0], AT - HOUR))
    app.prepare(morgen, DAY)
    add_articles(app, (NEWS[1], AT - timedelta(minutes=5)), (NEWS[2], AT + 20 * HOUR))
    now.moment += timedelta(days=3)
    assert titles(app.prepare(morgen, DAY + timedelta(days=3))) == [NEWS[2], NEWS[1]]


def test_a_past_day_takes_its_own_window_alone(make_app: MakeApp, add_articles: AddArticles) -> None:
    app = make_app()
    add_articles(app, (NEWS[0], AT - 30 * 24 * HOUR - HOUR), (NEWS[1], AT - HOUR))
    assert titles(app.prepare(app.newsletters()[0], DAY - timedelta(days=30))) == [NEWS[0]]


def test_without_an_article_it_is_skipped_or_sent_as_the_settings_say(
    make_app: MakeApp, add_articles: AddArticles
) -> None:
    app = make_app()
    report = app.prepare(app.newsletters()[0], DAY)
    assert (report.edition.state, report.edition.reason) == (EditionState.SKIPPED, "no articles")
    assert "skipped" in report.note
    again = app.prepare(app.newsletters()[0], DAY)
    assert again.edition.state is EditionState.SKIPPED
    add_articles(app, (NEWS[0], AT - HOUR))
    assert app.prepare(app.newsletters()[0], DAY).edition.state is EditionState.PREPARED


def test_an_empty_edition_can_be_sent(make_app: MakeApp) -> None:
    app = make_app({"empty": "send"})
    report = app.prepare(app.newsletters()[0], DAY)
    assert report.edition.state is EditionState.PREPARED
    assert report.articles == ()


def test_preparing_again_with_the_same_articles_changes_nothing(
    make_app: MakeApp, add_articles: AddArticles, now: Any
) -> None:
    app = make_app()
    add_articles(app, (NEWS[0], AT - HOUR))
    first = app.prepare(app.newsletters()[0], DAY).edition
    now.moment += timedelta(minutes=10)
    second = app.prepare(app.newsletters()[0], DAY).edition
    assert second == first


def test_an_unapproved_edition_is_replaced(make_app: MakeApp, add_articles: AddArticles) -> None:
    app = make_app({"approval": "required"})
    add_articles(app, (NEWS[0], AT - HOUR))
    first = app.prepare(app.newsletters()[0], DAY).edition
    assert first.state is EditionState.IN_REVIEW
    add_articles(app, (NEWS[1], AT - 2 * HOUR))
    second = app.prepare(app.newsletters()[0], DAY)
    assert second.edition.number == first.number
    assert second.edition.content_hash != first.content_hash
    assert titles(second) == [NEWS[0], NEWS[1]]


def test_an_approved_edition_is_returned_as_it_was(make_app: MakeApp, add_articles: AddArticles) -> None:
    app = make_app({"approval": "required"})
    add_articles(app, (NEWS[0], AT - HOUR))
    prepared = app.prepare(app.newsletters()[0], DAY).edition
    review_edition(app.database, prepared, "approve", app.clock())
    add_articles(app, (NEWS[1], AT - 2 * HOUR))
    report = app.prepare(app.newsletters()[0], DAY)
    assert titles(report) == [NEWS[0]]
    assert report.note == "is approved already"
    assert report.edition.content_hash == prepared.content_hash


def test_settings_that_changed_are_frozen_anew(make_app: MakeApp, add_articles: AddArticles) -> None:
    app = make_app({"at": "06:30"})
    add_articles(app, (NEWS[0], AT - HOUR))
    app.prepare(app.newsletters()[0], DAY)
    changed = make_app({"at": "07:15", "approval": "required"}, site={"name": "Neuer Name"})
    edition = changed.prepare(changed.newsletters()[0], DAY).edition
    assert edition.state is EditionState.IN_REVIEW
    assert edition.at == edition.content.at == datetime(2026, 3, 6, 6, 15, tzinfo=UTC)
    assert edition.content.site.name == "Neuer Name"


def test_the_secrets_place_is_not_frozen(make_app: MakeApp, add_articles: AddArticles, tmp_path: Path) -> None:
    app = make_app()
    add_articles(app, (NEWS[0], AT - HOUR))
    content = app.prepare(app.newsletters()[0], DAY).edition.content
    assert str(tmp_path).encode() not in content.to_json()


def test_the_excerpt_is_bounded_by_its_source(make_app: MakeApp, add_articles: AddArticles) -> None:
    app = make_app(sources=[{"name": "Politik", "type": "sample", "excerpt_chars": 20}])
    add_articles(app, (NEWS[0], AT - HOUR), lead="Ein langer Vorspann, der nicht ganz gezeigt werden darf.")
    (article,) = app.prepare(app.newsletters()[0], DAY).articles
    assert article.lead == "Ein langer …"


def test_a_broken_template_leaves_the_edition_as_it_was(
    make_app: MakeApp, add_articles: AddArticles, tmp_path: Path
) -> None:
    app = make_app()
    add_articles(app, (NEWS[0], AT - HOUR))
    before = app.prepare(app.newsletters()[0], DAY).edition
    (tmp_path / "eigene" / "daily").mkdir(parents=True)
    (tmp_path / "eigene" / "daily" / "subject.txt.j2").write_text("{{ kaputt")
    broken = make_app({"name": "Anders"}, templates={"path": "eigene"})
    with pytest.raises(TemplateError, match=r"daily/subject\.txt\.j2"):
        broken.prepare(broken.newsletters()[0], DAY)
    with pytest.raises(TemplateError):
        broken.prepare(broken.newsletters()[0], DAY + timedelta(days=1))
    assert app.regular_edition(app.newsletters()[0], DAY).content_hash == before.content_hash
    assert app.regular_edition(app.newsletters()[0], DAY + timedelta(days=1)) is None


def test_a_draft_freezes_nothing(make_app: MakeApp, add_articles: AddArticles) -> None:
    app = make_app()
    add_articles(app, (NEWS[0], AT - HOUR))
    draft = app.draft(app.newsletters()[0], DAY)
    assert [article.title for article in draft.articles] == [NEWS[0]]
    assert app.regular_edition(app.newsletters()[0], DAY) is None
    assert app.prepare(app.newsletters()[0], DAY).edition.content == draft
