"""Group commits: one transaction for what several connections have ready at about the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from digest.deliver.base import Ledger
from digest.model.delivery import Claim, DeliveryState, Outcome

Done = tuple[Claim, Outcome]


#: Seconds that a ticket waits for others; a fraction of what any server takes over a message.
GATHER = 0.002


class _Ticket:
    """What one connection has to record, and what it wants to start."""

    def __init__(self, done: Done | None, starting: Claim | None, answer: asyncio.Future[bool]) -> None:
        self.done, self.starting, self.answer = done, starting, answer
        self.started = False


class Commits:
    """Gathers tickets until there are `enough`, or for a moment, then settles them together.

    The ledger is called in the event loop's own thread: such a commit takes less than handing it to another. Once
    `halted` says so, outcomes are still recorded but nothing is started. `settled` is told how many are done;
    `withdrawn` holds the claims that were not started after all, for the caller to release.
    """

    def __init__(
        self,
        ledger: Ledger,
        now: Callable[[], datetime],
        halted: Callable[[], bool],
        settled: Callable[[int], None],
        *,
        enough: int = 1,
    ) -> None:
        self._ledger, self._now, self._halted, self._settled = ledger, now, halted, settled
        self.withdrawn: list[Claim] = []
        self._enough = enough
        self._timer: asyncio.Handle | None = None
        self._tickets: list[_Ticket] = []
        self._loose: list[Done] = []

    async def commit(self, done: Done | None, starting: Claim | None) -> bool:
        """Record `done`; whether `starting` is now durably in flight. Raises what the ledger raises.

        Cancelled, the outcome is still recorded, and `starting` was not or is no longer in flight.
        """
        loop = asyncio.get_running_loop()
        ticket = _Ticket(done, starting, loop.create_future())
        self._tickets.append(ticket)
        if len(self._tickets) == self._enough:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = loop.call_soon(self._turn)
        elif self._timer is None:
            self._timer = loop.call_later(GATHER, self._turn)
        try:
            return await ticket.answer
        except asyncio.CancelledError:
            if starting is not None and ticket.started:
                self.record(starting, Outcome(state=DeliveryState.QUEUED, reason="cancelled", tried=False))
            else:
                self._withdraw(ticket)
            raise

    def record(self, claim: Claim, outcome: Outcome) -> None:
        """Have an outcome recorded by the next commit, without waiting for it."""
        self._loose.append((claim, outcome))

    def flush(self) -> None:
        """Settle now what has been gathered. Raises what the ledger raises."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        tickets, loose = self._tickets, self._loose
        self._tickets, self._loose = [], []
        outcomes = [ticket.done for ticket in tickets if ticket.done is not None] + loose
        halted = self._halted()
        starters = [] if halted else [t for t in tickets if t.starting is not None and not t.answer.cancelled()]
        starting = [ticket.starting for ticket in starters if ticket.starting is not None]
        try:
            if outcomes or starting:
                self._ledger.settle(outcomes, starting, self._now())
        except Exception as fault:
            for ticket in tickets:
                self._answer(ticket, fault)
            raise
        for ticket in starters:
            ticket.started = True
        for ticket in tickets:
            self._answer(ticket)
        self._settled(sum(outcome.state is not DeliveryState.QUEUED for _, outcome in outcomes))

    def _answer(self, ticket: _Ticket, fault: Exception | None = None) -> None:
        if ticket.answer.cancelled():
            return
        if not ticket.started:
            self._withdraw(ticket)
        if fault is not None:
            ticket.answer.set_exception(fault)
        else:
            ticket.answer.set_result(ticket.started)

    def _withdraw(self, ticket: _Ticket) -> None:
        if ticket.starting is not None:
            self.withdrawn.append(ticket.starting)
            ticket.starting = None

    def _turn(self) -> None:
        told = any(not ticket.answer.cancelled() for ticket in self._tickets)
        try:
            self.flush()
        except Exception:
            if not told:
                raise  # to the event loop, which reports it
