"""What the law gives a person: to be forgotten, and not to be brought back by any list (Art. 17 and 21 GDPR)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete

from subscribers.addresses import parse_address
from subscribers.model import Subscriber, SuppressionReason
from subscribers.subscriptions import unsubscribe
from subscribers.suppression import suppress_address
from subscribers.tables import subscribers, subscriptions


def erase_subscriber(conn: Connection, subscriber: Subscriber, *, source: str, secret: bytes, now: datetime) -> None:
    """Delete a person's row and subscriptions; what stays is the hashed suppression and the evidence of consent."""
    unsubscribe(conn, subscriber.id, source=source, now=now)
    address = parse_address(subscriber.email)
    suppress_address(
        conn,
        address,
        reason=SuppressionReason.ERASED,
        source=source,
        secret=secret,
        now=now,
        subscriber_id=subscriber.id,
    )
    conn.execute(delete(subscriptions).where(subscriptions.c.subscriber_id == subscriber.id))
    conn.execute(delete(subscribers).where(subscribers.c.id == subscriber.id))
