"""What became of an edition's articles at their sources since they were gathered."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import Connection

from digest.compose.arrangement import is_outdated, origin_hash
from digest.model.edition import EditionState
from digest.storage import editions
from digest.storage.articles import PoolVersion, lists_older_at, pool_versions
from digest.storage.database import Database
from digest.storage.source_health import SourceHealth, load_health


class SourceChange(StrEnum):
    """CHANGED: the source has other words now. WITHDRAWN: it lists older articles, and this one no more."""

    CHANGED = "changed"
    WITHDRAWN = "withdrawn"


def source_changes(connection: Connection, number: int) -> dict[str, frozenset[SourceChange]]:
    """By article key, for those articles of edition `number` of which there is something to say.

    What is in no pool (written by hand, or tidied away since) cannot have changed.
    """
    keys = editions.article_keys(connection, number)
    overrides = editions.load_extras(connection, number).arranged.overrides
    versions = pool_versions(connection, [key for key, _ in keys])
    health = load_health(connection) if versions else {}
    found = {}
    for key, frozen in keys:
        copies = versions.get(key, [])
        hashes = {origin_hash(copy.article) for copy in copies}
        changes = set()
        if copies and frozen and (frozen not in hashes or is_outdated(overrides.get(key), frozen)):
            changes.add(SourceChange.CHANGED)
        if copies and all(_is_withdrawn(connection, copy, health.get(copy.article.source)) for copy in copies):
            changes.add(SourceChange.WITHDRAWN)
        if changes:
            found[key] = frozenset(changes)
    return found


def source_warnings(database: Database, number: int) -> list[str]:
    """A sentence for each article of an edition about to be sent that was changed or withdrawn at its source since."""
    with database.read() as connection:
        if editions.get_edition(connection, number).state not in (EditionState.PREPARED, EditionState.APPROVED):
            return []
        changes = source_changes(connection, number)
        articles = editions.prepared_articles(connection, number) if changes else ()
        keys = [key for key, _ in editions.article_keys(connection, number)]
    titles = dict(zip(keys, (article.title for article in articles), strict=False))
    return [
        f"Edition {number}: the article {titles.get(key, key)!r} was {' and '.join(sorted(each))} at its source since."
        for key, each in changes.items()
    ]


def _is_withdrawn(connection: Connection, copy: PoolVersion, health: SourceHealth | None) -> bool:
    """Whether its source was read since and still had older articles: what falls off a feed's end was the oldest."""
    if health is None or health.succeeded_at is None or health.succeeded_at <= copy.last_seen:
        return False
    dated = copy.article.published or copy.first_seen
    return lists_older_at(connection, copy.article.source, health.succeeded_at, dated)
