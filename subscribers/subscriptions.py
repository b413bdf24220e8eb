"""One person's standing with one list: the steps, each written into the history of consent and the events.

With `who` a step is in the audit trail as well; without it that is the caller's to write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from subscribers.audit import record_change
from subscribers.consent import record_consent
from subscribers.errors import StepError, WrongValueError
from subscribers.events import record_event
from subscribers.lists import get_list
from subscribers.model import (
    Consent,
    ConsentEventKind,
    EventKind,
    MailingList,
    Subscriber,
    Subscription,
    SubscriptionState,
)
from subscribers.rows import PUBLIC_COLUMNS, subscriber_of
from subscribers.suppression import is_suppressed
from subscribers.tables import UNASKED, consent_events, lists, subscribers, subscriptions
from subscribers.upsert import in_chunks

_C = subscriptions.c
_PENDING, _ACTIVE, _LEFT = SubscriptionState.PENDING, SubscriptionState.ACTIVE, SubscriptionState.UNSUBSCRIBED


def subscribe(
    conn: Connection,
    subscriber_id: int,
    list_slug: str,
    *,
    consent: Consent | None = None,
    source: str = "",
    request: Consent | None = None,
    who: str = "",
    now: datetime,
) -> SubscriptionState:
    """Put a person on a list and say how they stand there now.

    With `consent` (stated by whoever adds them) the subscription is active, without it pending until `confirm`.
    Who left before becomes pending in either case: coming back takes a confirmation of their own. Who is active stays
    so. A request without consent comes from `source`; `request` says more of it (the page, the wording that was shown).
    Raises UnknownListError, WrongValueError (archived).
    """
    wanted = get_list(conn, list_slug)
    if wanted.archived_at is not None:
        raise WrongValueError("list", list_slug, "it is archived and takes nobody in.")
    standing = _state(conn, subscriber_id, wanted)
    if standing is _PENDING and left_last(conn, [subscriber_id], wanted.id):
        consent = None
    target = _target(standing, consent)
    if target is standing:
        return target
    if standing is None:
        row = {"subscriber_id": subscriber_id, "list_id": wanted.id, "state": target, "since": now}
        conn.execute(insert(subscriptions).values(row))
    else:
        _step(conn, subscriber_id, wanted, standing, target, now)
    event = ConsentEventKind.ADDED if consent else ConsentEventKind.REQUESTED
    stated = consent or request or Consent(source=source)
    record_consent(conn, subscriber_id, wanted.id, event, stated, now=now)
    if target is _ACTIVE:
        record_event(conn, EventKind.SUBSCRIBED, at=now, subscriber_id=subscriber_id, list_id=wanted.id)
    _audit(conn, who, "add" if target is _ACTIVE else "request", subscriber_id, list_slug, now)
    return target


def confirm(
    conn: Connection,
    subscriber_id: int,
    list_slug: str,
    *,
    consent: Consent,
    who: str = "",
    edition_id: int | None = None,
    now: datetime,
) -> bool:
    """The person's own confirmation makes a pending subscription active; False where it is active already.

    `edition_id` is the letter that the confirmation answers.

    Raises StepError where there is no subscription, or it was ended since.
    """
    wanted = get_list(conn, list_slug)
    standing = _state(conn, subscriber_id, wanted)
    if standing is None:
        raise StepError(f"There is no subscription to {list_slug} that could be confirmed.")
    if standing is _ACTIVE:
        return False
    _step(conn, subscriber_id, wanted, standing, _ACTIVE, now)
    record_consent(conn, subscriber_id, wanted.id, ConsentEventKind.CONFIRMED, consent, now=now)
    record_event(
        conn, EventKind.SUBSCRIBED, at=now, subscriber_id=subscriber_id, list_id=wanted.id, edition_id=edition_id
    )
    _audit(conn, who, "confirm", subscriber_id, list_slug, now)
    return True


def unsubscribe(
    conn: Connection,
    subscriber_id: int,
    list_slug: str | None = None,
    *,
    source: str,
    ip: str = "",
    who: str = "",
    edition_id: int | None = None,
    reason: str = "",
    proof: Mapping[str, str] | None = None,
    now: datetime,
) -> list[str]:
    """End the subscription to one list, or to all; the slugs of the lists that were left now.

    Effective at once, also for a message that waits to be sent. Leaving twice changes nothing. `edition_id` is the
    edition whose message led to it, `reason` a word that names nobody. Raises UnknownListError.
    """
    query = select(lists, _C.state).join(subscriptions, _C.list_id == lists.c.id)
    query = query.where(_C.subscriber_id == subscriber_id, _C.state != _LEFT).order_by(lists.c.slug)
    if list_slug is not None:
        query = query.where(lists.c.id == get_list(conn, list_slug).id)
    left = conn.execute(query).all()
    for row in left:
        conn.execute(
            update(subscriptions)
            .where(_C.subscriber_id == subscriber_id, _C.list_id == row.id)
            .values(state=_LEFT, since=now)
        )
        consent = Consent(source=source, ip=ip, proof=dict(proof or {}))
        record_consent(conn, subscriber_id, row.id, ConsentEventKind.UNSUBSCRIBED, consent, now=now)
        if row.state is _ACTIVE:
            record_event(
                conn,
                EventKind.UNSUBSCRIBED,
                at=now,
                subscriber_id=subscriber_id,
                list_id=row.id,
                edition_id=edition_id,
                detail={"reason": reason} if reason else {},
            )
        _audit(conn, who, "end", subscriber_id, row.slug, now)
    return [row.slug for row in left]


def mark_asked(conn: Connection, subscriber_id: int, list_id: int, now: datetime) -> None:
    """The letter that asks for the confirmation of this pending subscription is queued."""
    conn.execute(
        update(subscriptions)
        .where(_C.subscriber_id == subscriber_id, _C.list_id == list_id, _C.state == _PENDING)
        .values(asked_at=now)
    )


def unasked_subscribers(conn: Connection, list_slug: str, *, after: int = 0, limit: int = 1000) -> list[Subscriber]:
    """Up to `limit` people with an id above `after`, by id, who are pending and were not asked to confirm yet.

    Nobody suppressed is among them, and nobody of a list that is archived or not there.
    """
    query = (
        select(*PUBLIC_COLUMNS)
        .join(subscriptions, _C.subscriber_id == subscribers.c.id)
        .join(lists, lists.c.id == _C.list_id)
        .where(lists.c.slug == list_slug, lists.c.archived_at.is_(None), UNASKED, _C.subscriber_id > after)
        .where(~is_suppressed())
        .order_by(_C.subscriber_id)
        .limit(limit)
    )
    return [subscriber_of(row) for row in conn.execute(query)]


def subscriptions_of(conn: Connection, subscriber_id: int) -> list[Subscription]:
    """How a person stands with each list, by slug."""
    query = select(lists.c.slug, _C.state, _C.since).join(subscriptions, _C.list_id == lists.c.id)
    rows = conn.execute(query.where(_C.subscriber_id == subscriber_id).order_by(lists.c.slug))
    return [
        Subscription(subscriber_id=subscriber_id, list_slug=slug, state=state, since=since)
        for slug, state, since in rows
    ]


def _target(standing: SubscriptionState | None, consent: Consent | None) -> SubscriptionState:
    if standing is _ACTIVE or (consent and standing is not _LEFT):
        return _ACTIVE
    return _PENDING


def left_last(conn: Connection, subscriber_ids: Sequence[int], list_id: int) -> set[int]:
    """Who of them has left the list and not confirmed since: then nobody else can consent for them."""
    own = consent_events.c
    last = (
        select(func.max(own.id))
        .where(own.list_id == list_id, own.event.in_((ConsentEventKind.CONFIRMED, ConsentEventKind.UNSUBSCRIBED)))
        .group_by(own.subscriber_id)
    )
    found: set[int] = set()
    for chunk in in_chunks(subscriber_ids):
        query = select(own.subscriber_id).where(
            own.id.in_(last.where(own.subscriber_id.in_(chunk))), own.event == ConsentEventKind.UNSUBSCRIBED
        )
        found.update(conn.execute(query).scalars())
    return found


def _state(conn: Connection, subscriber_id: int, wanted: MailingList) -> SubscriptionState | None:
    query = select(_C.state).where(_C.subscriber_id == subscriber_id, _C.list_id == wanted.id)
    return conn.execute(query).scalar_one_or_none()


def _step(
    conn: Connection,
    subscriber_id: int,
    wanted: MailingList,
    standing: SubscriptionState,
    target: SubscriptionState,
    now: datetime,
) -> None:
    standing.check_step(target)
    conn.execute(
        update(subscriptions)
        .where(_C.subscriber_id == subscriber_id, _C.list_id == wanted.id, _C.state == standing)
        .values(state=target, since=now, asked_at=None)
    )


def _audit(conn: Connection, who: str, step: str, subscriber_id: int, list_slug: str, now: datetime) -> None:
    if who:
        record_change(
            conn, who=who, what=f"subscription.{step}", subject=list_slug, subscriber_id=subscriber_id, at=now
        )
