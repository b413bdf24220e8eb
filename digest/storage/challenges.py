"""Solved proofs of work, remembered until they would have ended."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete

from digest.storage.tables import used_challenges
from subscribers.upsert import insert_was_new


def use_challenge(connection: Connection, name: str, *, until: datetime, now: datetime) -> bool:
    """Remember the challenge `name` (64 characters at most) at least `until` then; False if it was used before."""
    connection.execute(delete(used_challenges).where(used_challenges.c.until < now))
    return insert_was_new(connection, used_challenges, {"name": name, "until": until}, "name")
