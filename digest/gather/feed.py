"""Sources of type "feed": RSS, Atom and JSON Feed, told apart by their content."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urljoin

from digest.errors import FetchError, SourceError
from digest.gather.base import Context
from digest.gather.fetch import Fetched, files_in, shown_url
from digest.gather.linked import complete
from digest.gather.read_apart import read_feed_apart
from digest.gather.settings import SourceSettings
from digest.gather.xmlfeed import FeedBytes
from digest.gather.xmltext import UnsoundError
from digest.model.article import Article

_log = logging.getLogger(__name__)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class FeedSource:
    """A feed at a URL or in a local file, or every feed in a local folder."""

    def __init__(self, settings: SourceSettings) -> None:
        self._settings = settings

    def articles(self, context: Context) -> Iterable[Article]:
        """The entries, newest first, also those without a title. The `max_items` newest that the feed has only a line
        of are completed from the pages they link to. Raises SourceError where nothing could be read."""
        entries = list(self._entries(context))
        if not entries:
            raise SourceError(self._settings.name, "has no articles")
        entries.sort(key=lambda article: article.published or _LONG_AGO, reverse=True)
        yield from complete(entries[: self._settings.max_items], context)
        yield from entries[self._settings.max_items :]

    def _entries(self, context: Context) -> Iterable[Article]:
        if self._settings.url:
            return self._read(context.fetcher.get(self._settings.url, trusted=True), context)
        path = Path(self._settings.path)
        if not path.is_dir():
            return self._read(context.fetcher.read(path), context)
        return self._folder(path, context)

    def _folder(self, folder: Path, context: Context) -> list[Article]:
        """All feeds of a folder, by name. A file that cannot be read is said and left out, unless none can."""
        found: list[Article] = []
        failures: list[Exception] = []
        tried = 0
        for path in files_in(folder):
            tried += 1
            try:
                found += self._read(context.fetcher.read(path), context)
            except (SourceError, FetchError) as error:
                _log.warning("%s", error)
                failures.append(error)
        if not tried:
            raise SourceError(self._settings.name, f"{folder} has no files")
        if len(failures) == tried:
            raise failures[0]
        return found

    def _read(self, fetched: Fetched, context: Context) -> tuple[Article, ...]:
        name, zone = self._settings.name, context.zone
        if not fetched.content.strip():
            raise SourceError(name, f"{shown_url(fetched.url)} is empty")
        # A file's own address says nothing about where its links lead.
        base = urljoin(fetched.url, fetched.location) if fetched.url.startswith("http") else ""
        try:
            feed = read_feed_apart(
                FeedBytes(
                    content=fetched.content, content_type=fetched.content_type, base=base, source=name, zone=zone.key
                ),
                context.fetcher.settings.timeout_seconds,
            )
        except UnsoundError as error:
            raise SourceError(name, f"{shown_url(fetched.url)} {error}") from error
        if feed.note:
            _log.warning("Source %s: %s %s", name, shown_url(fetched.url), feed.note)
        return feed.articles
