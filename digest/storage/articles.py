"""The pool of gathered articles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, func, insert, or_, select, update

from digest.model.article import Article
from digest.storage.tables import articles
from subscribers.upsert import in_chunks

_encode = msgspec.json.encode
_decode = msgspec.json.Decoder(Article).decode


class StoredArticle(NamedTuple):
    """An article of the pool. `key` is its identity, whatever its text becomes."""

    key: str
    first_seen: datetime
    article: Article


class PoolVersion(NamedTuple):
    """One source's newest version of an article, and when the source listed it first and last."""

    first_seen: datetime
    last_seen: datetime
    article: Article


def save_articles(connection: Connection, keyed: Iterable[tuple[str, Article]], now: datetime) -> int:
    """Add what is new and renew what is known; how many are new. Each source has its own copy of an article."""
    new = 0
    for key, article in keyed:
        known = connection.execute(
            select(articles.c.id).where(articles.c.key == key, articles.c.source == article.source)
        ).scalar()
        if known is None:
            new += 1
            connection.execute(
                insert(articles).values(
                    key=key,
                    source=article.source,
                    published=article.published,
                    first_seen=now,
                    last_seen=now,
                    article=_encode(article),
                )
            )
        else:
            connection.execute(
                update(articles)
                .where(articles.c.id == known)
                .values(published=article.published, last_seen=now, article=_encode(article))
            )
    return new


def articles_between(
    connection: Connection, start: datetime, end: datetime, sources: Sequence[str]
) -> Iterator[StoredArticle]:
    """Articles of `sources` published, or first seen without a date, from a day before `start` to a day after `end`.

    It is wider than a window on purpose: a date without a time stands for its whole day.
    """
    day = timedelta(days=1)
    wide = or_(
        articles.c.published.between(start - day, end + day),
        articles.c.published.is_(None) & (articles.c.first_seen >= start - day),
    )
    yield from _read(connection, wide, sources)


def pool_versions(connection: Connection, keys: Sequence[str]) -> dict[str, list[PoolVersion]]:
    """Every source's version of those articles that the pool has, by key."""
    found: dict[str, list[PoolVersion]] = {}
    columns = (articles.c.key, articles.c.first_seen, articles.c.last_seen, articles.c.article)
    for chunk in in_chunks(keys):
        for row in connection.execute(select(*columns).where(articles.c.key.in_(chunk)).order_by(articles.c.id)):
            found.setdefault(row.key, []).append(PoolVersion(row.first_seen, row.last_seen, _decode(row.article)))
    return found


def lists_older_at(connection: Connection, source: str, seen: datetime, than: datetime) -> bool:
    """Whether the source listed, when it was read at `seen`, an article that is older than `than`."""
    dated = func.coalesce(articles.c.published, articles.c.first_seen)
    query = select(articles.c.id).where(articles.c.source == source, articles.c.last_seen >= seen, dated < than)
    return connection.execute(query.limit(1)).first() is not None


class Intake(NamedTuple):
    """What a source brought in a time: how many articles, the share that has a date, their mean size in octets."""

    total: int
    dated: float
    octets: float


def intake(connection: Connection, source: str, start: datetime, end: datetime) -> Intake:
    """The articles of that source that were first seen after `start` and not after `end`."""
    query = select(
        func.count(), func.count(articles.c.published), func.coalesce(func.avg(func.length(articles.c.article)), 0)
    ).where(articles.c.source == source, articles.c.first_seen > start, articles.c.first_seen <= end)
    total, dated, octets = connection.execute(query).one()
    return Intake(total, dated / total if total else 0.0, float(octets))


def list_articles(
    connection: Connection, *, sources: Sequence[str] | None = None, since: datetime | None = None
) -> Iterator[StoredArticle]:
    """The pool, or that of some sources, the newest first. What has no date is always among it."""
    wanted = or_(articles.c.published >= since, articles.c.published.is_(None)) if since else articles.c.id.is_not(None)
    yield from _read(connection, wanted, sources)


def _read(
    connection: Connection, wanted: ColumnElement[bool], sources: Sequence[str] | None
) -> Iterator[StoredArticle]:
    query = select(articles.c.key, articles.c.first_seen, articles.c.article).where(wanted)
    if sources is not None:
        query = query.where(articles.c.source.in_(sources))
    query = query.order_by(articles.c.published.desc(), articles.c.id)
    for key, first_seen, stored in connection.execute(query):
        yield StoredArticle(key, first_seen, _decode(stored))
