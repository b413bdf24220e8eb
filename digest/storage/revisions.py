"""The history of an edition: every edit, with the extras and the articles as they were after it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, func, insert, select

from digest.errors import NotFoundError
from digest.model.desk import Change, Revision, RevisionKind
from digest.model.extras import Extras
from digest.storage.tables import edition_revisions

_R = edition_revisions.c
_HEAD = [column for column in _R if column.name not in ("extras", "article_keys")]
_decode = msgspec.json.Decoder(Extras).decode


class SavedState(NamedTuple):
    """What an edition was made from after a revision: the extras, and its articles' keys in their order."""

    extras: Extras
    keys: tuple[str, ...]


def newest_revision(connection: Connection, edition: int) -> int:
    """The number of the last revision, 0 where nothing was edited yet."""
    query = select(func.max(_R.revision)).where(_R.edition_id == edition)
    return connection.execute(query).scalar() or 0


def add_revision(
    connection: Connection,
    edition: int,
    kind: RevisionKind,
    *,
    saved: SavedState,
    before: SavedState,
    who: str,
    summary: str,
    changes: Sequence[Change],
    touches: Sequence[str],
    content_hash: str,
    now: datetime,
) -> int:
    """Write one revision down; its number. The first one of an edition also writes down what there was `before`."""
    number = newest_revision(connection, edition) + 1
    row = {
        "edition_id": edition,
        "revision": number,
        "at": now,
        "who": who,
        "kind": kind,
        "summary": summary,
        "changes": [msgspec.to_builtins(change) for change in changes],
        "touches": touches,
        "article_keys": saved.keys,
        "extras": msgspec.json.encode(saved.extras),
        "content_hash": content_hash,
    }
    if number == 1:
        start = {"revision": 0, "kind": RevisionKind.START, "summary": "", "changes": [], "touches": ()}
        start |= {"article_keys": before.keys, "extras": msgspec.json.encode(before.extras), "content_hash": ""}
        connection.execute(insert(edition_revisions).values(row | start))
    connection.execute(insert(edition_revisions).values(row))
    return number


def list_revisions(connection: Connection, edition: int, *, after: int = 0) -> list[Revision]:
    """The revisions with a number above `after`, in their order."""
    query = select(*_HEAD).where(_R.edition_id == edition, _R.revision > after).order_by(_R.revision)
    return [_revision(row) for row in connection.execute(query)]


def load_saved(connection: Connection, edition: int, revision: int) -> SavedState:
    """What the edition was made from after that revision. Raises NotFoundError."""
    query = select(_R.extras, _R.article_keys).where(_R.edition_id == edition, _R.revision == revision)
    row = connection.execute(query).first()
    if row is None:
        raise NotFoundError("revision", revision, f"of edition {edition}")
    return SavedState(_decode(row.extras), row.article_keys)


def _revision(row: Row[Any]) -> Revision:
    return Revision(
        number=row.revision,
        at=row.at,
        who=row.who,
        kind=row.kind,
        summary=row.summary,
        changes=msgspec.convert(row.changes, tuple[Change, ...]),
        touches=row.touches,
        content_hash=row.content_hash,
    )
