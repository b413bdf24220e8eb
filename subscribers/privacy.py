"""What the law gives a person: to be forgotten, and not to be brought back by any list (Art. 17 and 21 GDPR)."""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select, union, update

from subscribers.addresses import parse_address
from subscribers.consent import consent_history
from subscribers.model import Subscriber, SuppressionReason
from subscribers.repository import find_subscriber
from subscribers.subscriptions import unsubscribe
from subscribers.suppression import suppress_address
from subscribers.tables import address_changes, consent_events, former_addresses, subscribers, subscriptions

#: What stands in the evidence of consent where it named the person.
ERASED = "(erased)"
#: Shorter names are found in any text.
_SHORTEST_NAME = 3
#: The column takes the longest IP address.
_HASH_LENGTH = 32


def erase_subscriber(
    conn: Connection, subscriber: Subscriber, *, source: str, who: str = "", secret: bytes, now: datetime
) -> list[str]:
    """Delete a person's row, with all that hangs on it; the addresses they had, the one on file first.

    What stays is a hashed suppression of each, and the evidence of consent, which names them no more.
    """
    unsubscribe(conn, subscriber.id, source=source, who=who, now=now)
    addresses = [subscriber.email, *_other_addresses(conn, subscriber, secret)]
    for email in addresses:
        suppress_address(
            conn,
            parse_address(email),
            reason=SuppressionReason.ERASED,
            source=source,
            secret=secret,
            now=now,
            subscriber_id=subscriber.id,
        )
    _anonymise_evidence(conn, subscriber, addresses, secret)
    conn.execute(delete(subscriptions).where(subscriptions.c.subscriber_id == subscriber.id))
    conn.execute(delete(subscribers).where(subscribers.c.id == subscriber.id))
    return addresses


def _other_addresses(conn: Connection, subscriber: Subscriber, secret: bytes) -> list[str]:
    """Those that they had before, unless they are somebody else's now, and one that waits for its confirmation."""
    former = select(former_addresses.c.email).where(former_addresses.c.subscriber_id == subscriber.id)
    waiting = select(address_changes.c.email).where(address_changes.c.subscriber_id == subscriber.id)
    found = conn.execute(union(former, waiting)).scalars().all()
    return [email for email in found if find_subscriber(conn, email, secret=secret) is None]


def _anonymise_evidence(conn: Connection, subscriber: Subscriber, addresses: Sequence[str], secret: bytes) -> None:
    """Take names and addresses out of what was written down as proof; of an IP address a keyed hash is left."""
    names = [name for name in (subscriber.first_name, subscriber.last_name) if len(name) >= _SHORTEST_NAME]
    personal = re.compile("|".join(map(re.escape, [*addresses, *names])), re.IGNORECASE)
    for event in consent_history(conn, subscriber.id):
        values = {
            "source": personal.sub(ERASED, event.source),
            "text": personal.sub(ERASED, event.text),
            "proof": {name: personal.sub(ERASED, value) for name, value in event.proof.items()},
            "ip": hmac.digest(secret, event.ip.encode(), "sha256").hex()[:_HASH_LENGTH] if event.ip else "",
        }
        conn.execute(update(consent_events).where(consent_events.c.id == event.id).values(values))
