"""Web pages: a single article, or an overview whose articles are fetched one by one."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

from digest.errors import FetchError, SourceError
from digest.gather.base import Context
from digest.gather.fetch import Fetched, files_in, shown_url
from digest.gather.page_reading import NOWHERE, PageBytes, PageFound
from digest.gather.read_apart import read_page_apart
from digest.gather.settings import SourceSettings
from digest.gather.urls import clean_url
from digest.gather.xmltext import UnsoundError
from digest.model.article import Article

_log = logging.getLogger(__name__)
_SUFFIXES = frozenset({".html", ".htm", ".xhtml"})
#: What a server may call a page; without a type it is taken for one.
_HTML = ("html", "xml", "text/plain")


class PageSource:
    """Type "page": `url` or `path` is an overview page or a single article; a folder holds one article a file."""

    def __init__(self, settings: SourceSettings) -> None:
        self.settings = settings

    def articles(self, context: Context) -> Iterable[Article]:
        """In the page's order. A page that fails is skipped with a warning; SourceError where every one does."""
        path = Path(self.settings.path) if self.settings.path else None
        if path is not None and path.is_dir():
            return self._all(files_in(path, *_SUFFIXES), context, f"the .html files of {path}")
        try:
            fetched = context.fetcher.read(path) if path else context.fetcher.get(self.settings.url, trusted=True)
        except FetchError as failed:
            raise SourceError(self.settings.name, str(failed)) from failed
        return self._page(fetched, path, context)

    def _page(self, fetched: Fetched, path: Path | None, context: Context) -> list[Article]:
        where = shown_url(self.settings.url) or str(path)
        found = self._read(fetched, where, context, leads=True)
        if found.is_overview:
            links: list[str | Path] = list(found.links)
            if path is not None and not links:
                links = list(_siblings(found.beside, path))
            return self._all(links, context, f"the pages that {where} leads to")
        return [self._only(found, where)]

    def _all(self, places: Iterable[str | Path], context: Context, what: str) -> list[Article]:
        """The articles at `places`, as many as `max_items` allows."""
        found: list[Article] = []
        tried = 0
        for place in places:
            if len(found) >= self.settings.max_items or tried >= 2 * self.settings.max_items:
                break
            tried += 1
            try:
                found.append(self._article(place, context))
            except (FetchError, SourceError) as failed:
                why = failed.problem if isinstance(failed, SourceError) else str(failed)
                _log.warning("Source %s: %s", self.settings.name, why)
        if not found:
            raise SourceError(self.settings.name, f"no article in {what} ({tried} tried)")
        return found

    def _article(self, place: str | Path, context: Context) -> Article:
        """The article at one place; what a page leads to is never trusted."""
        fetched = context.fetcher.read(place) if isinstance(place, Path) else context.fetcher.get(place)
        if fetched.content_type and not any(kind in fetched.content_type.lower() for kind in _HTML):
            raise SourceError(self.settings.name, f"{place} is {fetched.content_type[:80]!r}, no HTML page")
        return self._only(self._read(fetched, str(place), context), str(place))

    def _only(self, found: PageFound, where: str) -> Article:
        if found.article is None:
            raise SourceError(self.settings.name, f"{where} holds no article")
        return found.article

    def _read(self, fetched: Fetched, where: str, context: Context, *, leads: bool = False) -> PageFound:
        """What is on a page; SourceError for one that is none, or that cannot be read within its limits."""
        page = PageBytes(
            content=fetched.content,
            content_type=fetched.content_type,
            url=fetched.url,
            source=self.settings.name,
            zone=context.zone.key,
            leads=leads,
        )
        try:
            found = read_page_apart(page, context.fetcher.settings.timeout_seconds)
        except UnsoundError as unsound:
            raise SourceError(self.settings.name, f"{where} {unsound}") from unsound
        except Exception as broken:
            # A parser met something that it was not made for: one hostile page must not cost the others.
            raise SourceError(self.settings.name, f"{where} cannot be read: {type(broken).__name__}") from broken
        if not found.is_page and leads:
            raise SourceError(self.settings.name, f"{where} is no HTML page")
        return found


def _siblings(links: Iterable[str], page: Path) -> Iterator[Path]:
    """The local pages beside `page` that its relative links name; never anything outside its folder."""
    folder = page.resolve().parent
    for link in links:
        file = folder / link.rpartition("/")[2]
        beside = clean_url(file.name, NOWHERE) == link
        if beside and file.suffix.lower() in _SUFFIXES and file.is_file() and not file.is_symlink():
            yield file
