"""Send a prepared edition: freeze recipients and prices, hand every message over, record what became of it."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Literal

import msgspec

from digest.compose.personal import compose_recipient
from digest.deliver.base import Backend
from digest.deliver.loop import send_all
from digest.errors import HeldBackError, PausedError
from digest.links import Links
from digest.model.delivery import Claim, DeliveryState, Message
from digest.model.edition import Edition, EditionContent, EditionState
from digest.model.market import Snapshot
from digest.render.assemble import Assembler
from digest.render.shell import Shell
from digest.storage import editions, ledger
from digest.storage.database import Database
from digest.storage.sender_lock import sender_lock
from subscribers.recipients import count_recipients, recipients

#: Recipients that are frozen in one transaction.
_PLANNED_AT_ONCE = 1000
_MAY_BE_SENT = frozenset({EditionState.PREPARED, EditionState.APPROVED, EditionState.SENDING})
_HELD_BACK = {
    EditionState.IN_REVIEW: "waits for approval; run `digest editions approve {number}`",
    EditionState.HELD: "is held; run `digest editions release {number}`",
}
_NOTHING_TO_DO = {
    EditionState.SENT: "was sent already; nobody gets a second copy",
    EditionState.CANCELLED: "is cancelled; nobody gets it",
    EditionState.SKIPPED: "is skipped, for there was nothing to send",
    EditionState.GATHERING: "is not prepared yet; run `digest prepare`",
}


class SendReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the ledger says of the edition now, and how long this run took. `skipped` counts by reason.

    `note` says why nothing was sent, or when sending goes on; `in_doubt` counts what an interrupted sender left.
    """

    edition: int
    newsletter: str
    state: EditionState
    submitted: int = 0
    deferred: int = 0
    rejected: int = 0
    unknown: int = 0
    queued: int = 0
    skipped: dict[str, int] = msgspec.field(default_factory=dict)
    sent_now: int = 0
    in_doubt: int = 0
    seconds: float = 0.0
    messages_per_second: float = 0.0
    note: str = ""


class Progress(msgspec.Struct, frozen=True):
    """What a progress bar is told: `step` is "plan" or "send", counted from 0 to `total`."""

    step: Literal["plan", "send"]
    done: int
    total: int


class Sender:
    """Sends editions from one database by one backend."""

    def __init__(
        self,
        database: Database,
        backend: Backend,
        links: Links,
        clock: Callable[[], datetime],
        *,
        bounce_domain: str = "",
        on_unknown: Literal["retry", "hold"] = "retry",
    ) -> None:
        self._database, self._backend, self._links, self._clock = database, backend, links, clock
        self._bounce_domain, self._on_unknown = bounce_domain, on_unknown
        self._stopping: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None

    def send(
        self,
        number: int,
        prices: Callable[[], Snapshot | None],
        *,
        resume: bool = False,
        on_progress: Callable[[Progress], None] = lambda _progress: None,
    ) -> SendReport:
        """Send the edition `number`, or go on with it; `resume` takes up one that was paused.

        `prices` is asked once, when sending begins. Raises HeldBackError where approval is missing, PausedError where
        the sender is at fault (the edition is paused then), and KeyboardInterrupt after a drained SIGINT.
        """
        with sender_lock(self._database.file) as only_sender:
            with self._database.read() as connection:
                edition = editions.get_edition(connection, number, content=True)
            refusal = self._refusal(edition, resume=resume)
            if refusal or edition.content is None:
                return self._report(edition.number, note=refusal)
            started = self._clock()
            self._begin(edition, prices)
            self._plan(edition, edition.content, on_progress)
            with self._database.write() as connection:
                in_doubt = ledger.recover(
                    connection, number, self._clock(), only_sender=only_sender, on_unknown=self._on_unknown
                )
            sent_now = self._hand_over(edition, edition.content, on_progress)
            self._finish(number)
            return self._report(number, started=started, sent_now=sent_now, in_doubt=in_doubt)

    def stop(self) -> None:
        """From another thread: let the messages under way finish, and leave the rest for the next time."""
        if self._stopping is not None:
            running, stop = self._stopping
            running.call_soon_threadsafe(stop.set)

    @staticmethod
    def _refusal(edition: Edition, *, resume: bool) -> str:
        if edition.state in _HELD_BACK:
            what = _HELD_BACK[edition.state].format(number=edition.number)
            raise HeldBackError(f"Edition {edition.number} ({edition.newsletter}) {what}.")
        if edition.state is EditionState.PAUSED and not resume:
            raise PausedError(
                f"Edition {edition.number} ({edition.newsletter}) is paused: {edition.reason} "
                f"When that is mended, run `digest send --edition {edition.number} --resume`."
            )
        if edition.state in _MAY_BE_SENT or edition.state is EditionState.PAUSED:
            return ""
        return _NOTHING_TO_DO[edition.state]

    def _begin(self, edition: Edition, prices: Callable[[], Snapshot | None]) -> None:
        with self._database.read() as connection:
            frozen = editions.load_snapshot(connection, edition.number)
        begun = edition.state in (EditionState.SENDING, EditionState.PAUSED)
        snapshot = frozen if begun else prices()
        with self._database.write() as connection:
            stored = msgspec.json.encode(snapshot) if snapshot else None
            editions.take_step(connection, edition, EditionState.SENDING, snapshot=stored, reason="")

    def _plan(self, edition: Edition, content: EditionContent, on_progress: Callable[[Progress], None]) -> None:
        """Freeze every recipient, in batches; broken off, it goes on behind the last one."""
        lists = content.newsletter.lists
        with self._database.read() as connection:
            if editions.is_planned(connection, edition.number):
                return
            total = count_recipients(connection, lists)
            after = ledger.last_entered(connection, edition.number)
        done = 0
        while True:
            with self._database.write() as connection:
                people = recipients(connection, lists, after=after, limit=_PLANNED_AT_ONCE)
                if not people:
                    ledger.finish_planning(connection, edition.number, self._clock())
                    return
                chosen = ((person.id, compose_recipient(content, person)) for person in people)
                done += ledger.enter_recipients(connection, edition.number, chosen)
                after = people[-1].id
            on_progress(Progress("plan", done, total))

    def _hand_over(self, edition: Edition, content: EditionContent, on_progress: Callable[[Progress], None]) -> int:
        build = self._builder(edition.number, content)
        with self._database.read() as connection:
            counts = ledger.count_deliveries(connection, edition.number)
        total = sum(count for (state, _), count in counts.items() if state is DeliveryState.QUEUED)
        accounts = ledger.SqlLedger(self._database, edition.number, content.newsletter.lists)
        done = 0

        def on_done(more: int) -> None:
            nonlocal done
            done += more
            on_progress(Progress("send", done, total))

        try:
            return asyncio.run(self._run(accounts, build, on_done))
        except PausedError as problem:
            with self._database.write() as connection:
                sending = editions.get_edition(connection, edition.number)
                editions.take_step(connection, sending, EditionState.PAUSED, reason=str(problem))
            raise

    async def _run(
        self, accounts: ledger.SqlLedger, build: Callable[[Claim], Message], on_done: Callable[[int], None]
    ) -> int:
        stop = asyncio.Event()
        self._stopping = (asyncio.get_running_loop(), stop)
        with _draining(stop):
            counts = await send_all(accounts, self._backend, build, self._clock, on_progress=on_done, stop=stop)
        self._stopping = None
        if stop.is_set() and threading.current_thread() is threading.main_thread():
            raise KeyboardInterrupt
        return counts.submitted

    def _builder(self, number: int, content: EditionContent) -> Callable[[Claim], Message]:
        with self._database.read() as connection:
            shell = Shell.from_bytes(editions.load_shell(connection, number))
            snapshot = editions.load_snapshot(connection, number)
        assembler = Assembler(shell, content, number, snapshot, self._links, self._bounce_domain)
        zone = content.site.zone
        return lambda claim: assembler.message(claim.recipient, claim.dated.astimezone(zone))

    def _finish(self, number: int) -> None:
        with self._database.write() as connection:
            counts = ledger.count_deliveries(connection, number)
            waiting = {DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.IN_FLIGHT, DeliveryState.DEFERRED}
            if not any(state in waiting for state, _ in counts):
                sending = editions.get_edition(connection, number)
                editions.take_step(connection, sending, EditionState.SENT, sent_at=self._clock())

    def _report(
        self, number: int, *, started: datetime | None = None, sent_now: int = 0, in_doubt: int = 0, note: str = ""
    ) -> SendReport:
        with self._database.read() as connection:
            edition = editions.get_edition(connection, number)
            counts = ledger.count_deliveries(connection, number)
            again = ledger.next_try(connection, number)
        seconds = (self._clock() - started).total_seconds() if started else 0.0
        by_state = {
            state: sum(count for (each, _), count in counts.items() if each is state) for state in DeliveryState
        }
        if again and not note:
            note = f"{by_state[DeliveryState.DEFERRED]} deferred; the next try is due at {again:%Y-%m-%d %H:%M} UTC"
        return SendReport(
            edition=number,
            newsletter=edition.newsletter,
            state=edition.state,
            submitted=by_state[DeliveryState.SUBMITTED],
            deferred=by_state[DeliveryState.DEFERRED],
            rejected=by_state[DeliveryState.REJECTED],
            unknown=by_state[DeliveryState.UNKNOWN],
            queued=by_state[DeliveryState.QUEUED],
            skipped={reason: count for (state, reason), count in counts.items() if state is DeliveryState.SKIPPED},
            sent_now=sent_now,
            in_doubt=in_doubt,
            seconds=round(seconds, 3),
            messages_per_second=round(sent_now / seconds, 1) if seconds else 0.0,
            note=note,
        )


@contextmanager
def _draining(stop: asyncio.Event) -> Iterator[None]:
    """Until the block ends, SIGINT and SIGTERM let the messages under way finish instead of breaking them off."""
    running = asyncio.get_running_loop()
    # Only the main thread takes signals; the scheduler's jobs run in others and are stopped by it.
    in_main = threading.current_thread() is threading.main_thread()
    signals = (signal.SIGINT, signal.SIGTERM) if in_main else ()
    for number in signals:
        running.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in signals:
            running.remove_signal_handler(number)
