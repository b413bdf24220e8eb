"""What editors did to the articles of one edition; what was gathered stays as it is, so all of it can be taken back."""

from __future__ import annotations

from datetime import date

import msgspec
from msgspec import UNSET, UnsetType

from digest.model.article import Article


class Override(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """New words for one article; what is UNSET stays as the source has it. An empty `image_url` is no picture.

    `section` names a section of the newsletter that the article is put into, whatever its topics are. `basis` is the
    hash of the original that the words were written for: once that is another, somebody should look at them again.
    """

    kicker: str | UnsetType = UNSET
    title: str | UnsetType = UNSET
    lead: str | UnsetType = UNSET
    image_url: str | UnsetType = UNSET
    image_credit: str | UnsetType = UNSET
    picture_alt: str | UnsetType = UNSET
    section: str | UnsetType = UNSET
    basis: str | UnsetType = UNSET

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of what is changed."""
        return tuple(name for name in OVERRIDDEN if getattr(self, name) is not UNSET)


#: What of an article can be changed.
OVERRIDDEN = tuple(name for name in Override.__struct_fields__ if name != "basis")


class WrittenArticle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An article that is in no source's pool: written by hand, or read from an address that an editor gave."""

    key: str
    article: Article


class Arrangement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Articles are named by their keys, which stay the same whatever their words become.

    `order` is the order in which an editor left them, empty as long as nobody moved or added one; what is `dropped`
    stays out, and nothing takes its place.
    """

    order: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    written: tuple[WrittenArticle, ...] = ()
    overrides: dict[str, Override] = {}


class Correction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an edition of kind correction corrects: a block of edition `edition`, which went out on `date`.

    `article` is the block's number there, or None where it stood in everybody's message (the letter, the dates).
    `title` is what readers knew it by, `text` one string per paragraph.
    """

    edition: int
    article: int | None
    date: date
    title: str
    text: tuple[str, ...]
