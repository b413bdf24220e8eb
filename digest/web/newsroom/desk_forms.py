"""What a form of the desk sends -> the edits that it means. Pure; what cannot be read is an EditRefusedError."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from msgspec import UNSET

from digest.errors import EditRefusedError
from digest.gather.lines import one_line
from digest.model.arrangement import Override
from digest.model.article import Article
from digest.model.desk import DeskArticle, DeskState
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
from digest.model.extras import Advertisement, Appointment, EditorLetter, NumberedList
from digest.web.posted import Posted

#: What of an article a form may change.
WORDS = ("kicker", "title", "lead", "image_url", "image_credit", "picture_alt")
#: Rows for new entries below those that are there.
SPARE = 2


def read_edits(posted: Posted, state: DeskState) -> Sequence[Edit]:
    """The edits of a form whose button is `tun`: a verb and, behind a space, the article that it is about."""
    verb, _, article = posted.one("tun").partition(" ")
    reader = _READERS.get(verb)
    key = article or posted.one("artikel")
    if reader is None or not (key + posted.one("vor")).isprintable():
        raise EditRefusedError("Was hier geschehen soll, ist nicht angekommen. Laden Sie die Seite neu.")
    return reader(posted, state, key)


def find_article(state: DeskState, key: str) -> DeskArticle:
    """Raises EditRefusedError where the edition does not have it."""
    for each in state.articles:
        if each.key == key:
            return each
    raise EditRefusedError("Dieser Artikel steht nicht mehr in der Ausgabe.")


def shown_words(article: Article) -> dict[str, str]:
    """What stands in the fields of an article's form."""
    return {name: getattr(article, name) or "" for name in WORDS}


def _add(posted: Posted, _state: DeskState, key: str) -> Sequence[Edit]:
    return (AddArticle(article=key, before=posted.one("vor")),)


def _drop(_posted: Posted, _state: DeskState, key: str) -> Sequence[Edit]:
    return (DropArticle(article=key),)


def _move(posted: Posted, _state: DeskState, key: str) -> Sequence[Edit]:
    return (MoveArticle(article=key, before=posted.one("vor")),)


def _up(_posted: Posted, state: DeskState, key: str) -> Sequence[Edit]:
    moved, neighbours = _group(state, key)
    place = neighbours.index(key)
    if not place:
        raise EditRefusedError(f"„{moved.article.title}“ steht schon ganz oben{_among(moved)}.")
    return (MoveArticle(article=key, before=neighbours[place - 1]),)


def _down(_posted: Posted, state: DeskState, key: str) -> Sequence[Edit]:
    moved, neighbours = _group(state, key)
    place = neighbours.index(key)
    if place + 1 == len(neighbours):
        raise EditRefusedError(f"„{moved.article.title}“ steht schon ganz unten{_among(moved)}.")
    return (MoveArticle(article=key, after=neighbours[place + 1]),)


def _group(state: DeskState, key: str) -> tuple[DeskArticle, list[str]]:
    """The article, and the keys of those that it may change places with: pinned ones, or the others."""
    moved = find_article(state, key)
    return moved, [each.key for each in state.articles if each.pinned == moved.pinned]


def _among(article: DeskArticle) -> str:
    return " unter den angehefteten Artikeln" if article.pinned else ""


def _pin(_posted: Posted, _state: DeskState, key: str) -> Sequence[Edit]:
    return (PinArticle(article=key),)


def _unpin(_posted: Posted, _state: DeskState, key: str) -> Sequence[Edit]:
    return (PinArticle(article=key, pinned=False),)


def _rewrite(posted: Posted, state: DeskState, key: str) -> Sequence[Edit]:
    """Only what is another than what the edition has: a form sends all its fields."""
    article = find_article(state, key)
    shown = shown_words(article.article)
    words = {name: one_line(posted.one(name)) for name in WORDS if name in posted}
    changed = {name: text for name, text in words.items() if text != one_line(shown[name])}
    edits: list[Edit] = [RewriteArticle(article=key, wording=Override(**changed))] if changed else []
    if "rubrik" in posted and posted.one("rubrik") != chosen_section(article):
        edits.append(PlaceArticle(article=key, section=posted.one("rubrik")))
    return edits


def chosen_section(article: DeskArticle) -> str:
    """The section that an editor put it into; "" where its topics decide."""
    return str(article.article.section or "") if "section" in article.edited else ""


def _reset(posted: Posted, _state: DeskState, key: str) -> Sequence[Edit]:
    return (ResetArticle(article=key, fields=tuple(filter(None, [posted.one("feld")]))),)


def _reset_field(name: str) -> Callable[[Posted, DeskState, str], Sequence[Edit]]:
    return lambda _posted, _state, key: (ResetArticle(article=key, fields=(name,)),)


def _write(posted: Posted, _state: DeskState, _key: str) -> Sequence[Edit]:
    from digest.tasks.draft_edition import NEWSROOM

    article = Article(
        title=posted.one("title"),
        source=NEWSROOM,
        kicker=posted.one("kicker"),
        lead=posted.one("lead"),
        author=posted.one("author"),
        url=posted.one("url") or None,
        image_url=posted.one("image_url") or None,
        image_credit=posted.one("image_credit"),
        picture_alt=posted.one("picture_alt"),
        topics=tuple(posted.one("topics").split(",")),
        section=posted.one("rubrik") or UNSET,
    )
    return (WriteArticle(content=article, pinned="anheften" in posted),)


def _subject(posted: Posted, _state: DeskState, _key: str) -> Sequence[Edit]:
    return (SetSubject(subject=posted.one("subject")),)


def _letter(posted: Posted, _state: DeskState, _key: str) -> Sequence[Edit]:
    text = _paragraphs(posted.one("text"))
    name, role, portrait = (posted.one(field) for field in ("name", "role", "portrait"))
    empty = not (text or name or role or portrait)
    return (SetLetter(letter=None if empty else EditorLetter(text=text, name=name, role=role, portrait=portrait)),)


def _no_letter(_posted: Posted, _state: DeskState, _key: str) -> Sequence[Edit]:
    return (SetLetter(letter=None),)


def _dates(posted: Posted, _state: DeskState, _key: str) -> Sequence[Edit]:
    rows = _rows(posted, "when", "what", "url")
    return (SetDates(heading=posted.one("heading"), dates=tuple(Appointment(**row) for row in rows)),)


def _numbered(posted: Posted, _state: DeskState, _key: str) -> Sequence[Edit]:
    entries = tuple(line.strip() for line in posted.one("entries").splitlines() if line.strip())
    heading = posted.one("heading")
    return (SetNumbered(numbered=NumberedList(heading=heading, entries=entries) if heading or entries else None),)


def _advertisements(posted: Posted, _state: DeskState, _key: str) -> Sequence[Edit]:
    rows = _rows(posted, "title", "advertiser", "text", "url", "first_day", "last_day")
    made = tuple(
        Advertisement(
            title=row["title"],
            advertiser=row["advertiser"],
            text=row["text"],
            url=row["url"],
            first_day=_day(row["first_day"], row["title"]),
            last_day=_day(row["last_day"], row["title"]),
        )
        for row in rows
    )
    return (SetAdvertisements(advertisements=made),)


_READERS: dict[str, Callable[[Posted, DeskState, str], Sequence[Edit]]] = {
    "aufnehmen": _add,
    "herausnehmen": _drop,
    "verschieben": _move,
    "hoch": _up,
    "runter": _down,
    "anheften": _pin,
    "loesen": _unpin,
    "bearbeiten": _rewrite,
    "zuruecksetzen": _reset,
    "schreiben": _write,
    "betreff": _subject,
    "brief": _letter,
    "kein-brief": _no_letter,
    "termine": _dates,
    "liste": _numbered,
    "anzeigen": _advertisements,
} | {f"zuruecksetzen-{name}": _reset_field(name) for name in (*WORDS, "section")}


def _rows(posted: Posted, *names: str) -> list[dict[str, Any]]:
    """The filled rows of a table of fields, which come as often as there are rows."""
    columns = [posted.every(name) for name in names]
    if len({len(column) for column in columns}) > 1:
        raise EditRefusedError("Das Formular ist nicht vollständig angekommen. Laden Sie die Seite neu.")
    rows = [dict(zip(names, map(str.strip, row), strict=True)) for row in zip(*columns, strict=True)]
    return [row for row in rows if any(row.values())]


def _paragraphs(text: str) -> tuple[str, ...]:
    """Divided by empty lines."""
    blocks = "\n".join(line.strip() for line in text.splitlines()).split("\n\n")
    return tuple(" ".join(block.split()) for block in blocks if block.strip())


def _day(text: str, title: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise EditRefusedError(f"„{text}“ ist kein Tag. Schreiben Sie bei der Anzeige „{title}“ 2027-03-31.") from None
