"""JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1) -> articles. A broken item is left out, not the feed."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec

from digest.gather.dates import parse_date
from digest.gather.feed_picture import find_alt
from digest.gather.feed_teaser import PAID_MARKS, lead_and_body, make_title, read_paid, without_furniture
from digest.gather.furniture import split_credit
from digest.gather.html_text import captions, paragraphs, pictures, plain, text_paragraphs
from digest.gather.lines import one_line
from digest.gather.urls import clean_url
from digest.gather.xmltext import UnsoundError
from digest.model.article import Article

MAX_ITEMS = 500
_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class Author(msgspec.Struct, frozen=True, kw_only=True):
    name: str | None = None


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    url: str | None = None
    mime_type: str | None = None


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One item; `author` is of version 1.0. An id may come as a number, which the standard allows to be read."""

    id: str | int | float | None = None
    url: str | None = None
    external_url: str | None = None
    title: str | None = None
    content_html: str | None = None
    content_text: str | None = None
    summary: str | None = None
    image: str | None = None
    banner_image: str | None = None
    date_published: str | None = None
    date_modified: str | None = None
    author: Author | None = None
    authors: tuple[Author, ...] | None = None
    tags: tuple[str, ...] | None = None
    language: str | None = None
    attachments: tuple[Attachment, ...] | None = None


class JsonFeed(msgspec.Struct, frozen=True, kw_only=True):
    version: str | None = None
    title: str | None = None
    home_page_url: str | None = None
    feed_url: str | None = None
    language: str | None = None
    author: Author | None = None
    authors: tuple[Author, ...] | None = None
    items: tuple[object, ...] | None = None


def is_json(content: bytes) -> bool:
    """Whether the content begins as a JSON object does, whatever the server calls it."""
    return content[:200].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"{")


def read_json_feed(content: bytes, *, base: str, source: str, zone: ZoneInfo) -> tuple[Article, ...]:
    """Every item as an article, in the feed's order. Raises UnsoundError for what is no JSON Feed."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnsoundError(f"is not valid JSON: {error}") from error
    feed = _lenient(document, JsonFeed)
    if feed.items is None or not (feed.version or "").startswith(("http://jsonfeed.org", "https://jsonfeed.org")):
        raise UnsoundError("is JSON, but no JSON Feed")
    articles = []
    for number, raw in enumerate(feed.items[:MAX_ITEMS], 1):
        if isinstance(raw, dict):
            articles.append(_article(_lenient(raw, Item), feed, base, source, zone))
        else:
            _log.warning("Source %s: item %d is no object and was left out", source, number)
    return tuple(articles)


def _lenient(raw: object, kind: type[_T]) -> _T:
    """`raw` as `kind`, without the fields that are of a wrong type."""
    if not isinstance(raw, dict):
        raise UnsoundError("is JSON, but no JSON Feed")
    sound = {}
    for field in msgspec.structs.fields(kind):  # type: ignore[arg-type]
        if field.name in raw:
            try:
                sound[field.name] = msgspec.convert(_without_halves(raw[field.name]), field.type)
            except msgspec.ValidationError:
                _log.debug("JSON Feed: %s is of a wrong type and was left out", field.name)
    return kind(**sound)


def _without_halves(value: object) -> object:
    """The value without half characters, such as what is left of an emoji where a text was cut off: "\\ud83d"."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.loads(text.encode("utf-8", "ignore"))
    return value


def _article(item: Item, feed: JsonFeed, base: str, source: str, zone: ZoneInfo) -> Article:
    base = feed.feed_url or base or feed.home_page_url or ""
    markup = item.content_html or ""
    content, related = without_furniture(paragraphs(markup) if markup else text_paragraphs(item.content_text or ""))
    lead, body = lead_and_body(text_paragraphs(item.summary or ""), content)
    title, paid = read_paid(one_line(item.title or ""))
    date = next(
        (found for raw in (item.date_published, item.date_modified) if raw and (found := parse_date(raw, zone))), None
    )
    authors = item.authors or (item.author and (item.author,)) or feed.authors or (feed.author and (feed.author,)) or ()
    tags = item.tags or ()
    image_url = _first_url((item.image, item.banner_image, *_pictures(item, markup)), base)
    return Article(
        title=title or make_title(lead, body),
        source=source,
        lead=lead,
        body=body,
        author=", ".join(dict.fromkeys(one_line(author.name) for author in authors if author.name)),
        published=date[0] if date else None,
        date_only=bool(date and date[1]),
        # An id is an address only where it says so itself.
        url=_first_url((item.url, item.external_url), base) or clean_url(str(item.id or "")),
        image_url=image_url,
        picture_alt=find_alt(image_url, (markup,), base),
        image_credit=next((credit for text in captions(markup) if (credit := split_credit(text)[1])), ""),
        topics=tuple(tag for tag in tags if tag.casefold() not in PAID_MARKS),
        related=related,
        site=plain(feed.title or ""),
        language=item.language or feed.language or "de",
        paid=paid or any(tag.casefold() in PAID_MARKS for tag in tags),
    )


def _pictures(item: Item, markup: str) -> tuple[str | None, ...]:
    attached = tuple(one.url for one in item.attachments or () if (one.mime_type or "").startswith("image/"))
    return (*attached, *(picture.url for picture in pictures(markup) if picture.width != 1))


def _first_url(candidates: Iterable[str | None], base: str) -> str | None:
    """The first that is an address."""
    urls = (clean_url(candidate, base) for candidate in candidates if candidate)
    return next((url for url in urls if url), None)
