"""The clock: the one place that imports APScheduler.

It goes round every few seconds, and at the very minute when a newsletter's edition is due. What is due is decided by
looking (`digest.rounds`), so it does not matter how late, how often or by which clock it looks. Every round has a
thread of its own: a slow one holds up nobody else. Of several schedulers on one database one works.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from functools import cached_property, partial
from queue import Empty, SimpleQueue
from typing import Any
from zoneinfo import ZoneInfo

from apscheduler.executors.base import BaseExecutor, run_job
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from digest.app import App
from digest.errors import SettingsError
from digest.model.newsletter import Newsletter
from digest.rounds import Rounds
from digest.tasks.due_work import Work, next_appearance, next_moment
from digest.tasks.scheduler_lease import BEAT, SchedulerLease, elapsed

_log = logging.getLogger(__name__)

#: Seconds from one round to the next.
_EDITIONS, _SENDING, _WEBHOOKS, _ALERTS, _ASKING, _UPKEEP = 15, 3, 5, 20, 30, 1200
#: Seconds that rounds get to come to an end: senders drain for 20, everything else can be left at any point.
_LAST_ROUNDS = 25.0


class _Nudge(Enum):
    """Why whoever keeps the clock going wakes up."""

    BEAT = auto()
    RELOAD = auto()
    END = auto()


class Clock:
    """Runs the newsletters of one app: `start`, and `stop` once it is enough.

    With `sending_only` it is one of any number of workers, which send what may be sent and decide nothing. Every `beat`
    seconds it renews its lease; `watch` is what others' silence is measured by, in seconds.
    """

    def __init__(
        self,
        app: App,
        *,
        sending_only: bool = False,
        beat: float = BEAT,
        watch: Callable[[], float] = elapsed,
    ) -> None:
        self._app, self._sending_only, self._beat, self._watch = app, sending_only, beat, watch
        self._rounds = Rounds(app, sending_only=sending_only)
        self._scheduler = BackgroundScheduler(
            executors={"default": _OwnThreads()},
            timezone=UTC,
            # However late it is, it is worth a look; one at a time is enough.
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._under_way: set[str] = set()
        self._one_ended = threading.Condition()
        # What a signal's handler may use: its `put` can be interrupted by another.
        self._nudges: SimpleQueue[_Nudge] = SimpleQueue()
        self._pulse: threading.Thread | None = None
        self._seen_file, self._file_changed = self._look_at_file(), False
        self._hangup: Any = None

    @cached_property
    def _lease(self) -> SchedulerLease:
        return SchedulerLease(self._app.database, self._app.clock, self._watch)

    def start(self) -> None:
        """Begin; what was missed while nobody was awake is caught up at once. Raises StorageError.

        In the main thread it also begins to heed SIGHUP: the settings are read again.
        """
        if not self._works():
            _log.info("Another scheduler (%s) works on this database; this one waits for its end", self._lease.holder)
        if threading.current_thread() is threading.main_thread() and hasattr(signal, "SIGHUP"):
            self._hangup = signal.signal(signal.SIGHUP, lambda _number, _frame: self._nudges.put(_Nudge.RELOAD))
        self._lay_out()
        self._scheduler.start()
        self._pulse = threading.Thread(target=self._keep_going, name="pulse", daemon=True)
        self._pulse.start()

    def stop(self) -> None:
        """Let the messages under way finish, then end, within half a minute; the next start goes on from there."""
        until = time.monotonic() + _LAST_ROUNDS
        self._rounds.stop()
        self._nudges.put(_Nudge.END)
        if self._scheduler.running:
            self._scheduler.pause()
        if self._pulse is not None:
            self._pulse.join(_LAST_ROUNDS)
        with self._one_ended:
            while self._under_way and (left := until - time.monotonic()) > 0:
                self._one_ended.wait(left)
            broken_off = sorted(self._under_way)
        if broken_off:
            _log.warning("Broken off, to be gone on with at the next start: %s", ", ".join(broken_off))
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        if self._hangup is not None:
            signal.signal(signal.SIGHUP, self._hangup)
        with self._rounds.said("the lease"):
            self._give_back()

    def jobs(self) -> list[tuple[str, datetime | None]]:
        """Every job's name and the time of its next run."""
        return [(job.name, job.next_run_time) for job in self._scheduler.get_jobs()]

    def tick(self, slug: str = "") -> list[Work]:
        """Do what is due now for one newsletter or for all; what was done. Nothing where another scheduler works."""
        return self._rounds.newsletters(slug) if self._works() else []

    def _works(self) -> bool:
        return self._sending_only or self._lease.held or self._lease.hold()

    def _give_back(self) -> None:
        if "_lease" in self.__dict__:
            self._lease.give_back()

    def _lay_out(self) -> None:
        """Set up the jobs by the settings as they are now."""
        self._scheduler.remove_all_jobs()
        app, rounds, zone = self._app, self._rounds, self._app.settings.site.zone
        for newsletter in app.settings.newsletters:
            work, moments = partial(rounds.newsletters, newsletter.slug), partial(_moment, newsletter, zone)
            self._add(f"newsletter {newsletter.slug}", work, Every(_EDITIONS, moments))
        self._add("letters", rounds.letters, Every(_SENDING))
        self._add("latecomers", rounds.latecomers, Every(_EDITIONS))
        self._add("extras", rounds.extras, Every(_SENDING))
        if self._sending_only:
            return
        for minutes in sorted({source.every_minutes for source in app.sources()}):
            names = [source.name for source in app.sources() if source.every_minutes == minutes]
            self._add(f"gather {', '.join(names)}", partial(rounds.gather, names), Every(60 * minutes), at_once=False)
        self._add("webhooks", rounds.webhooks, Every(_WEBHOOKS))
        self._add("bounces", rounds.bounces, Every(app.settings.bounces.poll_seconds))
        self._add("alerts", rounds.alerts, Every(_ALERTS))
        self._add("confirmations", rounds.ask_pending, Every(_ASKING))
        self._add("upkeep", rounds.upkeep, Every(_UPKEEP), at_once=False)

    def _add(self, name: str, work: Callable[[], object], trigger: BaseTrigger, *, at_once: bool = True) -> None:
        soon = {"next_run_time": datetime.now(UTC)} if at_once else {}
        self._scheduler.add_job(self._round, trigger, [name, work], id=name, name=name, **soon)

    def _round(self, name: str, work: Callable[[], object]) -> None:
        with self._one_ended:
            if self._rounds.stopped:
                return
            self._under_way.add(name)
        try:
            with self._rounds.said(name):
                if self._works():
                    work()
        finally:
            with self._one_ended:
                self._under_way.discard(name)
                self._one_ended.notify_all()

    def _keep_going(self) -> None:
        """Until the end: keep the lease, notice new settings, and a clock that was set back."""
        last, worked = datetime.now(UTC), self._sending_only or self._lease.held
        while (nudge := self._next_nudge()) is not _Nudge.END:
            now = datetime.now(UTC)
            if now < last:
                _log.warning("The clock was set back by %s; everything is looked at anew", last - now)
                self._lay_out()
            last = now
            if not self._sending_only:
                with self._rounds.said("the lease"):
                    worked = self._keep_lease(worked)
            with self._rounds.said("the settings"):
                self._heed_settings(asked=nudge is _Nudge.RELOAD)

    def _next_nudge(self) -> _Nudge:
        try:
            return self._nudges.get(timeout=self._beat)
        except Empty:
            return _Nudge.BEAT

    def _keep_lease(self, worked: bool) -> bool:
        works = self._lease.hold()
        if works and not worked:
            _log.info("The other scheduler is gone; this one works now")
        if worked and not works:
            _log.warning("Another scheduler (%s) works on this database now; this one waits", self._lease.holder)
        return works

    def _heed_settings(self, *, asked: bool) -> None:
        """Read the settings again where somebody asked for it, or their file has changed and is written to the end."""
        found = self._look_at_file()
        if found != self._seen_file and not asked:
            self._seen_file, self._file_changed = found, found is not None
            return
        if not asked and not self._file_changed:
            return
        self._seen_file, self._file_changed = found, False
        try:
            self._app.reload_settings()
        except SettingsError as wrong:
            _log.error("The old settings stay in effect. %s", wrong)
        else:
            self._lay_out()
            _log.info("The settings were read again")

    def _look_at_file(self) -> tuple[int, int, int] | None:
        try:
            found = self._app.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


class Every(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Every so many seconds, and at the moments that `moments` gives, each after the one that it is asked with.

    Whatever was slept through, however long, is one run: a clock that was far behind and is set right costs nothing.
    """

    def __init__(self, seconds: float, moments: Callable[[datetime], datetime | None] = lambda _after: None) -> None:
        self._interval, self._moments = timedelta(seconds=seconds), moments

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        in_turn = (previous_fire_time or now) + self._interval
        if in_turn <= now:
            in_turn = now + self._interval
        return min(in_turn, self._moments(now) or in_turn)


def _moment(newsletter: Newsletter, zone: ZoneInfo, after: datetime) -> datetime | None:
    return next_moment(newsletter, after, zone)


class _OwnThreads(BaseExecutor):  # type: ignore[misc]  # APScheduler has no types
    """A thread for every run, which nobody waits for at the end: how long to wait is decided by the clock."""

    def _do_submit_job(self, job: Any, run_times: list[datetime]) -> None:
        def run() -> None:  # `run_job` raises nothing
            self._run_job_success(job.id, run_job(job, job._jobstore_alias, run_times, self._logger.name))

        threading.Thread(target=run, name=job.id, daemon=True).start()


def run_until_stopped(app: App, *, sending_only: bool = False) -> None:
    """Run the clock until SIGINT or SIGTERM; messages under way are finished first."""
    clock = Clock(app, sending_only=sending_only)
    signals: SimpleQueue[int] = SimpleQueue()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _frame: signals.put(number))
    clock.start()
    for newsletter in app.settings.newsletters:
        if at := next_appearance(newsletter, app.clock(), app.settings.site.zone):
            _log.info("%s: next at %s", newsletter.slug, at.isoformat(timespec="minutes"))
    signals.get()
    _log.info("Stopping")
    clock.stop()
