"""What each edit makes of an edition's extras. Pure.

Sentences of EditRefusedError are German: editors read them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import UNSET
from msgspec.structs import asdict, replace

from digest.errors import EditRefusedError
from digest.model.arrangement import OVERRIDDEN, Arrangement, Override, WrittenArticle
from digest.model.edits import (
    AddArticle,
    DropArticle,
    Edit,
    MoveArticle,
    PinArticle,
    PlaceArticle,
    ResetArticle,
    RewriteArticle,
    SetAdvertisements,
    SetDates,
    SetLetter,
    SetNumbered,
    SetSubject,
    WriteArticle,
)
from digest.model.extras import Extras
from digest.model.newsletter import MOST_ARTICLES


class StandingArticle(msgspec.Struct, frozen=True, kw_only=True):
    """An article as the edition shows it now; `names` are all those that a pin may know it by.

    `origin` is the hash of what its source has.
    """

    key: str
    title: str
    pinned: bool = False
    names: tuple[str, ...] = ()
    origin: str = ""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How the edition stands before an edit: its articles in their order, the pinned ones first, and its sections."""

    articles: tuple[StandingArticle, ...] = ()
    sections: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(article.key for article in self.articles)

    def article(self, key: str) -> StandingArticle:
        """Raises EditRefusedError where the edition does not have it."""
        for article in self.articles:
            if article.key == key:
                return article
        raise EditRefusedError("Dieser Artikel steht nicht mehr in der Ausgabe. Laden Sie die Seite neu.")


def apply_edit(extras: Extras, edit: Edit, standing: Standing) -> Extras:
    """The extras with `edit` made to them, for an edition that stands as `standing` says.

    Raises EditRefusedError for what cannot be done. That an article is in the pool is for the caller to know.
    """
    changed: Extras = _APPLY[type(edit)](extras, edit, standing)
    return changed


def _add(extras: Extras, edit: AddArticle, standing: Standing) -> Extras:
    if edit.article in standing.keys:
        raise EditRefusedError("Dieser Artikel steht schon in der Ausgabe.")
    _check_room(standing)
    arranged = extras.arranged
    order = _insert(_order(arranged, standing), edit.article, standing, before=edit.before)
    dropped = tuple(key for key in arranged.dropped if key != edit.article)
    return _arrange(extras, order=order, dropped=dropped)


def _drop(extras: Extras, edit: DropArticle, standing: Standing) -> Extras:
    gone = standing.article(edit.article)
    arranged = extras.arranged
    return replace(
        _arrange(
            extras,
            order=tuple(key for key in arranged.order if key != gone.key),
            dropped=(*(key for key in arranged.dropped if key != gone.key), gone.key),
        ),
        pinned=_without(extras.pinned, gone),
    )


def _move(extras: Extras, edit: MoveArticle, standing: Standing) -> Extras:
    moved = standing.article(edit.article)
    if edit.article in (edit.before, edit.after):
        return extras
    others = tuple(key for key in _order(extras.arranged, standing) if key != moved.key)
    order = _insert(others, moved.key, standing, before=edit.before, after=edit.after)
    pins = {article.key: article.pinned for article in standing.articles}
    shown = [pins[key] for key in order if key in pins]
    if shown != sorted(shown, reverse=True):
        raise EditRefusedError(
            f"{_quoted(moved)} ist angeheftet und bleibt vor den übrigen Artikeln. Lösen Sie zuerst die Anheftung."
            if moved.pinned
            else f"{_quoted(moved)} ist nicht angeheftet und kann nicht zwischen angehefteten Artikeln stehen. "
            "Heften Sie den Artikel zuerst an."
        )
    return _arrange(extras, order=order)


def _pin(extras: Extras, edit: PinArticle, standing: Standing) -> Extras:
    article = standing.article(edit.article)
    pinned = _without(extras.pinned, article)
    if edit.pinned and sum(each.pinned for each in standing.articles) >= MOST_ARTICLES // 2 and not article.pinned:
        raise EditRefusedError(f"Mehr als {MOST_ARTICLES // 2} Artikel lassen sich nicht anheften.")
    return replace(extras, pinned=(*pinned, article.key) if edit.pinned else pinned)


def _place(extras: Extras, edit: PlaceArticle, standing: Standing) -> Extras:
    article = standing.article(edit.article)
    if edit.section and edit.section not in standing.sections:
        raise EditRefusedError(f"Diesen Newsletter gibt es ohne die Rubrik „{edit.section}“.")
    return _override(extras, article, section=edit.section or UNSET)


def _rewrite(extras: Extras, edit: RewriteArticle, standing: Standing) -> Extras:
    article = standing.article(edit.article)
    if edit.wording.title is not UNSET and not edit.wording.title.strip():
        raise EditRefusedError("Ein Artikel braucht einen Titel.")
    if edit.wording.section is not UNSET:
        raise EditRefusedError("Die Rubrik wird nicht mit dem Text geändert.")
    return _override(extras, article, **{name: getattr(edit.wording, name) for name in edit.wording.fields})


def _reset(extras: Extras, edit: ResetArticle, standing: Standing) -> Extras:
    article = standing.article(edit.article)
    names = edit.fields or OVERRIDDEN
    unknown = set(names).difference(OVERRIDDEN)
    if unknown:
        raise EditRefusedError(f"Das Feld „{min(unknown)}“ gibt es nicht.")
    return _override(extras, article, **dict.fromkeys(names, UNSET))


def _write(extras: Extras, edit: WriteArticle, standing: Standing) -> Extras:
    if not edit.content.title.strip():
        raise EditRefusedError("Ein Artikel braucht einen Titel.")
    if edit.article in standing.keys:
        raise EditRefusedError("Dieser Artikel steht schon in der Ausgabe.")
    _check_room(standing)
    arranged = extras.arranged
    written = (
        *(each for each in arranged.written if each.key != edit.article),
        WrittenArticle(key=edit.article, article=edit.content),
    )
    order = _insert(_order(arranged, standing), edit.article, standing, before=edit.before)
    dropped = tuple(key for key in arranged.dropped if key != edit.article)
    added = _arrange(extras, written=written, order=order, dropped=dropped)
    return replace(added, pinned=(*extras.pinned, edit.article)) if edit.pinned else added


def _set_subject(extras: Extras, edit: SetSubject, _standing: Standing) -> Extras:
    return replace(extras, subject=edit.subject)


def _set_letter(extras: Extras, edit: SetLetter, _standing: Standing) -> Extras:
    if edit.letter and not (edit.letter.name.strip() and any(each.strip() for each in edit.letter.text)):
        raise EditRefusedError("Ein Brief der Redaktion braucht einen Text und einen Namen darunter.")
    return replace(extras, letter=edit.letter)


def _set_dates(extras: Extras, edit: SetDates, _standing: Standing) -> Extras:
    if any(not (each.when.strip() and each.what.strip()) for each in edit.dates):
        raise EditRefusedError("Ein Termin braucht eine Zeit und eine Sache.")
    if edit.dates and not edit.heading.strip():
        raise EditRefusedError("Die Termine brauchen eine Überschrift.")
    return replace(extras, dates=edit.dates, dates_heading=edit.heading)


def _set_numbered(extras: Extras, edit: SetNumbered, _standing: Standing) -> Extras:
    if edit.numbered and not (edit.numbered.heading.strip() and edit.numbered.entries):
        raise EditRefusedError("Eine Liste braucht eine Überschrift und Einträge.")
    return replace(extras, numbered=edit.numbered)


def _set_advertisements(extras: Extras, edit: SetAdvertisements, _standing: Standing) -> Extras:
    for each in edit.advertisements:
        if not (each.title.strip() and each.advertiser.strip()):
            raise EditRefusedError("Eine Anzeige braucht einen Titel und den Namen dessen, der sie aufgibt.")
        if each.first_day and each.last_day and each.first_day > each.last_day:
            raise EditRefusedError(f"Die Anzeige „{each.title}“ endet vor ihrem ersten Tag.")
    return replace(extras, advertisements=edit.advertisements)


_APPLY: dict[type, Callable[[Extras, Any, Standing], Extras]] = {
    AddArticle: _add,
    DropArticle: _drop,
    MoveArticle: _move,
    PinArticle: _pin,
    PlaceArticle: _place,
    RewriteArticle: _rewrite,
    ResetArticle: _reset,
    WriteArticle: _write,
    SetSubject: _set_subject,
    SetLetter: _set_letter,
    SetDates: _set_dates,
    SetNumbered: _set_numbered,
    SetAdvertisements: _set_advertisements,
}


def _order(arranged: Arrangement, standing: Standing) -> tuple[str, ...]:
    """The order as it is shown; behind it what an editor had placed and is not shown just now."""
    return (*standing.keys, *(key for key in arranged.order if key not in standing.keys))


def _insert(
    order: tuple[str, ...], key: str, standing: Standing, *, before: str = "", after: str = ""
) -> tuple[str, ...]:
    others = [each for each in order if each != key]
    anchor = before or after
    if anchor:
        standing.article(anchor)
    place = others.index(anchor) + bool(after and not before) if anchor else len(others)
    return (*others[:place], key, *others[place:])


def _override(extras: Extras, article: StandingArticle, **values: Any) -> Extras:
    overrides = dict(extras.arranged.overrides)
    changed = Override(**(asdict(overrides.pop(article.key, Override())) | values | {"basis": article.origin}))
    if changed.fields:
        overrides[article.key] = changed
    return _arrange(extras, overrides=overrides)


def _arrange(extras: Extras, **values: Any) -> Extras:
    return replace(extras, arrangement=replace(extras.arranged, **values))


def _without(pinned: tuple[str, ...], article: StandingArticle) -> tuple[str, ...]:
    return tuple(name for name in pinned if name != article.key and name not in article.names)


def _check_room(standing: Standing) -> None:
    if len(standing.articles) >= MOST_ARTICLES:
        raise EditRefusedError(f"Eine Ausgabe hat höchstens {MOST_ARTICLES} Artikel. Nehmen Sie zuerst einen heraus.")


def _quoted(article: StandingArticle) -> str:
    return f"„{article.title}“"
