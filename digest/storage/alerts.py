"""What was told to people in charge: once per subject and cause."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, or_, select, update

from digest.model.alerts import Alert, Cause, ToldAlert
from digest.storage.tables import alerts_sent
from subscribers.upsert import insert_if_absent

_A = alerts_sent.c
#: Told once, and over with that.
_NOTICES = (Cause.REMINDER, Cause.HEARTBEAT)


def raise_alert(connection: Connection, alert: Alert, now: datetime) -> bool:
    """Write it down; whether it is new. One that was resolved stays so."""
    row = {
        "subject": alert.subject,
        "cause": alert.cause,
        "detail": msgspec.json.encode(alert).decode(),
        "raised_at": now,
        "raised_by": (),
        "resolved_by": (),
    }
    return connection.execute(insert_if_absent(connection, alerts_sent, "subject", "cause").values(row)).rowcount == 1


def resolve_alert(connection: Connection, alert: Alert, now: datetime) -> None:
    """It is over; `alert` says how things stand now."""
    detail = msgspec.json.encode(alert).decode()
    connection.execute(update(alerts_sent).where(*_one(alert)).values(resolved_at=now, detail=detail))


def note_told(connection: Connection, told: ToldAlert, way: str) -> ToldAlert:
    """It was told by that way: that it stands or, where it is resolved, that it is over. As it is noted then."""
    if told.resolved_at is None:
        told = msgspec.structs.replace(told, raised_by=(*told.raised_by, way))
    else:
        told = msgspec.structs.replace(told, resolved_by=(*told.resolved_by, way))
    by = {"raised_by": told.raised_by, "resolved_by": told.resolved_by}
    connection.execute(update(alerts_sent).where(*_one(told.alert)).values(by))
    return told


def current_alerts(connection: Connection, since: datetime) -> list[ToldAlert]:
    """Those that stand, and those resolved at `since` or later, in the order in which they were raised."""
    query = (
        select(alerts_sent)
        .where(_A.cause.not_in(_NOTICES), or_(_A.resolved_at.is_(None), _A.resolved_at >= since))
        .order_by(_A.raised_at, _A.subject)
    )
    return [
        ToldAlert(
            alert=msgspec.json.decode(row["detail"], type=Alert),
            raised_at=row["raised_at"],
            resolved_at=row["resolved_at"],
            raised_by=row["raised_by"],
            resolved_by=row["resolved_by"],
        )
        for row in connection.execute(query).mappings()
    ]


def was_told(connection: Connection, subject: str, cause: Cause) -> bool:
    """Whether there is such a one, resolved or not."""
    query = select(_A.cause).where(_A.subject == subject, _A.cause == cause)
    return connection.execute(query).first() is not None


def forget_alerts(connection: Connection, before: datetime) -> None:
    """Those raised before, whatever became of them."""
    connection.execute(delete(alerts_sent).where(_A.raised_at < before))


def _one(alert: Alert) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return _A.subject == alert.subject, _A.cause == alert.cause
