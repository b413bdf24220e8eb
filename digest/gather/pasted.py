"""One page whose address an editor pasted -> an article."""

from __future__ import annotations

from digest.errors import FetchError
from digest.gather.base import Context
from digest.gather.clean import clean_article
from digest.gather.page_reading import PageBytes
from digest.gather.read_apart import one_reader, read_page_apart
from digest.gather.xmltext import UnsoundError
from digest.model.article import Article


def read_pasted(url: str, context: Context, source: str) -> Article:
    """The article at `url`, cleaned, under the name of `source`. The address is trusted no more than a feed's links.

    Raises FetchError, which names the address, for what cannot be read or holds no article.
    """
    with context.fetcher.one_source(), one_reader():
        fetched = context.fetcher.get(url)
        if fetched.content_type and not any(kind in fetched.content_type.lower() for kind in ("html", "xml")):
            raise FetchError(url, f"is {fetched.content_type[:80]!r}, no HTML page")
        page = PageBytes(
            content=fetched.content,
            content_type=fetched.content_type,
            url=fetched.url,
            source=source,
            zone=context.zone.key,
        )
        try:
            found = read_page_apart(page, context.fetcher.settings.timeout_seconds).article
        except UnsoundError as unsound:
            raise FetchError(url, str(unsound)) from unsound
        except Exception as broken:
            # A parser met something that it was not made for; the cause is kept.
            raise FetchError(url, f"cannot be read: {type(broken).__name__}") from broken
    article = clean_article(found, context.now) if found else None
    if article is None:
        raise FetchError(url, "holds no article")
    return article
