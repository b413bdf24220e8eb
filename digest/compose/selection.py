"""Which of the day's articles an edition carries, and in which order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import msgspec

from digest.model.article import Article

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class SourceRule(msgspec.Struct, frozen=True, kw_only=True):
    """What the choice needs to know of a source."""

    weight: float = 1.0
    max_items: int = 30
    excerpt_chars: int = 400


def rank_articles(candidates: Iterable[Article], rules: Mapping[str, SourceRule]) -> list[Article]:
    """The heaviest sources' articles first, the newest first among equals, whatever the order of `candidates`."""
    default = SourceRule()

    def rank(article: Article) -> tuple[float, float, str, str, str]:
        published = article.published or _LONG_AGO
        weight = rules.get(article.source, default).weight
        return (-weight, -published.timestamp(), article.title, article.source, article.url or "")

    return sorted(candidates, key=rank)


def select_articles(
    candidates: Iterable[Article], rules: Mapping[str, SourceRule], max_articles: int
) -> tuple[Article, ...]:
    """The first `max_articles` as `rank_articles` orders them; at most `max_items` of each source."""
    default = SourceRule()
    taken: Counter[str] = Counter()
    chosen: list[Article] = []
    for article in rank_articles(candidates, rules):
        if taken[article.source] < rules.get(article.source, default).max_items:
            taken[article.source] += 1
            chosen.append(article)
    return tuple(chosen[:max_articles])


def excerpt(article: Article, limit: int) -> str:
    """What a card shows of the article: its lead, or its first paragraph; at most `limit` characters, cut at a word.

    The limit is per source, for quoting more than very short extracts needs a licence (§ 87f UrhG).
    """
    text = article.lead or next(iter(article.body), "")
    if len(text) <= limit:
        return text
    cut = text[: max(limit - 2, 0)]
    return f"{cut.rsplit(' ', 1)[0].rstrip(' ,;:–-')} …" if " " in cut else ""
