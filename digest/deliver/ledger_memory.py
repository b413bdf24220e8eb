"""A ledger in memory: the rules of the real one without a database, for tests and for trying a backend."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from digest.model.delivery import Claim, DeliveryState, Outcome, Recipient, SkipReason


class Row:
    """One delivery. `due` is when it may be claimed; `lease` is when a claim of it runs out."""

    def __init__(self, number: int, recipient: Recipient) -> None:
        self.number, self.recipient = number, recipient
        self.state = DeliveryState.QUEUED
        self.attempts = 0
        self.dated: datetime | None = None
        self.due: datetime | None = None
        self.lease: datetime | None = None
        self.reason = ""
        self.reply = ""

    def step(self, to: DeliveryState) -> None:
        self.state.check_step(to)
        self.state = to


class MemoryLedger:
    """Fulfils `deliver.base.Ledger`. Deliveries are numbered from 1, in the order of `recipients`.

    Every step is checked against DELIVERY_STEPS before anything is changed, so a refused call changes nothing.
    """

    def __init__(self, recipients: Iterable[Recipient], *, lease: timedelta = timedelta(minutes=45)) -> None:
        self.rows = {number: Row(number, recipient) for number, recipient in enumerate(recipients, 1)}
        self.suppressed: set[str] = set()
        self._lease = lease

    def count(self, state: DeliveryState) -> int:
        return sum(row.state is state for row in self.rows.values())

    def claim(self, limit: int, now: datetime) -> Sequence[Claim]:
        """Up to `limit` that are queued, deferred and due, or claimed by somebody whose lease ran out."""
        claims: list[Claim] = []
        for row in self.rows.values():
            if len(claims) >= limit:
                break
            if row.state is DeliveryState.CLAIMED and row.lease is not None and row.lease <= now:
                row.step(DeliveryState.QUEUED)
            waiting = row.state is DeliveryState.QUEUED or row.state is DeliveryState.DEFERRED
            if not waiting or (row.due is not None and row.due > now):
                continue
            if row.recipient.address in self.suppressed:
                row.step(DeliveryState.SKIPPED)
                row.reason = SkipReason.SUPPRESSED
                continue
            claims.append(self._claimed(row, now))
        return claims

    def settle(self, outcomes: Sequence[tuple[Claim, Outcome]], starting: Sequence[Claim], now: datetime) -> None:
        """See `deliver.base.Ledger`. Raises StepError for a step that is not allowed."""
        for claim, outcome in outcomes:
            self.rows[claim.delivery].state.check_step(outcome.state)
        for claim in starting:
            self.rows[claim.delivery].state.check_step(DeliveryState.IN_FLIGHT)
        for claim, outcome in outcomes:
            row = self.rows[claim.delivery]
            row.step(outcome.state)
            row.reason, row.reply, row.due, row.lease = outcome.reason, outcome.reply, outcome.next_try, None
            row.attempts -= not outcome.tried
        for claim in starting:
            row = self.rows[claim.delivery]
            row.step(DeliveryState.IN_FLIGHT)
            row.lease = now + self._lease

    def release(self, claims: Sequence[Claim]) -> None:
        for claim in claims:
            self.rows[claim.delivery].state.check_step(DeliveryState.QUEUED)
        for claim in claims:
            row = self.rows[claim.delivery]
            row.step(DeliveryState.QUEUED)
            row.attempts -= 1
            row.lease = None

    def recover(self) -> int:
        """After a crash: what was in flight becomes unknown, what was claimed is queued again. How many are unknown."""
        unknown = 0
        for row in self.rows.values():
            if row.state is DeliveryState.IN_FLIGHT:
                row.step(DeliveryState.UNKNOWN)
                unknown += 1
            elif row.state is DeliveryState.CLAIMED:
                row.step(DeliveryState.QUEUED)
        return unknown

    def _claimed(self, row: Row, now: datetime) -> Claim:
        row.step(DeliveryState.CLAIMED)
        row.attempts += 1
        row.lease = now + self._lease
        row.dated = row.dated or now
        return Claim(
            delivery=row.number,
            subscriber=row.number,
            recipient=row.recipient,
            dated=row.dated,
            attempt=row.attempts,
        )
