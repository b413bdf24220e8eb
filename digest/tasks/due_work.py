"""What the clock asks of a newsletter now. Pure: the same states and the same `now` give the same answer.

The scheduler asks often and after every start, so nothing depends on being awake at the exact minute; that the edition
is one row per newsletter and day is what keeps a clock change, or a second scheduler, from sending twice.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from digest.model.edition import EditionState
from digest.model.newsletter import Newsletter, weekdays


class Verb(StrEnum):
    """What is to be done with an edition."""

    PREPARE = "prepare"
    SEND = "send"
    HOLD = "hold"
    SKIP = "skip"


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is due: `verb` on the edition of `day`."""

    verb: Verb
    newsletter: Newsletter
    day: date


#: Later than this counts as late; before, the scheduler was merely busy.
PUNCTUAL = timedelta(minutes=10)
_UNPREPARED = (None, EditionState.GATHERING)
_READY = (EditionState.PREPARED, EditionState.APPROVED)


def due_work(
    newsletter: Newsletter,
    now: datetime,
    zone: ZoneInfo,
    state_of: Callable[[date], EditionState | None],
) -> list[Work]:
    """What is due for `newsletter`: its editions of today and, where the late window reaches over midnight, yesterday.

    `state_of` gives the state of a day's regular edition, None where there is none yet.
    """
    today = now.astimezone(zone).date()
    return [
        Work(verb=verb, newsletter=newsletter, day=day)
        for day in (today - timedelta(days=1), today)
        if (verb := _due(newsletter, now, zone, day, state_of(day))) is not None
    ]


def _due(newsletter: Newsletter, now: datetime, zone: ZoneInfo, day: date, state: EditionState | None) -> Verb | None:
    if state is EditionState.SENDING:
        return Verb.SEND  # broken off, or somebody's next try has come
    at = newsletter.sends_at(day, zone)
    if day.weekday() not in weekdays(newsletter.days) or now < newsletter.prepares_at(day, zone):
        return None
    if now < at:
        return Verb.PREPARE if state in _UNPREPARED else None
    lateness = timedelta(hours=newsletter.late_window_hours) if newsletter.late == "send" else timedelta()
    if now - at > max(lateness, PUNCTUAL):
        # What never began is left alone; what was prepared and missed its time is closed.
        return Verb.SKIP if state in _READY else None
    if state is EditionState.IN_REVIEW:
        return Verb.SEND if newsletter.if_unapproved == "send" else Verb.HOLD
    return Verb.SEND if state in (*_UNPREPARED, *_READY) else None
