"""Solved proofs of work, remembered until they would have ended."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete

from digest.storage.tables import used_challenges
from subscribers.upsert import insert_if_absent


def use_challenge(connection: Connection, name: str, *, until: datetime, now: datetime) -> bool:
    """Remember the challenge `name` (64 characters at most) at least `until` then; False if it was used before."""
    connection.execute(delete(used_challenges).where(used_challenges.c.until < now))
    remembering = insert_if_absent(connection, used_challenges, "name").values(name=name, until=until)
    return connection.execute(remembering.returning(used_challenges.c.name)).first() is not None
