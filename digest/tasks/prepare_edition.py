"""Choose the day's articles for a newsletter and freeze the edition."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from digest.compose.selection import SourceRule, excerpt, rank_articles, select_articles
from digest.compose.window import edition_window, falls_in
from digest.gather.dedupe import article_key, near_same, unique
from digest.model.article import Article
from digest.model.edition import Edition, EditionContent, EditionKind, EditionState
from digest.model.newsletter import Newsletter
from digest.model.site import Site
from digest.render.compiling import compile_edition, compile_subject
from digest.storage import editions
from digest.storage.articles import articles_between
from digest.storage.database import Database

_NO_ARTICLES = "no articles"
#: Two articles with nearly the same title are the same news if they are no further apart than this.
_SAME_NEWS = timedelta(hours=12)
#: States from which an edition is prepared, or prepared again.
_OPEN = frozenset({EditionState.GATHERING, EditionState.PREPARED, EditionState.IN_REVIEW, EditionState.SKIPPED})


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """What an edition is made with beside its articles: everything here is frozen into it."""

    site: Site
    newsletter: Newsletter
    rules: Mapping[str, SourceRule]
    coins: tuple[str, ...]
    currency: str
    templates: dict[str, str]


class PrepareReport(msgspec.Struct, frozen=True, kw_only=True):
    """The edition as it stands now; `articles` by number. `note` says why it was left alone or skipped, or is empty."""

    edition: Edition
    articles: tuple[Article, ...]
    note: str = ""


def prepare_edition(database: Database, recipe: Recipe, day: date, now: datetime) -> PrepareReport:
    """Prepare the regular edition of `day`. One that is not approved yet is replaced, an approved one returned.

    Raises TemplateError and StorageError; then the edition is as it was.
    """
    newsletter = recipe.newsletter
    with database.write() as connection:
        edition = editions.regular_edition(connection, newsletter.slug, day, newsletter.sends_at(day, recipe.site.zone))
        if edition.state not in _OPEN:
            known = editions.get_edition(connection, edition.number, content=True)
            articles = known.content.articles if known.content else ()
            return PrepareReport(edition=known, articles=articles, note=f"is {known.state} already")
        content = _draft(connection, recipe, day, edition.number, now)
        if not content.articles and newsletter.empty == "skip":
            editions.take_step(connection, edition, EditionState.SKIPPED, reason=_NO_ARTICLES)
            skipped = editions.get_edition(connection, edition.number)
            return PrepareReport(edition=skipped, articles=(), note="is skipped, for there is no new article")
        if content.hash != edition.content_hash or edition.state is EditionState.SKIPPED:
            state = EditionState.PREPARED if newsletter.approval == "auto" else EditionState.IN_REVIEW
            shell = compile_edition(content).to_bytes()
            keys = [article_key(article) for article in content.articles]
            editions.freeze(connection, edition, content, keys, shell, state, now)
        return PrepareReport(
            edition=editions.get_edition(connection, edition.number, content=True), articles=content.articles
        )


def draft_edition(database: Database, recipe: Recipe, day: date, now: datetime) -> EditionContent:
    """What the regular edition of `day` would be made from if it were prepared now. Nothing is changed."""
    with database.read() as connection:
        known = editions.find_regular_edition(connection, recipe.newsletter.slug, day)
        return _draft(connection, recipe, day, known.number if known else 0, now)


def _draft(connection: Connection, recipe: Recipe, day: date, number: int, now: datetime) -> EditionContent:
    articles = _choose(connection, recipe, day, number, now)
    content = EditionContent(
        site=recipe.site,
        newsletter=recipe.newsletter,
        kind=EditionKind.REGULAR,
        date=day,
        at=recipe.newsletter.sends_at(day, recipe.site.zone),
        subject="",
        articles=articles,
        coins=recipe.coins,
        currency=recipe.currency,
        templates=recipe.templates,
    )
    return replace(content, subject=compile_subject(content))


def _choose(connection: Connection, recipe: Recipe, day: date, number: int, now: datetime) -> tuple[Article, ...]:
    newsletter, zone = recipe.newsletter, recipe.site.zone
    last_prepared = editions.last_preparation(connection, newsletter.slug, day)
    window = edition_window(newsletter, day, zone, last_prepared, now.astimezone(zone).date())
    keys = editions.carried_articles(connection, newsletter.slug, number)
    carried = editions.recent_articles(connection, newsletter.slug, number)
    sources = [name for name in recipe.rules if not newsletter.sources or name in newsletter.sources]
    fresh = [
        stored.article
        for stored in articles_between(connection, window.start, window.end, sources)
        if stored.key not in keys
        and falls_in(stored.article, stored.first_seen, window, now, zone)
        and not any(_is_again(stored.article, other) for other in carried)
    ]
    ranked = rank_articles(fresh, recipe.rules)
    chosen = select_articles(unique(ranked), recipe.rules, newsletter.max_articles)
    return tuple(
        replace(article, lead=excerpt(article, recipe.rules[article.source].excerpt_chars)) for article in chosen
    )


def _is_again(article: Article, carried: Article) -> bool:
    """Whether it is one that was carried under another address; a daily column keeps its title and is news each day."""
    if article.published and carried.published and abs(article.published - carried.published) >= _SAME_NEWS:
        return False
    return near_same(article.title, carried.title)
