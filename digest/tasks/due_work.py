"""What the clock asks of a newsletter now. Pure: the same states and the same `now` give the same answer.

The scheduler asks often and after every start, so nothing depends on being awake at the exact minute; that the edition
is one row per newsletter and day is what keeps a clock change, or a second scheduler, from sending twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from digest.model.edition import EditionState
from digest.model.newsletter import Newsletter, read_weekdays


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
    unfinished: Iterable[date] = (),
) -> list[Work]:
    """What is due for `newsletter`, the oldest edition first: those of `unfinished` days, of the last days as far as
    the late window reaches back, of today, and of tomorrow, which may be prepared before midnight.

    `state_of` gives the state of a day's regular edition, None where there is none yet.
    """
    today = now.astimezone(zone).date()
    reach = 1 + newsletter.late_window_hours // 24
    near = {today + timedelta(days=step) for step in range(-reach, 2)}
    return [
        Work(verb=verb, newsletter=newsletter, day=day)
        for day in sorted(near.union(unfinished))
        if (verb := _due(newsletter, now.astimezone(UTC), zone, day, state_of(day))) is not None
    ]


def _due(newsletter: Newsletter, now: datetime, zone: ZoneInfo, day: date, state: EditionState | None) -> Verb | None:
    if state is EditionState.SENDING:
        return Verb.SEND  # broken off, or somebody's next try has come
    if day.weekday() not in read_weekdays(newsletter.days) or now < newsletter.prepares_at(day, zone):
        return None
    at = newsletter.sends_at(day, zone).astimezone(UTC)
    if now < at:
        return Verb.PREPARE if state in _UNPREPARED else None
    if now > _closes_at(newsletter, day, at, zone):
        # What never began is left alone; what was prepared and missed its time is closed.
        return Verb.SKIP if state in _READY else None
    if state is EditionState.IN_REVIEW:
        return Verb.SEND if newsletter.if_unapproved == "send" else Verb.HOLD
    return Verb.SEND if state in (*_UNPREPARED, *_READY) else None


def _closes_at(newsletter: Newsletter, day: date, at: datetime, zone: ZoneInfo) -> datetime:
    """Until when the edition due at `at` is still sent: never so late that the next one is due as well."""
    late = timedelta(hours=newsletter.late_window_hours) if newsletter.late == "send" else timedelta()
    days = read_weekdays(newsletter.days)
    next_day = next(after for step in range(1, 8) if (after := day + timedelta(days=step)).weekday() in days)
    one_moment_before = newsletter.sends_at(next_day, zone).astimezone(UTC) - timedelta(microseconds=1)
    return min(at + max(late, PUNCTUAL), one_moment_before)
