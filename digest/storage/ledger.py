"""The ledger: one row per (edition, subscriber), and the steps it takes.

Plain Core statements throughout: this is the hot path, beside the assembling of messages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from sqlalchemy import ColumnElement, Connection, bindparam, func, or_, select, update

from digest.errors import StepError
from digest.model.delivery import Claim, DeliveryState, Outcome, Recipient, SkipReason
from digest.model.edition import EditionState
from digest.storage.counts import QUEUED, Place, count_again, move, moves, place
from digest.storage.counts import count_deliveries as count_deliveries
from digest.storage.database import Database
from digest.storage.deliveries import recipient_of
from digest.storage.prepared import Prepared
from digest.storage.tables import deliveries, editions
from subscribers.recipients import refusals
from subscribers.upsert import insert_if_absent

#: How long a claim is held; longer than any server may take over one message (RFC 5321, 4.5.3.2).
LEASE = timedelta(minutes=60)
#: How often a message in doubt is begun before it stays unknown.
MAX_ATTEMPTS = 12

_S = DeliveryState
_ENDED = (_S.SUBMITTED, _S.REJECTED, _S.UNKNOWN, _S.SKIPPED)
_encode = msgspec.msgpack.Encoder().encode

_COLUMNS = (
    deliveries.c.id,
    deliveries.c.subscriber_id,
    deliveries.c.state,
    deliveries.c.reason,
    deliveries.c.recipient,
    deliveries.c.choice,
    deliveries.c.attempts,
    deliveries.c.dated,
)
_CLAIM = Prepared(
    update(deliveries)
    .where(deliveries.c.id == bindparam("row"))
    .values(
        state=_S.CLAIMED,
        attempts=bindparam("attempt"),
        dated=bindparam("first"),
        lease_until=bindparam("lease"),
    )
)
_START = Prepared(
    update(deliveries)
    .where(deliveries.c.id == bindparam("row"), deliveries.c.state == _S.CLAIMED)
    .values(state=_S.IN_FLIGHT, lease_until=bindparam("lease"))
)
_UNSTART = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("row"), deliveries.c.state == _S.IN_FLIGHT)
    .values(state=_S.CLAIMED)
)
_SETTLE = Prepared(
    update(deliveries)
    .where(deliveries.c.id == bindparam("row"))
    .values(
        state=bindparam("to"),
        reason=bindparam("why"),
        reply=bindparam("said"),
        next_try=bindparam("again"),
        settled_at=bindparam("now"),
        lease_until=None,
        attempts=deliveries.c.attempts - bindparam("undone"),
    )
)
_RELEASE = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("row"), deliveries.c.state == _S.CLAIMED)
    .values(state=_S.QUEUED, attempts=deliveries.c.attempts - 1, lease_until=None)
)


class SqlLedger:
    """The ledger of one edition, as the sending loop asks for it (`digest.deliver.base.Ledger`).

    It gives out claims only `while_in` that state.
    """

    def __init__(
        self,
        database: Database,
        edition: int,
        list_slugs: Sequence[str],
        while_in: EditionState = EditionState.SENDING,
    ) -> None:
        self.edition, self.while_in = edition, while_in
        self._database, self._edition, self._list_slugs = database, edition, tuple(list_slugs)

    def claim(self, limit: int, now: datetime) -> Sequence[Claim]:
        """Up to `limit` deliveries that are due; none once the edition is no longer being sent.

        Who may no longer be mailed is skipped on the way.
        """
        while True:
            with self._database.write() as connection:
                if not self._is_open(connection):
                    return []
                rows = self._due(connection, limit, now)
                refused = refusals(connection, [row.subscriber_id for row in rows], self._list_slugs, now=now)
                refused |= {row.subscriber_id: SkipReason.ERASED for row in rows if row.recipient is None}
                skipped = [(row.id, str(refused[row.subscriber_id])) for row in rows if row.subscriber_id in refused]
                _skip(connection, skipped, now)
                self._count_claimed(connection, rows, refused)
                claims = [_claim(row, now) for row in rows if row.subscriber_id not in refused]
                if claims:
                    lease = now + LEASE
                    _CLAIM.run(
                        connection,
                        [{"row": c.delivery, "attempt": c.attempt, "first": c.dated, "lease": lease} for c in claims],
                    )
            if claims or not rows:
                return claims

    def _count_claimed(self, connection: Connection, rows: Sequence[Any], refused: Mapping[int, str]) -> None:
        if refused or any(row.state is _S.DEFERRED for row in rows):
            steps = ((place(row.state, row.reason), _claimed_place(row, refused), 1) for row in rows)
            move(connection, self._edition, moves(*steps))

    def _is_open(self, connection: Connection) -> bool:
        state = connection.execute(select(editions.c.state).where(editions.c.id == self._edition)).scalar()
        return state is self.while_in

    def _due(self, connection: Connection, limit: int, now: datetime) -> Sequence[Any]:
        ours = select(*_COLUMNS).where(deliveries.c.edition_id == self._edition).order_by(deliveries.c.id)
        ours = ours.with_for_update(skip_locked=True)
        queued = connection.execute(ours.where(deliveries.c.state == _S.QUEUED).limit(limit)).all()
        if len(queued) == limit:
            return queued
        deferred = ours.where(deliveries.c.state == _S.DEFERRED, deliveries.c.next_try <= now)
        return [*queued, *connection.execute(deferred.limit(limit - len(queued)))]

    def settle(self, outcomes: Sequence[tuple[Claim, Outcome]], starting: Sequence[Claim], now: datetime) -> None:
        """Record outcomes and mark those in flight whose message is about to leave, in one commit.

        Raises StepError, once the outcomes are recorded, where somebody paused or cancelled the edition and so took
        back what was claimed: then none of `starting` is in flight.
        """
        taken_back = False
        with self._database.write() as connection:
            if outcomes:
                _SETTLE.run(
                    connection,
                    [
                        {
                            "row": claim.delivery,
                            "to": outcome.state,
                            "why": "" if outcome.state is _S.QUEUED else outcome.reason,
                            "said": "" if outcome.state is _S.QUEUED else outcome.reply,
                            "again": outcome.next_try,
                            "now": None if outcome.state is _S.QUEUED else now,
                            "undone": int(not outcome.tried),
                        }
                        for claim, outcome in outcomes
                    ],
                )
                moved = Counter(place(outcome.state, outcome.reason) for _, outcome in outcomes)
                moved[QUEUED] -= len(outcomes)
                move(connection, self._edition, moved)
            if starting:
                lease = now + LEASE
                started = _START.run(connection, [{"row": claim.delivery, "lease": lease} for claim in starting])
                taken_back = started != len(starting)
                if taken_back:
                    connection.execute(_UNSTART, [{"row": claim.delivery} for claim in starting])
        if taken_back:
            raise StepError(f"Edition {self._edition} was paused or cancelled while it was being sent.")

    def release(self, claims: Sequence[Claim]) -> None:
        """Give back what was claimed and never started."""
        if claims:
            with self._database.write() as connection:
                connection.execute(_RELEASE, [{"row": claim.delivery} for claim in claims])


def enter_recipients(
    connection: Connection, edition: int, chosen: Iterable[tuple[int, Recipient]], *, skip_empty: bool = False
) -> int:
    """Queue a delivery for each (subscriber id, recipient) that the ledger does not have yet; how many were given.

    With `skip_empty`, who has no article left gets nothing, for a reason that the ledger tells.
    """
    rows = []
    standing: Counter[Place] = Counter()
    for subscriber, recipient in chosen:
        state, reason = (_S.SKIPPED, SkipReason.NOTHING_NEW) if skip_empty and not recipient.choice else QUEUED
        standing[state, reason] += 1
        rows.append(
            {
                "edition_id": edition,
                "subscriber_id": subscriber,
                "state": state,
                "reason": reason,
                "reply": "",
                "attempts": 0,
                "choice": recipient.choice,
                "recipient": _encode(msgspec.structs.replace(recipient, choice=b"")),
            }
        )
    if rows:
        connection.execute(insert_if_absent(connection, deliveries, "edition_id", "subscriber_id"), rows)
        move(connection, edition, standing)
    return len(rows)


def last_entered(connection: Connection, edition: int) -> int:
    """The highest subscriber id in the edition's ledger, 0 where it is empty: planning goes on behind it."""
    query = select(func.max(deliveries.c.subscriber_id)).where(deliveries.c.edition_id == edition)
    return connection.execute(query).scalar() or 0


def finish_planning(connection: Connection, edition: int, now: datetime) -> None:
    """From here on the recipients of the edition are fixed."""
    connection.execute(update(editions).where(editions.c.id == edition).values(planned_at=now))
    count_again(connection, edition)


def recover(
    connection: Connection, edition: int, now: datetime, *, only_sender: bool, on_unknown: Literal["retry", "hold"]
) -> int:
    """Bring back what a dead sender held; how many messages are in doubt.

    Claims go back into the queue. What was in flight becomes unknown, and with `retry` is queued again: the second
    copy is byte-equal to the first. With `only_sender` nobody else can be alive, else an expired lease tells.
    """
    gone = [deliveries.c.edition_id == edition]
    if not only_sender:
        gone.append(or_(deliveries.c.lease_until.is_(None), deliveries.c.lease_until < now))
    doubtful = connection.execute(
        update(deliveries)
        .where(*gone, deliveries.c.state == _S.IN_FLIGHT)
        .values(state=_S.UNKNOWN, reason="interrupted", lease_until=None, settled_at=now)
    ).rowcount
    move(connection, edition, moves((QUEUED, (_S.UNKNOWN, "interrupted"), doubtful)))
    _take_back(connection, *gone)
    if on_unknown == "retry":
        repeat_unknown(connection, edition)
    return int(doubtful)


def repeat_unknown(connection: Connection, edition: int) -> int:
    """Queue again what is in doubt, unless it was begun too often already; how many."""
    again = (
        deliveries.c.edition_id == edition,
        deliveries.c.state == _S.UNKNOWN,
        deliveries.c.attempts < MAX_ATTEMPTS,
    )
    counted = select(deliveries.c.reason, func.count()).where(*again).group_by(deliveries.c.reason)
    reasons = [(place(_S.UNKNOWN, reason), QUEUED, count) for reason, count in connection.execute(counted)]
    connection.execute(update(deliveries).where(*again).values(state=_S.QUEUED))
    move(connection, edition, moves(*reasons))
    return sum(count for _, _, count in reasons)


def repeat_delivery(connection: Connection, edition: int, subscriber: int) -> bool:
    """Queue again what has come to its end, because somebody asked for it; False where it waits to be sent already."""
    theirs = (
        deliveries.c.edition_id == edition,
        deliveries.c.subscriber_id == subscriber,
        deliveries.c.state.in_(_ENDED),
    )
    row = connection.execute(select(deliveries.c.state, deliveries.c.reason).where(*theirs)).first()
    if row is None:
        return False
    connection.execute(update(deliveries).where(*theirs).values(state=_S.QUEUED, attempts=0))
    move(connection, edition, moves((place(row.state, row.reason), QUEUED, 1)))
    return True


def take_back_claims(connection: Connection, edition: int) -> None:
    """Put back into the queue what a sender holds and has not started: its next step finds that out, and it stops."""
    _take_back(connection, deliveries.c.edition_id == edition)


def _take_back(connection: Connection, *which: ColumnElement[bool]) -> None:
    connection.execute(
        update(deliveries)
        .where(*which, deliveries.c.state == _S.CLAIMED)
        .values(state=_S.QUEUED, attempts=deliveries.c.attempts - 1, lease_until=None)
    )


def _claim(row: Any, now: datetime) -> Claim:
    return Claim(
        delivery=row.id,
        subscriber=row.subscriber_id,
        recipient=recipient_of(row),
        dated=row.dated or now,
        attempt=row.attempts + 1,
    )


def _claimed_place(row: Any, refused: Mapping[int, str]) -> Place:
    """Where a row is counted once it was claimed, or skipped instead."""
    reason = refused.get(row.subscriber_id)
    return QUEUED if reason is None else (_S.SKIPPED, str(reason))


def _skip(connection: Connection, skipped: list[tuple[int, str]], now: datetime) -> None:
    if skipped:
        _SETTLE.run(
            connection,
            [
                {"row": row, "to": _S.SKIPPED, "why": reason, "said": "", "again": None, "now": now, "undone": 0}
                for row, reason in skipped
            ],
        )


def cancel_waiting(connection: Connection, edition: int, now: datetime) -> int:
    """Skip whoever has not got the edition yet, whose message is not just leaving; how many."""
    waiting = (_S.QUEUED, _S.CLAIMED, _S.DEFERRED)
    cancelled = connection.execute(
        update(deliveries)
        .where(deliveries.c.edition_id == edition, deliveries.c.state.in_(waiting))
        .values(state=_S.SKIPPED, reason=SkipReason.CANCELLED, settled_at=now, lease_until=None)
    )
    count_again(connection, edition)
    return int(cancelled.rowcount)
