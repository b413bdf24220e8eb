"""After a restore: nothing that may have been sent since the backup leaves again before somebody has looked at it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection

from digest.model.edition import Edition, EditionKind, EditionState
from digest.model.newsletter import Newsletter
from digest.model.site import Site
from digest.storage import editions, ledger
from digest.storage.late_editions import late_editions_due
from digest.storage.open_editions import editions_in

_E = EditionState
#: State in the backup -> the steps that stop it.
_STOPS: dict[EditionState, tuple[EditionState, ...]] = {
    _E.GATHERING: (_E.PREPARED, _E.HELD),
    _E.SKIPPED: (_E.PREPARED, _E.HELD),
    _E.PREPARED: (_E.HELD,),
    _E.IN_REVIEW: (_E.HELD,),
    _E.APPROVED: (_E.HELD,),
    _E.SENDING: (_E.PAUSED,),
}
#: How far back the days without an edition are looked at: beyond, nobody sends them but by an explicit date.
_MOST_DAYS = 31


def hold_after_restore(
    connection: Connection, newsletters: Sequence[Newsletter], site: Site, made_at: datetime, now: datetime
) -> list[Edition]:
    """Hold or pause what the backup of `made_at` does not know to be sent; the editions that were stopped.

    That is every edition up to today that is neither sent nor closed, and the regular ones of the days since, which
    the backup may know nothing of. Who waits for an edition that was sent gets it no more.
    """
    since, today = (moment.astimezone(site.zone).date() for moment in (made_at, now))
    for newsletter in newsletters:
        for day in _days(max(since, today - timedelta(days=_MOST_DAYS)), today):
            editions.regular_edition(connection, newsletter.slug, day, newsletter.sends_at(day, site.zone))
    stopped = [
        _stop(connection, edition, made_at)
        for edition in editions_in(connection, _STOPS)
        if edition.date <= today and not (edition.state is _E.SKIPPED and edition.date < since)
    ]
    for number in late_editions_due(connection, date.min):
        ledger.recover(connection, number, now, only_sender=True, on_unknown="hold")
        ledger.cancel_waiting(connection, number, now)
    return stopped


def _days(first: date, last: date) -> Iterator[date]:
    yield from (first + timedelta(days=step) for step in range((last - first).days + 1))


def _stop(connection: Connection, edition: Edition, made_at: datetime) -> Edition:
    for state in _STOPS[edition.state]:
        editions.take_step(connection, edition, state, reason=_reason(edition, made_at))
        edition = editions.get_edition(connection, edition.number)
    return edition


def _reason(edition: Edition, made_at: datetime) -> str:
    number = edition.number
    if edition.state is _E.SENDING:
        way_on = f"`digest send --edition {number} --resume` sends it to everybody whom the backup does not know served"
    elif edition.kind is EditionKind.REGULAR:
        way_on = f"`digest editions release {number}`, then `digest run --date {edition.date}`, sends it all the same"
    else:
        way_on = f"`digest editions approve {number}` lets it out all the same"
    return (
        f"restored from a backup of {made_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC, since when it may have been sent; "
        f"{way_on}, `digest editions cancel {number}` closes it"
    )
