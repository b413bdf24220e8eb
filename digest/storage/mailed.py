"""Who was mailed: whoever has a delivery in the ledger, of whatever state."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from digest.storage.tables import deliveries
from subscribers.upsert import in_chunks


def mailed_among(connection: Connection, subscriber_ids: Sequence[int]) -> set[int]:
    """Those of `subscriber_ids` whom a delivery names."""
    named = select(deliveries.c.subscriber_id).distinct()
    return {
        number
        for chunk in in_chunks(subscriber_ids)
        for number in connection.execute(named.where(deliveries.c.subscriber_id.in_(chunk))).scalars()
    }
