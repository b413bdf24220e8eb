"""An edition at any time beside the regular ones: what an editor puts into it, and nothing by rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from digest.compose.arrangement import names_of
from digest.errors import FetchError, NotFoundError
from digest.gather.dedupe import article_key
from digest.model.arrangement import Arrangement, WrittenArticle
from digest.model.article import Article
from digest.model.edition import Edition, EditionKind
from digest.model.extras import Extras
from digest.render.compiling import compile_edition
from digest.render.weblinks import web_link
from digest.storage import editions
from digest.storage.articles import list_articles
from digest.storage.database import Database
from digest.tasks.choose_articles import arrange_choice
from digest.tasks.draft_edition import draft_edition, fetch_pictures_of
from digest.tasks.prepare_edition import freeze_draft
from digest.tasks.recipe import Recipe
from subscribers.audit import record_change


def create_extra(
    database: Database,
    recipe: Recipe,
    names: Sequence[str],
    *,
    who: str,
    now: datetime,
    read_page: Callable[[str], Article],
    subject: str = "",
) -> Edition:
    """Prepare an extra edition of the recipe's newsletter, with the articles of those names in that order.

    A name is the address, title or key of an article of the pool; the page at any other address is read. Without names
    it is empty, to be filled at the desk. Raises NotFoundError, FetchError and TemplateError; then there is none.
    """
    with database.read() as connection:
        pool = _named(connection, recipe, names)
    read = {name: _read(name, read_page) for name in names if name not in pool}
    given = {name: pool[name] if name in pool else read[name] for name in names}
    written = tuple(WrittenArticle(key=article_key(article), article=article) for article in read.values())
    order = tuple(dict.fromkeys(article_key(article) for article in given.values()))
    extras = Extras(subject=subject, arrangement=Arrangement(order=order, written=written))
    return create_edition(database, recipe, EditionKind.EXTRA, extras, list(given.values()), who=who, now=now)


def create_edition(
    database: Database,
    recipe: Recipe,
    kind: EditionKind,
    extras: Extras,
    articles: Sequence[Article],
    *,
    who: str,
    now: datetime,
    beside: Callable[[Connection, Edition], None] = lambda _connection, _edition: None,
) -> Edition:
    """One more edition, made of `extras` and prepared at once; `articles` are those that they name.

    `beside` may write more in the same transaction. Raises TemplateError; then there is none.
    """
    pool = {article_key(article): article for article in articles}
    choice = arrange_choice((), pool, recipe, extras)
    pictures = fetch_pictures_of(recipe, extras, choice.chosen, ())
    day = now.astimezone(recipe.site.zone).date()
    with database.write() as connection:
        edition = editions.add_edition(connection, recipe.newsletter.slug, kind, day, now)
        editions.save_extras(connection, edition.number, extras)
        made = draft_edition(edition, recipe, extras, choice, pictures)
        freeze_draft(connection, edition, made, compile_edition(made.content).to_bytes(), now)
        beside(connection, edition)
        subject = f"edition:{edition.number}"
        record_change(connection, who=who, what=f"{kind} edition created", subject=subject, at=now)
        return editions.get_edition(connection, edition.number, content=True)


def _named(connection: Connection, recipe: Recipe, names: Sequence[str]) -> dict[str, Article]:
    """The articles of the pool by those of `names` that they are known by; of several the newest."""
    found: dict[str, Article] = {}
    wanted = set(names)
    for stored in list_articles(connection, sources=list(recipe.rules)):
        for name in wanted.intersection(names_of(stored.key, stored.article)):
            found.setdefault(name, stored.article)
        if len(found) == len(wanted):
            break
    return found


def _read(name: str, read_page: Callable[[str], Article]) -> Article:
    address = web_link(name)
    if address is None:
        raise NotFoundError("article", repr(name), "in the pool; name its title or address, or run `digest gather`")
    try:
        return read_page(address)
    except FetchError as problem:
        raise FetchError(address, f"is not in the pool and cannot be read: {problem.problem}") from problem
