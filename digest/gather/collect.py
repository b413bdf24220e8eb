"""One source, from its settings to articles that the rest of the house can rely on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import msgspec

from digest.errors import DigestError, SourceError
from digest.gather.base import Context, make_source
from digest.gather.clean import clean_article
from digest.gather.dedupe import unique
from digest.gather.read_apart import one_reader
from digest.gather.settings import SourceSettings
from digest.gather.topics import map_topics, topic_name
from digest.model.article import Article

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def gather_source(settings: SourceSettings, topics: Mapping[str, str], context: Context) -> list[Article]:
    """The source's articles: cleaned, each once, the newest first, at most `max_items`.

    `topics` is the [topics] table. Raises SourceError, which names the source, whatever goes wrong in it, and where it
    has no article at all; that all of them have an excluded topic is no fault.
    """
    try:
        with context.fetcher.one_source(), one_reader():
            found = list(make_source(settings).articles(context))
    except SourceError:
        raise
    except DigestError as error:
        raise SourceError(settings.name, str(error)) from error
    except RecursionError as error:
        raise SourceError(settings.name, "is nested too deeply to be read") from error
    except MemoryError as error:
        raise SourceError(settings.name, "needs more memory than there is") from error
    except Exception as error:
        # A parser met something it was not made for: this source is out, the edition is not. The cause is kept.
        why = " ".join(str(error).split())[:200]
        raise SourceError(settings.name, f"cannot be read: {type(error).__name__}: {why}") from error
    return choose_articles(found, settings, topics, context.now)


def choose_articles(
    found: Iterable[Article], settings: SourceSettings, topics: Mapping[str, str], now: datetime
) -> list[Article]:
    """What is kept of what a source gave. Raises SourceError where it gave nothing."""
    cleaned = [article for raw in found if (article := clean_article(raw, now)) is not None]
    if not cleaned:
        raise SourceError(settings.name, "has no articles")
    excluded = {topic_name(topic) for topic in settings.exclude_topics}
    excluded |= set(map_topics(excluded, topics))
    kept = []
    for article in cleaned:
        mapped = map_topics(article.topics, topics, settings.topics)
        if not excluded.intersection(mapped) and not excluded.intersection(map(topic_name, article.topics)):
            kept.append(msgspec.structs.replace(article, topics=mapped, source=settings.name))
    # A stable sort: what has no date keeps its place among its like, after what has one.
    kept.sort(key=lambda article: article.published or _LONG_AGO, reverse=True)
    return unique(kept, settings.max_items)
