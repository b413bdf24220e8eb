"""How many people at once stand with their lists, and what those lists are called."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from subscribers.model import Subscription
from subscribers.tables import lists, subscriptions
from subscribers.upsert import in_chunks

_C = subscriptions.c


def standings(conn: Connection, subscriber_ids: Sequence[int]) -> dict[int, list[Subscription]]:
    """The subscriptions of each of `subscriber_ids`, by slug; nobody is left out."""
    found: dict[int, list[Subscription]] = {each: [] for each in subscriber_ids}
    query = select(_C.subscriber_id, lists.c.slug, _C.state, _C.since).join(lists, _C.list_id == lists.c.id)
    for chunk in in_chunks(subscriber_ids):
        for row in conn.execute(query.where(_C.subscriber_id.in_(chunk)).order_by(lists.c.slug)):
            standing = Subscription(subscriber_id=row[0], list_slug=row[1], state=row[2], since=row[3])
            found[row[0]].append(standing)
    return found


def list_slugs(conn: Connection) -> dict[int, str]:
    """The slug of every list by its number."""
    return {row.id: row.slug for row in conn.execute(select(lists.c.id, lists.c.slug))}
