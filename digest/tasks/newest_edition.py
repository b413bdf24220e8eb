"""The newest edition for somebody who has just joined."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from digest.storage.editions import get_edition, load_snapshot
from digest.storage.late_editions import has_delivery, newest_sent_edition
from digest.storage.ledger import enter_recipients
from digest.tasks.desk import Desk
from digest.tasks.plan_recipients import compose_recipients
from subscribers.model import Subscriber
from subscribers.segment_store import is_in_segment

#: What is older is no news.
MAX_AGE = timedelta(days=7)


def queue_newest_edition(
    desk: Desk, connection: Connection, newsletter: str, person: Subscriber, now: datetime
) -> int | None:
    """One more delivery of the newsletter's newest sent edition; its number.

    None where there is none, the person stands in its ledger already, or it is not for them or holds nothing for them.
    """
    number = newest_sent_edition(connection, newsletter, (now - MAX_AGE).astimezone(desk.site.zone).date())
    if number is None or has_delivery(connection, number, person.id):
        return None
    content = get_edition(connection, number, content=True).content
    if content is None:
        return None
    segment = content.newsletter.segment
    if segment and not is_in_segment(connection, person.id, segment, zone=desk.site.zone):
        return None
    chosen = compose_recipients(connection, content, [person], load_snapshot(connection, number), {})
    if not any(recipient.choice for _, recipient in chosen):
        return None
    enter_recipients(connection, number, chosen)
    return number
