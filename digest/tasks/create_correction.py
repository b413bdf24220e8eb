"""An edition that corrects another one: to exactly those who received the fault."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from digest import german
from digest.errors import NotFoundError, StepError, UsageError
from digest.gather.lines import one_line
from digest.model.arrangement import Arrangement, Correction, WrittenArticle
from digest.model.article import Article
from digest.model.edition import Edition, EditionContent, EditionKind, EditionState
from digest.model.extras import Extras
from digest.storage import editions
from digest.storage.corrections import Corrected, add_correction
from digest.storage.database import Database
from digest.tasks.create_extra import create_edition
from digest.tasks.draft_edition import NEWSROOM
from digest.tasks.recipe import Recipe
from subscribers.audit import record_change

#: The look of every newsletter's corrections.
LOOK = "correction"
#: What has come to its end: before that, more people may get the fault.
_ENDED = (EditionState.SENT, EditionState.CANCELLED)
_MOST_CHARACTERS = 5_000


def find_correctable(database: Database, number: int) -> Edition:
    """The edition `number`, with its content, if it can be corrected. Raises NotFoundError and StepError."""
    with database.read() as connection:
        edition = editions.get_edition(connection, number, content=True)
    if edition.content is None or edition.kind is EditionKind.LETTER:
        raise NotFoundError("sent edition", number, "in the database; see `digest editions list`")
    if edition.state not in _ENDED:
        raise StepError(
            f"Edition {number} is {edition.state}. Change it before it is sent, or cancel it while it is being sent; "
            "what some have received by then can be corrected."
        )
    return edition


def create_correction(
    database: Database,
    recipe: Recipe,
    corrected: Edition,
    text: Sequence[str],
    *,
    article: int | None = None,
    title: str = "",
    who: str,
    now: datetime,
) -> Edition:
    """Prepare a correction of `corrected`; `text` is one string per paragraph, `recipe` one for corrections.

    It goes to whoever received article `article` (its number there), or to everybody who received the edition; then
    `title` says what it is about. Raises NotFoundError, UsageError without words, TemplateError; then there is none.
    """
    content = corrected.content
    if content is None:
        raise NotFoundError("sent edition", corrected.number, "in the database")
    paragraphs = tuple(filter(None, (german.typography(one_line(paragraph)) for paragraph in text)))
    if not paragraphs or sum(map(len, paragraphs)) > _MOST_CHARACTERS:
        raise UsageError(f"A correction needs a text, of at most {_MOST_CHARACTERS:,} characters.")
    faulty = _faulty(content, corrected.number, article, title)
    said = Correction(
        edition=corrected.number, article=article, date=corrected.date, title=faulty.title, text=paragraphs
    )
    key = f"correction:{corrected.number}:{'' if article is None else article}"
    about = Article(title=faulty.title, source=faulty.source, url=faulty.url, lead=" ".join(paragraphs))
    extras = Extras(
        pinned=(key,),
        arrangement=Arrangement(written=(WrittenArticle(key=key, article=about),)),
        correction=said,
    )

    def enter(connection: Connection, edition: Edition) -> None:
        add_correction(connection, edition.number, Corrected(corrected.number, article))
        subject, detail = f"edition:{corrected.number}", {"by": str(edition.number)}
        record_change(connection, who=who, what="edition corrected", subject=subject, at=now, detail=detail)

    return create_edition(database, recipe, EditionKind.CORRECTION, extras, [], who=who, now=now, beside=enter)


def _faulty(content: EditionContent, number: int, article: int | None, title: str) -> Article:
    if article is None:
        return Article(title=one_line(title) or content.subject, source=NEWSROOM)
    if not 0 <= article < len(content.articles):
        raise NotFoundError(
            "article", article, f"in edition {number}; `digest editions show {number}` has their numbers"
        )
    return content.articles[article]
