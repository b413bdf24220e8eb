"""Give an edition what editors write beside the gathered articles, and prepare it again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from digest import german
from digest.errors import StepError, UsageError
from digest.model.edition import EditionState
from digest.model.extras import Extras
from digest.model.newsletter import MOST_ARTICLES
from digest.storage import editions
from digest.storage.database import Database
from digest.tasks.draft_edition import NEWSROOM
from digest.tasks.prepare_edition import CHANGED, PrepareReport, prepare_edition
from digest.tasks.recipe import Recipe

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


def edit_edition(database: Database, recipe: Recipe, day: date, extras: Extras, now: datetime) -> PrepareReport:
    """Keep `extras` for the regular edition of `day` and prepare it with them. An approval is void then.

    Raises StepError once sending has begun.
    """
    newsletter = recipe.newsletter
    with database.write() as connection:
        edition = editions.regular_edition(connection, newsletter.slug, day, newsletter.sends_at(day, recipe.site.zone))
        if edition.state in _CLOSED:
            raise StepError(f"Edition {edition.number} is {edition.state}; it can no longer be changed.")
        editions.save_extras(connection, edition.number, extras)
        if edition.state in (EditionState.APPROVED, EditionState.HELD):
            reason = CHANGED if edition.state is EditionState.APPROVED else ""
            editions.take_step(connection, edition, EditionState.IN_REVIEW, approved_hash="", reason=reason)
    return prepare_edition(database, recipe, day, now)
