"""Editions: one row each, their frozen content, and the steps they take."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from digest.errors import NotFoundError, StepError, StorageError
from digest.model.article import Article
from digest.model.edition import Edition, EditionContent, EditionKind, EditionState
from digest.model.extras import Extras
from digest.model.market import Snapshot
from digest.storage.tables import edition_articles, editions

_decode_content = msgspec.json.Decoder(EditionContent).decode
_HEAD = [column for column in editions.c if column.name not in ("content", "extras", "shell", "snapshot")]
_NO_LETTER = editions.c.kind != EditionKind.LETTER
#: States of editions whose articles count as carried.
_CARRYING = (
    EditionState.PREPARED,
    EditionState.IN_REVIEW,
    EditionState.APPROVED,
    EditionState.SENDING,
    EditionState.PAUSED,
    EditionState.SENT,
)


def find_regular_edition(connection: Connection, newsletter: str, day: date) -> Edition | None:
    """The regular edition of that newsletter and day, if there is one."""
    query = select(*_HEAD).where(
        editions.c.newsletter == newsletter, editions.c.day == day, editions.c.kind == EditionKind.REGULAR
    )
    row = connection.execute(query).first()
    return _edition(row) if row else None


def regular_edition(connection: Connection, newsletter: str, day: date, at: datetime) -> Edition:
    """The regular edition of that newsletter and day, made in state gathering where there is none yet."""
    known = find_regular_edition(connection, newsletter, day)
    if known is None:
        return add_edition(connection, newsletter, EditionKind.REGULAR, day, at)
    return known


def add_edition(connection: Connection, newsletter: str, kind: EditionKind, day: date, at: datetime) -> Edition:
    """One more edition, in state gathering."""
    number = connection.execute(
        insert(editions)
        .values(
            newsletter=newsletter,
            kind=kind,
            day=day,
            at=at,
            state=EditionState.GATHERING,
            reason="",
            content_hash="",
            approved_hash="",
        )
        .returning(editions.c.id)
    ).scalar_one()
    return get_edition(connection, number)


def get_edition(connection: Connection, number: int, *, content: bool = False) -> Edition:
    """One edition, with its frozen content where asked for.

    Raises NotFoundError, and StorageError where the content is not the one that was frozen.
    """
    columns = [*_HEAD, editions.c.content] if content else _HEAD
    row = connection.execute(select(*columns).where(editions.c.id == number)).first()
    if row is None:
        raise NotFoundError("edition", number, "in the database; see `digest editions list`")
    if content and row.content is not None and _digest(row.content) != row.content_hash:
        raise StorageError(
            f"The content of edition {number} is not the one that was prepared; it cannot be used. "
            f"`digest editions cancel {number}` closes it."
        )
    return _edition(row)


def list_editions(
    connection: Connection, *, newsletter: str = "", letters: bool = False, limit: int = 50
) -> list[Edition]:
    """The newest first; those of kind letter, of which there are many, only with `letters`."""
    query = select(*_HEAD).order_by(editions.c.day.desc(), editions.c.id.desc()).limit(limit)
    if not letters:
        query = query.where(_NO_LETTER)
    if newsletter:
        query = query.where(editions.c.newsletter == newsletter)
    return [_edition(row) for row in connection.execute(query)]


def page_editions(
    connection: Connection, *, newsletter: str = "", before: int, letters: bool = True, limit: int = 100
) -> list[Edition]:
    """Those with a number below `before`, the highest number first: pages stay as they are while editions are added."""
    query = select(*_HEAD).where(editions.c.id < before).order_by(editions.c.id.desc()).limit(limit)
    if not letters:
        query = query.where(_NO_LETTER)
    if newsletter:
        query = query.where(editions.c.newsletter == newsletter)
    return [_edition(row) for row in connection.execute(query)]


def last_preparation(connection: Connection, newsletter: str, before: date) -> datetime | None:
    """When the newest regular edition before that day was prepared, of those that carry their articles."""
    query = (
        select(editions.c.prepared_at)
        .where(editions.c.newsletter == newsletter, editions.c.day < before, editions.c.state.in_(_CARRYING))
        .where(editions.c.kind == EditionKind.REGULAR)
        .order_by(editions.c.day.desc())
        .limit(1)
    )
    return connection.execute(query).scalar()


def carried_articles(connection: Connection, newsletter: str, but_not: int) -> set[str]:
    """The keys of every article that the newsletter has carried or is about to, other than by edition `but_not`."""
    query = (
        select(edition_articles.c.article_key)
        .join(editions, editions.c.id == edition_articles.c.edition_id)
        .where(editions.c.newsletter == newsletter, editions.c.id != but_not, editions.c.state.in_(_CARRYING))
    )
    return set(connection.execute(query).scalars())


def freeze(
    connection: Connection,
    edition: Edition,
    content: EditionContent,
    keys: Sequence[str],
    shell: bytes,
    state: EditionState,
    now: datetime,
    *,
    origins: Sequence[str] = (),
    reason: str = "",
) -> None:
    """Store what the edition is made from, its shell and its article keys. Raises StepError.

    `origins` are hashes of the articles as their sources have them, in the order of `keys`.
    """
    edition.state.check_step(state)
    connection.execute(
        update(editions)
        .where(editions.c.id == edition.number)
        .values(
            state=state,
            at=content.at,
            reason=reason,
            content=content.to_json(),
            content_hash=content.hash,
            approved_hash="",
            shell=shell,
            prepared_at=now,
        )
    )
    connection.execute(delete(edition_articles).where(edition_articles.c.edition_id == edition.number))
    if keys:
        connection.execute(
            insert(edition_articles),
            [
                {"edition_id": edition.number, "number": number, "article_key": key, "origin_hash": origin}
                for number, (key, origin) in enumerate(zip(keys, origins or [""] * len(keys), strict=True))
            ],
        )


def take_step(connection: Connection, edition: Edition, to: EditionState, **values: Any) -> None:
    """Move the edition to the state `to`, with other columns.

    Raises StepError, also where the edition is not what `edition` says any more: a decision about what has been
    prepared anew since is void.
    """
    edition.state.check_step(to)
    moved = connection.execute(
        update(editions)
        .where(
            editions.c.id == edition.number,
            editions.c.state == edition.state,
            editions.c.content_hash == edition.content_hash,
        )
        .values(state=to, **values)
    )
    if not moved.rowcount:
        now = get_edition(connection, edition.number)
        changed = f"became {now.state}" if now.state is not edition.state else "was prepared anew"
        raise StepError(f"Edition {edition.number} {changed} in the meantime; look at it again.")


def unfinished_days(connection: Connection, newsletter: str) -> list[date]:
    """The days whose regular edition is being sent, or was broken off, the oldest first."""
    query = select(editions.c.day).where(
        editions.c.newsletter == newsletter,
        editions.c.kind == EditionKind.REGULAR,
        editions.c.state == EditionState.SENDING,
    )
    return list(connection.execute(query.order_by(editions.c.day)).scalars())


def recent_articles(connection: Connection, newsletter: str, but_not: int, limit: int = 7) -> list[Article]:
    """The articles of the newsletter's last `limit` editions that carry any, other than `but_not`."""
    query = (
        select(editions.c.content)
        .where(editions.c.newsletter == newsletter, editions.c.id != but_not, editions.c.state.in_(_CARRYING))
        .where(_NO_LETTER)
        .order_by(editions.c.day.desc(), editions.c.id.desc())
        .limit(limit)
    )
    frozen = [_decode_content(stored) for stored in connection.execute(query).scalars() if stored]
    return [article for content in frozen for article in content.articles]


def load_extras(connection: Connection, number: int) -> Extras:
    """What editors gave the edition; empty where they gave nothing."""
    stored = connection.execute(select(editions.c.extras).where(editions.c.id == number)).scalar()
    return msgspec.json.decode(stored, type=Extras) if stored else Extras()


def save_extras(connection: Connection, number: int, extras: Extras) -> None:
    """Keep them for the next preparation."""
    connection.execute(update(editions).where(editions.c.id == number).values(extras=msgspec.json.encode(extras)))


def prepared_articles(connection: Connection, number: int) -> tuple[Article, ...]:
    """The articles that an edition was prepared with last; none where it never was."""
    stored = connection.execute(select(editions.c.content).where(editions.c.id == number)).scalar()
    return _decode_content(stored).articles if stored else ()


def article_keys(connection: Connection, number: int) -> list[tuple[str, str]]:
    """(key, hash of what its source had) of each article that the edition was prepared with, in their order."""
    query = select(edition_articles.c.article_key, edition_articles.c.origin_hash)
    query = query.where(edition_articles.c.edition_id == number).order_by(edition_articles.c.number)
    return [(key, origin) for key, origin in connection.execute(query)]


def save_origins(connection: Connection, number: int, origins: Sequence[str]) -> None:
    """Write down what the articles' sources have now, of an edition that stays as it is otherwise."""
    for place, origin in enumerate(origins):
        connection.execute(
            update(edition_articles)
            .where(edition_articles.c.edition_id == number, edition_articles.c.number == place)
            .where(edition_articles.c.origin_hash != origin)
            .values(origin_hash=origin)
        )


def article_counts(connection: Connection, newsletter: str, but_not: int, limit: int) -> list[int]:
    """How many articles each of the newsletter's last `limit` regular editions had, other than `but_not`."""
    last = (
        select(editions.c.id)
        .where(
            editions.c.newsletter == newsletter,
            editions.c.id != but_not,
            editions.c.kind == EditionKind.REGULAR,
            editions.c.state.in_(_CARRYING),
        )
        .order_by(editions.c.day.desc())
        .limit(limit)
        .subquery()
    )
    counted = select(func.count()).select_from(edition_articles).join(last, last.c.id == edition_articles.c.edition_id)
    return list(connection.execute(counted.group_by(edition_articles.c.edition_id)).scalars())


def load_shell(connection: Connection, number: int) -> bytes:
    """The compiled shell of a prepared edition."""
    stored = connection.execute(select(editions.c.shell).where(editions.c.id == number)).scalar()
    if stored is None:
        raise NotFoundError("prepared edition", number, "in the database; run `digest prepare` first")
    return bytes(stored)


def load_snapshot(connection: Connection, number: int) -> Snapshot | None:
    """The snapshot whose prices the edition was sent with, once sending has begun."""
    stored = connection.execute(select(editions.c.snapshot).where(editions.c.id == number)).scalar()
    return msgspec.json.decode(stored, type=Snapshot) if stored else None


def planned_at(connection: Connection, number: int) -> datetime | None:
    """Since when every recipient of the edition stands in the ledger, None where they do not."""
    return connection.execute(select(editions.c.planned_at).where(editions.c.id == number)).scalar()


def is_planned(connection: Connection, number: int) -> bool:
    """Whether every recipient of the edition stands in the ledger."""
    return planned_at(connection, number) is not None


def _digest(stored: bytes | str) -> str:
    return hashlib.sha256(stored.encode() if isinstance(stored, str) else stored).hexdigest()


def _edition(row: Row[Any]) -> Edition:
    stored = row._mapping.get("content")
    return Edition(
        number=row.id,
        newsletter=row.newsletter,
        kind=row.kind,
        date=row.day,
        at=row.at,
        state=row.state,
        content=_decode_content(stored) if stored else None,
        content_hash=row.content_hash,
        approved_hash=row.approved_hash,
        reason=row.reason,
        prepared_at=row.prepared_at,
        sent_at=row.sent_at,
    )
