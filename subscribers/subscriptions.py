"""One person's standing with one list: the steps, each written into the history of consent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from subscribers.consent import record_consent
from subscribers.errors import StepError, WrongValueError
from subscribers.lists import get_list
from subscribers.model import Consent, ConsentEventKind, MailingList, Subscription, SubscriptionState
from subscribers.tables import lists, subscriptions

_C = subscriptions.c
_PENDING, _ACTIVE, _LEFT = SubscriptionState.PENDING, SubscriptionState.ACTIVE, SubscriptionState.UNSUBSCRIBED


def subscribe(
    conn: Connection,
    subscriber_id: int,
    list_slug: str,
    *,
    consent: Consent | None = None,
    source: str = "",
    now: datetime,
) -> SubscriptionState:
    """Put a person on a list and say how they stand there now.

    With `consent` (stated by whoever adds them) the subscription is active, without it pending until `confirm`.
    Who left before becomes pending in either case: coming back takes a confirmation of their own. Who is active stays
    so. `source` is where a request without consent comes from. Raises UnknownListError, WrongValueError (archived).
    """
    wanted = get_list(conn, list_slug)
    if wanted.archived_at is not None:
        raise WrongValueError("list", list_slug, "it is archived and takes nobody in.")
    standing = _state(conn, subscriber_id, wanted)
    target = _target(standing, consent)
    if target is standing:
        return target
    if standing is None:
        row = {"subscriber_id": subscriber_id, "list_id": wanted.id, "state": target, "since": now}
        conn.execute(insert(subscriptions).values(row))
    else:
        _step(conn, subscriber_id, wanted, standing, target, now)
    event = ConsentEventKind.ADDED if consent else ConsentEventKind.REQUESTED
    record_consent(conn, subscriber_id, wanted.id, event, consent or Consent(source=source), now=now)
    return target


def confirm(conn: Connection, subscriber_id: int, list_slug: str, *, consent: Consent, now: datetime) -> bool:
    """The person's own confirmation makes a pending subscription active; False where it is active already.

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
    return True


def unsubscribe(
    conn: Connection, subscriber_id: int, list_slug: str | None = None, *, source: str, ip: str = "", now: datetime
) -> list[str]:
    """End the subscription to one list, or to all; the slugs of the lists that were left now.

    Effective at once, also for a message that waits to be sent. Leaving twice changes nothing. Raises UnknownListError.
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
        consent = Consent(source=source, ip=ip)
        record_consent(conn, subscriber_id, row.id, ConsentEventKind.UNSUBSCRIBED, consent, now=now)
    return [row.slug for row in left]


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
        .values(state=target, since=now)
    )
