"""The clock: the one place that imports APScheduler.

At every newsletter's times, once a minute for what is left over, and at the start for what was missed, it asks
`due_work` what is due and has it done. Jobs that fail are logged and asked for again.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import partial
from types import FrameType

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from digest.app import App
from digest.errors import DigestError
from digest.model.edition import EditionState
from digest.model.newsletter import WEEKDAYS, Newsletter, read_weekdays
from digest.tasks.due_work import Verb, Work, due_work
from digest.tasks.review_edition import review_edition, set_aside
from digest.tasks.send_edition import Sender
from subscribers.errors import SubscribersError

_log = logging.getLogger(__name__)

#: What the clock does with an edition that it does not send: the state, and the reason that people read.
_SET_ASIDE = {
    Verb.HOLD: (EditionState.HELD, "was not approved by its time"),
    Verb.SKIP: (EditionState.SKIPPED, "missed its time"),
}
#: No clock changes on it, so that a time is the one that the settings name.
_ANY_DAY = date(2025, 1, 15)


class Clock:
    """Runs the newsletters of one app, one job at a time."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._sender: Sender | None = None
        self._stopped = threading.Event()
        # One thread: an edition that is sent takes the machine, and order matters.
        self._scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(1)},
            timezone=app.settings.site.zone,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 3600},
        )
        self._scheduler.add_listener(_log_fault, EVENT_JOB_ERROR)

    def start(self) -> None:
        """Set up the jobs and begin; what was missed while nobody was awake is caught up at once."""
        for newsletter in self._app.newsletters():
            for kind, trigger in self._triggers(newsletter):
                self._scheduler.add_job(
                    self.tick,
                    trigger,
                    [newsletter.slug],
                    id=f"{newsletter.slug}-{kind}",
                    name=f"{newsletter.slug}: {kind}",
                )
        self._scheduler.add_job(
            self.tick,
            IntervalTrigger(minutes=1),
            id="left-over",
            next_run_time=datetime.now(UTC),
            name="what is left over",
        )
        for minutes in sorted({source.every_minutes for source in self._app.sources()}):
            names = [source.name for source in self._app.sources() if source.every_minutes == minutes]
            self._scheduler.add_job(
                self.gather,
                IntervalTrigger(minutes=minutes),
                [names],
                id=f"gather-{minutes}",
                name=f"gather {', '.join(names)}",
            )
        self._scheduler.start()

    def stop(self) -> None:
        """Let the messages under way finish, then end; the next start goes on with the edition."""
        self._stopped.set()
        self._scheduler.pause()
        if self._sender is not None:
            self._sender.stop()
        self._scheduler.shutdown(wait=True)

    def jobs(self) -> list[tuple[str, datetime | None]]:
        """Every job's name and the time of its next run."""
        return [(job.name, job.next_run_time) for job in self._scheduler.get_jobs()]

    def _triggers(self, newsletter: Newsletter) -> Iterator[tuple[str, CronTrigger]]:
        zone = self._app.settings.site.zone
        days = ",".join(WEEKDAYS[day] for day in sorted(read_weekdays(newsletter.days)))
        prepare, send = newsletter.prepares_at(_ANY_DAY, zone), newsletter.sends_at(_ANY_DAY, zone)
        # Preparing before midnight is for the next day's edition, whose weekday the trigger cannot know.
        yield "prepare", CronTrigger(hour=prepare.hour, minute=prepare.minute, timezone=zone)
        yield "send", CronTrigger(day_of_week=days, hour=send.hour, minute=send.minute, timezone=zone)

    def gather(self, names: list[str]) -> None:
        """Read these sources into the pool, between the newsletters' own times."""
        if not self._stopped.is_set():
            self._app.gather([source for name in names for source in self._app.sources(name)], self._app.today())

    def tick(self, slug: str = "") -> list[Work]:
        """Do whatever is due now for one newsletter or for all; what was done. One that fails keeps none back."""
        done: list[Work] = []
        for newsletter in self._app.newsletters(slug):
            state = partial(self._state, newsletter)
            zone = self._app.settings.site.zone
            for work in due_work(newsletter, self._app.clock(), zone, state, self._app.unfinished_days(newsletter)):
                if self._stopped.is_set():
                    return done
                name = f"{work.verb} of {newsletter.slug}, {work.day}"
                try:
                    self._do(work)
                except (DigestError, SubscribersError) as problem:
                    _log.error("%s: %s", name, problem)
                except Exception:  # noqa: BLE001, a fault of ours in one edition is no reason to keep the others back
                    _log.exception("%s failed", name)
                else:
                    _log.info("%s: done", name)
                    done.append(work)
        return done

    def _state(self, newsletter: Newsletter, day: date) -> EditionState | None:
        edition = self._app.regular_edition(newsletter, day)
        return edition.state if edition else None

    def _do(self, work: Work) -> None:
        app, newsletter = self._app, work.newsletter
        edition = app.regular_edition(newsletter, work.day)
        if edition is None or edition.state is EditionState.GATHERING:
            app.gather(app.sources_of([newsletter]), work.day)
            prepared = app.prepare(newsletter, work.day)
            for warning in prepared.warnings:
                _log.warning("%s", warning)
            edition = prepared.edition
        if work.verb in _SET_ASIDE:
            set_aside(app.database, edition, *_SET_ASIDE[work.verb])
        if work.verb is not Verb.SEND or edition.state is EditionState.SKIPPED:
            return
        if edition.state is EditionState.IN_REVIEW and newsletter.if_unapproved == "send":
            edition = review_edition(app.database, edition, "approve", app.clock())
        self._sender = app.sender()
        if self._stopped.is_set():
            self._sender.stop()
        report = self._sender.send(edition.number, app.prices)
        if report.note:
            _log.info("Edition %s of %s %s", report.edition, report.newsletter, report.note)


def run_until_stopped(app: App) -> None:
    """Run the clock until SIGINT or SIGTERM; a job that is running is finished first."""
    clock = Clock(app)
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    clock.start()
    for name, at in clock.jobs():
        _log.info("%s: next at %s", name, at)
    stopped.wait()
    clock.stop()


def _log_fault(event: JobExecutionEvent) -> None:
    level = logging.ERROR if isinstance(event.exception, DigestError) else logging.CRITICAL
    _log.log(level, "Job %s failed: %s", event.job_id, event.exception)
