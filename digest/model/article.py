"""One item gathered from a source, cleaned."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType


class Article(msgspec.Struct, frozen=True, kw_only=True):
    """All text is plain (no markup), on one line, NFC, without control characters; `body` is one string per paragraph.

    `published` is aware, or None where the source gives no usable date; with `date_only` its time of day means nothing
    (it is midnight where the site is). `lead` is the teaser, `kicker` the line above the title (Dachzeile).

    `image_url` is what the source names, `picture` what readers are shown: an address that prepare decides on, empty
    for no picture. `picture_alt` says what is on it, `picture_width` is in CSS pixels (0: as wide as there is room).

    `section` names the newsletter's section that an editor put it into; without it the topics decide.
    """

    title: str
    source: str
    kicker: str = ""
    lead: str = ""
    body: tuple[str, ...] = ()
    author: str = ""
    published: datetime | None = None
    date_only: bool = False
    url: str | None = None
    image_url: str | None = None
    image_credit: str = ""
    topics: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    site: str = ""
    coins: tuple[str, ...] = ()
    language: str = "de"
    paid: bool = False
    picture: str = ""
    picture_alt: str = ""
    picture_width: int = 0
    section: str | UnsetType = UNSET
