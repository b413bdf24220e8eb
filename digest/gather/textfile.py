"""Articles exported from a page as plain text: one file, a folder of them, or a URL."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from digest.errors import FetchError, SourceError
from digest.gather.base import Context
from digest.gather.byline import join_names
from digest.gather.coins import coins_in
from digest.gather.fetch import files_in, shown_url
from digest.gather.lines import decode
from digest.gather.settings import SourceSettings
from digest.gather.textfile_body import read_body, split_lead
from digest.gather.textfile_head import find_title, read_byline_zone, read_head, unlabelled
from digest.gather.textfile_lines import MAX_CHARS, Findings, read_lines, unwrapped
from digest.gather.urls import clean_url
from digest.model.article import Article

_log = logging.getLogger(__name__)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def read_text(text: str, *, source: str, zone: ZoneInfo) -> Article | None:
    """The article that `text` holds, or None where it has no title or no text.

    Expects the page from top to bottom, one paragraph a line (or hard-wrapped between empty lines): ticker, site and
    slogan, title, date, authors, lead, body, picture credit, related titles; any of them may be missing.
    """
    if "\0" in text or len(text) > MAX_CHARS:
        return None
    lines = read_lines(text)
    found = Findings()
    at = find_title(lines, zone)
    if at is None:
        return None
    found.title = unlabelled(lines[at].text)
    read_head(lines[:at], found, zone)
    rest, adjacent = read_byline_zone(unwrapped(lines[at + 1 :]), found, zone)
    paragraphs = read_body(rest, found, zone)
    lead, body = split_lead(paragraphs, adjacent=adjacent)
    if not body and not lead:
        return None
    named = coins_in(" ".join((found.title, lead, *body)))
    return Article(
        title=found.title,
        source=source,
        kicker=found.kicker,
        lead=lead,
        body=body,
        author=join_names(found.names),
        published=found.published[0] if found.published else None,
        date_only=bool(found.published and found.published[1]),
        url=clean_url(found.url) if found.url else None,
        image_credit=found.credit,
        topics=tuple(dict.fromkeys(found.topics)),
        related=tuple(dict.fromkeys(found.related)),
        site=found.site,
        coins=tuple(dict.fromkeys(found.coins)) or named,
    )


class TextFileSource:
    """Type "textfile": `path` is a .txt file or a folder of them (not its sub-folders), `url` a single file."""

    def __init__(self, settings: SourceSettings) -> None:
        self.settings = settings

    def articles(self, context: Context) -> Iterable[Article]:
        """Newest first; what has no date comes last. Raises SourceError where nothing there is an article."""
        if self.settings.url:
            return [self._article(self._fetch(context), shown_url(self.settings.url), context.zone)]
        path = Path(self.settings.path)
        if not path.is_dir():
            return [self._article(self._read(context, path), str(path), context.zone)]
        return self._folder(context, path)

    def _folder(self, context: Context, folder: Path) -> list[Article]:
        found: list[Article] = []
        tried = 0
        for file in files_in(folder, ".txt"):
            tried += 1
            try:
                found.append(self._article(self._read(context, file), str(file), context.zone))
            except SourceError as unreadable:
                _log.warning("%s", unreadable)
        if not found:
            raise SourceError(self.settings.name, f"no article in the .txt files of {folder} ({tried} there)")
        found.sort(key=lambda article: article.published or _LONG_AGO, reverse=True)
        return found[: self.settings.max_items]

    def _fetch(self, context: Context) -> bytes:
        try:
            return context.fetcher.get(self.settings.url, trusted=True).content
        except FetchError as failed:
            raise SourceError(self.settings.name, str(failed)) from failed

    def _read(self, context: Context, path: Path) -> bytes:
        if not path.exists():
            raise SourceError(self.settings.name, f"there is no file or folder {path}")
        try:
            return context.fetcher.read(path).content
        except (FetchError, OSError) as failed:
            raise SourceError(self.settings.name, f"{path} cannot be read: {failed}") from failed

    def _article(self, content: bytes, where: str, zone: ZoneInfo) -> Article:
        article = read_text(decode(content), source=self.settings.name, zone=zone)
        if article is None:
            raise SourceError(self.settings.name, f"{where} holds no article: a title and a text are needed")
        return article
