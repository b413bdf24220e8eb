"""Read every source into the pool of articles. One that fails is named, and the others go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from digest.errors import SourceError
from digest.gather.base import Context
from digest.gather.collect import gather_source
from digest.gather.dedupe import article_key
from digest.gather.settings import SourceSettings
from digest.storage.articles import save_articles
from digest.storage.database import Database
from digest.storage.source_health import note_failure, note_success


class SourceReport(msgspec.Struct, frozen=True, kw_only=True):
    """What one source gave: articles found, how many of them were new, and what went wrong ("" where nothing)."""

    source: str
    found: int = 0
    new: int = 0
    warning: str = ""


def gather_articles(
    database: Database,
    sources: Sequence[SourceSettings],
    topics: Mapping[str, str],
    context: Context,
    on_source: Callable[[str], None] = lambda _name: None,
) -> list[SourceReport]:
    """Gather `sources` in their order; `on_source` is told each name before it is read. Raises StorageError.

    How each of them did is kept as its health.
    """
    reports = []
    for source in sources:
        on_source(source.name)
        try:
            found = gather_source(source, topics, context)
        except SourceError as problem:
            with database.write() as connection:
                note_failure(connection, source.name, problem.problem, now=context.now)
            reports.append(SourceReport(source=source.name, warning=str(problem)))
            continue
        with database.write() as connection:
            new = save_articles(connection, [(article_key(article), article) for article in found], context.now)
            note_success(connection, source.name, found=len(found), new=new, now=context.now)
        reports.append(SourceReport(source=source.name, found=len(found), new=new))
    return reports
