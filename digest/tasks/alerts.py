"""See what is amiss, write it down once, tell of it by every way, and tell again when it is over."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from digest.gather.settings import SourceSettings
from digest.logs import Repeats
from digest.model.alerts import Alert, Cause, ToldAlert
from digest.model.edition import EditionState
from digest.model.newsletter import Newsletter
from digest.storage import alerts as store
from digest.storage.database import Database
from digest.storage.editions import find_regular_edition, get_edition
from digest.tasks.alert_ways import AlertWay, Heartbeat
from digest.tasks.due_work import MISSED
from digest.tasks.find_alerts import AlertFinder, is_for_somebody

_log = logging.getLogger(__name__)

#: For so long a way that cannot be reached is tried again; then what is to be told is no news any more.
_TRIED_FOR = timedelta(days=1)
_KEPT = timedelta(days=400)
_repeats = Repeats()


class TestReport(msgspec.Struct, frozen=True, kw_only=True):
    """Whether one way works; `problem` is "" where it does."""

    way: str
    problem: str


class Alarm:
    """The alerts of one site. Without any `ways` they are only logged."""

    def __init__(
        self,
        database: Database,
        newsletters: Sequence[Newsletter],
        sources: Sequence[SourceSettings],
        zone: ZoneInfo,
        clock: Callable[[], datetime],
        ways: Sequence[AlertWay],
        heartbeat: Heartbeat | None,
    ) -> None:
        self._database, self._newsletters, self._sources, self._zone = database, newsletters, sources, zone
        self._clock, self._ways, self._heartbeat = clock, ways, heartbeat

    def look(self, awake_since: datetime) -> None:
        """One look, and what follows from it. A way that cannot be reached is logged and tried at the next look."""
        now = self._clock()
        finder = AlertFinder(self._newsletters, self._zone, now, awake_since)
        with self._database.read() as connection:
            known = store.current_alerts(connection, now - _TRIED_FOR)
            standing = [each.alert for each in known if each.resolved_at is None]
            found = list(finder.find(connection, self._sources, standing))
        still = {(alert.subject, alert.cause) for alert in found}
        over = [alert for alert in standing if (alert.subject, alert.cause) not in still]
        known_already = {(each.alert.subject, each.alert.cause) for each in known}
        fresh = [a for a in found if (a.subject, a.cause) not in known_already and not finder.is_old(a)]
        if fresh or over:
            with self._database.write() as connection:
                self._write_down(connection, fresh, over, now)
            with self._database.read() as connection:
                known = store.current_alerts(connection, now - _TRIED_FOR)
        self._tell(known, now)
        self._beat(now)

    def test(self, site_name: str) -> list[TestReport]:
        """Try every way, whatever was told already."""
        now = self._clock()
        alert = Alert(cause=Cause.TEST, subject="test", title=site_name)
        reports = [TestReport(way=way.name, problem=way.tell(alert, resolved=False, now=now)) for way in self._ways]
        if self._heartbeat is not None:
            reports.append(TestReport(way="heartbeat", problem=self._heartbeat.ping(now)))
        return reports

    def _write_down(self, connection: Connection, fresh: Sequence[Alert], over: Sequence[Alert], now: datetime) -> None:
        for alert in fresh:
            if store.raise_alert(connection, alert, now):
                _log.warning(
                    "Alert: %s is %s%s", alert.subject, alert.cause, f": {alert.reason}" if alert.reason else ""
                )
        for alert in over:
            store.resolve_alert(connection, _as_it_is_now(connection, alert), now)
            _log.info("Alert over: %s is not %s any more", alert.subject, alert.cause)
        store.forget_alerts(connection, now - _KEPT)

    def _tell(self, known: Sequence[ToldAlert], now: datetime) -> None:
        out_of_order = set[str]()
        for told in known:
            for way in self._ways:
                if way.name in out_of_order or not _is_to_be_told(told, way.name, now):
                    continue
                if problem := way.tell(told.alert, resolved=told.resolved_at is not None, now=now):
                    out_of_order.add(way.name)  # nor would the others get through
                    if _repeats.is_news(way.name, problem):
                        _log.error("Alerts cannot be told by %s: %s", way.name, problem)
                    continue
                _repeats.over(way.name)
                with self._database.write() as connection:
                    told = store.note_told(connection, told, way.name)

    def _beat(self, now: datetime) -> None:
        """Ping the heartbeat once a day, when all that was due on it has gone out."""
        day = now.astimezone(self._zone).date()
        beat = Alert(cause=Cause.HEARTBEAT, subject=f"day {day}", title="", day=day)
        if self._heartbeat is None:
            return
        with self._database.read() as connection:
            if store.was_told(connection, beat.subject, beat.cause) or not self._is_done(connection, now):
                return
        if problem := self._heartbeat.ping(now):
            if _repeats.is_news("heartbeat", problem):
                _log.error("The heartbeat cannot be told: %s", problem)
            return
        _repeats.over("heartbeat")
        with self._database.write() as connection:
            store.raise_alert(connection, beat, now)

    def _is_done(self, connection: Connection, now: datetime) -> bool:
        day = now.astimezone(self._zone).date()
        if any(now < newsletter.sends_at(day, self._zone) for newsletter in self._newsletters):
            return False
        appearing = [newsletter for newsletter in self._newsletters if newsletter.appears_on(day)]
        for newsletter in appearing:
            edition = find_regular_edition(connection, newsletter.slug, day)
            if edition is not None and edition.state in (EditionState.SENT, EditionState.CANCELLED):
                continue
            if edition is not None and edition.state is EditionState.SKIPPED and edition.reason != MISSED:
                continue
            if is_for_somebody(connection, newsletter, self._zone, now):
                return False
        return True


def _is_to_be_told(told: ToldAlert, way: str, now: datetime) -> bool:
    if told.resolved_at is None:
        return way not in told.raised_by and now - told.raised_at < _TRIED_FOR
    return way in told.raised_by and way not in told.resolved_by and now - told.resolved_at < _TRIED_FOR


def _as_it_is_now(connection: Connection, alert: Alert) -> Alert:
    number = alert.edition
    if number is None and alert.day is not None:
        slug = alert.subject.rpartition(" ")[0]
        edition = find_regular_edition(connection, slug, alert.day)
    else:
        edition = get_edition(connection, number) if number is not None else None
    return replace(alert, edition=edition.number, state=edition.state) if edition is not None else alert
