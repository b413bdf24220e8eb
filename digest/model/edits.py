"""Everything that an editor may do to one edition, as values; `edit_rules` says what each of it makes of the extras."""

from __future__ import annotations

import msgspec

from digest.model.arrangement import Override
from digest.model.article import Article
from digest.model.extras import Advertisement, Appointment, EditorLetter, NumberedList


class _Edit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="edit"):
    @property
    def touches(self) -> frozenset[str]:
        """What it changes: articles by key, everything else by the word for it. Edits that share none get along."""
        tag = str(self.__struct_config__.tag)
        named = (getattr(self, name, "") for name in ("article", "before", "after"))
        return frozenset(filter(None, named)) or frozenset({f"={tag}"})


class AddArticle(_Edit, frozen=True, kw_only=True, tag="add"):
    """Take an article of the pool into the edition, before another one or at the end."""

    article: str
    before: str = ""


class DropArticle(_Edit, frozen=True, kw_only=True, tag="drop"):
    """Leave it out of the edition; nothing takes its place."""

    article: str


class MoveArticle(_Edit, frozen=True, kw_only=True, tag="move"):
    """Move it before or after another one, or with neither to the end."""

    article: str
    before: str = ""
    after: str = ""


class PinArticle(_Edit, frozen=True, kw_only=True, tag="pin"):
    """Pin it: it stands with the first, and every recipient gets it. Or take the pin out."""

    article: str
    pinned: bool = True


class PlaceArticle(_Edit, frozen=True, kw_only=True, tag="place"):
    """Put it into a section by its name, or with none leave that to its topics."""

    article: str
    section: str = ""


class RewriteArticle(_Edit, frozen=True, kw_only=True, tag="rewrite"):
    """Give it other words or another picture. What is UNSET in `wording` stays as it is."""

    article: str
    wording: Override


class ResetArticle(_Edit, frozen=True, kw_only=True, tag="reset"):
    """Give it back what its source has: of those fields of Override, or of all."""

    article: str
    fields: tuple[str, ...] = ()


class WriteArticle(_Edit, frozen=True, kw_only=True, tag="write"):
    """Add an article that is in no pool. The desk gives it its key."""

    content: Article
    article: str = ""
    before: str = ""
    pinned: bool = True


class SetSubject(_Edit, frozen=True, kw_only=True, tag="subject"):
    """The edition's subject; empty for the one that is made by rule."""

    subject: str


class SetLetter(_Edit, frozen=True, kw_only=True, tag="letter"):
    letter: EditorLetter | None


class SetDates(_Edit, frozen=True, kw_only=True, tag="dates"):
    dates: tuple[Appointment, ...]
    heading: str = "Termine"


class SetNumbered(_Edit, frozen=True, kw_only=True, tag="numbered"):
    numbered: NumberedList | None


class SetAdvertisements(_Edit, frozen=True, kw_only=True, tag="advertisements"):
    advertisements: tuple[Advertisement, ...]


Edit = (
    AddArticle
    | DropArticle
    | MoveArticle
    | PinArticle
    | PlaceArticle
    | RewriteArticle
    | ResetArticle
    | WriteArticle
    | SetSubject
    | SetLetter
    | SetDates
    | SetNumbered
    | SetAdvertisements
)
