"""Choose the day's articles for a newsletter and freeze the edition."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from digest.compose.sections import within_sections
from digest.compose.selection import SourceRule, excerpt, rank_articles, select_articles
from digest.compose.window import edition_window, falls_in
from digest.gather.dedupe import article_key, near_same, unique
from digest.model.article import Article
from digest.model.edition import Edition, EditionContent, EditionKind, EditionState
from digest.model.extras import Extras
from digest.model.newsletter import Newsletter
from digest.model.site import Site
from digest.render.compiling import compile_edition, compile_subject
from digest.storage import editions
from digest.storage.articles import articles_between
from digest.storage.database import Database
from digest.tasks.fetch_pictures import Mode, PicturesReport, with_pictures

_NO_ARTICLES = "no articles"
_NO_PICTURES = PicturesReport()
#: Two articles with nearly the same title are the same news if they are no further apart than this.
_SAME_NEWS = timedelta(hours=12)
#: States from which an edition is prepared, or prepared again.
_OPEN = frozenset({EditionState.GATHERING, EditionState.PREPARED, EditionState.IN_REVIEW, EditionState.SKIPPED})


#: Gets the articles that are chosen and those that the edition was shown with before.
FetchPictures = Callable[[Sequence[Article], Sequence[Article]], PicturesReport]


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """What an edition is made with beside its articles: everything here is frozen into it.

    `images` says which sources' pictures are shown, `fetch` gets them; without it there are none.
    """

    site: Site
    newsletter: Newsletter
    rules: Mapping[str, SourceRule]
    coins: tuple[str, ...]
    currency: str
    templates: dict[str, str]
    images: Mapping[str, Mode] = {}
    fetch: FetchPictures | None = None


class PrepareReport(msgspec.Struct, frozen=True, kw_only=True):
    """The edition as it stands now; `articles` by number. `note` says why it was left alone or skipped, or is empty.

    `warnings` name the pictures that could not be had.
    """

    edition: Edition
    articles: tuple[Article, ...]
    note: str = ""
    warnings: tuple[str, ...] = ()


def prepare_edition(database: Database, recipe: Recipe, day: date, now: datetime) -> PrepareReport:
    """Prepare the regular edition of `day`. One that is not approved yet is replaced, an approved one returned.

    Raises TemplateError and StorageError; then the edition is as it was.
    """
    newsletter = recipe.newsletter
    pictures = _fetch_pictures(database, recipe, day, now)
    with database.write() as connection:
        edition = editions.regular_edition(connection, newsletter.slug, day, newsletter.sends_at(day, recipe.site.zone))
        if edition.state not in _OPEN:
            known = editions.get_edition(connection, edition.number, content=True)
            articles = known.content.articles if known.content else ()
            return PrepareReport(edition=known, articles=articles, note=f"is {known.state} already")
        extras = editions.load_extras(connection, edition.number)
        content = _draft(connection, recipe, extras, day, edition.number, now, pictures)
        if not content.articles and newsletter.empty == "skip":
            editions.take_step(connection, edition, EditionState.SKIPPED, reason=_NO_ARTICLES)
            skipped = editions.get_edition(connection, edition.number)
            return PrepareReport(edition=skipped, articles=(), note="is skipped, for there is no new article")
        if content.hash != edition.content_hash or edition.state is EditionState.SKIPPED:
            in_review = newsletter.approval == "required" or edition.state is EditionState.IN_REVIEW
            state = EditionState.IN_REVIEW if in_review else EditionState.PREPARED
            shell = compile_edition(content).to_bytes()
            keys = [article_key(article) for article in content.articles]
            editions.freeze(connection, edition, content, keys, shell, state, now)
        return PrepareReport(
            edition=editions.get_edition(connection, edition.number, content=True),
            articles=content.articles,
            warnings=(*pictures.warnings, *_unmatched(extras, content.articles)),
        )


def draft_edition(database: Database, recipe: Recipe, day: date, now: datetime) -> EditionContent:
    """What the regular edition of `day` would be made from if it were prepared now. Nothing is changed."""
    with database.read() as connection:
        known = editions.find_regular_edition(connection, recipe.newsletter.slug, day)
        number = known.number if known else 0
        return _draft(connection, recipe, editions.load_extras(connection, number), day, number, now)


def _fetch_pictures(database: Database, recipe: Recipe, day: date, now: datetime) -> PicturesReport:
    """The pictures that the edition would show, fetched while no transaction waits for them."""
    if recipe.fetch is None or not set(recipe.images.values()) - {"none"}:
        return _NO_PICTURES
    with database.read() as connection:
        known = editions.find_regular_edition(connection, recipe.newsletter.slug, day)
        if known is not None and known.state not in _OPEN:
            return _NO_PICTURES
        number = known.number if known else 0
        earlier = editions.prepared_articles(connection, number)
        chosen, _ = _choose(connection, recipe, editions.load_extras(connection, number), day, number, now)
    return recipe.fetch(chosen, earlier)


def _draft(
    connection: Connection,
    recipe: Recipe,
    extras: Extras,
    day: date,
    number: int,
    now: datetime,
    pictures: PicturesReport = _NO_PICTURES,
) -> EditionContent:
    articles, pinned = _choose(connection, recipe, extras, day, number, now)
    content = EditionContent(
        site=recipe.site,
        newsletter=recipe.newsletter,
        kind=EditionKind.REGULAR,
        date=day,
        at=recipe.newsletter.sends_at(day, recipe.site.zone),
        subject="",
        articles=tuple(with_pictures(articles, recipe.images, pictures)),
        coins=recipe.coins,
        currency=recipe.currency,
        templates=recipe.templates,
        extras=_shown(extras, day),
        pinned=pinned,
    )
    return replace(content, subject=extras.subject or compile_subject(content))


def _shown(extras: Extras, day: date) -> Extras:
    """What of the extras stands beside the articles on that day."""
    running = tuple(each for each in extras.advertisements if each.runs_on(day))
    return replace(extras, articles=(), pinned=(), advertisements=running)


def _unmatched(extras: Extras, articles: Sequence[Article]) -> tuple[str, ...]:
    """A sentence for each pin that names none of the articles."""
    names = {name for article in articles for name in (article.url, article.title)}
    return tuple(
        f"No article of the day has the title or address {pin!r}, so nothing is pinned by it."
        for pin in extras.pinned
        if pin not in names
    )


def _choose(
    connection: Connection, recipe: Recipe, extras: Extras, day: date, number: int, now: datetime
) -> tuple[tuple[Article, ...], int]:
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
    ranked = unique(rank_articles(fresh, recipe.rules))
    # What an editor pinned is taken whatever a section, a source or the newsletter holds.
    pinned = [article for article in ranked if article.url in extras.pinned or article.title in extras.pinned]
    others = within_sections([article for article in ranked if article not in pinned], newsletter.sections)
    shown = [
        replace(article, lead=excerpt(article, recipe.rules[article.source].excerpt_chars))
        for article in (*pinned, *select_articles(others, recipe.rules, newsletter.max_articles))
    ]
    always = len(extras.articles) + len(pinned)
    return (*extras.articles, *shown)[: max(newsletter.max_articles, always)], always


def _is_again(article: Article, carried: Article) -> bool:
    """Whether it is one that was carried under another address; a daily column keeps its title and is news each day."""
    if article.published and carried.published and abs(article.published - carried.published) >= _SAME_NEWS:
        return False
    return near_same(article.title, carried.title)
