"""Sections keep together, and take no more than they hold."""

from __future__ import annotations

import pytest

from digest.compose.sections import within_sections
from digest.model.article import Article
from digest.model.newsletter import Section, section_index

POLITICS = Section(name="Politik", topics=("politik", "Wahlen"))
MONEY = Section(name="Geld", topics=("wirtschaft", "krypto"), max=1)
SECTIONS = (POLITICS, MONEY)


@pytest.mark.parametrize(
    ("topics", "index"),
    [
        (("politik",), 0),
        (("wahlen",), 0),
        (("KRYPTO",), 1),
        (("krypto", "politik"), 0),
        (("kultur",), 2),
        ((), 2),
    ],
)
def test_an_article_stands_in_the_first_section_that_has_a_topic_of_it(topics: tuple[str, ...], index: int) -> None:
    assert section_index(topics, SECTIONS) == index


def test_a_section_takes_its_first_articles_and_the_others_as_many_as_there_are() -> None:
    articles = [
        Article(title=title, source="s", topics=(topic,))
        for title, topic in (("a", "krypto"), ("b", "politik"), ("c", "wirtschaft"), ("d", "politik"), ("e", "kultur"))
    ]
    assert [article.title for article in within_sections(articles, SECTIONS)] == ["a", "b", "d", "e"]
    assert within_sections(articles, ()) == articles
