"""The pool of articles."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from digest.model.article import Article
from digest.storage.articles import articles_between, list_articles, save_articles
from digest.storage.database import Database

NOW = datetime(2026, 3, 6, 5, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def article(title: str, hours: float | None = 0.0, source: str = "Politik") -> Article:
    return Article(title=title, source=source, published=None if hours is None else NOW + hours * HOUR)


def test_what_is_new_is_counted_and_what_is_known_renewed(database: Database) -> None:
    with database.write() as connection:
        assert save_articles(connection, [("a", article("Alt")), ("b", article("Bleibt"))], NOW) == 2
        assert save_articles(connection, [("a", article("Neu")), ("c", article("C"))], NOW + HOUR) == 1
        found = {each.key: each for each in list_articles(connection)}
    assert found["a"].article.title == "Neu"
    assert found["a"].first_seen == NOW
    assert found["c"].first_seen == NOW + HOUR


def test_each_source_has_its_own_copy(database: Database) -> None:
    with database.write() as connection:
        save_articles(connection, [("a", article("Bei A", source="A"))], NOW)
        save_articles(connection, [("a", article("Bei B", source="B"))], NOW)
        for source in ("A", "B"):
            found = list(articles_between(connection, NOW, NOW, [source]))
            assert [each.article.title for each in found] == [f"Bei {source}"]


@pytest.mark.parametrize(("hours", "found"), [(-24.0, True), (-24.1, False), (25.0, True), (25.1, False), (0.0, True)])
def test_the_search_is_a_day_wider_than_the_window(database: Database, hours: float, found: bool) -> None:
    with database.write() as connection:
        save_articles(connection, [("a", article("A", hours))], NOW)
        assert bool(list(articles_between(connection, NOW, NOW + HOUR, ["Politik"]))) is found
        assert not list(articles_between(connection, NOW, NOW + HOUR, []))


def test_undated_articles_go_by_when_they_were_first_seen(database: Database) -> None:
    with database.write() as connection:
        save_articles(connection, [("a", article("A", None))], NOW)
        assert list(articles_between(connection, NOW, NOW, ["Politik"]))
        assert not list(articles_between(connection, NOW + 25 * HOUR, NOW + 26 * HOUR, ["Politik"]))


def test_the_pool_is_listed_the_newest_first(database: Database) -> None:
    with database.write() as connection:
        articles = [article("A", -2), article("B", 0), article("C", None), article("D", -1, "Kultur")]
        save_articles(connection, [(each.title, each) for each in articles], NOW)

        def titles(**wanted: object) -> str:
            return "".join(each.article.title for each in list_articles(connection, **wanted))  # type: ignore[arg-type]

        assert titles() == "BDAC"
        assert titles(sources=["Kultur"]) == "D"
        assert titles(sources=[]) == ""
        assert titles(since=NOW - HOUR) == "BDC"
