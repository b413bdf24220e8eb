"""What a sender would find something to do with: asked every few seconds, so nothing here looks at whole ledgers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select, true

from digest.model.delivery import DeliveryState
from digest.model.edition import EditionKind, EditionState
from digest.storage.late_editions import WAITING
from digest.storage.tables import deliveries, editions

_D, _E = deliveries.c, editions.c
#: An extra or a correction that was approved, and then nobody was awake for so long, is for people to decide about.
_EXTRA_WINDOW = timedelta(hours=24)


def letters_due(connection: Connection, now: datetime, *, only_sender: bool) -> list[int]:
    """The numbers of the letters that can go on now, the oldest first.

    With `only_sender` nobody else can be sending: what somebody holds was left by one that is dead.
    """
    query = select(_E.id).where(
        _E.kind == EditionKind.LETTER,
        or_(
            and_(_E.state == EditionState.APPROVED, _somebody_due(now, only_sender)),
            and_(_E.state == EditionState.SENDING, _can_go_on(now, only_sender)),
        ),
        _E.state.in_((EditionState.APPROVED, EditionState.SENDING)),
    )
    return list(connection.execute(query.order_by(_E.id)).scalars())


def extras_due(connection: Connection, now: datetime, *, only_sender: bool) -> list[int]:
    """The numbers of approved extras and corrections whose time has come, and of those that can go on."""
    query = select(_E.id).where(
        _E.kind.in_((EditionKind.EXTRA, EditionKind.CORRECTION)),
        or_(
            and_(_E.state == EditionState.APPROVED, _E.at <= now, _E.at > now - _EXTRA_WINDOW),
            and_(_E.state == EditionState.SENDING, _can_go_on(now, only_sender)),
        ),
        _E.state.in_((EditionState.APPROVED, EditionState.SENDING)),
    )
    return list(connection.execute(query.order_by(_E.id)).scalars())


def late_due(
    connection: Connection, newsletters: Sequence[str], since: date, now: datetime, *, only_sender: bool
) -> list[int]:
    """The numbers of these newsletters' sent editions, of `since` or later, that somebody can get now."""
    # In two steps: SQLite would go through every edition that was ever sent rather than through those of a few days.
    near = select(_E.id, _E.kind, _E.state).where(_E.newsletter.in_(newsletters), _E.day >= since)
    sent = [
        number
        for number, kind, state in connection.execute(near)
        if state is EditionState.SENT and kind is not EditionKind.LETTER
    ]
    query = select(_E.id).where(_E.id.in_(sent), _somebody_due(now, only_sender))
    return list(connection.execute(query.order_by(_E.id)).scalars())


def can_go_on(connection: Connection, edition: int, now: datetime, *, only_sender: bool) -> bool:
    """Whether a sender would find something to do with an edition that is being sent, or could close it."""
    query = select(_E.id).where(_E.id == edition, _can_go_on(now, only_sender))
    return connection.execute(query).first() is not None


def _can_go_on(now: datetime, only_sender: bool) -> ColumnElement[bool]:
    waiting = exists().where(_D.edition_id == _E.id, _D.state.in_(WAITING))
    return or_(_E.planned_at.is_(None), ~waiting, _somebody_due(now, only_sender))


def _somebody_due(now: datetime, only_sender: bool) -> ColumnElement[bool]:
    left = true() if only_sender else or_(_D.lease_until.is_(None), _D.lease_until < now)
    due = or_(
        _D.state == DeliveryState.QUEUED,
        and_(_D.state == DeliveryState.DEFERRED, _D.next_try <= now),
        and_(_D.state.in_((DeliveryState.CLAIMED, DeliveryState.IN_FLIGHT)), left),
    )
    return exists().where(_D.edition_id == _E.id, _D.state.in_(WAITING), due)
