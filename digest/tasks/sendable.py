"""What a sender could go on with now, beside the regular editions. What only waits for a next try is not among it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from digest.storage import due_sending
from digest.storage.database import Database


def letters_to_send(database: Database, now: datetime) -> list[int]:
    """The numbers of the letters that somebody waits for, the oldest first."""
    with database.read() as connection:
        return due_sending.letters_due(connection, now, only_sender=_alone(database))


def extras_to_send(database: Database, now: datetime) -> list[int]:
    """The numbers of the extras and corrections that were approved and whose time has come, or that have begun."""
    with database.read() as connection:
        return due_sending.extras_due(connection, now, only_sender=_alone(database))


def late_to_send(database: Database, newsletters: Sequence[str], since: date, now: datetime) -> list[int]:
    """The numbers of these newsletters' sent editions, of `since` or later, that somebody has yet to get."""
    with database.read() as connection:
        return due_sending.late_due(connection, newsletters, since, now, only_sender=_alone(database))


def can_go_on(database: Database, number: int, now: datetime) -> bool:
    """Whether there is anything to do now about an edition that is being sent."""
    with database.read() as connection:
        return due_sending.can_go_on(connection, number, now, only_sender=_alone(database))


def _alone(database: Database) -> bool:
    """Whether whoever gets to send is the only one: then what is claimed was left by a sender that is dead."""
    return database.file is not None
