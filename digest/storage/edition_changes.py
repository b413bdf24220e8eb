"""What the audit trail says of editions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from subscribers.audit import record_change
from subscribers.model import AuditEntry
from subscribers.tables import audit


def edition_subject(number: int) -> str:
    """How the trail names an edition."""
    return f"edition:{number}"


def record_edition_change(connection: Connection, number: int, what: str, *, who: str, at: datetime) -> None:
    """Write down that `who` did "edition.<what>" to an edition."""
    record_change(connection, who=who, what=f"edition.{what}", subject=edition_subject(number), at=at)


def changes_of_editions(
    connection: Connection, numbers: Sequence[int], *, limit: int = 50
) -> dict[int, list[AuditEntry]]:
    """Edition -> what was done to it, the newest first; at most `limit` entries together."""
    subjects = {edition_subject(number): number for number in numbers}
    query = select(audit).where(audit.c.subject.in_(subjects)).order_by(audit.c.id.desc()).limit(limit)
    found: dict[int, list[AuditEntry]] = {number: [] for number in numbers}
    for row in connection.execute(query).mappings():
        found[subjects[row["subject"]]].append(AuditEntry(**row))
    return found
