"""The picture that goes with a feed's entry, and who made it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from digest.gather.furniture import clean_credit, read_credit, split_credit
from digest.gather.html_text import captions, pictures
from digest.gather.urls import clean_url

#: Pictures that count readers or decorate: VG Wort, FeedBurner, IVW, emoji and share buttons.
_NO_PICTURE = re.compile(
    r"vgwort\.de|/~(?:r|ff|a)/|feedsportal|feedburner|ivwbox|doubleclick|/pixel|pixel\.|[?&/]count(?:er|pixel)|blank\.gif"
    r"|spacer|1x1|/emoji/|s\.w\.org/images/core/emoji|/smilies/|gravatar|stats\.wp\.com|share-?button|googleads",
    re.IGNORECASE,
)
_NO_ALT = re.compile(
    r"\.(?:jpe?g|png|gif|webp|avif)\s*$|^(?=[\w-]*\d{3})[\w-]+$|^(?:bild|foto|symbolbild|image|img|photo|picture|thumbnail)$",
    re.IGNORECASE,
)
_PICTURE_FILE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)(?:$|[?#])", re.IGNORECASE)
_PHOTOGRAPHER = frozenset(
    ["", "photographer", "photo", "author", "creator", "copyright", "owner", "distribution company"]
)


def find_picture(entry: Mapping[str, Any], markup: Iterable[str]) -> str:
    """The address, perhaps a relative one, of a feedparser entry's picture or of the first in its texts."""
    candidates = [url for url in (*_declared(entry), *_shown(markup)) if url and not _NO_PICTURE.search(url)]
    return candidates[0] if candidates else ""


def find_credit(entry: Mapping[str, Any], markup: Iterable[str]) -> str:
    """Who made it: Media RSS's credit, or what a caption in the text ends with ("Foto: dpa"); "" for unknown."""
    for credit in entry.get("media_credit", ()):
        if credit.get("content") and credit.get("role", "").lower() in _PHOTOGRAPHER:
            return clean_credit(str(credit["content"]))
    for text in markup:
        for caption in captions(text):
            if found := split_credit(caption)[1]:
                return found
    return read_credit(str(entry.get("media_copyright", "")))


def find_alt(url: str | None, markup: Iterable[str], base: str | None = None) -> str:
    """What is on the picture at `url` (absolute), where one of the texts shows it and says so; "" for unknown."""
    shown = (picture for text in markup for picture in pictures(text) if clean_url(picture.url, base) == url)
    return next((alt for picture in shown if (alt := clean_alt(picture.alt))), "")


def clean_alt(alt: str) -> str:
    """An alternative text, unless it says nothing: a file's name, a number, a word for "picture"."""
    return "" if _NO_ALT.search(alt) or not re.search(r"[^\W\d_]{2}", alt) else alt


def _declared(entry: Mapping[str, Any]) -> Iterator[str]:
    """What the entry says is its picture; of several sizes the widest first."""
    media = [medium for medium in entry.get("media_content", ()) if _is_picture(medium)]
    yield from (str(medium.get("url", "")) for medium in sorted(media, key=_width, reverse=True))
    for enclosure in entry.get("links", ()):
        if enclosure.get("rel") == "enclosure" and _is_picture(enclosure):
            yield str(enclosure.get("href", ""))
    yield from (
        str(thumb.get("url", "")) for thumb in sorted(entry.get("media_thumbnail", ()), key=_width, reverse=True)
    )
    image = entry.get("image")
    if isinstance(image, Mapping):
        yield str(image.get("href") or image.get("url") or "")


def _shown(markup: Iterable[str]) -> Iterator[str]:
    for text in markup:
        for picture in pictures(text):
            if not (0 < picture.width < 30 or 0 < picture.height < 30):
                yield picture.url


def _is_picture(medium: Mapping[str, Any]) -> bool:
    kind, url = str(medium.get("type", "")), str(medium.get("url") or medium.get("href") or "")
    if medium.get("medium") == "image" or kind.startswith("image"):
        return True
    return not kind and not medium.get("medium") and bool(_PICTURE_FILE.search(url))


def _width(medium: Mapping[str, Any]) -> int:
    width = str(medium.get("width", ""))[:5]
    return int(width) if width.isascii() and width.isdigit() else 0
