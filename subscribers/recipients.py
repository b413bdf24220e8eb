"""Who gets an edition, and who of them may no longer be mailed. Core rows only: this is on the sending path."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal, select, union

from subscribers.lists import get_list, open_list_ids
from subscribers.model import Refusal, Subscriber, SubscriptionState
from subscribers.rows import PUBLIC_COLUMNS, subscriber_of
from subscribers.suppression import is_suppressed, suppressed_ids
from subscribers.tables import lists, subscribers, subscriptions
from subscribers.upsert import in_chunks

_ACTIVE = SubscriptionState.ACTIVE


def recipients(
    conn: Connection,
    list_slugs: Sequence[str],
    *,
    segment: ColumnElement[bool] | None = None,
    now: datetime | None = None,
    after: int = 0,
    limit: int = 1000,
) -> list[Subscriber]:
    """Up to `limit` people with an id above `after`, by id, each once; fewer than `limit` is the end.

    They have an active subscription to one of the lists that are not archived, are not suppressed, and are in the
    `segment` (see `clause_of_segment`). With `now` those who pause are not among them. Each page costs the same,
    wherever it begins, but for those whom a segment leaves out. Raises UnknownListError.
    """
    list_ids = open_list_ids(conn, list_slugs)
    if not list_ids:
        return []
    conditions = [] if segment is None else [segment]
    if now is not None:
        conditions.append(~is_paused(now))
    return _page(conn, [_active(list_id, conditions) for list_id in list_ids], after, limit)


def list_subscribers(
    conn: Connection,
    list_slug: str | None = None,
    *,
    state: SubscriptionState | None = None,
    where: ColumnElement[bool] | None = None,
    after: int = 0,
    limit: int = 1000,
) -> list[Subscriber]:
    """Up to `limit` people with an id above `after`, by id: all, or those of one list, in one `state` or in any.

    `where` is a further condition on them. Suppressed people are among them. Raises UnknownListError.
    """
    if list_slug is None and state is None:
        query = select(*PUBLIC_COLUMNS).where(subscribers.c.id > after).order_by(subscribers.c.id).limit(limit)
        return [subscriber_of(row) for row in conn.execute(query if where is None else query.where(where))]
    every = conn.execute(select(lists.c.id)).scalars()
    list_ids = list(every) if list_slug is None else [get_list(conn, list_slug).id]
    states = [state] if state else list(SubscriptionState)
    return _page(
        conn, [_in_segment(_standing(list_id, one), where) for list_id in list_ids for one in states], after, limit
    )


def count_recipients(conn: Connection, list_slugs: Sequence[str], *, segment: ColumnElement[bool] | None = None) -> int:
    """How many people `recipients` comes to in all. Raises UnknownListError.

    Who must not be mailed is subtracted, beginning at the suppressions: they are fewer than the people.
    """
    list_ids = open_list_ids(conn, list_slugs)
    total = 0
    for place, list_id in enumerate(list_ids):
        here = _in_segment(_standing(list_id, _ACTIVE), segment)
        if place:
            here = here.where(~_is_active_on(list_ids[:place]))
        mailed = select(func.count()).select_from(here.subquery())
        refused = select(func.count()).select_from(
            here.where(subscriptions.c.subscriber_id.in_(suppressed_ids())).subquery()
        )
        total += conn.execute(mailed).scalar_one() - conn.execute(refused).scalar_one()
    return total


def refusals(
    conn: Connection, subscriber_ids: Sequence[int], list_slugs: Sequence[str], *, now: datetime | None = None
) -> dict[int, str]:
    """Those of `subscriber_ids` who may no longer be mailed, each with a value of Refusal.

    Erased (no such row) goes before suppressed, that before unsubscribed (no active subscription to any of the lists,
    or only to an archived one), that before paused (asked with `now`). With no lists only the first two are asked, as
    for letters. A list that is gone has no subscriptions; it is no error here.
    """
    list_ids = _known_open(conn, list_slugs)
    has_active = (
        select(literal(1))
        .where(
            subscriptions.c.subscriber_id == subscribers.c.id,
            subscriptions.c.list_id.in_(list_ids),
            subscriptions.c.state == _ACTIVE,
        )
        .exists()
        if list_slugs
        else literal(True)
    )
    pauses = is_paused(now) if list_slugs and now is not None else literal(False)
    standing = select(subscribers.c.id, is_suppressed(), has_active, pauses)
    found: dict[int, str] = {}
    for chunk in in_chunks(subscriber_ids):
        rows = {row[0]: row for row in conn.execute(standing.where(subscribers.c.id.in_(chunk)))}
        for subscriber_id in chunk:
            row = rows.get(subscriber_id)
            if row is None:
                found[subscriber_id] = Refusal.ERASED
            elif row[1]:
                found[subscriber_id] = Refusal.SUPPRESSED
            elif not row[2]:
                found[subscriber_id] = Refusal.UNSUBSCRIBED
            elif row[3]:
                found[subscriber_id] = Refusal.PAUSED
    return found


def _standing(list_id: int, state: SubscriptionState) -> Select[Any]:
    return select(subscriptions.c.subscriber_id).where(
        subscriptions.c.list_id == list_id, subscriptions.c.state == state
    )


def is_paused(now: datetime) -> ColumnElement[bool]:
    """The condition on a row of `subscribers` that the person wants no edition at that time."""
    until = subscribers.c.paused_until
    return and_(until.is_not(None), until > now)


def _active(list_id: int, conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
    joined = _standing(list_id, _ACTIVE).join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
    return joined.where(~is_suppressed(), *conditions)


def _in_segment(standing: Select[Any], segment: ColumnElement[bool] | None) -> Select[Any]:
    if segment is None:
        return standing
    return standing.join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id).where(segment)


def _is_active_on(list_ids: Sequence[int]) -> ColumnElement[bool]:
    """Whether the person of a subscription has an active one to another of these lists as well."""
    other = subscriptions.alias()
    return (
        select(literal(1))
        .where(
            other.c.subscriber_id == subscriptions.c.subscriber_id,
            other.c.list_id.in_(list_ids),
            other.c.state == _ACTIVE,
        )
        .correlate(subscriptions)
        .exists()
    )


def _page(conn: Connection, standings: Sequence[Select[Any]], after: int, limit: int) -> list[Subscriber]:
    """The next people of several standings: each gives up to `limit` ids out of its index, the lowest are taken."""
    if not standings:
        return []
    own = subscriptions.c.subscriber_id
    pages = [one.where(own > after).order_by(own).limit(limit).subquery() for one in standings]
    merged = union(*(select(page.c.subscriber_id) for page in pages)).subquery()
    query = select(*PUBLIC_COLUMNS).join(merged, merged.c.subscriber_id == subscribers.c.id)
    return [subscriber_of(row) for row in conn.execute(query.order_by(subscribers.c.id).limit(limit))]


def _known_open(conn: Connection, slugs: Sequence[str]) -> list[int]:
    if not slugs:
        return []
    query = select(lists.c.id).where(lists.c.slug.in_(slugs), lists.c.archived_at.is_(None))
    return list(conn.execute(query).scalars())
