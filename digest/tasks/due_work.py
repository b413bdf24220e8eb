"""What the clock asks of a newsletter now. Pure: the same states and the same `now` give the same answer.

The scheduler asks often and after every start, so nothing depends on being awake at the exact minute; that the edition
is one row per newsletter and day is what keeps a clock change, or a second scheduler, from sending twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from digest.model.edition import EditionState
from digest.model.newsletter import Newsletter


class Verb(StrEnum):
    """What is to be done with an edition."""

    PREPARE = "prepare"
    REMIND = "remind"
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
#: The reason that stands with an edition which was prepared and never sent.
MISSED = "missed its time"
_UNPREPARED = (None, EditionState.GATHERING)
_READY = (EditionState.PREPARED, EditionState.APPROVED)
_BEGUN = (EditionState.SENDING, EditionState.PAUSED, EditionState.SENT)
#: So many days ahead an edition that has begun closes the earlier ones: further ahead, some clock was wrong.
_AHEAD = 2
#: So far ahead the next edition is looked for; no country has more holidays in a row.
_NEXT_DAYS = 14


def due_work(
    newsletter: Newsletter,
    now: datetime,
    zone: ZoneInfo,
    state_of: Callable[[date], EditionState | None],
    unfinished: Iterable[date] = (),
    reminded: Callable[[date], bool] = lambda _day: False,
) -> list[Work]:
    """What is due for `newsletter`, the oldest edition first: those of `unfinished` days, of the last days as far as
    the late window reaches back, of today, and of tomorrow, which may be prepared before midnight.

    `state_of` gives the state of a day's regular edition, None where there is none yet; `reminded` whether editors were
    told of it.
    """
    today = now.astimezone(zone).date()
    reach = 1 + newsletter.late_window_hours // 24
    near = {today + timedelta(days=step) for step in range(-reach, 2)}
    works = []
    for day in sorted(near.union(unfinished)):
        state = state_of(day)
        verb = _due(newsletter, now.astimezone(UTC), zone, day, state)
        if verb is Verb.REMIND and reminded(day):
            verb = None
        if verb and state is not EditionState.SENDING and _overtaken(day, state_of):
            verb = Verb.SKIP if state in _READY else None
        if verb:
            works.append(Work(verb=verb, newsletter=newsletter, day=day))
    return works


def _overtaken(day: date, state_of: Callable[[date], EditionState | None]) -> bool:
    """Whether a later edition has begun: the clock was set back, and readers have had their edition."""
    return any(state_of(day + timedelta(days=step)) in _BEGUN for step in range(1, _AHEAD + 1))


def _due(newsletter: Newsletter, now: datetime, zone: ZoneInfo, day: date, state: EditionState | None) -> Verb | None:
    if state is EditionState.SENDING:
        return Verb.SEND  # broken off, or somebody's next try has come
    if not newsletter.appears_on(day) or now < newsletter.prepares_at(day, zone):
        return None
    at = newsletter.sends_at(day, zone).astimezone(UTC)
    if now < at:
        return _due_before(newsletter.reminds_at(day, zone), now, state)
    if now > closes_at(newsletter, day, zone):
        # What never began is left alone; what was prepared and missed its time is closed.
        return Verb.SKIP if state in _READY else None
    if state is EditionState.IN_REVIEW:
        return Verb.SEND if newsletter.if_unapproved == "send" else Verb.HOLD
    return Verb.SEND if state in (*_UNPREPARED, *_READY) else None


def _due_before(reminder: datetime | None, now: datetime, state: EditionState | None) -> Verb | None:
    """What is due of an edition whose time has not come."""
    if state in _UNPREPARED:
        return Verb.PREPARE
    open_to_change = state in (EditionState.IN_REVIEW, EditionState.PREPARED)
    return Verb.REMIND if reminder is not None and now >= reminder and open_to_change else None


def closes_at(newsletter: Newsletter, day: date, zone: ZoneInfo) -> datetime:
    """Until when the edition of `day` is still sent, in UTC: never so late that the next one is due as well."""
    at = newsletter.sends_at(day, zone).astimezone(UTC)
    late = timedelta(hours=newsletter.late_window_hours) if newsletter.late == "send" else timedelta()
    closes = at + max(late, PUNCTUAL)
    coming = (day + timedelta(days=step) for step in range(1, _NEXT_DAYS + 1))
    next_day = next(filter(newsletter.appears_on, coming), None)
    if next_day is None:
        return closes
    return min(closes, newsletter.sends_at(next_day, zone).astimezone(UTC) - timedelta(microseconds=1))


def next_appearance(newsletter: Newsletter, now: datetime, zone: ZoneInfo) -> datetime | None:
    """When the scheduler sends the newsletter's next edition, in `zone`; None where it is none of the coming days."""
    coming = (newsletter.sends_at(day, zone) for day in _coming_days(newsletter, now, zone))
    return next((at for at in coming if at > now), None)


def next_moment(newsletter: Newsletter, now: datetime, zone: ZoneInfo) -> datetime | None:
    """When next there is something to do for the newsletter: preparing, reminding or sending."""
    moments = (
        at
        for day in _coming_days(newsletter, now, zone)
        for at in (newsletter.prepares_at(day, zone), newsletter.reminds_at(day, zone), newsletter.sends_at(day, zone))
        if at is not None and at > now
    )
    return min(moments, default=None)


def _coming_days(newsletter: Newsletter, now: datetime, zone: ZoneInfo) -> Iterator[date]:
    today = now.astimezone(zone).date()
    return filter(newsletter.appears_on, (today + timedelta(days=step) for step in range(_NEXT_DAYS + 1)))
