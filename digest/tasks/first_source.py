"""The [[sources]] table for an address, before there are any settings."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from digest.errors import SourceError
from digest.gather.base import Context
from digest.gather.fetch import Fetcher
from digest.gather.settings import GatherSettings, SourceSettings
from digest.tasks.try_url import source_table, try_url

_ZONE = ZoneInfo("Europe/Berlin")


def first_source(url: str) -> str:
    """The table of the best way to read `url`. Raises SourceError, UsageError."""
    now = datetime.now(UTC)
    with Fetcher(GatherSettings()) as fetcher:
        context = Context(fetcher=fetcher, now=now, day=now.astimezone(_ZONE).date(), zone=_ZONE)
        tried = try_url(url, {}, (), context)
    if not tried.works:
        best = tried.candidates[0]
        raise SourceError(best.name, " ".join(best.problems))
    return tried.candidates[0].table


def guessed_source(url: str) -> str:
    """The table of a feed at `url`, which nobody could read just now."""
    return source_table(SourceSettings(name="Startseite", type="feed", url=url))
