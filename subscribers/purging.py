"""What is deleted by itself of people and consent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, delete, exists, func, select, update

from subscribers.audit import record_change
from subscribers.model import ConsentEventKind, SubscriptionState
from subscribers.tables import consent_events, lists, subscribers, subscriptions

_S, _E = subscriptions.c, consent_events.c
_STANDING = (SubscriptionState.ACTIVE, SubscriptionState.PENDING)
#: Who audits what nobody does by hand.
_BY_ITSELF = "schedule"


def end_unconfirmed(conn: Connection, before: datetime, *, limit: int, now: datetime) -> tuple[int, list[int]]:
    """End up to `limit` pending subscriptions whose confirmation was asked for before that time.

    How many, and the numbers of the people who had no other and so were deleted. Who had left that list before is back
    to having left it. Who was never asked is not touched.
    """
    query = (
        select(_S.subscriber_id, _S.list_id)
        .join(lists, lists.c.id == _S.list_id)
        .where(_S.state == SubscriptionState.PENDING, _S.asked_at < before)
        .limit(limit)
    )
    ended = conn.execute(query).all()
    gone = []
    for subscriber_id, list_id in ended:
        own = and_(_S.subscriber_id == subscriber_id, _S.list_id == list_id)
        if _left_before(conn, subscriber_id, list_id):
            left = {"state": SubscriptionState.UNSUBSCRIBED, "since": now, "asked_at": None}
            conn.execute(update(subscriptions).where(own).values(left))
            continue
        conn.execute(delete(subscriptions).where(own))
        conn.execute(delete(consent_events).where(_E.subscriber_id == subscriber_id, _E.list_id == list_id))
        if not conn.execute(select(exists().where(_S.subscriber_id == subscriber_id))).scalar():
            conn.execute(delete(consent_events).where(_E.subscriber_id == subscriber_id))
            conn.execute(delete(subscribers).where(subscribers.c.id == subscriber_id))
            gone.append(subscriber_id)
    if ended:
        record_change(
            conn,
            who=_BY_ITSELF,
            what="subscription.purge",
            subject="unconfirmed",
            detail={"subscriptions": str(len(ended)), "people": str(len(gone))},
            at=now,
        )
    return len(ended), gone


def delete_old_evidence(conn: Connection, before: datetime) -> int:
    """Delete the history of consent of those who have no subscription, where all of it is older than that; how many.

    Whether they were erased or only left makes no difference.
    """
    newest = (
        select(_E.subscriber_id).group_by(_E.subscriber_id).having(func.max(_E.recorded_at) < before).subquery("newest")
    )
    standing = exists().where(_S.subscriber_id == consent_events.c.subscriber_id, _S.state.in_(_STANDING))
    old = delete(consent_events).where(_E.subscriber_id.in_(select(newest.c.subscriber_id)), ~standing)
    return conn.execute(old).rowcount


def _left_before(conn: Connection, subscriber_id: int, list_id: int) -> bool:
    left = exists().where(
        _E.subscriber_id == subscriber_id, _E.list_id == list_id, _E.event == ConsentEventKind.UNSUBSCRIBED
    )
    return bool(conn.execute(select(left)).scalar())
