"""The snapshots that were taken."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, insert, select

from digest.model.market import Snapshot
from digest.storage.tables import snapshots


def save_snapshot(connection: Connection, snapshot: Snapshot) -> None:
    connection.execute(insert(snapshots).values(taken_at=snapshot.taken_at, snapshot=msgspec.json.encode(snapshot)))


def latest_snapshot(connection: Connection) -> Snapshot | None:
    """The newest one, however old."""
    query = select(snapshots.c.snapshot).order_by(snapshots.c.taken_at.desc()).limit(1)
    stored = connection.execute(query).scalar()
    return msgspec.json.decode(stored, type=Snapshot) if stored else None
