"""Which section of the newsletter an article stands in, and how many a section takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from digest.model.article import Article
from digest.model.edition import EditionContent
from digest.model.newsletter import Section, section_index


def section_of(content: EditionContent, number: int) -> int:
    """The section of article `number`; without sections, 0 for all."""
    article = content.articles[number]
    return section_index(article.topics, content.newsletter.sections, article.section or "")


def within_sections(articles: Iterable[Article], sections: tuple[Section, ...]) -> list[Article]:
    """The articles without those that are too many for their section (`max`, where it is not 0), in the same order."""
    taken: Counter[int] = Counter()
    kept = []
    for article in articles:
        index = section_index(article.topics, sections, article.section or "")
        limit = sections[index].max if index < len(sections) else 0
        taken[index] += 1
        if not limit or taken[index] <= limit:
            kept.append(article)
    return kept
