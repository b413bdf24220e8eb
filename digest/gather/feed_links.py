"""What a page names in its head (<link>), above all its feeds, and whether something is a page at all. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import urljoin

from digest.gather.lines import one_line

_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml")
#: A head is no longer.
_HEAD_OCTETS = 300_000
_TAG = re.compile(r"<(?:link|base)\s[^>]{1,2000}>", re.IGNORECASE)
_MOST = 20
_TITLE_MAX = 80
#: Feeds that seldom are what somebody wants.
_MINOR = ("comment", "kommentar")


class HeadLink(NamedTuple):
    """A <link> of a head. `rels` and `type` are in small letters, `url` is absolute, `title` on one line."""

    rels: tuple[str, ...]
    type: str
    url: str
    title: str


class FeedLink(NamedTuple):
    """`title` as the page says it, on one line; maybe empty."""

    url: str
    title: str


def is_html(content: bytes, content_type: str) -> bool:
    """Whether it is a page rather than a feed, by its beginning, and where that says nothing, by its type."""
    start = content[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return True
    if start.startswith((b"<?xml", b"<rss", b"<feed", b"<rdf", b"{", b"[")):
        return b"<html" in start
    return "html" in content_type.lower()


def feed_links(content: bytes, url: str) -> list[FeedLink]:
    """The feeds that the page at `url` names, each once, those of comments last."""
    found: dict[str, FeedLink] = {}
    for link in head_links(content, url):
        if "alternate" in link.rels and link.type in _FEED_TYPES:
            found.setdefault(link.url, FeedLink(link.url, link.title))
    return sorted(found.values(), key=_is_minor)[:_MOST]


def head_links(content: bytes, url: str) -> Iterator[HeadLink]:
    """The web addresses that the page at `url` links to in its head, in its order."""
    base = url
    for tag in _TAG.findall(content[:_HEAD_OCTETS].decode("utf-8", "replace")):
        given = _attributes(tag)
        href = given.get("href", "").strip()
        address = _joined(base, href)
        if tag[1:5].lower() == "base" and href:
            base = address
        elif href and address.startswith(("http://", "https://")):
            rels = tuple(given.get("rel", "").lower().split())
            kind = given.get("type", "").partition(";")[0].strip().lower()
            yield HeadLink(rels, kind, address, one_line(given.get("title", ""))[:_TITLE_MAX])


def _is_minor(link: FeedLink) -> bool:
    return any(word in f"{link.title} {link.url}".lower() for word in _MINOR)


def _attributes(tag: str) -> dict[str, str]:
    reader = _Tag()
    reader.feed(tag)
    return reader.given


class _Tag(HTMLParser):
    """Reads one tag: a whole page of a hostile kind would take it quadratic time."""

    def __init__(self) -> None:
        super().__init__()
        self.given: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.given = {name: value or "" for name, value in attrs}


def _joined(base: str, href: str) -> str:
    try:
        return urljoin(base, href)
    except ValueError:
        return ""
