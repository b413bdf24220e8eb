"""Send a prepared edition: freeze recipients and prices, hand every message over, record what became of it."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Literal

import msgspec

from digest.deliver.base import Backend
from digest.deliver.loop import send_all
from digest.errors import HeldBackError, PausedError, StepError
from digest.links import Links
from digest.model.delivery import Claim, DeliveryState, Message
from digest.model.edition import Edition, EditionContent, EditionState
from digest.model.market import Snapshot
from digest.render.assemble import Assembler
from digest.render.shell import Shell
from digest.storage import editions, ledger
from digest.storage.database import Database
from digest.storage.sender_lock import sender_lock
from digest.tasks.plan_recipients import plan_recipients
from digest.tasks.send_report import Progress, SendReport, report_sending
from subscribers.recipients import recipients

#: How often at most one call goes through the ledger: the first time, and again for what was left in doubt.
_RUNS = 3
_WAITING = {DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.IN_FLIGHT, DeliveryState.DEFERRED}
_HELD_BACK = {
    EditionState.IN_REVIEW: "waits for approval; run `digest editions approve {number}`",
    EditionState.HELD: "is held; run `digest editions release {number}`",
}
_NOTHING_TO_DO = {
    EditionState.SENT: "was sent already; nobody gets a second copy",
    EditionState.CANCELLED: "is cancelled; nobody gets it",
    EditionState.GATHERING: "is not prepared yet; run `digest prepare`",
}


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
        self._stop_asked = threading.Event()
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
        the sender is at fault (the edition is paused then) or the edition was paused before, and KeyboardInterrupt
        after a drained SIGINT.
        """
        with sender_lock(self._database.file) as only_sender:
            with self._database.read() as connection:
                edition = editions.get_edition(connection, number, content=True)
            content = edition.content
            refusal = self._refusal(edition, resume=resume)
            if refusal or content is None:
                return report_sending(self._database, number, note=refusal)
            if not self._somebody_waits(edition, content):
                lists = ", ".join(content.newsletter.lists)
                return report_sending(self._database, number, note=f"has nobody to go to on {lists}; nothing was sent")
            started = time.monotonic()
            self._begin(edition, prices)
            plan_recipients(
                self._database,
                number,
                content,
                self._clock,
                lambda done, total: on_progress(Progress("plan", done, total)),
            )
            with self._database.write() as connection:
                in_doubt = ledger.recover(
                    connection, number, self._clock(), only_sender=only_sender, on_unknown=self._on_unknown
                )
            sent_now = self._hand_over(number, content, on_progress)
            note = self._finish(number)
            seconds = time.monotonic() - started
            return report_sending(
                self._database, number, sent_now=sent_now, in_doubt=in_doubt, seconds=seconds, note=note
            )

    def stop(self) -> None:
        """From another thread: let the messages under way finish, and leave the rest for the next time."""
        self._stop_asked.set()
        if self._stopping is not None:
            running, stop = self._stopping
            running.call_soon_threadsafe(stop.set)

    @staticmethod
    def _refusal(edition: Edition, *, resume: bool) -> str:
        """Why there is nothing to send, "" where there is. Raises HeldBackError and PausedError."""
        name = f"Edition {edition.number} ({edition.newsletter})"
        if edition.state in _HELD_BACK:
            raise HeldBackError(f"{name} {_HELD_BACK[edition.state].format(number=edition.number)}.")
        if edition.state is EditionState.PAUSED and not resume:
            raise PausedError(
                f"{name} is paused: {edition.reason} "
                f"When that is mended, run `digest send --edition {edition.number} --resume`."
            )
        if edition.state is EditionState.SKIPPED:
            return f"is skipped: {edition.reason or 'there was nothing to send'}"
        if edition.state in _NOTHING_TO_DO:
            return _NOTHING_TO_DO[edition.state]
        if edition.content is not None and edition.content.newsletter.segment:
            raise HeldBackError(
                f"{name} is for the segment {edition.content.newsletter.segment}, which this version cannot tell from "
                "the whole list; remove `segment` from the newsletter's settings to send it to everybody."
            )
        required = edition.content is not None and edition.content.newsletter.approval == "required"
        if (required or edition.state is EditionState.APPROVED) and edition.approved_hash != edition.content_hash:
            raise HeldBackError(
                f"{name} is not what was approved; look at it and run `digest editions approve {edition.number}`."
            )
        return ""

    def _somebody_waits(self, edition: Edition, content: EditionContent) -> bool:
        """Whether anybody is on its lists, once its recipients are fixed among them. Raises UnknownListError."""
        with self._database.read() as connection:
            return editions.is_planned(connection, edition.number) or bool(
                recipients(connection, content.newsletter.lists, limit=1)
            )

    def _begin(self, edition: Edition, prices: Callable[[], Snapshot | None]) -> None:
        with self._database.read() as connection:
            frozen = editions.load_snapshot(connection, edition.number)
        begun = edition.state in (EditionState.SENDING, EditionState.PAUSED)
        snapshot = frozen if begun else prices()
        with self._database.write() as connection:
            stored = msgspec.json.encode(snapshot) if snapshot else None
            editions.take_step(connection, edition, EditionState.SENDING, snapshot=stored, reason="")

    def _hand_over(self, number: int, content: EditionContent, on_progress: Callable[[Progress], None]) -> int:
        """Send what is due; how many were submitted. Somebody pausing or cancelling the edition ends it early."""
        build = self._builder(number, content)
        with self._database.read() as connection:
            counts = ledger.count_deliveries(connection, number)
        total = sum(count for (state, _), count in counts.items() if state is DeliveryState.QUEUED)
        accounts = ledger.SqlLedger(self._database, number, content.newsletter.lists)
        done = sent = 0

        def on_done(more: int) -> None:
            nonlocal done
            done += more
            on_progress(Progress("send", done, total))

        for left in reversed(range(_RUNS)):
            try:
                with asyncio.Runner(loop_factory=_event_loop) as runner:
                    sent += runner.run(self._run(accounts, build, on_done))
            except PausedError as problem:
                self._pause(number, str(problem))
                raise
            except StepError:
                with self._database.read() as connection:
                    if editions.get_edition(connection, number).state is EditionState.SENDING:
                        raise
                break
            if not left or self._stop_asked.is_set() or not self._repeats(number):
                break
        return sent

    async def _run(
        self, accounts: ledger.SqlLedger, build: Callable[[Claim], Message], on_done: Callable[[int], None]
    ) -> int:
        stop = asyncio.Event()
        self._stopping = (asyncio.get_running_loop(), stop)
        if self._stop_asked.is_set():
            stop.set()
        try:
            with _draining(stop):
                counts = await send_all(accounts, self._backend, build, self._clock, on_progress=on_done, stop=stop)
        finally:
            self._stopping = None
        if stop.is_set() and threading.current_thread() is threading.main_thread():
            raise KeyboardInterrupt
        return counts.submitted

    def _repeats(self, number: int) -> bool:
        """Queue again what this run left in doubt; whether there is any."""
        if self._on_unknown == "hold":
            return False
        with self._database.write() as connection:
            return ledger.repeat_unknown(connection, number) > 0

    def _pause(self, number: int, reason: str) -> None:
        with self._database.write() as connection:
            edition = editions.get_edition(connection, number)
            if edition.state is EditionState.SENDING:
                editions.take_step(connection, edition, EditionState.PAUSED, reason=reason)

    def _builder(self, number: int, content: EditionContent) -> Callable[[Claim], Message]:
        with self._database.read() as connection:
            shell = Shell.from_bytes(editions.load_shell(connection, number))
            snapshot = editions.load_snapshot(connection, number)
        assembler = Assembler(shell, content, number, snapshot, self._links, self._bounce_domain)
        zone = content.site.zone
        return lambda claim: assembler.message(claim.recipient, claim.dated.astimezone(zone))

    def _finish(self, number: int) -> str:
        """Close the edition where nobody waits any more; what is to be said if somebody stopped it meanwhile."""
        with self._database.write() as connection:
            edition = editions.get_edition(connection, number)
            if edition.state is EditionState.CANCELLED:
                ledger.cancel_waiting(connection, number, self._clock())
            if edition.state is not EditionState.SENDING:
                return f"became {edition.state} while it was being sent"
            states = {state for state, _ in ledger.count_deliveries(connection, number)}
            if not states.intersection(_WAITING):
                editions.take_step(connection, edition, EditionState.SENT, sent_at=self._clock())
            return ""


def _event_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # not made for Windows
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


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
