"""How many deliveries of an edition stand where: counted as they move, in the same commit, not by looking at them.

What is claimed or in flight is counted as queued: those are moments, and at most what one sender holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

from sqlalchemy import Connection, bindparam, case, delete, func, insert, literal, select

from digest.model.delivery import DeliveryState
from digest.storage.prepared import Prepared
from digest.storage.tables import deliveries, delivery_counts
from subscribers.upsert import insert_for

#: (state, reason); the reason is empty for what waits to be sent.
Place = tuple[DeliveryState, str]

_S = DeliveryState
QUEUED: Place = (_S.QUEUED, "")
_MOMENTS = (_S.QUEUED, _S.CLAIMED, _S.IN_FLIGHT)
#: A reason is a short word; the column is as wide.
_REASON_MAX = 64
_C = delivery_counts.c


def place(state: DeliveryState, reason: str) -> Place:
    """Where a delivery in this state is counted."""
    return QUEUED if state in _MOMENTS else (state, reason[:_REASON_MAX])


def move(connection: Connection, edition: int, moved: Mapping[Place, int]) -> None:
    """Add to the counts, or take from them where a number is below zero."""
    rows = [
        {"edition_id": edition, "state": state, "reason": reason, "count": count}
        for (state, reason), count in moved.items()
        if count
    ]
    if rows:
        _upsert(connection.dialect.name).run(connection, rows)


@lru_cache
def _upsert(dialect: str) -> Prepared:
    inserting = insert_for(dialect, delivery_counts)
    row = {column.name: bindparam(column.name, type_=column.type) for column in _C}
    added = _C.count + inserting.excluded.count
    key = ("edition_id", "state", "reason")
    return Prepared(inserting.values(row).on_conflict_do_update(index_elements=key, set_={"count": added}))


def count_deliveries(connection: Connection, edition: int) -> dict[Place, int]:
    """(state, reason) -> number of deliveries, in an order that does not change."""
    query = select(_C.state, _C.reason, _C.count).where(_C.edition_id == edition, _C.count != 0)
    return {(state, reason): count for state, reason, count in connection.execute(query.order_by(_C.state, _C.reason))}


def count_again(connection: Connection, edition: int) -> None:
    """Look at every delivery of the edition once: for what moves many at a time, such as the end of planning."""
    connection.execute(delete(delivery_counts).where(_C.edition_id == edition))
    waits = deliveries.c.state.in_(_MOMENTS)
    state = case((waits, literal(_S.QUEUED, _C.state.type)), else_=deliveries.c.state)
    reason = case((waits, ""), else_=func.substr(deliveries.c.reason, 1, _REASON_MAX))
    counted = (
        select(deliveries.c.edition_id, state.label("state"), reason.label("reason"), func.count())
        .where(deliveries.c.edition_id == edition)
        .group_by(deliveries.c.edition_id, state, reason)
    )
    connection.execute(insert(delivery_counts).from_select(["edition_id", "state", "reason", "count"], counted))


def moves(*steps: tuple[Place, Place, int]) -> Counter[Place]:
    """What (from, to, how many) steps come to, for `move`."""
    sums: Counter[Place] = Counter()
    for before, after, count in steps:
        sums[before] -= count
        sums[after] += count
    return sums
