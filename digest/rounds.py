"""What is done whenever the clock comes round: each round looks at what is due, does it, and says what went wrong.

Nothing here knows when it is called. Rounds of different kinds may go on at the same time, each in a thread of its own;
two of the same kind, or for the same newsletter, never do.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta

from digest.app import App
from digest.errors import DigestError, SenderBusyError
from digest.logs import Repeats
from digest.model.edition import Edition, EditionState
from digest.model.newsletter import Newsletter
from digest.tasks.due_work import MISSED, Verb, Work, due_work
from digest.tasks.review_edition import review_edition, set_aside
from digest.tasks.send_edition import Sender
from digest.tasks.send_report import Progress, SendReport
from digest.tasks.sendable import can_go_on, extras_to_send, late_to_send, letters_to_send
from subscribers.errors import SubscribersError

_log = logging.getLogger(__name__)

#: What the clock does with an edition that it does not send: the state, and the reason that people read.
_SET_ASIDE = {
    Verb.HOLD: (EditionState.HELD, "was not approved by its time"),
    Verb.SKIP: (EditionState.SKIPPED, MISSED),
}
#: What a worker sends, which leaves every decision to the scheduler.
_DECIDED = (EditionState.PREPARED, EditionState.APPROVED, EditionState.SENDING)
#: For so many seconds slow sources may keep an edition waiting that is late; any other until there is just time to make
#: it.
_PATIENCE, _MAKING = 120.0, 60.0
_LATE = timedelta(days=14)
_BACKUPS_KEPT = 7
_BACKUP_AGE = timedelta(hours=20)
#: Backups are made at night.
_BACKUP_HOURS = range(2, 6)


class Stopping(Exception):  # noqa: N818, it ends a round and is nobody's fault
    """Work that may be left at any point is left: the clock stops."""


class Rounds:
    """The rounds of one app. With `sending_only` nothing is decided: what may be sent, and only that, is sent."""

    def __init__(self, app: App, *, sending_only: bool = False) -> None:
        self._app, self._sending_only = app, sending_only
        self._repeats = Repeats()
        self._stopped = threading.Event()
        self._senders: set[Sender] = set()
        self._taking_note = threading.Lock()
        self._fixing_recipients = threading.Lock()
        self._awake_since = app.clock()

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()

    def stop(self) -> None:
        """Begin nothing any more; messages under way are finished, which may take some seconds."""
        self._stopped.set()
        with self._taking_note:
            for sender in self._senders:
                sender.stop()

    @contextmanager
    def said(self, about: str) -> Iterator[None]:
        """Log what goes wrong in the block, once for as long as it stays the same; nothing is raised out of it."""
        try:
            yield
        except Stopping:
            return
        except SenderBusyError as busy:
            self._say(logging.INFO, about, str(busy))
        except (DigestError, SubscribersError) as problem:
            self._say(logging.ERROR, about, str(problem))
        except Exception:  # noqa: BLE001, a fault of ours in one thing is no reason to keep the others back
            _log.exception("%s failed", about)
        else:
            self._repeats.over(about)

    def _say(self, level: int, about: str, text: str) -> None:
        if self._repeats.is_news(about, text):
            _log.log(level, "%s: %s", about, text)

    def newsletters(self, slug: str = "") -> list[Work]:
        """Do whatever is due of one newsletter's editions, or of all; what was done. One that fails keeps none back."""
        done: list[Work] = []
        for newsletter in self._app.newsletters(slug):
            for work in self._due(newsletter):
                if self.stopped:
                    return done
                name = f"{work.verb} of {newsletter.slug}, {work.day}"
                with self.said(name):
                    if self._do(work):
                        done.append(work)
                        _log.info("%s: done", name)
        return done

    def _due(self, newsletter: Newsletter) -> Iterator[Work]:
        app = self._app
        found: dict[date, Edition | None] = {}

        def state(day: date) -> EditionState | None:
            if day not in found:
                found[day] = app.regular_edition(newsletter, day)
            edition = found[day]
            return edition.state if edition else None

        def reminded(day: date) -> bool:
            edition = found[day]
            return edition is not None and app.was_reminded(edition.number)

        zone, unfinished = app.settings.site.zone, app.unfinished_days(newsletter)
        for work in due_work(newsletter, app.clock(), zone, state, unfinished, reminded):
            edition = found[work.day]
            sending = edition is not None and edition.state is EditionState.SENDING
            if edition and sending and not can_go_on(app.database, edition.number, app.clock()):
                continue  # everybody left waits for their next try
            if self._sending_only and (work.verb is not Verb.SEND or state(work.day) not in _DECIDED):
                continue
            yield work

    def _do(self, work: Work) -> bool:
        """Whether it came to something that is worth saying."""
        app, newsletter, verb = self._app, work.newsletter, work.verb
        edition = app.regular_edition(newsletter, work.day)
        if edition is None or edition.state is EditionState.GATHERING:
            edition = self._prepare(newsletter, work.day)
        if verb is Verb.SEND and edition.state is EditionState.IN_REVIEW:
            if newsletter.if_unapproved == "send":
                edition = review_edition(app.database, edition, "approve", app.clock())
            else:
                verb = Verb.HOLD  # it has only just been prepared, and its time has come
        if verb in _SET_ASIDE:
            set_aside(app.database, edition, *_SET_ASIDE[verb])
        if verb is Verb.REMIND:
            return app.remind_editors(edition.number)
        if verb is not Verb.SEND or edition.state is EditionState.SKIPPED:
            return True
        return self._send(edition.number, self._in_turn)

    def _prepare(self, newsletter: Newsletter, day: date) -> Edition:
        app = self._app
        left = (newsletter.sends_at(day, app.settings.site.zone) - app.clock()).total_seconds()
        self._gather_within(
            max(left - _MAKING, _PATIENCE), [source.name for source in app.sources_of([newsletter])], day
        )
        prepared = app.prepare(newsletter, day)
        for warning in prepared.warnings:
            _log.warning("%s", warning)
        if prepared.note:
            _log.info("The edition of %s for %s %s", newsletter.slug, day, prepared.note)
        return prepared.edition

    def _gather_within(self, seconds: float, names: Sequence[str], day: date) -> None:
        """Read these sources; one that takes too long goes on for itself, and the edition does without it."""
        finished = threading.Event()

        def read() -> None:
            with self.said("gather"):
                self._gather(names, day)
            finished.set()

        threading.Thread(target=read, name=f"gather for {day}", daemon=True).start()
        until = time.monotonic() + seconds
        while not finished.wait(0.2):
            if self.stopped:
                raise Stopping
            if time.monotonic() > until:
                _log.warning("Sources take too long; the edition of %s is prepared without what is still to come", day)
                return

    def gather(self, names: Sequence[str]) -> None:
        """Read these sources into the pool, between the newsletters' own times."""
        with self.said("gather"):
            self._gather(names, self._app.today())

    def _gather(self, names: Sequence[str], day: date) -> None:
        known = {source.name: source for source in self._app.sources()}

        def go_on(_name: str) -> None:
            if self.stopped:
                raise Stopping

        for report in self._app.gather([known[name] for name in names if name in known], day, go_on):
            if report.warning:
                self._say(logging.WARNING, report.source, report.warning)
            elif self._repeats.over(report.source):
                _log.info("Source %s gives articles again", report.source)

    def letters(self) -> None:
        """Send the letters that wait: somebody sits and waits for them."""
        with self.said("letters"):
            for number in letters_to_send(self._app.database, self._app.clock()):
                self._send_apart(number, lambda sender, each: sender.send(each, self._app.prices))

    def latecomers(self) -> None:
        """Send editions of the last days to those who were entered into their ledgers afterwards."""
        app = self._app
        with self.said("latecomers"):
            slugs = [newsletter.slug for newsletter in app.settings.newsletters]
            for number in late_to_send(app.database, slugs, app.today() - _LATE, app.clock()):
                self._send_apart(number, lambda sender, each: sender.send_late(each))

    def extras(self) -> None:
        """Send extras and corrections that were approved and are due."""
        with self.said("extras"):
            for number in extras_to_send(self._app.database, self._app.clock()):
                self._send_apart(number, self._in_turn)

    def _send_apart(self, number: int, send: Callable[[Sender, int], SendReport]) -> None:
        if not self.stopped:
            with self.said(f"Edition {number}"):
                self._send(number, send)

    def _send(self, number: int, send: Callable[[Sender, int], SendReport]) -> bool:
        """Whether anything was to be done. Raises what `Sender.send` raises."""
        with self._sender() as sender:
            return self._tell(send(sender, number))

    def _in_turn(self, sender: Sender, number: int) -> SendReport:
        with self._turn() as end_turn:
            return sender.send(number, self._app.prices, on_progress=end_turn)

    @contextmanager
    def _sender(self) -> Iterator[Sender]:
        """A sender that `stop` stops."""
        sender = self._app.sender()
        with self._taking_note:
            self._senders.add(sender)
            if self.stopped:
                sender.stop()
        try:
            yield sender
        finally:
            with self._taking_note:
                self._senders.discard(sender)

    @contextmanager
    def _turn(self) -> Iterator[Callable[[Progress], None]]:
        """Recipients are fixed by one edition at a time, for nobody gets an article from two newsletters.

        The turn is over with the first message, of which whatever is yielded is told, or with the block.
        """
        self._fixing_recipients.acquire()
        with ExitStack() as turn:
            turn.callback(self._fixing_recipients.release)

            def end(progress: Progress) -> None:
                if progress.step == "send":
                    turn.close()

            yield end

    def _tell(self, report: SendReport) -> bool:
        name = f"Edition {report.edition} of {report.newsletter}"
        if report.sent_now:
            _log.info("%s: %d submitted, now %s", name, report.sent_now, report.state)
        if report.note:
            self._say(logging.INFO, name, report.note)
        return bool(report.sent_now) or report.state is EditionState.SENT

    def ask_pending(self) -> None:
        """Queue confirmation letters to those who were added or imported without consent."""
        with self.said("confirmation letters"):
            if asked := self._app.ask_pending():
                _log.info("%d people are asked to confirm", asked)

    def webhooks(self) -> None:
        """Tell other programs what happened."""
        with self.said("webhooks"):
            for report in self._app.deliver_webhooks():
                about = f"Webhook {report.webhook}"
                if report.problem:
                    self._say(logging.WARNING, about, report.problem)
                else:
                    self._repeats.over(about)

    def bounces(self) -> None:
        """Take in what waits in the mailbox of [bounces]."""
        with self.said("bounces"):
            report = self._app.ingest_waiting_bounces()
            if report is not None and report.files:
                _log.info("%d mails came back and were taken in", len(report.files))

    def upkeep(self) -> None:
        """Delete what must not be kept; at night, make a backup, and delete what is needed no more."""
        with self.said("purge"):
            purged = self._app.purge()
            if purged.unconfirmed or purged.evidence:
                _log.info("%d unconfirmed sign-ups and %d old proofs deleted", purged.unconfirmed, purged.evidence)
        with self.said("backup"):
            if self._wants_backup():
                _log.info("Backup %s made", self._app.backup(keep=_BACKUPS_KEPT).file)
                self._app.prune(who="schedule")

    def _wants_backup(self) -> bool:
        app = self._app
        now = app.clock()
        if app.database_file is None or now.astimezone(app.settings.site.zone).hour not in _BACKUP_HOURS:
            return False
        made = [file.stat().st_mtime for file in app.places.backups.glob("*.tar.gz")]
        return not made or now - datetime.fromtimestamp(max(made), UTC) > _BACKUP_AGE

    def alerts(self) -> None:
        """Tell people what did not go out, and whoever watches over us that all did."""
        with self.said("alerts"):
            self._app.alarm().look(self._awake_since)
