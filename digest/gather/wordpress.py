"""Sources of type "wordpress": the posts of a site's REST API, or of its feed where the API is closed."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from math import ceil
from pathlib import Path

import msgspec

from digest.errors import FetchError, SourceError
from digest.gather.base import Context
from digest.gather.feed import FeedSource
from digest.gather.fetch import Fetched, files_in, shown_url
from digest.gather.linked import complete
from digest.gather.read_apart import read_posts_apart
from digest.gather.settings import SourceSettings
from digest.gather.urls import clean_url
from digest.gather.wordpress_api import (
    announced_posts,
    as_named,
    feed_of,
    guessed_posts,
    named_posts,
    posts_page,
    same_host,
    site_of,
    site_title,
)
from digest.gather.wordpress_posts import Posts, PostsBytes
from digest.gather.xmltext import UnsoundError
from digest.model.article import Article

#: Posts on one page of the list; the smaller number where so many of them are bigger than [gather] max_bytes.
PAGE_SIZES = (30, 6)
#: Nothing is there, which does not say that nothing is elsewhere. Any other refusal is meant.
_ABSENT = (400, 404, 405, 410)
_log = logging.getLogger(__name__)


class _ClosedError(Exception):
    """The API gives no posts to us; the message says why. `page` is the site's, where it was read."""

    def __init__(self, why: str, page: Fetched | None) -> None:
        self.page = page
        super().__init__(why)


class WordPressSource:
    """A WordPress site, one of its archives, its API, or such a list of posts; or JSON of an API in local files."""

    def __init__(self, settings: SourceSettings) -> None:
        self._settings = settings

    def articles(self, context: Context) -> Iterable[Article]:
        """The posts, newest first. Those without any text are completed from their pages.

        Raises SourceError where there are none, FetchError where the site cannot be reached for now.
        """
        try:
            found = self._folder(context) if self._settings.path else self._site(context)
        except _ClosedError as closed:
            yield from self._feed(closed, context)
            return
        for article in found:
            yield from [article] if article.body else complete([article], context)

    def _site(self, context: Context) -> list[Article]:
        """The newest posts from the first place that has any. Raises _ClosedError, FetchError."""
        url = self._settings.url
        named = named_posts(url)
        page = None if named else self._page(context)
        home = page.url if page else url
        announced = announced_posts(page) if page else None
        places = [named] if named else [*([announced] if announced else []), *guessed_posts(home)]
        why = ""
        for posts in dict.fromkeys(places):
            try:
                return self._named_after(page, self._posts(as_named(posts, url), context))
            except FetchError as error:
                why = str(error)
                if not 400 <= error.status < 500 or error.status in (408, 429):
                    raise
                if error.status not in _ABSENT:
                    break
            except UnsoundError as unsound:
                why = f"{shown_url(posts)} {unsound}"
        raise _ClosedError(why, page)

    def _page(self, context: Context) -> Fetched | None:
        """The page that the settings name; None where the server gives it to no program."""
        try:
            return context.fetcher.get(self._settings.url, trusted=True)
        except FetchError as error:
            if error.status not in (401, 403, 404):
                raise
            return None

    def _posts(self, posts: str, context: Context) -> list[Article]:
        """At least `max_items` posts of a list, as far as there are so many."""
        for size in PAGE_SIZES:
            try:
                return self._pages(posts, min(size, self._settings.max_items), context)
            except FetchError as error:
                if "is bigger than" not in error.problem or size == PAGE_SIZES[-1]:
                    raise
                _log.info("Source %s: %s; asking for fewer posts at once", self._settings.name, error)
        raise AssertionError("the last size ends by a result or an error")

    def _pages(self, posts: str, size: int, context: Context) -> list[Article]:
        found: dict[object, Article] = {}
        # One page more than it takes, for posts that only a password opens.
        for number in range(1, ceil(self._settings.max_items / size) + 2):
            address = posts_page(posts, size, number)
            try:
                # What the site announces on its own host is the operator's choice as well; elsewhere it is not.
                fetched = context.fetcher.get(address, trusted=same_host(address, self._settings.url))
                page = self._read(fetched, context)
            except (FetchError, UnsoundError) as problem:
                if number == 1:
                    raise
                _log.warning("Source %s: page %d of its posts is missing: %s", self._settings.name, number, problem)
                break
            known = len(found)
            found |= {article.url or (number, place): article for place, article in enumerate(page.articles)}
            last = fetched.headers.get("x-wp-totalpages", "")
            ended = number >= int(last) if last.isascii() and last.isdigit() and len(last) < 9 else page.listed < size
            if ended or len(found) >= self._settings.max_items or (page.articles and len(found) == known):
                break
        return list(found.values())

    def _folder(self, context: Context) -> list[Article]:
        """The posts of a local file, or of all .json files of a folder. One that cannot be read is said and left out,
        unless none can."""
        path = Path(self._settings.path)
        if not path.is_dir():
            return self._file(path, context)
        found: list[Article] = []
        failures: list[Exception] = []
        tried = 0
        for file in files_in(path, ".json"):
            tried += 1
            try:
                found += self._file(file, context)
            except (SourceError, FetchError) as error:
                _log.warning("%s", error)
                failures.append(error)
        if not tried:
            raise SourceError(self._settings.name, f"{path} has no .json files")
        if len(failures) == tried:
            raise failures[0]
        return found

    def _file(self, path: Path, context: Context) -> list[Article]:
        try:
            return list(self._read(context.fetcher.read(path), context).articles)
        except UnsoundError as unsound:
            raise SourceError(self._settings.name, f"{path} {unsound}") from unsound

    def _read(self, fetched: Fetched, context: Context) -> Posts:
        """Raises UnsoundError for what is no list of posts."""
        if not fetched.content.strip():
            raise UnsoundError("is empty")
        # A file's own address says nothing about where its links lead.
        base = clean_url(site_of(fetched.url)) or "" if fetched.url.startswith("http") else ""
        posts = read_posts_apart(
            PostsBytes(content=fetched.content, base=base, source=self._settings.name, zone=context.zone.key),
            context.fetcher.settings.timeout_seconds,
        )
        if posts.protected:
            _log.info("Source %s: %d posts need a password and were left out", self._settings.name, posts.protected)
        return posts

    def _named_after(self, page: Fetched | None, articles: Iterable[Article]) -> list[Article]:
        title = site_title(page)
        return [msgspec.structs.replace(article, site=article.site or title) for article in articles]

    def _feed(self, closed: _ClosedError, context: Context) -> Iterator[Article]:
        """The articles of the site's feed. Raises SourceError where it has none either."""
        name, url = self._settings.name, self._settings.url
        feed = as_named(feed_of(closed.page, url), url)
        why = f"the WordPress REST API cannot be used ({closed})"
        _log.warning("Source %s: %s; its feed %s is read instead, which says less", name, why, shown_url(feed))
        settings = msgspec.structs.replace(self._settings, type="feed", url=feed)
        try:
            yield from FeedSource(settings).articles(context)
        except (SourceError, FetchError) as problem:
            said = problem.problem if isinstance(problem, SourceError) else str(problem)
            raise SourceError(name, f"{why}, and neither can its feed: {said}") from problem
