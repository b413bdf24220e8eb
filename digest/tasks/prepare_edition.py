"""Choose the day's articles for a newsletter and freeze the edition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from digest.compose.selection import SourceRule, excerpt, select_articles
from digest.compose.window import edition_window, falls_in
from digest.gather.dedupe import article_key, unique
from digest.model.article import Article
from digest.model.edition import Edition, EditionContent, EditionKind, EditionState
from digest.model.newsletter import Newsletter
from digest.model.site import Site
from digest.render.compiling import compile_edition, compile_subject
from digest.storage import editions
from digest.storage.articles import articles_between
from digest.storage.database import Database

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
        content = draft_content(connection, recipe, edition, now)
        if not content.articles and newsletter.empty == "skip":
            editions.take_step(connection, edition, EditionState.SKIPPED, reason="no articles")
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
    newsletter = recipe.newsletter
    at = newsletter.sends_at(day, recipe.site.zone)
    with database.read() as connection:
        known = editions.find_regular_edition(connection, newsletter.slug, day)
        drafted = known or Edition(
            number=0,
            newsletter=newsletter.slug,
            kind=EditionKind.REGULAR,
            date=day,
            at=at,
            state=EditionState.GATHERING,
        )
        return draft_content(connection, recipe, drafted, now)


def draft_content(connection: Connection, recipe: Recipe, edition: Edition, now: datetime) -> EditionContent:
    """What the edition would be made from if it were frozen now. Nothing is changed."""
    articles = _choose(connection, recipe, edition, now)
    content = EditionContent(
        site=recipe.site,
        newsletter=recipe.newsletter,
        kind=EditionKind.REGULAR,
        date=edition.date,
        at=edition.at,
        subject="",
        articles=articles,
        coins=recipe.coins,
        currency=recipe.currency,
        templates=recipe.templates,
    )
    return replace(content, subject=compile_subject(content))


def _choose(connection: Connection, recipe: Recipe, edition: Edition, now: datetime) -> tuple[Article, ...]:
    newsletter, zone = recipe.newsletter, recipe.site.zone
    window = edition_window(
        newsletter,
        edition.date,
        zone,
        editions.last_preparation(connection, newsletter.slug, edition.date),
        now.astimezone(zone).date(),
    )
    carried = editions.carried_articles(connection, newsletter.slug, edition.number)
    sources: Sequence[str] = newsletter.sources or tuple(recipe.rules)
    fresh = [
        stored.article
        for stored in articles_between(connection, window.start, window.end, sources)
        if stored.key not in carried and falls_in(stored.article, stored.first_seen, window, now, zone)
    ]
    chosen = select_articles(unique(fresh), recipe.rules, newsletter.max_articles)
    return tuple(
        replace(article, lead=excerpt(article, recipe.rules[article.source].excerpt_chars)) for article in chosen
    )
