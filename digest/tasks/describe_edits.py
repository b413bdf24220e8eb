"""What an edit made of an edition, in German, for the history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Literal

from msgspec import UNSET

from digest.model.article import Article
from digest.model.desk import Change
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

if TYPE_CHECKING:
    from digest.tasks.draft_edition import Draft  # which brings the compiler with it

#: Field of an article -> what editors call it.
FIELDS = {
    "kicker": "Dachzeile",
    "title": "Titel",
    "lead": "Vorspann",
    "image_url": "Bild",
    "image_credit": "Bildnachweis",
    "picture_alt": "Alternativtext",
    "section": "Rubrik",
}
_SUMMARIES: dict[type, str] = {
    AddArticle: "{title} aufgenommen",
    DropArticle: "{title} herausgenommen",
    MoveArticle: "{title} verschoben",
    PinArticle: "{title} angeheftet",
    PlaceArticle: "{title}: Rubrik geändert",
    RewriteArticle: "{title} bearbeitet",
    ResetArticle: "{title} zurückgesetzt",
    WriteArticle: "{title} geschrieben",
    SetSubject: "Betreff geändert",
    SetLetter: "Brief der Redaktion geändert",
    SetDates: "Termine geändert",
    SetNumbered: "Liste geändert",
    SetAdvertisements: "Anzeigen geändert",
}


def summarize(edit: Edit, titles: Mapping[str, str]) -> str:
    """One line for the edit; `titles` are the articles' by key."""
    written = edit.content.title if isinstance(edit, WriteArticle) else ""
    title = f"„{written or titles.get(getattr(edit, 'article', ''), '')}“"
    if isinstance(edit, PinArticle) and not edit.pinned:
        return f"Anheftung von {title} gelöst"
    return _SUMMARIES[type(edit)].format(title=title)


def describe_changes(before: Draft | None, after: Draft) -> tuple[Change, ...]:
    """Everything that is another in `after`, articles first."""
    return tuple(_changes(before, after))


def word_diff(before: str, after: str) -> list[tuple[Literal["same", "gone", "new"], str]]:
    """`before` turned into `after`, word by word: pieces that stayed, went and came, in their order."""
    old, new = before.split(), after.split()
    pieces: list[tuple[Literal["same", "gone", "new"], str]] = []
    for tag, a, b, c, d in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(("same", " ".join(old[a:b])))
            continue
        if b > a:
            pieces.append(("gone", " ".join(old[a:b])))
        if d > c:
            pieces.append(("new", " ".join(new[c:d])))
    return pieces


def _changes(before: Draft | None, after: Draft) -> Iterator[Change]:
    old = dict(zip(before.choice.keys, before.content.articles, strict=True)) if before else {}
    new = dict(zip(after.choice.keys, after.content.articles, strict=True))
    for key, article in old.items():
        if key not in new:
            yield Change(what="Artikel", before=article.title, after="")
    for key, article in new.items():
        if key not in old:
            yield Change(what="Artikel", before="", after=article.title)
        else:
            yield from _article_changes(old[key], article)
    yield from _moves([key for key in old if key in new], [key for key in new if key in old], new)
    if before:
        yield from _pins(before, after, old, new)
        yield from _extras_changes(before, after)


def _article_changes(old: Article, new: Article) -> Iterator[Change]:
    for name, called in FIELDS.items():
        was, is_ = (_shown(getattr(article, name)) for article in (old, new))
        if was != is_:
            yield Change(what=f"{called} von „{old.title}“", before=was, after=is_)


def _moves(old: Sequence[str], new: Sequence[str], articles: Mapping[str, Article]) -> Iterator[Change]:
    stayed = SequenceMatcher(a=old, b=new, autojunk=False).get_matching_blocks()
    unmoved = {key for block in stayed for key in old[block.a : block.a + block.size]}
    for key in new:
        if key not in unmoved:
            places = (f"Platz {list(order).index(key) + 1}" for order in (old, new))
            yield Change(what=f"Platz von „{articles[key].title}“", before=next(places), after=next(places))


def _pins(before: Draft, after: Draft, old: Mapping[str, Article], new: Mapping[str, Article]) -> Iterator[Change]:
    was = set(before.choice.keys[: before.choice.pinned])
    is_ = set(after.choice.keys[: after.choice.pinned])
    for key in new:
        if key in old and (key in was) != (key in is_):
            words = ("angeheftet", "") if key in was else ("", "angeheftet")
            yield Change(what=f"Anheftung von „{new[key].title}“", before=words[0], after=words[1])


def _extras_changes(before: Draft, after: Draft) -> Iterator[Change]:
    old, new = before.content.extras, after.content.extras
    compared = (
        ("Betreff", before.content.subject, after.content.subject),
        ("Brief der Redaktion", _letter(old.letter), _letter(new.letter)),
        ("Termine", _dates(old), _dates(new)),
        ("Liste", _numbered(old.numbered), _numbered(new.numbered)),
        ("Anzeigen", _advertisements(old), _advertisements(new)),
    )
    for what, was, is_ in compared:
        if was != is_:
            yield Change(what=what, before=was, after=is_)


def _shown(value: Any) -> str:
    return "" if value in (None, UNSET) else str(value)


def _letter(letter: Any) -> str:
    return "\n".join((*letter.text, ", ".join(filter(None, (letter.name, letter.role))))) if letter else ""


def _dates(extras: Any) -> str:
    lines = [f"{each.when}: {each.what}" + (f" ({each.url})" if each.url else "") for each in extras.dates]
    return "\n".join([extras.dates_heading, *lines]) if lines else ""


def _numbered(listed: Any) -> str:
    entries = [f"{place}. {entry}" for place, entry in enumerate(listed.entries, 1)] if listed else []
    return "\n".join([listed.heading, *entries]) if listed else ""


def _advertisements(extras: Any) -> str:
    return "\n".join(
        " · ".join(filter(None, (each.title, each.advertiser, each.text, each.url))) for each in extras.advertisements
    )
