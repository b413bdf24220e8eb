"""Articles of which a feed has only a line: the rest comes from the linked page."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import timedelta

import msgspec

from digest.errors import FetchError
from digest.gather.base import Context
from digest.gather.guard import seconds_left
from digest.gather.page_reading import PageBytes
from digest.gather.read_apart import read_page_apart
from digest.gather.xmltext import UnsoundError
from digest.model.article import Article

#: Characters up to which a text is only a line.
LINE_CHARS = 400
#: No edition looks back further; older articles are listed, not completed.
LOOK_BACK = timedelta(days=8)
_log = logging.getLogger(__name__)


def complete(articles: Iterable[Article], context: Context) -> Iterator[Article]:
    """The articles, completed where they are only a line, recent and linked, as far as their pages can be read."""
    for article in articles:
        page = _page(article, context) if _is_a_line(article) and _is_recent(article, context) else None
        yield _joined(article, page) if page else article


def _is_a_line(article: Article) -> bool:
    return article.url is not None and max(sum(map(len, article.body)), len(article.lead)) < LINE_CHARS


def _is_recent(article: Article, context: Context) -> bool:
    return article.published is None or abs(article.published.date() - context.day) <= LOOK_BACK


def _page(article: Article, context: Context) -> Article | None:
    """The linked page as an article; None, and a line in the log, where it cannot be had."""
    url = article.url or ""
    if seconds_left() <= 0:
        _log.warning("Source %s: no time left for %s", article.source, url)
        return None
    try:
        fetched = context.fetcher.get(url)
    except FetchError as error:
        _log.info("Source %s: the article stays a line, for %s", article.source, error)
        return None
    if fetched.content_type and "html" not in fetched.content_type.lower():
        return None
    try:
        return read_page_apart(
            PageBytes(
                content=fetched.content,
                content_type=fetched.content_type,
                url=fetched.url,
                source=article.source,
                zone=context.zone.key,
            ),
            context.fetcher.settings.timeout_seconds,
        ).article
    except UnsoundError as unsound:
        _log.warning("Source %s: %s %s", article.source, url, unsound)
    except Exception:  # noqa: BLE001
        # One hostile page must not cost the feed's other articles.
        _log.warning("Source %s: %s could not be read", article.source, url, exc_info=True)
    return None


def _joined(article: Article, page: Article) -> Article:
    """The feed's word first, for it is the newsroom's own; the page fills the gaps."""
    dated = article if article.published else page
    longer = sum(map(len, page.body)) > sum(map(len, article.body))
    return msgspec.structs.replace(
        article,
        title=article.title or page.title,
        kicker=article.kicker or page.kicker,
        lead=article.lead or page.lead,
        body=page.body if longer else article.body,
        author=article.author or page.author,
        published=dated.published,
        date_only=dated.date_only,
        image_url=article.image_url or page.image_url,
        image_credit=article.image_credit or (page.image_credit if _same_picture(article, page) else ""),
        picture_alt=article.picture_alt or (page.picture_alt if _same_picture(article, page) else ""),
        topics=article.topics or page.topics,
        related=article.related or page.related,
        site=article.site or page.site,
        coins=article.coins or page.coins,
        paid=article.paid or page.paid,
    )


def _same_picture(article: Article, page: Article) -> bool:
    """A credit belongs to its picture: to the page's, or to the same file in another size."""
    if not article.image_url or not page.image_url:
        return True
    return article.image_url.rpartition("/")[2].partition("?")[0] == page.image_url.rpartition("/")[2].partition("?")[0]
