"""The sending loop: claims in, messages out, every outcome durable before its connection begins the next message.

One commit records what the connections have ready and marks in flight what they send next. So after a crash the rows in
doubt are those in flight, at most one per connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import msgspec

from digest.deliver.base import Announcing, Backend, Connection, Ledger, Waiting
from digest.deliver.commits import Commits, Done
from digest.deliver.domains import DomainGate
from digest.deliver.envelope import wire_address
from digest.deliver.replies import Reason
from digest.deliver.retries import retried
from digest.errors import DeliveryError, DigestError, PausedError, QuotaError, UnreachableError
from digest.model.delivery import Claim, DeliveryState, Message, Outcome

#: How many refusals of one kind in a row, with nothing submitted between them, stop the edition: a few for what speaks
#: against our mail, more for addresses, since an old list may hold a run of dead ones.
PAUSE_AFTER: dict[str, int] = {Reason.CONTENT: 5, Reason.REFUSED: 5, Reason.BAD_ADDRESS: 25}

#: The same for messages in doubt: a server that breaks off after every one may well deliver them all.
_UNKNOWN_IN_A_ROW = 25


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many deliveries of one run ended in which state."""

    submitted: int = 0
    deferred: int = 0
    rejected: int = 0
    unknown: int = 0
    skipped: int = 0


async def send_all(
    ledger: Ledger,
    backend: Backend,
    build: Callable[[Claim], Message],
    now: Callable[[], datetime],
    *,
    batch: int = 200,
    on_progress: Callable[[int], None] | None = None,
    stop: asyncio.Event | None = None,
    dice: random.Random | None = None,
    gate: DomainGate | None = None,
    deadline: datetime | None = None,
    sign: Callable[[Message], Awaitable[Message]] | None = None,
) -> Counts:
    """Send whatever the ledger has due, over `backend.connections` connections, until it has nothing more.

    `on_progress` is told after each commit how many more deliveries are done. Once `stop` is set, the messages under
    way are finished, the rest is released, and the counts so far are returned. What was deferred is for the caller to
    come back to, when its time has come; from `deadline` on it is given up. `gate` says which destinations must wait,
    `sign` is asked for the signed form of each message.

    Raises QuotaError where every way out has reached a limit, UnreachableError where none is there, PausedError where
    the sender is at fault, and
    DeliveryError where a message cannot be built; before that, the messages under way are finished and everything else
    is given back. Cancelling it breaks off the messages under way: they are recorded as unknown.
    """
    run = _Run(ledger, backend, build, now)
    run.batch = max(batch, 1)
    run.on_progress = on_progress or run.on_progress
    run.stop = stop or run.stop
    run.dice = dice or run.dice
    run.gate = gate or DomainGate({}, run.dice)
    run.deadline = deadline or run.deadline
    run.sign = sign
    return await run.send()


class _Run:
    """One call of `send_all`. What is claimed and not yet sent waits here, `batch` claims at most."""

    def __init__(
        self,
        ledger: Ledger,
        backend: Backend,
        build: Callable[[Claim], Message],
        now: Callable[[], datetime],
    ) -> None:
        self.ledger, self.backend, self.build, self.now = ledger, backend, build, now
        self.batch = 200
        self.on_progress: Callable[[int], None] = lambda _done: None
        self.stop = asyncio.Event()
        self.dice = random.Random()  # noqa: S311, it spreads retries
        self.gate = DomainGate({}, self.dice)
        self.deadline = datetime.max.replace(tzinfo=UTC)
        self.sign: Callable[[Message], Awaitable[Message]] | None = None
        self.waiting: deque[Claim] = deque()
        self.counts = dict.fromkeys(Counts.__struct_fields__, 0)
        self.in_a_row: dict[str, int] = {}
        self.fault: Exception | None = None
        self.commits = Commits(ledger, now, self.halted, self.settled, enough=max(1, backend.connections // 2))

    async def send(self) -> Counts:
        try:
            async with asyncio.TaskGroup() as workers:
                for _ in range(self.backend.connections):
                    workers.create_task(self.work())
        finally:
            try:
                self.commits.flush()
            finally:
                unsent = (*self.commits.withdrawn, *self.waiting)
                if unsent:
                    self.ledger.release(unsent)
        if self.fault is not None:
            raise self.fault
        return Counts(**self.counts)

    def halted(self) -> bool:
        return self.fault is not None or self.stop.is_set()

    def fail(self, fault: Exception) -> None:
        """Nothing new is started; the first fault is told once the others are done."""
        self.fault = self.fault or fault

    async def work(self) -> None:
        """One connection's life. It never raises, so that no worker breaks off what another is at."""
        connection = self.backend.connect()
        try:
            try:
                await self.send_over(connection)
            finally:
                await connection.close()
        except Exception as fault:  # noqa: BLE001, told by send()
            self.fail(fault)

    async def send_over(self, connection: Connection) -> None:
        announce = connection.announce if isinstance(connection, Announcing) else None
        if isinstance(connection, Waiting):
            connection.heed(self.halted)
        done: Done | None = None
        following = await self.next_message()
        while following is not None or done is not None:
            current, following = following, None
            started = await self.commits.commit(done, current[0] if current else None)
            done = None
            if current is not None and started:
                following = await self.next_message()
                if announce is not None and following is not None:
                    announce(following[1])
                try:
                    done = (current[0], await self.submit(connection, *current))
                except asyncio.CancelledError:
                    if following is not None:
                        self.waiting.append(following[0])
                    raise
            elif self.halted():
                return
            # Once more round after the last outcome: a retry that it made due at once is nobody else's to find.
            following = following or await self.next_message()

    async def next_message(self) -> tuple[Claim, Message] | None:
        """The next claim with its message, or None where nothing is left, or nothing more is to be started."""
        claim = self.next_claim()
        if claim is None:
            return None
        try:
            message = self.build(claim)
            return claim, await self.sign(message) if self.sign else message
        except Exception as fault:  # noqa: BLE001, told by send()
            self.waiting.appendleft(claim)
            if not isinstance(fault, DigestError):
                fault = _caused(f"The message of delivery {claim.delivery} cannot be built", fault)
            self.fail(fault)
            return None
        except asyncio.CancelledError:
            self.waiting.appendleft(claim)
            raise

    def next_claim(self) -> Claim | None:
        """The next one whose destination may be asked now; who has to wait is put off."""
        put_off = 0
        while not self.halted():
            if not self.waiting:
                if put_off:
                    self.commits.flush()
                self.waiting.extend(self.ledger.claim(self.batch, self.now()))
                put_off = 0
            if not self.waiting:
                return None
            claim = self.waiting.popleft()
            wait = self.gate.admit(_domain(claim), self.now())
            if wait is None:
                return claim
            outcome = Outcome(state=DeliveryState.DEFERRED, reason=wait.reason, reply=wait.why, next_try=wait.until)
            self.commits.record(claim, msgspec.structs.replace(outcome, tried=False))
            put_off += 1
        return None

    async def submit(self, connection: Connection, claim: Claim, message: Message) -> Outcome:
        """Hand one message over; whatever happens, its claim gets an outcome."""
        try:
            outcome = await connection.submit(message)
        except (PausedError, QuotaError, UnreachableError) as fault:
            if not (isinstance(fault, UnreachableError) and self.stop.is_set()):
                self.fail(fault)
            return Outcome(state=DeliveryState.QUEUED, reason="paused", reply=str(fault), tried=False)
        except asyncio.CancelledError:
            self.commits.record(claim, _cancelled(connection))
            raise
        except Exception as fault:  # noqa: BLE001, told by send()
            self.fail(_caused(f"The backend failed at delivery {claim.delivery}", fault))
            reply = f"{type(fault).__name__}: {fault}"
            return Outcome(state=DeliveryState.UNKNOWN, reason=Reason.BROKEN_OFF, reply=reply)
        now = self.now()
        self.gate.heard(_domain(claim), outcome, now)
        return self.weighed(retried(outcome, claim.attempt, now, self.deadline, self.dice))

    def weighed(self, outcome: Outcome) -> Outcome:
        """Count it, or pause: then the refusal that was one too many blames nobody either, nor do those just behind."""
        limit = self.limit_in_a_row(outcome)
        if limit is not None:
            in_a_row = self.in_a_row[outcome.reason] = self.in_a_row.get(outcome.reason, 0) + 1
            if in_a_row >= limit:
                self.fail(_too_many(in_a_row, outcome))
                if outcome.state is DeliveryState.REJECTED:
                    return Outcome(state=DeliveryState.QUEUED, reason="paused", reply=outcome.reply, tried=False)
        elif outcome.state is DeliveryState.SUBMITTED:
            self.in_a_row.clear()
        if outcome.state in self.counts:
            self.counts[outcome.state] += 1
        return outcome

    def limit_in_a_row(self, outcome: Outcome) -> int | None:
        """How many of these in a row, with nothing submitted between them, are too many; None where none are."""
        if outcome.state is DeliveryState.UNKNOWN:
            return max(_UNKNOWN_IN_A_ROW, 2 * self.backend.connections)
        return PAUSE_AFTER.get(outcome.reason) if outcome.state is DeliveryState.REJECTED else None

    def settled(self, outcomes: int) -> None:
        if outcomes:
            try:
                self.on_progress(outcomes)
            except Exception as fault:  # noqa: BLE001, told by send()
                self.fail(fault)


def _cancelled(connection: Connection) -> Outcome:
    """What becomes of a message whose `submit` was cancelled."""
    if isinstance(connection, Waiting) and not connection.in_doubt:
        return Outcome(state=DeliveryState.QUEUED, reason="cancelled", tried=False)
    return Outcome(state=DeliveryState.UNKNOWN, reason=Reason.BROKEN_OFF, reply="cancelled")


def _too_many(in_a_row: int, outcome: Outcome) -> PausedError:
    if outcome.state is DeliveryState.UNKNOWN:
        return PausedError(
            f"{in_a_row} messages in a row were broken off before the server's answer, lastly: {outcome.reply!r}. "
            "They may have arrived, so sending stops before everybody gets several. Mend the cause, then run "
            "`digest send --resume`."
        )
    return PausedError(
        f"{in_a_row} messages in a row were refused ({outcome.reason}), lastly {outcome.reply!r}. "
        "Sending stops before the whole list is burnt. Mend the cause, then run `digest send --resume`."
    )


def _domain(claim: Claim) -> str:
    """Where the message goes, as A-labels in small letters."""
    domain = claim.recipient.address.rpartition("@")[2].lower()
    if not domain.isascii():
        with contextlib.suppress(ValueError):  # the backend refuses it
            return wire_address(f"x@{domain}")[2:]
    return domain


def _caused(sentence: str, cause: Exception) -> DeliveryError:
    fault = DeliveryError(f"{sentence}: {cause or type(cause).__name__}")
    fault.__cause__ = cause
    return fault
