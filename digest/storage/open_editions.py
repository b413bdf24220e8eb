"""Editions by their state: few, whatever the number of those that were sent."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from digest.model.edition import Edition, EditionState
from digest.storage.editions import get_edition
from digest.storage.tables import editions


def editions_in(connection: Connection, states: Iterable[EditionState]) -> list[Edition]:
    """Every edition in one of these states, letters included, the oldest number first."""
    query = select(editions.c.id).where(editions.c.state.in_(tuple(states))).order_by(editions.c.id)
    return [get_edition(connection, number) for number in connection.execute(query).scalars().all()]
