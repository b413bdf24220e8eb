"""Give an edition what editors write beside the gathered articles, and prepare it again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from digest import german
from digest.errors import StepError, UsageError
from digest.model.desk import RevisionKind
from digest.model.edition import CHANGED, Edition, EditionState
from digest.model.extras import Extras
from digest.model.newsletter import MOST_ARTICLES
from digest.storage import editions
from digest.storage.database import Database
from digest.storage.revisions import SavedState, add_revision
from digest.tasks.desk_steps import EVERYTHING
from digest.tasks.draft_edition import NEWSROOM
from digest.tasks.prepare_edition import PrepareReport, edition_of_day, fetch_pictures_for, prepare_within
from digest.tasks.recipe import Recipe
from subscribers.audit import record_change

_CLOSED = frozenset({EditionState.SENDING, EditionState.PAUSED, EditionState.SENT, EditionState.CANCELLED})


def read_extras(raw: Mapping[str, Any], where: str) -> Extras:
    """The extras that a TOML document states (keys as in `digest.model.extras`). Raises UsageError, naming `where`."""
    by_hand = raw.get("articles", [])
    for name in ("articles", "pinned"):
        if isinstance(raw.get(name), list) and len(raw[name]) > MOST_ARTICLES // 2:
            raise UsageError(f"{where}: `{name}` has more than {MOST_ARTICLES // 2} entries, too many for one edition.")
    if isinstance(by_hand, list):
        by_hand = [{"source": NEWSROOM} | each if isinstance(each, dict) else each for each in by_hand]
    try:
        return _typeset(msgspec.convert({**raw, "articles": by_hand}, Extras))
    except msgspec.ValidationError as problem:
        raise UsageError(f"{where}: {str(problem).replace('`$.', '`')}") from None


def _typeset(extras: Extras) -> Extras:
    """Editors' words as a German paper sets them: „…“, –, …, and no-break spaces."""
    set_ = german.typography
    letter, numbered = extras.letter, extras.numbered
    return replace(
        extras,
        subject=set_(extras.subject),
        letter=letter and replace(letter, text=tuple(map(set_, letter.text))),
        articles=tuple(
            replace(each, kicker=set_(each.kicker), title=set_(each.title), lead=set_(each.lead))
            for each in extras.articles
        ),
        dates=tuple(replace(each, what=set_(each.what)) for each in extras.dates),
        numbered=numbered and replace(numbered, entries=tuple(map(set_, numbered.entries))),
    )


def edit_edition(
    database: Database, recipe: Recipe, day: date, extras: Extras, now: datetime, *, who: str
) -> PrepareReport:
    """Keep `extras` for the regular edition of `day` and prepare it with them. An approval is void then.

    What was done at the desk is replaced, and can be brought back there. Raises StepError once sending has begun, and
    TemplateError; then the edition is as it was.
    """
    newsletter = recipe.newsletter
    with database.read() as connection:
        known = edition_of_day(connection, recipe, day)
    pictures = fetch_pictures_for(database, recipe, known, now, extras)
    with database.write() as connection:
        edition = editions.regular_edition(connection, newsletter.slug, day, newsletter.sends_at(day, recipe.site.zone))
        if edition.state in _CLOSED:
            raise StepError(f"Edition {edition.number} is {edition.state}; it can no longer be changed.")
        before = _saved(connection, edition)
        editions.save_extras(connection, edition.number, extras)
        if edition.state in (EditionState.APPROVED, EditionState.HELD):
            reason = CHANGED if edition.state is EditionState.APPROVED else ""
            editions.take_step(connection, edition, EditionState.IN_REVIEW, approved_hash="", reason=reason)
            edition = editions.get_edition(connection, edition.number)
        report = prepare_within(connection, recipe, edition, now, pictures)
        after = _saved(connection, edition)
        if after != before:
            add_revision(
                connection,
                edition.number,
                RevisionKind.EDIT,
                saved=after,
                before=before,
                who=who,
                summary="Alles auf einmal durch einen Befehl ersetzt",
                changes=(),
                touches=(EVERYTHING,),
                content_hash=report.edition.content_hash,
                now=now,
            )
            subject = f"edition:{edition.number}"
            record_change(connection, who=who, what="edition edited", subject=subject, at=now)
    return report


def _saved(connection: Connection, edition: Edition) -> SavedState:
    keys = tuple(key for key, _ in editions.article_keys(connection, edition.number))
    return SavedState(editions.load_extras(connection, edition.number), keys)
