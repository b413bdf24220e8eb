"""The audit trail: who changed what, and when; only ever added to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, insert, select

from subscribers.model import AuditEntry
from subscribers.tables import audit


def record_change(
    conn: Connection,
    *,
    who: str,
    what: str,
    subject: str,
    at: datetime,
    subscriber_id: int | None = None,
    detail: Mapping[str, str] | None = None,
) -> None:
    """Write one change down, in the transaction that makes it. Neither `subject` nor `detail` holds personal data."""
    conn.execute(
        insert(audit).values(
            at=at, who=who, what=what, subject=subject, subscriber_id=subscriber_id, detail=dict(detail or {})
        )
    )


def list_changes(
    conn: Connection,
    *,
    subscriber_id: int | None = None,
    subject: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[AuditEntry]:
    """The newest first; of one person or one subject where those are named; with a number below `before`."""
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if subscriber_id is not None:
        query = query.where(audit.c.subscriber_id == subscriber_id)
    if subject is not None:
        query = query.where(audit.c.subject == subject)
    if before is not None:
        query = query.where(audit.c.id < before)
    return [AuditEntry(**row) for row in conn.execute(query).mappings()]
