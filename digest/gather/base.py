"""What a source is, and which types there are. A new one is one file and one line here (docs/adding-a-source.md)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from importlib import import_module
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec

from digest.errors import SourceError
from digest.gather.fetch import Fetcher
from digest.gather.settings import SourceSettings
from digest.model.article import Article


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What a source may use: the fetcher for everything outside, the time, the edition's day, the site's time zone."""

    fetcher: Fetcher
    now: datetime
    day: date
    zone: ZoneInfo


class Source(Protocol):
    """Reads one source. The articles need not be cleaned, unique or few: `gather_source` sees to that."""

    def __init__(self, settings: SourceSettings) -> None: ...

    def articles(self, context: Context) -> Iterable[Article]:
        """The source's articles, newest first where it has an order. Raises SourceError where it gives nothing."""
        ...


#: Type in the settings -> module:class. Imported when used, for some are heavy.
TYPES = {
    "feed": "digest.gather.feed:FeedSource",
    "page": "digest.gather.page:PageSource",
    "textfile": "digest.gather.textfile:TextFileSource",
    "wordpress": "digest.gather.wordpress:WordPressSource",
    "sample": "digest.gather.sample:SampleSource",
}


def make_source(settings: SourceSettings) -> Source:
    """The source that `settings` describes. Raises SourceError for a type that this version does not have."""
    if settings.type not in TYPES:
        raise SourceError(settings.name, f"type {settings.type!r} is not available in this version")
    module, _, name = TYPES[settings.type].partition(":")
    source: Source = getattr(import_module(module), name)(settings)
    return source
