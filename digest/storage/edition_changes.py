"""What the audit trail says of editions."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from subscribers.model import AuditEntry
from subscribers.tables import audit

#: Verbs of the trail that are about editions; their subject is an edition's number.
_ABOUT_EDITIONS = "edition.%"


def changes_of_editions(
    connection: Connection, numbers: Sequence[int], *, limit: int = 50
) -> dict[int, list[AuditEntry]]:
    """Edition -> what was done to it, the newest first; at most `limit` entries together."""
    query = (
        select(audit)
        .where(audit.c.subject.in_([str(number) for number in numbers]), audit.c.what.like(_ABOUT_EDITIONS))
        .order_by(audit.c.id.desc())
        .limit(limit)
    )
    found: dict[int, list[AuditEntry]] = {number: [] for number in numbers}
    for row in connection.execute(query).mappings():
        found[int(row["subject"])].append(AuditEntry(**row))
    return found
