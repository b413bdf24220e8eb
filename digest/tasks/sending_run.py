"""One process at work on one edition's ledger: it waits for limits, heeds signals, and says how far it is."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from digest.deliver.base import Backend, Metered
from digest.deliver.domains import DomainGate
from digest.deliver.loop import send_all
from digest.deliver.retries import RETRY_FOR
from digest.errors import QuotaError, StepError
from digest.model.delivery import Claim, DeliveryState, Message
from digest.model.edition import EditionState
from digest.storage import deliveries, editions, ledger
from digest.storage.counts import count_deliveries
from digest.storage.database import Database
from digest.storage.progress import SendingProgress, clear_progress, save_progress
from digest.storage.usage import SqlUsageBook
from digest.tasks.send_report import Progress

if TYPE_CHECKING:
    from digest.deliver.dkim import Signer

Sign = Callable[[Message], Awaitable[Message]]

#: How often at most one call goes through the ledger for what was left in doubt.
_RUNS = 3
#: Seconds before what is in doubt is repeated: whatever broke it off may be over then.
_BEFORE_REPEAT = 1.0
#: Seconds between two looks at what became of the edition, and two reports.
_TICK = 0.5
#: Seconds that messages under way are given once somebody wants an end; a server may take minutes over each.
_DRAIN = 20.0
_WAITING = (DeliveryState.QUEUED, DeliveryState.DEFERRED)


class Rules(NamedTuple):
    """How messages leave, by the settings. `domain_limits` is the setting of that name."""

    bounce_domain: str = ""
    on_unknown: Literal["retry", "hold"] = "retry"
    domain_limits: Mapping[str, str] = {}
    signer: Signer | None = None


class SendingRun:
    """Hands over what the ledger `accounts` has due, until it has nothing more."""

    def __init__(
        self,
        database: Database,
        backend: Backend,
        clock: Callable[[], datetime],
        rules: Rules,
        accounts: ledger.SqlLedger,
        build: Callable[[Claim], Message],
        on_progress: Callable[[Progress], None],
    ) -> None:
        self._database, self._backend, self._clock, self._rules = database, backend, clock, rules
        self._accounts, self._number, self._build, self._on_progress = accounts, accounts.edition, build, on_progress
        self._due = self._waiting()
        self._holder = f"{socket.gethostname()}:{os.getpid()}"
        self._book = SqlUsageBook(database)
        self._gate = DomainGate(rules.domain_limits, random.Random(), self._book)  # noqa: S311, it spreads retries
        self._done = 0
        self._waiting_until: datetime | None = None
        self._waiting_why = ""

    def run(self, asked: threading.Event) -> None:
        """Work until nothing is due any more, or `asked` is set.

        Raises PausedError where the sender is at fault, and KeyboardInterrupt after SIGINT or SIGTERM, once the
        messages under way are finished.
        """
        if isinstance(self._backend, Metered):
            self._backend.keep_usage(self._book)
        with asyncio.Runner(loop_factory=_event_loop) as runner:
            interrupted = runner.run(self._work(asked))
        if interrupted:
            raise KeyboardInterrupt

    async def _work(self, asked: threading.Event) -> bool:
        """Whether a signal ended it."""
        halt = asyncio.Event()
        if asked.is_set():
            halt.set()
        with _signals(halt) as signalled:
            watching = asyncio.create_task(self._watch(halt, asked))
            try:
                async with self._signing() as sign:
                    for left in reversed(range(_RUNS)):
                        await self._until_nothing_is_due(halt, sign)
                        if halt.is_set() or not left or not self._repeats():
                            break
                        with suppress(TimeoutError):
                            await asyncio.wait_for(halt.wait(), _BEFORE_REPEAT)
            finally:
                watching.cancel()
                with suppress(asyncio.CancelledError):
                    await watching
                self._end()
        return signalled.is_set()

    async def _until_nothing_is_due(self, halt: asyncio.Event, sign: Sign | None) -> None:
        with self._database.read() as connection:
            began = editions.planned_at(connection, self._number)
        deadline = began + RETRY_FOR if began else None
        while not halt.is_set():
            sending = asyncio.create_task(
                send_all(
                    self._accounts,
                    self._backend,
                    self._build,
                    self._clock,
                    on_progress=self._count,
                    stop=halt,
                    gate=self._gate,
                    deadline=deadline,
                    sign=sign,
                )
            )
            try:
                await self._bounded(sending, halt)
                turn = self._next_turn()
            except QuotaError as full:
                turn = full.until, full.why
            except StepError:
                # Somebody paused or cancelled it, which is no fault of ours; anything else is.
                if self._state() is self._accounts.while_in:
                    raise
                return
            if turn is None:
                return
            await self._wait(*turn, halt)

    @staticmethod
    async def _bounded(sending: asyncio.Task[Any], halt: asyncio.Event) -> None:
        """Await `sending`; once there is to be an end, only for so long as most servers take over a message."""
        halting = asyncio.create_task(halt.wait())
        try:
            await asyncio.wait({sending, halting}, return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                await asyncio.wait({sending}, timeout=_DRAIN)
        finally:
            halting.cancel()
            if not sending.done():
                sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending

    async def _wait(self, until: datetime, why: str, halt: asyncio.Event) -> None:
        self._waiting_until, self._waiting_why = until, why
        try:
            while not halt.is_set() and (left := (until - self._clock()).total_seconds()) > 0:
                with suppress(TimeoutError):
                    await asyncio.wait_for(halt.wait(), min(left, _TICK))
        finally:
            self._waiting_until, self._waiting_why = None, ""

    def _next_turn(self) -> tuple[datetime, str] | None:
        """When the first of those comes up who wait for a limit of our own."""
        with self._database.read() as connection:
            return deliveries.next_turn(connection, self._number)

    def _repeats(self) -> bool:
        """Queue again what this run left in doubt; whether there is any."""
        if self._rules.on_unknown == "hold":
            return False
        with self._database.write() as connection:
            return ledger.repeat_unknown(connection, self._number) > 0

    async def _watch(self, halt: asyncio.Event, asked: threading.Event) -> None:
        """Twice a second: whether anybody wants an end, and how far it is."""
        started_at, before, rate = self._clock(), self._submitted(), 0.0
        loop = asyncio.get_running_loop()
        last, last_at = before, loop.time()
        while not halt.is_set():
            if asked.is_set() or self._state() is not self._accounts.while_in:
                halt.set()
                return
            submitted, at = self._submitted(), loop.time()
            if at - last_at >= 1.0:
                now_rate = (submitted - last) / (at - last_at)
                rate = now_rate if not rate else 0.7 * rate + 0.3 * now_rate
                last, last_at = submitted, at
                self._save(started_at, before, submitted - before, rate)
            with suppress(TimeoutError):
                await asyncio.wait_for(halt.wait(), _TICK)

    def _save(self, started_at: datetime, before: int, submitted: int, rate: float) -> None:
        now = self._clock()
        told = SendingProgress(
            holder=self._holder,
            at=now,
            started_at=started_at,
            sent_before=before,
            submitted=submitted,
            rate=round(rate, 1),
            waiting_until=self._waiting_until,
            waiting_why=self._waiting_why,
            done_at=self._done_at(now) if self._waiting_until else None,
        )
        with self._database.write() as connection:
            save_progress(connection, self._number, told)
        self._on_progress(self._progress(told))

    def _done_at(self, now: datetime) -> datetime:
        """When limits let the last one through, as far as anybody can say."""
        estimates = [self._gate.done_at(now)]
        if isinstance(self._backend, Metered):
            estimates.append(self._backend.done_at(now, self._waiting()))
        return max(estimates)

    def _count(self, more: int) -> None:
        self._done += more
        self._on_progress(self._progress())

    def _progress(self, told: SendingProgress | None = None) -> Progress:
        note = ""
        if told is not None and told.waiting_until is not None:
            done = f", done about {told.done_at:%H:%M:%S} UTC" if told.done_at else ""
            note = f"waits until {told.waiting_until:%H:%M:%S} UTC: {told.waiting_why}{done}"
        return Progress("send", self._done, self._due, note)

    def _state(self) -> EditionState:
        with self._database.read() as connection:
            return editions.get_edition(connection, self._number).state

    def _submitted(self) -> int:
        with self._database.read() as connection:
            counts = count_deliveries(connection, self._number)
        return counts.get((DeliveryState.SUBMITTED, ""), 0)

    def _waiting(self) -> int:
        with self._database.read() as connection:
            counts = count_deliveries(connection, self._number)
        return sum(count for (state, _), count in counts.items() if state in _WAITING)

    @asynccontextmanager
    async def _signing(self) -> AsyncIterator[Sign | None]:
        if self._rules.signer is None:
            yield None
            return
        from digest.deliver.signing_pool import SigningPool

        async with SigningPool(self._rules.signer) as pool:
            yield pool.sign

    def _end(self) -> None:
        now = self._clock()
        self._gate.close(now)
        if isinstance(self._backend, Metered):
            self._backend.return_usage(now)
        with self._database.write() as connection:
            clear_progress(connection, self._number, self._holder)


def _event_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # there is none for Windows
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


@contextmanager
def _signals(halt: asyncio.Event) -> Iterator[asyncio.Event]:
    """Until the block ends, SIGINT and SIGTERM let the messages under way finish; the event yielded tells of them."""
    running = asyncio.get_running_loop()
    signalled = asyncio.Event()

    def take() -> None:
        signalled.set()
        halt.set()

    # Only the main thread takes signals; the scheduler's jobs run in others and are stopped by it.
    in_main = threading.current_thread() is threading.main_thread()
    signals = (signal.SIGINT, signal.SIGTERM) if in_main else ()
    for number in signals:
        running.add_signal_handler(number, take)
    try:
        yield signalled
    finally:
        for number in signals:
            running.remove_signal_handler(number)
