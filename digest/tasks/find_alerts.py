"""What people have to be told of now: editions that do not go out, and sources that give nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from digest.gather.settings import SourceSettings
from digest.model.alerts import Alert, Cause
from digest.model.delivery import DeliveryState
from digest.model.edition import Edition, EditionKind, EditionState
from digest.model.newsletter import Newsletter
from digest.storage.counts import count_deliveries
from digest.storage.editions import find_regular_edition, get_edition
from digest.storage.source_health import SourceHealth, load_health
from digest.storage.tables import editions
from digest.tasks.due_work import MISSED
from subscribers.errors import SubscribersError
from subscribers.recipients import recipients
from subscribers.segment_store import clause_of_segment

#: So late an edition has not gone out "by its time", and so late one that is being sent has reached nobody.
GRACE, STUCK = timedelta(minutes=15), timedelta(hours=1)
#: For so long a source may fail, and a feed or page may bring nothing new.
_UNREAD, _NOTHING_NEW = timedelta(days=1), timedelta(days=14)
_NEWSY = ("feed", "page", "wordpress")
#: What is older nobody needs to be told of any more.
_OLD = timedelta(days=7)
_STOPPED = {EditionState.HELD: Cause.HELD, EditionState.PAUSED: Cause.PAUSED}
_NOT_BEGUN = (None, EditionState.GATHERING, EditionState.PREPARED, EditionState.IN_REVIEW, EditionState.APPROVED)


class AlertFinder:
    """Looks at one site. `awake_since` is when this process began: days before are judged only where there were some.

    Both kinds of finding are over as soon as they are no longer found.
    """

    def __init__(self, newsletters: Sequence[Newsletter], zone: ZoneInfo, now: datetime, awake_since: datetime) -> None:
        self._newsletters, self._zone, self._now, self._awake_since = newsletters, zone, now, awake_since

    def find(
        self, connection: Connection, sources: Sequence[SourceSettings], standing: Sequence[Alert]
    ) -> Iterator[Alert]:
        """What is amiss now. The days of `standing` alerts are looked at again, however long ago they are."""
        yield from self._stopped_editions(connection)
        yield from self._late_extras(connection)
        today = self._now.astimezone(self._zone).date()
        for newsletter in self._newsletters:
            near = {today - timedelta(days=1), today}
            again = {each.day for each in standing if each.day and each.subject == day_subject(newsletter, each.day)}
            for day in sorted(near | again):
                if alert := self._late_edition(connection, newsletter, day):
                    yield alert
        health = load_health(connection)
        for source in sources:
            if source.name in health and (alert := silent_source(source, health[source.name], self._now)):
                yield alert

    def is_old(self, alert: Alert) -> bool:
        """Whether it is of a day so long ago that it is not raised any more."""
        return alert.day is not None and alert.day < (self._now - _OLD).astimezone(self._zone).date()

    def _stopped_editions(self, connection: Connection) -> Iterator[Alert]:
        for number in connection.execute(select(editions.c.id).where(editions.c.state.in_(tuple(_STOPPED)))).scalars():
            edition = get_edition(connection, number)
            yield _edition_alert(_STOPPED[edition.state], edition, self._title(edition))

    def _late_extras(self, connection: Connection) -> Iterator[Alert]:
        query = select(editions.c.id).where(
            editions.c.state == EditionState.APPROVED,
            editions.c.kind.in_((EditionKind.EXTRA, EditionKind.CORRECTION)),
            editions.c.at < self._now - GRACE,
        )
        for number in connection.execute(query).scalars():
            edition = get_edition(connection, number)
            yield _edition_alert(Cause.OVERDUE, edition, self._title(edition))

    def _late_edition(self, connection: Connection, newsletter: Newsletter, day: date) -> Alert | None:
        edition = find_regular_edition(connection, newsletter.slug, day)
        submitted = 0
        if edition is not None and edition.state is EditionState.SENDING:
            counts = count_deliveries(connection, edition.number)
            submitted = sum(count for (state, _), count in counts.items() if state is DeliveryState.SUBMITTED)
        if not is_overdue(newsletter, day, self._zone, edition, submitted, self._now):
            return None
        if not self._is_in_use(connection, newsletter, day) or not is_for_somebody(
            connection, newsletter, self._zone, self._now
        ):
            return None
        return Alert(
            cause=Cause.OVERDUE,
            subject=day_subject(newsletter, day),
            title=newsletter.name,
            day=day,
            edition=edition.number if edition else None,
            state=edition.state if edition else "",
            reason=edition.reason if edition else "",
        )

    def _is_in_use(self, connection: Connection, newsletter: Newsletter, day: date) -> bool:
        """Whether somebody can expect that day's edition: one that was just set up has missed nothing."""
        if self._awake_since <= newsletter.sends_at(day, self._zone):
            return True
        query = select(editions.c.id).where(
            editions.c.newsletter == newsletter.slug, editions.c.day < day, editions.c.kind == EditionKind.REGULAR
        )
        return connection.execute(query.limit(1)).first() is not None

    def _title(self, edition: Edition) -> str:
        names = {newsletter.slug: newsletter.name for newsletter in self._newsletters}
        return names.get(edition.newsletter, edition.newsletter)


def is_overdue(
    newsletter: Newsletter, day: date, zone: ZoneInfo, edition: Edition | None, submitted: int, now: datetime
) -> bool:
    """Whether the edition of `day` should have gone out by `now` and has not, for no reason that somebody chose."""
    state = edition.state if edition else None
    late = now.astimezone(UTC) - newsletter.sends_at(day, zone).astimezone(UTC)
    if late < GRACE:
        return False
    if edition is not None and state is EditionState.SKIPPED:
        return edition.reason == MISSED
    if state is EditionState.SENDING:
        return late >= STUCK and not submitted
    return state in _NOT_BEGUN and newsletter.appears_on(day)


def silent_source(source: SourceSettings, health: SourceHealth, now: datetime) -> Alert | None:
    """Whether nothing was to be had from a source for too long; each silence is a subject of its own."""
    if health.failures:
        silent = (
            now - health.succeeded_at
            if health.succeeded_at
            else health.failures * timedelta(minutes=source.every_minutes)
        )
        since, allowed, reason = health.succeeded_at, _UNREAD, health.problem
    elif source.type in _NEWSY and health.news_at is not None:
        silent, since, allowed, reason = now - health.news_at, health.news_at, _NOTHING_NEW, ""
    else:
        return None
    if silent < allowed:
        return None
    subject = f"source {source.name[:200]}, since {since:%Y-%m-%d %H:%M}" if since else f"source {source.name[:200]}"
    return Alert(cause=Cause.SILENT, subject=subject, title=source.name, reason=reason)


def day_subject(newsletter: Newsletter, day: date) -> str:
    """What an alert about a newsletter's edition of `day` is about, whether there is such an edition or not."""
    return f"{newsletter.slug} {day}"


def edition_subject(number: int) -> str:
    """What an alert about one edition is about."""
    return f"edition {number}"


def _edition_alert(cause: Cause, edition: Edition, title: str) -> Alert:
    return Alert(
        cause=cause,
        subject=edition_subject(edition.number),
        title=title,
        day=edition.date,
        edition=edition.number,
        state=edition.state,
        reason=edition.reason,
    )


def is_for_somebody(connection: Connection, newsletter: Newsletter, zone: ZoneInfo, now: datetime) -> bool:
    """Whether anybody would get the newsletter's edition."""
    try:
        segment = clause_of_segment(connection, newsletter.segment, zone=zone)
        return bool(recipients(connection, newsletter.lists, segment=segment, now=now, limit=1))
    except SubscribersError:  # a list or segment that is not there keeps the edition from everybody
        return True
