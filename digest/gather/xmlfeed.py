"""RSS and Atom, by feedparser -> articles."""

from __future__ import annotations

import io
import re
from calendar import timegm
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import feedparser
import msgspec

from digest.gather.dates import parse_date
from digest.gather.feed_authors import names_of
from digest.gather.feed_picture import find_alt, find_credit, find_picture
from digest.gather.feed_teaser import PAID_MARKS, lead_and_body, make_title, read_paid, without_furniture
from digest.gather.html_text import paragraphs, plain, text_paragraphs
from digest.gather.lines import one_line
from digest.gather.urls import clean_url
from digest.gather.xmltext import UnsoundError, read_xml
from digest.model.article import Article

MAX_ENTRIES = 500
#: What newsrooms call the line above the title in elements of their own; feedparser puts a prefix before.
_KICKERS = ("kicker", "dachzeile", "overline", "topline", "spitzmarke", "oberzeile", "roofline")
_DATES = ("published", "updated", "created")
#: HTML that feedparser takes for text, because it has neither an end tag nor an entity.
_STRAY_TAG = re.compile(r"<(?:br|b|i|em|strong|p|a|span|img|div|font)\b[^<>]*>", re.IGNORECASE)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?=$|[-_])")
_MACHINE_TERM = re.compile(r"https?://|[\d\W_]+$|[a-z]+:\S")


class FeedBytes(msgspec.Struct, frozen=True, kw_only=True):
    """A feed as it was read. `base` is what its relative links refer to, "" if unknown; `zone` is a zone's name."""

    content: bytes
    content_type: str
    base: str
    source: str
    zone: str


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """The articles in the feed's order, and what is odd about it, as a part of a sentence."""

    articles: tuple[Article, ...]
    note: str = ""


def read_feed(feed: FeedBytes) -> Feed:
    """Every entry as an article, also those that lack a title. Raises UnsoundError for what is no feed.

    Takes much time and memory for some hostile content: see read_apart.py.
    """
    xml = read_xml(feed.content, feed.content_type)
    parsed = feedparser.parse(
        io.BytesIO(f"<?xml version='1.0' encoding='utf-8'?>\n{xml.text}".encode()),
        response_headers={"content-type": "application/xml; charset=utf-8", "content-location": feed.base},
    )
    if not parsed.entries and not parsed.version:
        raise UnsoundError("is neither RSS, Atom nor JSON Feed")
    articles = tuple(_Entry(entry, parsed, feed).article() for entry in parsed.entries[:MAX_ENTRIES])
    return Feed(articles=articles, note=xml.note)


class _Entry:
    """One entry on its way to an article. `dict.get` passes by feedparser's guesses for keys that are not there."""

    def __init__(self, entry: dict[str, Any], parsed: Any, feed: FeedBytes) -> None:
        self.entry, self.feed, self.zone = entry, feed, ZoneInfo(feed.zone)
        self.head: dict[str, Any] = parsed.feed
        self.is_atom = str(parsed.version).startswith("atom")
        self.base = feed.base or _text(dict.get(self.head, "link"))

    def article(self) -> Article:
        summary, content, markup = self._texts()
        (summary, related), (content, more) = without_furniture(summary), without_furniture(content)
        lead, body = lead_and_body(summary, content)
        title, paid = read_paid(self._line("title_detail"))
        topics = self._topics()
        published, date_only = self._published()
        image_url = clean_url(find_picture(self.entry, markup), self.base)
        return Article(
            title=title or make_title(lead, body),
            source=self.feed.source,
            kicker=self._kicker(),
            lead=lead,
            body=body,
            author=self._author(),
            published=published,
            date_only=date_only,
            url=self._url(),
            image_url=image_url,
            image_credit=find_credit(self.entry, markup),
            picture_alt=find_alt(image_url, markup, self.base),
            topics=tuple(topic for topic in topics if topic.casefold() not in PAID_MARKS),
            related=(*related, *more),
            site=self._site(),
            language=self._language(),
            paid=paid or any(topic.casefold() in PAID_MARKS for topic in topics),
        )

    def _texts(self) -> tuple[tuple[str, ...], tuple[str, ...], list[str]]:
        """The paragraphs of summary and content, and their markup for the pictures in it."""
        details = [
            detail
            for detail in dict.get(self.entry, "content", [])
            if _text(dict.get(detail, "type")).startswith(("text/", "application/xhtml"))
        ]
        content = max(details, key=lambda detail: len(_text(detail.get("value"))), default=None)
        summary = dict.get(self.entry, "summary_detail") or dict.get(self.entry, "subtitle_detail")
        markup = [_text(detail.get("value")) for detail in (content, summary) if detail]
        same = bool(content and summary and _text(content.get("value")) == _text(summary.get("value")))
        return () if same else self._paragraphs(summary), self._paragraphs(content), markup

    def _paragraphs(self, detail: dict[str, Any] | None) -> tuple[str, ...]:
        if not detail:
            return ()
        value = _text(detail.get("value"))
        return text_paragraphs(value) if self._is_text(detail, value) else paragraphs(value)

    def _line(self, key: str) -> str:
        detail = dict.get(self.entry, key) or {}
        value = _text(detail.get("value"))
        return one_line(value) if self._is_text(detail, value) else plain(value)

    def _is_text(self, detail: dict[str, Any], value: str) -> bool:
        if detail.get("type") != "text/plain":
            return False
        return self.is_atom or not _STRAY_TAG.search(value)

    def _kicker(self) -> str:
        for key, value in self.entry.items():
            if isinstance(value, str) and key.rpartition("_")[2] in _KICKERS:
                return plain(value)
        subtitle = self._line("subtitle_detail") if dict.get(self.entry, "summary_detail") else ""
        return subtitle if len(subtitle) <= 80 and subtitle != self._line("title_detail") else ""

    def _author(self) -> str:
        """The entry's authors, or in Atom the feed's (RFC 4287, 4.1.2); an address only where there is no name."""
        source = dict.get(self.entry, "source") or {}
        names = names_of(self.entry) or names_of(source)
        if not names and self.is_atom:
            names = names_of(self.head)
        return ", ".join(names)

    def _published(self) -> tuple[datetime | None, bool]:
        for key in _DATES:
            raw = _text(dict.get(self.entry, key))
            if raw and (found := _moment(raw, dict.get(self.entry, f"{key}_parsed"), self.zone)):
                return found
        return None, False

    def _url(self) -> str | None:
        link = _text(dict.get(self.entry, "link"))
        others = {_text(other.get("href")): other.get("rel") for other in dict.get(self.entry, "links", [])}
        if others.get(link, "alternate") != "alternate":
            # feedparser lets the last link win where the address stands between the tags.
            link = next((href for href, rel in others.items() if rel == "alternate"), link)
        candidates = [_text(dict.get(self.entry, "feedburner_origlink")), link]
        if dict.get(self.entry, "guidislink", True) or link:
            candidates.append(_text(dict.get(self.entry, "id")))
        urls = (clean_url(candidate, self.base) for candidate in candidates)
        return next((url for url in urls if url), None)

    def _topics(self) -> tuple[str, ...]:
        """Each category's label, and its term unless that is meant for machines."""
        found: dict[str, None] = {}
        for tag in dict.get(self.entry, "tags", []):
            term, label = plain(_text(tag.get("term"))), plain(_text(tag.get("label")))
            if label:
                found[label] = None
            if term and not (label and _MACHINE_TERM.match(term)):
                found[term] = None
        return tuple(found)

    def _site(self) -> str:
        source = dict.get(self.entry, "source") or {}
        return plain(_text(dict.get(source, "title")) or _text(dict.get(self.head, "title")))

    def _language(self) -> str:
        details = [*dict.get(self.entry, "content", [])]
        details += [dict.get(self.entry, key) or {} for key in ("summary_detail", "title_detail")]
        known = (dict.get(self.entry, "language"), *(detail.get("language") for detail in details))
        for language in (*known, dict.get(self.head, "language")):
            if found := _LANGUAGE.match(_text(language)):
                return found[0].lower()
        return "de"


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _moment(raw: str, parsed: Any, zone: ZoneInfo) -> tuple[datetime, bool] | None:
    """Our own reading, which knows German and takes a time without a zone for ours; else feedparser's."""
    if known := parse_date(raw, zone):
        return known
    try:
        exact = datetime.fromtimestamp(timegm(parsed), UTC) if parsed else None
    except (TypeError, ValueError, OverflowError):
        return None
    if exact is None:
        return None
    if exact.time() == time() and ":" not in raw:
        return datetime.combine(exact.date(), time(), zone), True
    return exact.astimezone(zone), False
