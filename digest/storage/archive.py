"""The editions that anybody may read: what was sent, the newest first."""

from __future__ import annotations

from datetime import date, datetime

import msgspec
from sqlalchemy import ColumnElement, Connection, select

from digest.model.edition import EditionKind, EditionState
from digest.storage.tables import editions

#: A letter goes to one person, and is nobody else's.
_PUBLIC = (EditionKind.REGULAR, EditionKind.EXTRA, EditionKind.CORRECTION)


class ArchiveEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One sent edition by its heading; `headlines` are its articles' titles."""

    number: int
    kind: EditionKind
    date: date
    sent_at: datetime
    subject: str
    headlines: tuple[str, ...]


class _Title(msgspec.Struct):
    title: str


class _Heading(msgspec.Struct):
    """Of a frozen content no more than this is decoded."""

    subject: str
    articles: tuple[_Title, ...]


_read_heading = msgspec.json.Decoder(_Heading).decode


def list_archive(
    connection: Connection, newsletter: str, *, before: date | None = None, limit: int
) -> list[ArchiveEntry]:
    """Up to `limit` sent editions of the newsletter, before that day where one is given."""
    query = (
        select(editions.c.id, editions.c.kind, editions.c.day, editions.c.sent_at, editions.c.content)
        .where(*_sent(newsletter))
        .order_by(editions.c.day.desc(), editions.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(editions.c.day < before)
    entries = []
    for row in connection.execute(query):
        heading = _read_heading(row.content)
        entries.append(
            ArchiveEntry(
                number=row.id,
                kind=row.kind,
                date=row.day,
                sent_at=row.sent_at,
                subject=heading.subject,
                headlines=tuple(article.title for article in heading.articles),
            )
        )
    return entries


def find_archived(connection: Connection, newsletter: str, day: date) -> list[int]:
    """The numbers of the editions that were sent that day, in their order."""
    query = select(editions.c.id).where(*_sent(newsletter), editions.c.day == day).order_by(editions.c.id)
    return list(connection.execute(query).scalars())


def _sent(newsletter: str) -> tuple[ColumnElement[bool], ...]:
    return (
        editions.c.newsletter == newsletter,
        editions.c.state == EditionState.SENT,
        editions.c.kind.in_(_PUBLIC),
        editions.c.content.is_not(None),
        editions.c.sent_at.is_not(None),
    )
