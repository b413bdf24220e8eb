"""An edit as somebody typed it -> one that may be kept: clean lines, German typography, web addresses, sane lengths."""

from __future__ import annotations

from typing import Any, cast

from msgspec import UNSET
from msgspec.structs import asdict, replace

from digest import german
from digest.errors import EditRefusedError
from digest.gather.lines import one_line
from digest.model.arrangement import Override
from digest.model.article import Article
from digest.model.edits import (
    Edit,
    RewriteArticle,
    SetAdvertisements,
    SetDates,
    SetLetter,
    SetNumbered,
    SetSubject,
    WriteArticle,
)
from digest.render.weblinks import web_link

#: Field -> the most characters it may have, and what editors call it.
_LIMITS = {
    "kicker": (200, "Die Dachzeile"),
    "title": (300, "Der Titel"),
    "lead": (2_000, "Der Vorspann"),
    "image_credit": (200, "Der Bildnachweis"),
    "picture_alt": (300, "Der Alternativtext"),
    "author": (200, "Der Autorenname"),
    "subject": (200, "Der Betreff"),
    "heading": (200, "Die Überschrift"),
    "when": (100, "Die Zeit"),
    "what": (500, "Der Termin"),
    "name": (200, "Der Name"),
    "role": (200, "Die Funktion"),
    "advertiser": (200, "Der Name des Inserenten"),
    "text": (5_000, "Der Text"),
    "entry": (500, "Ein Eintrag"),
}
_MOST_ENTRIES = 50


def clean_edit(edit: Edit) -> Edit:
    """Raises EditRefusedError, in German, for what is too long or no web address."""
    clean = _CLEANERS.get(type(edit))
    return cast(Edit, clean(edit)) if clean else edit


def clean_address(url: str, what: str) -> str:
    """`url` fit for mail, "" for none. Raises EditRefusedError for what is no web address."""
    link = web_link(one_line(url)) if url.strip() else ""
    if link is None:
        raise EditRefusedError(f"{what} ist keine Webadresse. Sie beginnt mit https:// und hat keine Leerzeichen.")
    return link


def _rewrite(edit: RewriteArticle) -> RewriteArticle:
    values = {name: value for name, value in asdict(edit.wording).items() if value is not UNSET}
    for name, value in values.items():
        values[name] = clean_address(value, "Das Bild") if name == "image_url" else _line(name, value)
    return replace(edit, wording=Override(**values))


def _write(edit: WriteArticle) -> WriteArticle:
    article = edit.content
    texts = {name: _line(name, getattr(article, name)) for name in ("title", "kicker", "lead", "author")}
    texts |= {name: _line(name, getattr(article, name)) for name in ("image_credit", "picture_alt")}
    cleaned: Article = replace(
        article,
        **texts,
        body=tuple(filter(None, (_line("text", paragraph) for paragraph in article.body))),
        url=clean_address(article.url or "", "Der Link") or None,
        image_url=clean_address(article.image_url or "", "Das Bild") or None,
        topics=tuple(dict.fromkeys(filter(None, (one_line(topic).lower() for topic in article.topics)))),
    )
    return replace(edit, content=cleaned)


def _subject(edit: SetSubject) -> SetSubject:
    return replace(edit, subject=_line("subject", edit.subject))


def _letter(edit: SetLetter) -> SetLetter:
    letter = edit.letter
    if letter is None:
        return edit
    text = tuple(filter(None, (_line("text", paragraph) for paragraph in letter.text)))
    _check_count(text)
    portrait = clean_address(letter.portrait, "Das Porträt")
    named = replace(letter, text=text, portrait=portrait, name=_plain("name", letter.name))
    return replace(edit, letter=replace(named, role=_plain("role", letter.role)))


def _dates(edit: SetDates) -> SetDates:
    _check_count(edit.dates)
    dates = tuple(
        replace(
            each,
            when=_plain("when", each.when),
            what=_line("what", each.what),
            url=clean_address(each.url, f"Der Link zu „{one_line(each.what)}“"),
        )
        for each in edit.dates
    )
    return replace(edit, dates=dates, heading=_line("heading", edit.heading))


def _numbered(edit: SetNumbered) -> SetNumbered:
    listed = edit.numbered
    if listed is None:
        return edit
    _check_count(listed.entries)
    entries = tuple(filter(None, (_line("entry", entry) for entry in listed.entries)))
    return replace(edit, numbered=replace(listed, heading=_line("heading", listed.heading), entries=entries))


def _advertisements(edit: SetAdvertisements) -> SetAdvertisements:
    _check_count(edit.advertisements)
    cleaned = tuple(
        # An advertiser's words are not ours to set.
        replace(
            each,
            title=_plain("title", each.title),
            advertiser=_plain("advertiser", each.advertiser),
            text=_plain("text", each.text),
            url=clean_address(each.url, f"Der Link der Anzeige „{one_line(each.title)}“"),
        )
        for each in edit.advertisements
    )
    return replace(edit, advertisements=cleaned)


_CLEANERS: dict[type, Any] = {
    RewriteArticle: _rewrite,
    WriteArticle: _write,
    SetSubject: _subject,
    SetLetter: _letter,
    SetDates: _dates,
    SetNumbered: _numbered,
    SetAdvertisements: _advertisements,
}


def _line(name: str, text: str) -> str:
    return german.typography(_plain(name, text))


def _plain(name: str, text: str) -> str:
    line = one_line(text)
    limit, called = _LIMITS[name]
    if len(line) > limit:
        raise EditRefusedError(f"{called} ist mit {len(line)} Zeichen zu lang; erlaubt sind {limit}.")
    return line


def _check_count(entries: tuple[object, ...]) -> None:
    if len(entries) > _MOST_ENTRIES:
        raise EditRefusedError(f"Mehr als {_MOST_ENTRIES} Einträge sind zu viele für eine Ausgabe.")
