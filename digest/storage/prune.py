"""What grows and is needed no more: counted, and deleted in small transactions that nobody has to wait for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, exists, func, or_, select, update

from digest.model.delivery import DeliveryState
from digest.model.edition import EditionKind, EditionState
from digest.storage.database import Database
from digest.storage.tables import articles, deliveries, edition_revisions, editions, snapshots

#: Rows that one transaction deletes or empties.
AT_ONCE = 2_000
_CLOSED = (EditionState.SENT, EditionState.CANCELLED, EditionState.SKIPPED)
_SETTLED = (DeliveryState.SUBMITTED, DeliveryState.REJECTED, DeliveryState.UNKNOWN, DeliveryState.SKIPPED)
_PICTURE = re.compile(rb"[0-9a-f]{64}\.jpg")
_D, _E = deliveries.c, editions.c


def old_articles(before: datetime) -> ColumnElement[bool]:
    """Articles that no source has listed since, wherever they were shown."""
    return and_(articles.c.last_seen < before, or_(articles.c.published < before, articles.c.published.is_(None)))


def old_snapshots(before: datetime) -> ColumnElement[bool]:
    """Snapshots taken before, but for the newest one."""
    newest = select(func.max(snapshots.c.taken_at)).scalar_subquery()
    return and_(snapshots.c.taken_at < before, snapshots.c.taken_at < newest)


def closed_editions(before: date) -> ColumnElement[bool]:
    """Editions of days before that nothing more comes of."""
    return and_(_E.day < before, _E.state.in_(_CLOSED))


def telling_deliveries(before: date) -> ColumnElement[bool]:
    """Settled deliveries of old editions that still hold somebody's values or a server's words.

    They are emptied before their edition's shell is dropped, so that is where to look.
    """
    looked_at = select(_E.id).where(closed_editions(before), or_(_E.shell.is_not(None), _E.kind == EditionKind.LETTER))
    return and_(_D.edition_id.in_(looked_at), _D.state.in_(_SETTLED), or_(_D.recipient.is_not(None), _D.reply != ""))


def old_deliveries(before: date) -> ColumnElement[bool]:
    return _of_old(before)


def old_shells(before: date) -> ColumnElement[bool]:
    """Editions that could still be shown as they were sent."""
    return and_(closed_editions(before), _E.shell.is_not(None))


def bare_letters(before: date) -> ColumnElement[bool]:
    """Old letters that nobody stands in the ledger of any more."""
    return and_(closed_editions(before), _E.kind == EditionKind.LETTER, ~exists().where(_D.edition_id == editions.c.id))


def count(connection: Connection, table: Table, which: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).select_from(table).where(which)).scalar_one()


def delete_rows(database: Database, table: Table, which: ColumnElement[bool]) -> int:
    """Delete these rows; how many."""
    key = table.c.id
    return sum(
        _in_steps(
            database,
            lambda connection: (
                connection.execute(delete(table).where(key.in_(select(key).where(which).limit(AT_ONCE)))).rowcount
            ),
        )
    )


def empty_deliveries(database: Database, which: ColumnElement[bool]) -> int:
    """Take everything personal out of these rows but that the person got the edition, and which articles; how many."""
    last = emptied = 0
    while True:
        with database.write() as connection:
            # Behind the last one each time: what was emptied is not looked through again.
            found = select(_D.id).where(which, _D.id > last).order_by(_D.id).limit(AT_ONCE)
            ids = connection.execute(found).scalars().all()
            if not ids:
                return emptied
            connection.execute(update(deliveries).where(_D.id.in_(ids)).values(recipient=None, reply=""))
        last, emptied = ids[-1], emptied + len(ids)


def drop_shells(database: Database, which: ColumnElement[bool]) -> int:
    """Forget how these editions looked in a mail program; what they said stays, for the archive. How many."""
    with database.write() as connection:
        return connection.execute(update(editions).where(which).values(shell=None)).rowcount


def pictures_in_use(connection: Connection) -> set[str]:
    """The names of all pictures that an edition shows, or an editor chose for one."""
    found: set[str] = set()
    for column in (_E.content, _E.extras, edition_revisions.c.extras):
        for stored in (
            connection.execution_options(yield_per=50).execute(select(column).where(column.is_not(None))).scalars()
        ):
            raw = stored if isinstance(stored, bytes) else bytes(str(stored), "utf-8")
            found.update(name.decode("ascii") for name in _PICTURE.findall(raw))
    return found


def _of_old(before: date) -> ColumnElement[bool]:
    return _D.edition_id.in_(select(_E.id).where(closed_editions(before)))


def _in_steps(database: Database, step: Callable[[Connection], int]) -> Iterator[int]:
    while True:
        with database.write() as connection:
            done = step(connection)
        yield done
        if done < AT_ONCE:
            return
