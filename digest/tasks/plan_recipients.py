"""Freeze an edition's recipients, each with their own choice, before the first message leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from digest.compose.personal import Composer
from digest.model.delivery import Recipient
from digest.model.edition import EditionContent, EditionKind
from digest.model.market import Snapshot
from digest.storage import editions, ledger
from digest.storage.corrections import find_corrected, receivers
from digest.storage.database import Database
from digest.storage.overlaps import Overlaps, find_overlaps, seen_articles
from subscribers.model import Subscriber
from subscribers.recipients import count_recipients, recipients
from subscribers.segment_store import clause_of_segment

#: Recipients that are frozen in one transaction.
_AT_ONCE = 250
#: A newsletter that looks back further than this is a review of what its readers may have read.
_NEWS_HOURS = 48


def plan_recipients(
    database: Database,
    number: int,
    content: EditionContent,
    clock: Callable[[], datetime],
    on_progress: Callable[[int, int], None],
) -> None:
    """Enter everybody on the newsletter's lists, and in its segment, into the ledger of edition `number`, in batches.

    A correction goes to whoever received what it corrects. Broken off, it goes on behind the last one; once it is
    finished, the recipients are fixed. The segment is what it says when this begins. `on_progress` is told how many are
    entered, and of how many. Raises UnknownListError, UnknownSegmentError.
    """
    lists = content.newsletter.lists
    with database.read() as connection:
        if editions.is_planned(connection, number):
            return
        corrected = find_corrected(connection, number) if content.kind is EditionKind.CORRECTION else None
        if corrected is None:
            segment = clause_of_segment(connection, content.newsletter.segment, zone=content.site.zone)
            total = count_recipients(connection, lists, segment=segment)
        else:
            total = sum(ledger.count_deliveries(connection, corrected.edition).values())
        after = ledger.last_entered(connection, number)
        snapshot = editions.load_snapshot(connection, number)
        overlaps = find_repeats(connection, number, content)
    done = 0
    while True:
        with database.write() as connection:
            if corrected is None:
                people = recipients(connection, lists, segment=segment, now=clock(), after=after, limit=_AT_ONCE)
                last = people[-1].id if people else None
            else:
                people, last = receivers(connection, corrected, after=after, limit=_AT_ONCE)
            if last is None:
                ledger.finish_planning(connection, number, clock())
                return
            chosen = compose_recipients(connection, content, people, snapshot, overlaps)
            done += ledger.enter_recipients(connection, number, chosen, skip_empty=bool(content.articles))
            after = last
        on_progress(done, total)


def find_repeats(connection: Connection, number: int, content: EditionContent) -> Overlaps:
    """Where its articles stood in other newsletters. One that looks back on days is a review: it repeats on purpose."""
    if content.newsletter.lookback_hours > _NEWS_HOURS:
        return {}
    return find_overlaps(connection, number, content.newsletter.slug)


def compose_recipients(
    connection: Connection,
    content: EditionContent,
    people: Sequence[Subscriber],
    snapshot: Snapshot | None,
    overlaps: Overlaps,
) -> list[tuple[int, Recipient]]:
    """(subscriber's id, what is frozen of them): nobody gets an article that another newsletter brought them."""
    seen = seen_articles(connection, [person.id for person in people], overlaps) if overlaps else {}
    composer = Composer(content, snapshot)
    return [(person.id, composer.compose(person, seen.get(person.id, ()))) for person in people]
