"""The loop's promises, over random servers: everyone once, one row in doubt per connection, durable before begun."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.deliver.ledger_memory import MemoryLedger
from digest.deliver.loop import PAUSE_AFTER, Counts, send_all
from digest.deliver.memory import MemoryBackend
from digest.errors import DeliveryError, PausedError, StepError, StorageError
from digest.model.delivery import Claim, DeliveryState, Message, Outcome, Recipient

NOW = datetime(2027, 3, 1, 6, 30, tzinfo=UTC)
D = DeliveryState


def clock() -> datetime:
    return NOW


def moment_of(moment: datetime) -> datetime:
    return moment


def recipients(many: int) -> list[Recipient]:
    return [
        Recipient(
            address=f"r{number}@news{number}.example",
            handle=f"{number:016x}",
            name="",
            form="Sie",
            greeting="Guten Morgen,",
            subject="Die Themen des Tages",
            choice=b"\x00\x01",
            coins=("BTC",),
        )
        for number in range(1, many + 1)
    ]


def build(claim: Claim) -> Message:
    address = claim.recipient.address
    return Message(mail_from="b@news.example", rcpt_to=address, message_id=f"<{claim.delivery}@x>", data=b"x\r\n")


def number_of(message: Message) -> int:
    return int(message.message_id[1:].partition("@")[0])


class WatchedLedger(MemoryLedger):
    """Checks at every commit that no more rows are in flight than there are connections; dies when told to."""

    def __init__(self, many: int, connections: int) -> None:
        super().__init__(recipients(many))
        self.connections = connections
        self.commits = 0
        self.dead = False

    def claim(self, limit: int, now: datetime) -> Sequence[Claim]:
        self._check_alive()
        return super().claim(limit, now)

    def settle(self, outcomes: Sequence[tuple[Claim, Outcome]], starting: Sequence[Claim], now: datetime) -> None:
        self._check_alive()
        super().settle(outcomes, starting, now)
        self.commits += 1
        assert self.count(D.IN_FLIGHT) <= self.connections

    def release(self, claims: Sequence[Claim]) -> None:
        self._check_alive()
        super().release(claims)

    def _check_alive(self) -> None:
        if self.dead:
            raise StorageError("the process was killed")


class ScriptedBackend:
    """Answers the n-th submission as the script says, after as many turns of the event loop as it says."""

    def __init__(self, ledger: MemoryLedger, connections: int, script: Sequence[tuple[Outcome, int]]) -> None:
        self.connections = connections
        self.ledger = ledger
        self.script = itertools.cycle(script)
        self.tried: list[int] = []
        self.taken: list[int] = []
        self.before: Callable[[int], None] = lambda _: None

    def connect(self) -> ScriptedConnection:
        return ScriptedConnection(self)

    def where(self) -> str:
        return "a script"


class ScriptedConnection:
    def __init__(self, backend: ScriptedBackend) -> None:
        self.backend = backend

    async def submit(self, message: Message) -> Outcome:
        backend, number = self.backend, number_of(message)
        assert backend.ledger.rows[number].state is D.IN_FLIGHT
        backend.tried.append(number)
        backend.before(len(backend.tried))
        outcome, turns = next(backend.script)
        for _ in range(turns):
            await asyncio.sleep(0)
        if outcome.state in (D.SUBMITTED, D.UNKNOWN):
            backend.taken.append(number)
        return outcome

    async def close(self) -> None:
        """Nothing is held."""


OUTCOMES = [
    Outcome(state=D.SUBMITTED),
    Outcome(state=D.SUBMITTED),
    Outcome(state=D.DEFERRED, reason="temporary"),
    Outcome(state=D.REJECTED, reason="mailbox_full"),
    Outcome(state=D.UNKNOWN, reason="broken_off"),
    Outcome(state=D.SKIPPED, reason="needs_smtputf8"),
]
SCRIPTS = st.lists(st.tuples(st.sampled_from(OUTCOMES), st.integers(0, 3)), min_size=1, max_size=20)
MANY, CONNECTIONS, BATCH = st.integers(0, 30), st.integers(1, 6), st.integers(1, 9)


@given(MANY, CONNECTIONS, BATCH, SCRIPTS)
def test_every_claim_ends_exactly_once(
    many: int, connections: int, batch: int, script: list[tuple[Outcome, int]]
) -> None:
    ledger = WatchedLedger(many, connections)
    backend = ScriptedBackend(ledger, connections, script)
    progress: list[int] = []
    counts = asyncio.run(send_all(ledger, backend, build, clock, batch=batch, on_progress=progress.append))
    assert sorted(backend.tried) == list(range(1, many + 1))
    assert {state: getattr(counts, state) for state in Counts.__struct_fields__} == {
        state: ledger.count(D(state)) for state in Counts.__struct_fields__
    }
    assert sum(progress) == many == sum(getattr(counts, state) for state in Counts.__struct_fields__)
    for row in ledger.rows.values():
        assert (row.due is not None) == (row.state is D.DEFERRED)


@settings(max_examples=200)
@given(MANY, CONNECTIONS, BATCH, SCRIPTS, st.integers(1, 30))
def test_killed_at_any_step_at_most_one_row_per_connection_is_in_doubt(
    many: int, connections: int, batch: int, script: list[tuple[Outcome, int]], step: int
) -> None:
    """A kill: from one moment on, nothing reaches the ledger any more."""
    ledger = WatchedLedger(many, connections)
    backend = ScriptedBackend(ledger, connections, script)

    async def killed() -> None:
        sending = asyncio.create_task(send_all(ledger, backend, build, clock, batch=batch))

        def kill(at: int) -> None:
            if at == step:
                ledger.dead = True
                sending.cancel()

        backend.before = kill
        with pytest.raises((asyncio.CancelledError, StorageError)):
            await sending

    if step > many:
        return
    asyncio.run(killed())
    assert ledger.recover() <= connections
    for number in backend.taken:
        assert ledger.rows[number].state in (D.SUBMITTED, D.UNKNOWN)
    ledger.dead = False
    resumed = ScriptedBackend(ledger, connections, [(Outcome(state=D.SUBMITTED), 1)])
    asyncio.run(send_all(ledger, resumed, build, clock, batch=batch))
    assert ledger.count(D.QUEUED) == ledger.count(D.CLAIMED) == ledger.count(D.IN_FLIGHT) == 0
    assert not set(resumed.tried) & set(backend.taken)


@given(MANY, CONNECTIONS, BATCH, SCRIPTS, st.integers(1, 30), st.integers(0, 4))
def test_cancelled_at_any_step_the_ledger_knows_what_is_in_doubt(
    many: int, connections: int, batch: int, script: list[tuple[Outcome, int]], step: int, turns: int
) -> None:
    ledger = WatchedLedger(many, connections)
    backend = ScriptedBackend(ledger, connections, script)

    async def cancelled() -> None:
        sending = asyncio.create_task(send_all(ledger, backend, build, clock, batch=batch))
        while len(backend.tried) < min(step, many) and not sending.done():
            await asyncio.sleep(0)
        for _ in range(turns):
            await asyncio.sleep(0)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)

    asyncio.run(cancelled())
    assert ledger.count(D.IN_FLIGHT) == ledger.count(D.CLAIMED) == 0
    for number in set(range(1, many + 1)) - set(backend.tried):
        assert ledger.rows[number].state is D.QUEUED


@given(MANY, CONNECTIONS, BATCH, SCRIPTS, st.integers(1, 30))
def test_stopped_it_finishes_what_it_is_at_and_releases_the_rest(
    many: int, connections: int, batch: int, script: list[tuple[Outcome, int]], step: int
) -> None:
    ledger = WatchedLedger(many, connections)
    backend = ScriptedBackend(ledger, connections, script)

    async def stopped() -> Counts:
        stop = asyncio.Event()
        backend.before = lambda at: stop.set() if at == step else None
        return await send_all(ledger, backend, build, clock, batch=batch, stop=stop)

    asyncio.run(stopped())
    assert len(backend.tried) <= step + connections - 1
    assert len(set(backend.tried)) == len(backend.tried)
    assert ledger.count(D.QUEUED) == many - len(backend.tried)
    assert ledger.count(D.IN_FLIGHT) == ledger.count(D.CLAIMED) == 0


@given(MANY, CONNECTIONS, BATCH, SCRIPTS, st.integers(1, 30))
def test_the_senders_fault_pauses_and_blames_nobody(
    many: int, connections: int, batch: int, script: list[tuple[Outcome, int]], step: int
) -> None:
    ledger = WatchedLedger(many, connections)
    backend = ScriptedBackend(ledger, connections, script)

    def refuse(at: int) -> None:
        if at == step:
            raise PausedError("the login was refused")

    backend.before = refuse
    if step > many:
        return
    with pytest.raises(PausedError, match="the login was refused"):
        asyncio.run(send_all(ledger, backend, build, clock, batch=batch))
    row = ledger.rows[backend.tried[step - 1]]
    assert (row.state, row.reason, row.attempts) == (D.QUEUED, "paused", 0)
    assert len(backend.tried) <= step + connections - 1
    assert ledger.count(D.IN_FLIGHT) == ledger.count(D.CLAIMED) == 0
    assert ledger.count(D.QUEUED) == many - len(backend.tried) + 1


@pytest.mark.parametrize("reason", list(PAUSE_AFTER))
def test_refusals_in_a_row_pause_and_the_last_of_them_blames_nobody(reason: str) -> None:
    ledger = WatchedLedger(100, 1)
    backend = ScriptedBackend(ledger, 1, [(Outcome(state=D.REJECTED, reason=reason, reply="554 no"), 0)])
    with pytest.raises(PausedError, match=r"in a row.*554 no"):
        asyncio.run(send_all(ledger, backend, build, clock))
    assert ledger.count(D.REJECTED) == PAUSE_AFTER[reason] - 1
    assert ledger.count(D.QUEUED) == 100 - PAUSE_AFTER[reason] + 1


def test_refusals_with_successes_between_them_do_not_pause() -> None:
    ledger = WatchedLedger(100, 2)
    script = [(Outcome(state=D.REJECTED, reason="content"), 0)] * 4 + [(Outcome(state=D.SUBMITTED), 0)]
    counts = asyncio.run(send_all(ledger, ScriptedBackend(ledger, 2, script), build, clock))
    assert (counts.rejected, counts.submitted) == (80, 20)


def test_a_message_that_cannot_be_built_stops_with_everything_given_back() -> None:
    ledger = WatchedLedger(10, 2)
    backend = MemoryBackend(connections=2)

    def faulty(claim: Claim) -> Message:
        if claim.delivery == 5:
            raise ValueError("a piece is missing")
        return build(claim)

    with pytest.raises(DeliveryError, match="delivery 5 cannot be built: a piece is missing"):
        asyncio.run(send_all(ledger, backend, faulty, clock))
    assert [number_of(message) for message in backend.messages] == [1, 2, 3, 4]
    assert (ledger.count(D.SUBMITTED), ledger.count(D.QUEUED)) == (4, 6)


def test_a_backend_that_breaks_its_promise_leaves_its_message_in_doubt() -> None:
    ledger = WatchedLedger(6, 1)
    backend = MemoryBackend(answer=lambda message: {}[message])  # type: ignore[index]
    with pytest.raises(DeliveryError, match="failed at delivery 1"):
        asyncio.run(send_all(ledger, backend, build, clock))
    assert (ledger.rows[1].state, ledger.count(D.QUEUED)) == (D.UNKNOWN, 5)


def test_a_ledger_that_fails_is_told_and_starts_nothing() -> None:
    ledger = WatchedLedger(6, 2)
    backend = ScriptedBackend(ledger, 2, [(Outcome(state=D.SUBMITTED), 0)])
    backend.before = lambda at: setattr(ledger, "dead", at >= 3)
    with pytest.raises(StorageError):
        asyncio.run(send_all(ledger, backend, build, clock))
    assert len(backend.tried) <= 4


def test_progress_that_fails_is_told_after_everything_is_settled() -> None:
    ledger = WatchedLedger(6, 2)

    def broken_bar(done: int) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        asyncio.run(send_all(ledger, MemoryBackend(connections=2), build, clock, on_progress=broken_bar))
    assert ledger.count(D.IN_FLIGHT) == ledger.count(D.CLAIMED) == 0


def test_outcomes_and_starts_share_commits() -> None:
    ledger = WatchedLedger(160, 16)
    backend = ScriptedBackend(ledger, 16, [(Outcome(state=D.SUBMITTED), 1)])
    asyncio.run(send_all(ledger, backend, build, clock, batch=50))
    assert ledger.commits <= 160 // 16 + 2


def test_retries_that_are_due_at_once_are_sent_in_the_same_run() -> None:
    ledger = WatchedLedger(3, 2)
    script = [(Outcome(state=D.DEFERRED, reason="x", next_try=NOW), 1)] * 3 + [(Outcome(state=D.SUBMITTED), 1)]
    counts = asyncio.run(send_all(ledger, ScriptedBackend(ledger, 2, script), build, clock))
    assert counts == Counts(submitted=ledger.count(D.SUBMITTED), deferred=counts.deferred)
    assert ledger.count(D.SUBMITTED) == 3


def test_a_backoff_grows_with_the_attempts() -> None:
    ledger = WatchedLedger(1, 1)
    waits, now = [], NOW
    for _ in range(3):
        backend = MemoryBackend(answer=lambda _: Outcome(state=D.DEFERRED, reason="temporary"))
        asyncio.run(send_all(ledger, backend, build, partial(moment_of, now), dice=random.Random(7)))
        due = ledger.rows[1].due
        assert due is not None
        waits.append(due - now)
        now = due
    assert waits[0] * 2 == pytest.approx(waits[1], rel=1e-6)
    assert waits[1] * 2 == pytest.approx(waits[2], rel=1e-6)


def test_the_memory_ledger_keeps_its_own_rules() -> None:
    ledger = MemoryLedger(recipients(3), lease=timedelta(minutes=1))
    ledger.suppressed.add("r1@news1.example")
    second, third = ledger.claim(10, NOW)
    assert ledger.rows[1].state is D.SKIPPED
    assert ledger.claim(10, NOW) == []
    with pytest.raises(StepError):
        ledger.settle([(second, Outcome(state=D.SUBMITTED))], [third], NOW)
    assert ledger.rows[3].state is D.CLAIMED
    ledger.release([second])
    later = NOW + timedelta(minutes=1)
    again = ledger.claim(10, later)
    assert [(claim.delivery, claim.attempt, claim.dated) for claim in again] == [(2, 1, NOW), (3, 2, NOW)]
