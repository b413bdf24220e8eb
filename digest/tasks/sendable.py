"""What a sender could go on with now, beside the regular editions: letters, extras, and sent editions' latecomers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from digest.storage import due_sending
from digest.storage.database import Database


class Sendable(NamedTuple):
    """Numbers of editions, the oldest first. `late` are sent already, and somebody was entered afterwards."""

    letters: list[int]
    extras: list[int]
    late: list[int]


def sendable_now(database: Database, newsletters: Sequence[str], late_since: date, now: datetime) -> Sendable:
    """Nothing that only waits for somebody's next try; `late_since` is the first day that is still news."""
    alone = database.file is not None
    with database.read() as connection:
        return Sendable(
            letters=due_sending.letters_due(connection, now, only_sender=alone),
            extras=due_sending.extras_due(connection, now, only_sender=alone),
            late=due_sending.late_due(connection, newsletters, late_since, now, only_sender=alone),
        )


def can_go_on(database: Database, number: int, now: datetime) -> bool:
    """Whether there is anything to do now about an edition that is being sent."""
    with database.read() as connection:
        return due_sending.can_go_on(connection, number, now, only_sender=database.file is not None)
