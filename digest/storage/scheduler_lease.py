"""Which of several schedulers on one database works: one row, taken and kept by compare and swap."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Connection, select, update

from digest.storage.tables import scheduler_lease
from subscribers.upsert import insert_if_absent

_NAME = "scheduler"
_L = scheduler_lease.c


class LeaseRow(msgspec.Struct, frozen=True):
    """Who has it ("" where it was given back), how often it was renewed, and when that happened by their clock."""

    holder: str
    beat: int
    renewed_at: datetime


def read_lease(connection: Connection) -> LeaseRow | None:
    """None where no scheduler ever ran on this database."""
    row = connection.execute(select(_L.holder, _L.beat, _L.renewed_at).where(_L.name == _NAME)).first()
    return LeaseRow(*row) if row else None


def take_lease(connection: Connection, holder: str, seen: LeaseRow | None, now: datetime) -> bool:
    """Make `holder` the one that works, if the row is still what was `seen`; whether that is so now."""
    if seen is None:
        row = {"name": _NAME, "holder": holder, "beat": 1, "renewed_at": now}
        return connection.execute(insert_if_absent(connection, scheduler_lease, "name").values(row)).rowcount == 1
    changed = connection.execute(
        update(scheduler_lease)
        .where(_L.name == _NAME, _L.holder == seen.holder, _L.beat == seen.beat)
        .values(holder=holder, beat=seen.beat + 1, renewed_at=now)
    )
    return changed.rowcount == 1


def renew_lease(connection: Connection, holder: str, now: datetime) -> bool:
    """Count one beat on; False where somebody else has it by now."""
    ours = (_L.name == _NAME, _L.holder == holder)
    return (
        connection.execute(update(scheduler_lease).where(*ours).values(beat=_L.beat + 1, renewed_at=now)).rowcount == 1
    )


def give_back_lease(connection: Connection, holder: str) -> None:
    """So that the next one need not wait."""
    connection.execute(update(scheduler_lease).where(_L.name == _NAME, _L.holder == holder).values(holder=""))
