"""Web pages: a single article, or an overview whose articles are fetched one by one."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

from digest.errors import FetchError, SourceError
from digest.gather.address import clean_url
from digest.gather.base import Context
from digest.gather.extract import extract_tree
from digest.gather.fetch import Fetched
from digest.gather.overview import article_links, is_overview
from digest.gather.settings import SourceSettings
from digest.gather.tree import page_url, parse_page
from digest.model.article import Article

_LOG = logging.getLogger(__name__)
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
            files = sorted(file for file in path.iterdir() if file.suffix.lower() in _SUFFIXES and file.is_file())
            return self._all(files, context, f"the .html files of {path}")
        try:
            fetched = context.fetcher.read(path) if path else context.fetcher.get(self.settings.url, trusted=True)
        except FetchError as failed:
            raise SourceError(self.settings.name, str(failed)) from failed
        return self._page(fetched, path, context)

    def _page(self, fetched: Fetched, path: Path | None, context: Context) -> list[Article]:
        where = self.settings.url or str(path)
        tree = parse_page(fetched.content, fetched.content_type)
        if tree is None:
            raise SourceError(self.settings.name, f"{where} is no HTML page")
        address = page_url(tree, fetched.url)
        if is_overview(tree, address):
            links: list[str | Path] = list(article_links(tree, address)) if address else []
            if path is not None and not links:
                links = list(_siblings(article_links(tree, _NOWHERE), path))
            return self._all(links, context, f"the pages that {where} leads to")
        article = extract_tree(tree, fetched.url, source=self.settings.name, zone=context.zone)
        if article is None:
            raise SourceError(self.settings.name, f"{where} holds no article")
        return [article]

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
                _LOG.warning("Source %s: %s", self.settings.name, why)
        if not found:
            raise SourceError(self.settings.name, f"no article in {what} ({tried} tried)")
        return found

    def _article(self, place: str | Path, context: Context) -> Article:
        """The article at one place; what a page leads to is never trusted."""
        fetched = context.fetcher.read(place) if isinstance(place, Path) else context.fetcher.get(place)
        if fetched.content_type and not any(kind in fetched.content_type.lower() for kind in _HTML):
            raise SourceError(self.settings.name, f"{place} is {fetched.content_type}, no HTML page")
        tree = parse_page(fetched.content, fetched.content_type)
        try:
            article = (
                tree if tree is None else extract_tree(tree, fetched.url, source=self.settings.name, zone=context.zone)
            )
        except Exception as broken:
            # A parser met something that it was not made for: one hostile page must not cost the others.
            raise SourceError(self.settings.name, f"{place} cannot be read: {type(broken).__name__}") from broken
        if article is None:
            raise SourceError(self.settings.name, f"{place} holds no article")
        return article


#: Stands for the address of a local page that names none; nobody can have it (RFC 2606).
_NOWHERE = "https://local.invalid/overview.html"


def _siblings(links: Iterable[str], page: Path) -> Iterator[Path]:
    """The local pages beside `page` that its relative links name; never anything outside its folder."""
    folder = page.resolve().parent
    for link in links:
        file = folder / link.rpartition("/")[2]
        beside = clean_url(file.name, _NOWHERE) == link
        if beside and file.suffix.lower() in _SUFFIXES and file.is_file() and not file.is_symlink():
            yield file
