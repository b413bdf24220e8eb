"""Choose the day's articles for a newsletter and freeze the edition."""

from __future__ import annotations

from datetime import date, datetime

import msgspec
from sqlalchemy import Connection

from digest.compose.arrangement import names_of
from digest.model.article import Article
from digest.model.edition import CHANGED, Edition, EditionContent, EditionKind, EditionState
from digest.model.extras import Extras
from digest.render.compiling import compile_edition
from digest.storage import editions
from digest.storage.database import Database
from digest.tasks.choose_articles import Choice, choose_articles
from digest.tasks.draft_edition import NO_PICTURES, Draft, draft_edition, fetch_pictures_of
from digest.tasks.fetch_pictures import PicturesReport
from digest.tasks.recipe import Recipe

#: The reason of an edition that is skipped because its day brought nothing.
NO_ARTICLES = "no articles"
#: States from which an edition is prepared, or prepared again.
_OPEN = frozenset({EditionState.GATHERING, EditionState.PREPARED, EditionState.IN_REVIEW, EditionState.SKIPPED})


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
    with database.read() as connection:
        known = edition_of_day(connection, recipe, day)
    pictures = fetch_pictures_for(database, recipe, known, now)
    with database.write() as connection:
        edition = editions.regular_edition(connection, newsletter.slug, day, newsletter.sends_at(day, recipe.site.zone))
        return prepare_within(connection, recipe, edition, now, pictures)


def prepare_again(database: Database, recipe: Recipe, number: int, now: datetime) -> PrepareReport:
    """Prepare edition `number`, of any kind but letter, as `prepare_edition` does. Raises NotFoundError as well."""
    with database.read() as connection:
        known = editions.get_edition(connection, number)
    pictures = fetch_pictures_for(database, recipe, known, now)
    with database.write() as connection:
        return prepare_within(connection, recipe, editions.get_edition(connection, number), now, pictures)


def draft_of_day(database: Database, recipe: Recipe, day: date, now: datetime) -> EditionContent:
    """What the regular edition of `day` would be made from if it were prepared now. Nothing is changed."""
    with database.read() as connection:
        edition = edition_of_day(connection, recipe, day)
        extras = editions.load_extras(connection, edition.number)
        return draft_edition(edition, recipe, extras, choose_articles(connection, recipe, extras, edition, now)).content


def freeze_draft(connection: Connection, edition: Edition, made: Draft, shell: bytes, now: datetime) -> None:
    """Store a draft and its shell as what `edition` is. Raises StepError."""
    approval = made.content.newsletter.approval
    in_review = approval == "required" or edition.state is EditionState.IN_REVIEW
    state = EditionState.IN_REVIEW if in_review else EditionState.PREPARED
    choice, reason = made.choice, CHANGED if edition.reason == CHANGED else ""
    keys, origins = choice.keys, choice.origins
    editions.freeze(connection, edition, made.content, keys, shell, state, now, origins=origins, reason=reason)


def prepare_within(
    connection: Connection, recipe: Recipe, edition: Edition, now: datetime, pictures: PicturesReport
) -> PrepareReport:
    """As `prepare_edition`, in a transaction that does more; `pictures` are those of `fetch_pictures_for`."""
    if edition.state not in _OPEN:
        known = editions.get_edition(connection, edition.number, content=True)
        articles = known.content.articles if known.content else ()
        return PrepareReport(edition=known, articles=articles, note=f"is {known.state} already")
    extras = editions.load_extras(connection, edition.number)
    choice = choose_articles(connection, recipe, extras, edition, now)
    made = draft_edition(edition, recipe, extras, choice, pictures)
    if not choice.chosen and recipe.newsletter.empty == "skip" and edition.kind is EditionKind.REGULAR:
        editions.take_step(connection, edition, EditionState.SKIPPED, reason=NO_ARTICLES)
        skipped = editions.get_edition(connection, edition.number)
        return PrepareReport(edition=skipped, articles=(), note="is skipped, for there is no new article")
    if made.content.hash != edition.content_hash or edition.state is EditionState.SKIPPED:
        freeze_draft(connection, edition, made, compile_edition(made.content).to_bytes(), now)
    else:
        editions.save_origins(connection, edition.number, choice.origins)
    return PrepareReport(
        edition=editions.get_edition(connection, edition.number, content=True),
        articles=made.content.articles,
        warnings=(*pictures.warnings, *_unmatched(extras, choice)),
    )


def edition_of_day(connection: Connection, recipe: Recipe, day: date) -> Edition:
    """The regular edition of that day; where there is none yet, one without a number."""
    newsletter = recipe.newsletter
    return editions.find_regular_edition(connection, newsletter.slug, day) or Edition(
        number=0,
        newsletter=newsletter.slug,
        kind=EditionKind.REGULAR,
        date=day,
        at=newsletter.sends_at(day, recipe.site.zone),
        state=EditionState.GATHERING,
    )


def fetch_pictures_for(
    database: Database, recipe: Recipe, edition: Edition, now: datetime, extras: Extras | None = None
) -> PicturesReport:
    """The pictures that the edition would show, with its own extras or others, fetched while no transaction waits."""
    if recipe.fetch is None or not set(recipe.images.values()) - {"none"} or edition.state not in _OPEN:
        return NO_PICTURES
    with database.read() as connection:
        earlier = editions.prepared_articles(connection, edition.number)
        extras = extras or editions.load_extras(connection, edition.number)
        choice = choose_articles(connection, recipe, extras, edition, now)
    return fetch_pictures_of(recipe, extras, choice.chosen, earlier)


def _unmatched(extras: Extras, choice: Choice) -> tuple[str, ...]:
    """A sentence for each pin that names none of the articles."""
    named = {name for each in choice.chosen for name in names_of(each.key, each.origin)}
    return tuple(
        f"No article of the day has the title or address {pin!r}, so nothing is pinned by it."
        for pin in extras.pinned
        if pin not in named
    )
