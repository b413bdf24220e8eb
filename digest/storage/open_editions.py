"""Editions that somebody may have to do with: few, whatever the number of those that were sent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection, select

from digest.model.edition import Edition, EditionKind, EditionState
from digest.storage.editions import get_edition
from digest.storage.tables import editions


def editions_in(connection: Connection, states: Iterable[EditionState]) -> list[Edition]:
    """Every edition in one of these states, letters included, the oldest number first."""
    query = select(editions.c.id).where(editions.c.state.in_(tuple(states))).order_by(editions.c.id)
    return [get_edition(connection, number) for number in connection.execute(query).scalars().all()]


def editions_since(connection: Connection, newsletter: str, day: date) -> list[Edition]:
    """The newsletter's editions of `day` and later, without letters, by their day."""
    query = select(editions.c.id).where(
        editions.c.newsletter == newsletter, editions.c.day >= day, editions.c.kind != EditionKind.LETTER
    )
    numbers = connection.execute(query.order_by(editions.c.day, editions.c.id)).scalars().all()
    return [get_edition(connection, number) for number in numbers]


def last_sent_edition(connection: Connection, newsletter: str) -> Edition | None:
    """The newsletter's newest edition that was sent."""
    query = select(editions.c.id).where(
        editions.c.newsletter == newsletter,
        editions.c.state == EditionState.SENT,
        editions.c.kind != EditionKind.LETTER,
    )
    number = connection.execute(query.order_by(editions.c.day.desc(), editions.c.id.desc()).limit(1)).scalar()
    return get_edition(connection, number) if number is not None else None
