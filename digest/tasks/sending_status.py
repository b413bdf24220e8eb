"""How sending stands: counts, rate, time left, and what is waited for. Nothing here grows with the recipients."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import msgspec
from sqlalchemy import Connection

from digest.model.delivery import DeliveryState
from digest.model.edition import EditionKind, EditionState
from digest.storage.counts import count_deliveries
from digest.storage.database import Database
from digest.storage.editions import get_edition, list_editions
from digest.storage.progress import SendingProgress, load_progress, unfinished_editions

#: States that are moments, at most a batch: they count as queued.
_MOMENTS = {DeliveryState.CLAIMED: DeliveryState.QUEUED, DeliveryState.IN_FLIGHT: DeliveryState.QUEUED}
_SHOWN = tuple(state for state in DeliveryState if state not in _MOMENTS)
_LONGEST = timedelta(days=365)


class EditionStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One edition. `deliveries` counts by state, `reasons` by state and reason where there is one.

    `senders` work on it now, together at `rate` messages a second; `heard_at` is when one last spoke. `done_at` is an
    estimate, None where nobody works on it or nothing is known. `note` says what is to be done, where something is.
    """

    edition: int
    newsletter: str
    kind: EditionKind
    date: date
    state: EditionState
    reason: str
    deliveries: dict[DeliveryState, int]
    reasons: dict[DeliveryState, dict[str, int]]
    senders: int = 0
    heard_at: datetime | None = None
    rate: float = 0.0
    waiting_until: datetime | None = None
    waiting_why: str = ""
    done_at: datetime | None = None
    seconds_left: float | None = None
    note: str = ""

    @property
    def total(self) -> int:
        return sum(self.deliveries.values())

    @property
    def left(self) -> int:
        """How many still wait to be sent, or to be tried again."""
        return self.deliveries[DeliveryState.QUEUED] + self.deliveries[DeliveryState.DEFERRED]


def sending_status(
    database: Database, now: datetime, *, newest_of: Sequence[str] = (), newsletter: str = "", number: int | None = None
) -> list[EditionStatus]:
    """The edition `number`; or the newest of each newsletter in `newest_of`, and what is being sent or paused.

    The latter only of `newsletter`, where one is named. Raises NotFoundError for an edition that is not there.
    """
    with database.read() as connection:
        if number is not None:
            return [_status(connection, number, now)]
        newest = [list_editions(connection, newsletter=slug, limit=1) for slug in newest_of]
        numbers = [edition.number for of_one in newest for edition in of_one]
        numbers += unfinished_editions(connection, newsletter=newsletter)
        return [_status(connection, each, now) for each in dict.fromkeys(numbers)]


def _status(connection: Connection, number: int, now: datetime) -> EditionStatus:
    edition = get_edition(connection, number)
    deliveries = dict.fromkeys(_SHOWN, 0)
    reasons: dict[DeliveryState, dict[str, int]] = {}
    for (state, reason), count in sorted(count_deliveries(connection, number).items()):
        shown = _MOMENTS.get(state, state)
        deliveries[shown] += count
        if reason and count and shown is state:
            reasons.setdefault(state, {})[reason] = count
    status = EditionStatus(
        edition=number,
        newsletter=edition.newsletter,
        kind=edition.kind,
        date=edition.date,
        state=edition.state,
        reason=edition.reason,
        deliveries=deliveries,
        reasons=reasons,
    )
    if edition.state is EditionState.PAUSED:
        return msgspec.structs.replace(status, note=f"`digest send --edition {number} --resume` goes on with it")
    if edition.state is not EditionState.SENDING:
        return status
    return _at_work(status, load_progress(connection, number), now)


def _at_work(status: EditionStatus, said: Sequence[SendingProgress], now: datetime) -> EditionStatus:
    """What its senders say, as far as they are alive."""
    alive = [progress for progress in said if progress.alive(now)]
    heard_at = said[0].at if said else None
    if not alive:
        note = f"no sender is working on it; `digest send --edition {status.edition}` goes on with it"
        return msgspec.structs.replace(status, heard_at=heard_at, note=note)
    rate = sum(progress.rate for progress in alive)
    # Only what all of them wait for holds the edition up.
    waiting = [progress for progress in alive if progress.waiting_until and progress.waiting_until > now]
    first = min(waiting, key=lambda progress: progress.waiting_until or now) if len(waiting) == len(alive) else None
    until = first.waiting_until if first else None
    done_at = max((progress.done_at for progress in alive if progress.done_at), default=None)
    if until and done_at and done_at < until:
        done_at = None  # an estimate that does not know what is waited for
    # While it waits, the rate of the moment foretells nothing.
    if done_at is None and until is None and rate * _LONGEST.total_seconds() > status.left:
        done_at = now + timedelta(seconds=status.left / rate)
    return msgspec.structs.replace(
        status,
        senders=len(alive),
        heard_at=heard_at,
        rate=round(rate, 1),
        waiting_until=until,
        waiting_why=first.waiting_why if first else "",
        done_at=done_at,
        seconds_left=round(max(0.0, (done_at - now).total_seconds()), 1) if done_at else None,
    )
