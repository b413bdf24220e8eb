"""Send a prepared edition: freeze recipients and prices, hand every message over, record what became of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime

import msgspec

from digest.deliver.base import Backend
from digest.errors import HeldBackError, NotFoundError, PausedError
from digest.links import Links
from digest.model.delivery import Claim, DeliveryState, Message
from digest.model.edition import Edition, EditionContent, EditionKind, EditionState
from digest.model.market import Snapshot
from digest.render.assemble import Assembler
from digest.render.shell import Shell
from digest.storage import editions, ledger
from digest.storage.database import Database
from digest.storage.sender_lock import sender_lock
from digest.tasks.plan_recipients import plan_recipients
from digest.tasks.send_letter import letter_lists
from digest.tasks.send_report import Progress, SendReport, report_sending
from digest.tasks.sending_run import Rules, SendingRun
from subscribers.recipients import recipients
from subscribers.segment_store import clause_of_segment

_WAITING = {DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.IN_FLIGHT, DeliveryState.DEFERRED}
_WITHOUT_PRICES = (EditionKind.LETTER, EditionKind.CORRECTION)
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
        rules: Rules | None = None,
    ) -> None:
        self._database, self._backend, self._links, self._clock = database, backend, links, clock
        self._rules = rules or Rules()
        self._stop_asked = threading.Event()

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
        with sender_lock(self._database.file, self._lane(number)) as only_sender:
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
                    connection, number, self._clock(), only_sender=only_sender, on_unknown=self._rules.on_unknown
                )
            before = self._submitted(number)
            self._hand_over(number, content, on_progress)
            sent_now = self._submitted(number) - before
            note = self._finish(number)
            seconds = time.monotonic() - started
            return report_sending(
                self._database, number, sent_now=sent_now, in_doubt=in_doubt, seconds=seconds, note=note
            )

    def send_late(self, number: int, on_progress: Callable[[Progress], None] = lambda _progress: None) -> SendReport:
        """Send a sent edition to those who were entered into its ledger afterwards: newcomers, and repeats by hand.

        It stays sent. Raises NotFoundError and PausedError.
        """
        with sender_lock(self._database.file, self._lane(number)) as only_sender:
            with self._database.write() as connection:
                edition = editions.get_edition(connection, number, content=True)
                in_doubt = ledger.recover(
                    connection, number, self._clock(), only_sender=only_sender, on_unknown=self._rules.on_unknown
                )
            if edition.content is None:
                raise NotFoundError("prepared edition", number, "in the database")
            started, before = time.monotonic(), self._submitted(number)
            self._hand_over(number, edition.content, on_progress, EditionState.SENT)
            return report_sending(
                self._database,
                number,
                sent_now=self._submitted(number) - before,
                in_doubt=in_doubt,
                seconds=time.monotonic() - started,
            )

    def _lane(self, number: int) -> str:
        """What of it may be sent by one sender at a time."""
        with self._database.read() as connection:
            edition = editions.get_edition(connection, number)
        return edition.kind if edition.kind is EditionKind.LETTER else f"{edition.newsletter}.{edition.kind}"

    def stop(self) -> None:
        """From another thread: let the messages under way finish, and leave the rest for the next time."""
        self._stop_asked.set()

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
        required = edition.content is not None and edition.content.newsletter.approval == "required"
        if (required or edition.state is EditionState.APPROVED) and edition.approved_hash != edition.content_hash:
            raise HeldBackError(
                f"{name} is not what was approved; look at it and run `digest editions approve {edition.number}`."
            )
        return ""

    def _somebody_waits(self, edition: Edition, content: EditionContent) -> bool:
        """Whether it is for anybody, once its recipients are fixed among them.

        Raises UnknownListError and UnknownSegmentError before anything has begun.
        """
        lists, segment = content.newsletter.lists, content.newsletter.segment
        with self._database.read() as connection:
            clause = clause_of_segment(connection, segment, zone=content.site.zone)
            return editions.is_planned(connection, edition.number) or bool(
                recipients(connection, lists, segment=clause, now=self._clock(), limit=1)
            )

    def _submitted(self, number: int) -> int:
        with self._database.read() as connection:
            return ledger.count_deliveries(connection, number).get((DeliveryState.SUBMITTED, ""), 0)

    def _begin(self, edition: Edition, prices: Callable[[], Snapshot | None]) -> None:
        with self._database.read() as connection:
            frozen = editions.load_snapshot(connection, edition.number)
        begun = edition.state in (EditionState.SENDING, EditionState.PAUSED)
        snapshot = frozen if begun or edition.kind in _WITHOUT_PRICES else prices()
        with self._database.write() as connection:
            stored = msgspec.json.encode(snapshot) if snapshot else None
            editions.take_step(connection, edition, EditionState.SENDING, snapshot=stored, reason="")

    def _hand_over(
        self,
        number: int,
        content: EditionContent,
        on_progress: Callable[[Progress], None],
        while_in: EditionState = EditionState.SENDING,
    ) -> None:
        """Send what is due. Somebody pausing or cancelling the edition ends it early."""
        accounts = ledger.SqlLedger(self._database, number, letter_lists(content), while_in)
        build = self._builder(number, content)
        run = SendingRun(self._database, self._backend, self._clock, self._rules, accounts, build, on_progress)
        try:
            run.run(self._stop_asked)
        except PausedError as problem:
            self._pause(number, str(problem))
            raise

    def _pause(self, number: int, reason: str) -> None:
        with self._database.write() as connection:
            edition = editions.get_edition(connection, number)
            if edition.state is EditionState.SENDING:
                editions.take_step(connection, edition, EditionState.PAUSED, reason=reason)

    def _builder(self, number: int, content: EditionContent) -> Callable[[Claim], Message]:
        with self._database.read() as connection:
            shell = Shell.from_bytes(editions.load_shell(connection, number))
            snapshot = editions.load_snapshot(connection, number)
        assembler = Assembler(shell, content, number, snapshot, self._links, self._rules.bounce_domain)
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
