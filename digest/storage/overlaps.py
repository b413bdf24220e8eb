"""What recipients have got in other newsletters: the ledger remembers every choice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select

from digest.model.delivery import DeliveryState
from digest.model.edition import EditionState
from digest.storage.tables import deliveries, edition_articles, editions
from subscribers.upsert import in_chunks

#: Another edition's number -> its article numbers -> those of the same articles in ours.
Overlaps = Mapping[int, Mapping[int, int]]

_GONE_OUT = (EditionState.SENDING, EditionState.PAUSED, EditionState.SENT)
_NOT_GOT = (DeliveryState.REJECTED, DeliveryState.SKIPPED)


def find_overlaps(connection: Connection, edition: int, newsletter: str) -> Overlaps:
    """Editions of other newsletters, sent or being sent, that carry articles of this one."""
    theirs, ours = edition_articles.alias("theirs"), edition_articles.alias("ours")
    query = (
        select(theirs.c.edition_id, theirs.c.number, ours.c.number)
        .join(ours, ours.c.article_key == theirs.c.article_key)
        .join(editions, editions.c.id == theirs.c.edition_id)
        .where(ours.c.edition_id == edition, editions.c.newsletter != newsletter, editions.c.state.in_(_GONE_OUT))
    )
    overlaps: dict[int, dict[int, int]] = defaultdict(dict)
    for other, their_number, our_number in connection.execute(query):
        overlaps[other][their_number] = our_number
    return overlaps


def seen_articles(connection: Connection, subscribers: Sequence[int], overlaps: Overlaps) -> dict[int, set[int]]:
    """Subscriber -> the numbers of our articles that they have got, or are about to get, by one of those editions."""
    seen: dict[int, set[int]] = defaultdict(set)
    for other, numbers in overlaps.items():
        for chunk in in_chunks(subscribers):
            query = select(deliveries.c.subscriber_id, deliveries.c.choice).where(
                deliveries.c.edition_id == other,
                deliveries.c.subscriber_id.in_(chunk),
                deliveries.c.state.not_in(_NOT_GOT),
            )
            for subscriber, choice in connection.execute(query):
                seen[subscriber].update(numbers[number] for number in choice if number in numbers)
    return seen
