"""Webhooks and their attempts: each webhook reads the table of events by a cursor of its own.

So whoever writes an event down need not know of webhooks, and one that was written is told of after any crash.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from digest.errors import NotFoundError
from digest.model.webhook import AttemptState, Webhook, WebhookAttempt
from digest.storage.tables import webhook_attempts, webhooks
from subscribers.model import EventKind
from subscribers.tables import events, lists, subscribers

#: Events of one webhook that wait at a time; what comes after them is left to its cursor.
WINDOW = 1000
#: How long one process holds an attempt; longer than a request may take. After a crash it is due again then.
LEASE = timedelta(seconds=60)
_W, _A = webhooks.c, webhook_attempts.c


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """What a webhook is told of one event; `email` is None once the person was erased."""

    event: int
    kind: EventKind
    at: datetime
    subscriber_id: int | None
    email: str | None
    list_slug: str | None
    edition: int | None


def add_webhook(connection: Connection, url: str, kinds: Iterable[EventKind], secret: str, *, now: datetime) -> Webhook:
    """A webhook that is told of what happens from now on."""
    wanted = set(kinds)
    row = {
        "url": url,
        "secret": secret,
        "events": tuple(kind.value for kind in EventKind if kind in wanted),
        "created_at": now,
        "cursor": last_event(connection),
        "reason": "",
    }
    made = connection.execute(insert(webhooks).values(row).returning(_W.id)).scalar_one()
    return get_webhook(connection, made)


def get_webhook(connection: Connection, number: int) -> Webhook:
    """Raises NotFoundError."""
    row = connection.execute(select(webhooks).where(_W.id == number)).mappings().first()
    if row is None:
        raise NotFoundError("webhook", number, "in the database; `digest webhooks list` shows which there are")
    return _webhook(row)


def list_webhooks(connection: Connection) -> list[Webhook]:
    return [_webhook(row) for row in connection.execute(select(webhooks).order_by(_W.id)).mappings()]


def secret_of(connection: Connection, number: int) -> str:
    """What messages to the webhook are signed with; "" where it is gone."""
    return connection.execute(select(_W.secret).where(_W.id == number)).scalar() or ""


def remove_webhook(connection: Connection, number: int) -> None:
    """With everything that waits for it."""
    connection.execute(delete(webhook_attempts).where(_A.webhook_id == number))
    connection.execute(delete(webhooks).where(_W.id == number))


def disable_webhook(connection: Connection, number: int, reason: str, *, now: datetime) -> None:
    connection.execute(update(webhooks).where(_W.id == number).values(disabled_at=now, reason=reason))


def rest_webhook(connection: Connection, number: int, until: datetime) -> None:
    """Leave the webhook alone until then."""
    connection.execute(update(webhooks).where(_W.id == number).values(rests_until=until))


def last_event(connection: Connection) -> int:
    """The number of the newest event, 0 without any."""
    return int(connection.execute(select(func.coalesce(func.max(events.c.id), 0))).scalar_one())


def see_every_event(connection: Connection) -> None:
    """Make sure that no event turns up later whose number is lower than one that this transaction reads."""
    if connection.dialect.name == "postgresql":
        # There numbers are drawn before their commit; this waits for those who write, and is over in a moment.
        connection.exec_driver_sql("LOCK TABLE events IN SHARE MODE")


def queue_events(connection: Connection, number: int, *, now: datetime) -> int:
    """Queue what happened since the webhook's cursor, up to the window; how many events that were."""
    see_every_event(connection)
    webhook = get_webhook(connection, number)
    newest = last_event(connection)
    room = WINDOW - _waiting(connection, number)
    if room <= 0 or newest <= webhook.cursor:
        return 0
    wanted = select(events.c.id).where(events.c.id > webhook.cursor, events.c.kind.in_(webhook.events))
    found = list(connection.execute(wanted.order_by(events.c.id).limit(room)).scalars())
    cursor = found[-1] if len(found) == room else newest
    fresh = {"webhook_id": number, "state": AttemptState.WAITING, "attempts": 0, "reason": ""}
    if found:
        rows = [fresh | {"event_id": event, "queued_at": now, "next_try": now} for event in found]
        connection.execute(insert(webhook_attempts), rows)
    connection.execute(update(webhooks).where(_W.id == number).values(cursor=cursor))
    return len(found)


def due_attempt(connection: Connection, number: int, *, now: datetime) -> WebhookAttempt | None:
    """The first event of the webhook that is due."""
    query = (
        select(webhook_attempts)
        .where(_A.webhook_id == number, _A.state == AttemptState.WAITING, _A.next_try <= now)
        .order_by(_A.id)
        .limit(1)
    )
    row = connection.execute(query).mappings().first()
    return _attempt(row) if row else None


def claim_attempt(connection: Connection, attempt: WebhookAttempt, *, now: datetime) -> bool:
    """Hold an attempt for LEASE and count it; False where another process was first."""
    mine = (_A.id == attempt.id, _A.state == AttemptState.WAITING, _A.attempts == attempt.attempts)
    held = update(webhook_attempts).where(*mine).values(attempts=_A.attempts + 1, next_try=now + LEASE)
    return connection.execute(held).rowcount > 0


def settle_attempt(
    connection: Connection, attempt: WebhookAttempt, state: AttemptState, reason: str, *, now: datetime
) -> None:
    connection.execute(
        update(webhook_attempts).where(_A.id == attempt.id).values(state=state, reason=reason, settled_at=now)
    )


def defer_attempt(connection: Connection, attempt: WebhookAttempt, next_try: datetime, reason: str) -> None:
    connection.execute(update(webhook_attempts).where(_A.id == attempt.id).values(next_try=next_try, reason=reason))


def load_telling(connection: Connection, event: int) -> Telling | None:
    """What there is to tell of an event now; None where it is not kept any more."""
    query = (
        select(events, subscribers.c.email, lists.c.slug)
        .outerjoin(subscribers, subscribers.c.id == events.c.subscriber_id)
        .outerjoin(lists, lists.c.id == events.c.list_id)
        .where(events.c.id == event)
    )
    row = connection.execute(query).first()
    return (
        Telling(
            event=row.id,
            kind=row.kind,
            at=row.at,
            subscriber_id=row.subscriber_id,
            email=row.email,
            list_slug=row.slug,
            edition=row.edition_id,
        )
        if row
        else None
    )


def count_attempts(connection: Connection) -> dict[tuple[int, AttemptState], int]:
    """How many attempts of each webhook stand where."""
    query = select(_A.webhook_id, _A.state, func.count()).group_by(_A.webhook_id, _A.state)
    return {(number, state): count for number, state, count in connection.execute(query)}


def given_up_attempts(connection: Connection, number: int, limit: int = 20) -> Sequence[WebhookAttempt]:
    """The newest first."""
    query = select(webhook_attempts).where(_A.webhook_id == number, _A.state == AttemptState.GIVEN_UP)
    return [_attempt(row) for row in connection.execute(query.order_by(_A.id.desc()).limit(limit)).mappings()]


def has_settled(connection: Connection, before: datetime) -> bool:
    """Whether there is anything for `forget_attempts`."""
    return connection.execute(select(_A.id).where(_A.settled_at < before).limit(1)).first() is not None


def forget_attempts(connection: Connection, before: datetime) -> int:
    """Delete what was settled before then; how many that were."""
    return connection.execute(delete(webhook_attempts).where(_A.settled_at < before)).rowcount


def _waiting(connection: Connection, number: int) -> int:
    query = select(func.count()).where(_A.webhook_id == number, _A.state == AttemptState.WAITING)
    return int(connection.execute(query).scalar_one())


def _webhook(row: RowMapping) -> Webhook:
    return Webhook(**{name: row[name] for name in Webhook.__struct_fields__})


def _attempt(row: RowMapping) -> WebhookAttempt:
    return WebhookAttempt(**{name: row[name] for name in WebhookAttempt.__struct_fields__})
