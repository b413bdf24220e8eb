"""What an editor has to know this morning of every newsletter. Nothing here grows with the recipients."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection

from digest.model.edition import Edition, EditionState
from digest.model.newsletter import Newsletter
from digest.storage.database import Database
from digest.storage.edition_changes import changes_of_editions
from digest.storage.editions import get_edition
from digest.storage.open_editions import editions_since, last_sent_edition
from digest.storage.progress import unfinished_editions
from digest.tasks.sending_status import EditionStatus, sending_status
from subscribers.model import AuditEntry

#: What was left lying for so long is looked for among the editions, not here.
_LATELY = timedelta(days=7)
#: How far ahead the next edition is looked for.
_AHEAD = 31
_OPEN = frozenset(
    {EditionState.PREPARED, EditionState.IN_REVIEW, EditionState.APPROVED, EditionState.HELD, EditionState.GATHERING}
)


class EditionToday(msgspec.Struct, frozen=True, kw_only=True):
    """One edition, with its content where it has any; `changes` are the newest first."""

    edition: Edition
    status: EditionStatus
    changes: list[AuditEntry]


class NextEdition(msgspec.Struct, frozen=True, kw_only=True):
    """An edition that is not there yet."""

    day: date
    prepares_at: datetime
    sends_at: datetime


class NewsletterToday(msgspec.Struct, frozen=True, kw_only=True):
    """`editions` are today's, later ones, and earlier ones that wait for somebody; `last` was sent last."""

    newsletter: Newsletter
    editions: list[EditionToday]
    upcoming: NextEdition | None
    last: Edition | None


def todays_editions(
    database: Database, newsletters: Sequence[Newsletter], zone: ZoneInfo, now: datetime
) -> list[NewsletterToday]:
    """Every newsletter of `newsletters`, in that order."""
    today = now.astimezone(zone).date()
    found = []
    for newsletter in newsletters:
        with database.read() as connection:
            shown = _shown(connection, newsletter.slug, today)
            changes = changes_of_editions(connection, [edition.number for edition in shown])
            last = last_sent_edition(connection, newsletter.slug)
        days = {edition.date for edition in shown}
        found.append(
            NewsletterToday(
                newsletter=newsletter,
                editions=[
                    EditionToday(
                        edition=edition,
                        status=sending_status(database, now, number=edition.number)[0],
                        changes=changes[edition.number],
                    )
                    for edition in shown
                ],
                upcoming=next_edition(newsletter, zone, now, days),
                last=last if last is None or last.date not in days else None,
            )
        )
    return found


def next_edition(
    newsletter: Newsletter, zone: ZoneInfo, now: datetime, there: set[date] | frozenset[date]
) -> NextEdition | None:
    """The next that the timetable asks for and that is still to come, on none of the days `there`."""
    today = now.astimezone(zone).date()
    for step in range(_AHEAD):
        day = today + timedelta(days=step)
        if day in there or not newsletter.appears_on(day):
            continue
        sends_at = newsletter.sends_at(day, zone)
        if sends_at > now:
            return NextEdition(day=day, prepares_at=newsletter.prepares_at(day, zone), sends_at=sends_at)
    return None


def _shown(connection: Connection, slug: str, today: date) -> list[Edition]:
    near = editions_since(connection, slug, today - _LATELY)
    wanted = {edition.number for edition in near if edition.date >= today or edition.state in _OPEN}
    wanted.update(unfinished_editions(connection, newsletter=slug))
    return [get_edition(connection, number, content=True) for number in sorted(wanted)]
