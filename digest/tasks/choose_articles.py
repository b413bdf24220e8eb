"""Which articles an edition has: chosen by rule, and then as an editor arranged them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from digest.compose.arrangement import arrange, names_of, origin_hash, reword
from digest.compose.sections import within_sections
from digest.compose.selection import excerpt, rank_articles, select_articles
from digest.compose.window import edition_window, falls_in
from digest.gather.dedupe import article_key, near_same, unique
from digest.model.article import Article
from digest.model.edition import Edition, EditionKind
from digest.model.extras import Extras
from digest.storage import editions
from digest.storage.articles import articles_between, pool_versions
from digest.tasks.recipe import Recipe

#: Two articles with nearly the same title are the same news if they are no further apart than this.
_SAME_NEWS = timedelta(hours=12)


class ChosenArticle(msgspec.Struct, frozen=True, kw_only=True):
    """One article of an edition: `article` as readers see it, `origin` as its source has it."""

    key: str
    article: Article
    origin: Article

    @property
    def origin_hash(self) -> str:
        return origin_hash(self.origin)


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """An edition's articles in their order; every recipient gets the first `pinned` of them."""

    chosen: tuple[ChosenArticle, ...]
    pinned: int

    @property
    def keys(self) -> list[str]:
        return [each.key for each in self.chosen]

    @property
    def origins(self) -> list[str]:
        return [each.origin_hash for each in self.chosen]


def choose_articles(connection: Connection, recipe: Recipe, extras: Extras, edition: Edition, now: datetime) -> Choice:
    """The articles of `edition`: a regular one takes those of its window, every other only what an editor gave it."""
    fresh = _fresh_articles(connection, recipe, edition, now) if edition.kind is EditionKind.REGULAR else []
    pool = {article_key(article): article for article in fresh}
    arranged = extras.arranged
    missing = [key for key in arranged.order if key not in pool]
    pool |= pool_articles(connection, missing, recipe)
    chosen = {key: article for key, article in pool.items() if key not in arranged.dropped}
    pinned = _pinned(extras, chosen)
    open_ = [article for key, article in chosen.items() if key not in pinned and key not in arranged.order]
    others = select_articles(
        within_sections(rank_articles(open_, recipe.rules), recipe.newsletter.sections),
        recipe.rules,
        recipe.newsletter.max_articles,
    )
    automatic = [key for key in chosen if key in pinned] + [article_key(article) for article in others]
    return arrange_choice(automatic, pool, recipe, extras, recipe.newsletter.max_articles)


def pool_articles(
    connection: Connection, keys: Sequence[str], recipe: Recipe, sources: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Article]:
    """Those of `keys` that the pool has; of several copies that of its source in `sources`, or the one ranked first."""
    found = {}
    for key, versions in pool_versions(connection, keys).items():
        copies = rank_articles((version.article for version in versions), recipe.rules)
        found[key] = next((copy for copy in copies if copy.source == sources.get(key)), copies[0])
    return found


def arrange_choice(
    automatic: Sequence[str], pool: Mapping[str, Article], recipe: Recipe, extras: Extras, limit: int | None = None
) -> Choice:
    """`automatic` as the editor arranged it, in the editor's words; `pool` has the articles by key."""
    arranged = extras.arranged
    written = {article_key(article): article for article in extras.articles}
    written |= {each.key: each.article for each in arranged.written}
    known = {**pool, **written}
    pinned = _pinned(extras, known)
    first = [key for key in map(article_key, extras.articles) if key not in arranged.order]
    keys, count = arrange([*first, *automatic], arranged, pinned, limit)
    there = [key for key in keys if key in known]
    chosen = tuple(
        ChosenArticle(
            key=key,
            origin=known[key],
            article=reword(_excerpted(known[key], recipe, key in written), arranged.overrides.get(key)),
        )
        for key in there
    )
    return Choice(chosen=chosen, pinned=sum(key in pinned for key in keys[:count] if key in known))


def _excerpted(article: Article, recipe: Recipe, by_hand: bool) -> Article:
    return article if by_hand else replace(article, lead=excerpt(article, recipe.rule(article.source).excerpt_chars))


def _pinned(extras: Extras, known: Mapping[str, Article]) -> set[str]:
    """The keys of those that every recipient gets: what a command gave, and what is pinned by any of its names."""
    wanted = set(extras.pinned)
    return {article_key(article) for article in extras.articles} | {
        key for key, article in known.items() if wanted.intersection(names_of(key, article))
    }


def _fresh_articles(connection: Connection, recipe: Recipe, edition: Edition, now: datetime) -> list[Article]:
    """What the newsletter's sources have for this edition and it has not carried yet, ranked, each once."""
    newsletter, zone = recipe.newsletter, recipe.site.zone
    last_prepared = editions.last_preparation(connection, newsletter.slug, edition.date)
    window = edition_window(newsletter, edition.date, zone, last_prepared, now.astimezone(zone).date())
    keys = editions.carried_articles(connection, newsletter.slug, edition.number)
    carried = editions.recent_articles(connection, newsletter.slug, edition.number)
    sources = [name for name in recipe.rules if not newsletter.sources or name in newsletter.sources]
    fresh: Iterable[Article] = (
        stored.article
        for stored in articles_between(connection, window.start, window.end, sources)
        if stored.key not in keys
        and falls_in(stored.article, stored.first_seen, window, now, zone)
        and not any(_is_again(stored.article, other) for other in carried)
    )
    return unique(rank_articles(fresh, recipe.rules))


def _is_again(article: Article, carried: Article) -> bool:
    """Whether it is one that was carried under another address; a daily column keeps its title and is news each day."""
    if article.published and carried.published and abs(article.published - carried.published) >= _SAME_NEWS:
        return False
    return near_same(article.title, carried.title)
