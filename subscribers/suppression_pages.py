"""Suppressions one page after the other, and one by what it stands for."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, select

from subscribers.model import Suppression, SuppressionScope
from subscribers.tables import suppressions

_S = suppressions.c


def page_suppressions(conn: Connection, *, after: int = 0, limit: int = 100) -> Sequence[Suppression]:
    """Up to `limit` entries with a number above `after`, by number."""
    query = select(suppressions).where(_S.id > after).order_by(_S.id).limit(limit)
    return [_suppression(row) for row in conn.execute(query).mappings()]


def suppression_entry(conn: Connection, scope: SuppressionScope, value_key: str) -> Suppression | None:
    """The entry of an address (`value_key` is its `address_key`) or of a domain."""
    query = select(suppressions).where(_S.scope == scope, _S.value_key == value_key)
    row = conn.execute(query).mappings().first()
    return _suppression(row) if row else None


def _suppression(row: RowMapping) -> Suppression:
    scope = row["scope"]
    return Suppression(
        id=row["id"],
        scope=scope,
        domain=row["value_key"] if scope is SuppressionScope.DOMAIN else "",
        address=row["address"] or "",
        reason=row["reason"],
        since=row["since"],
        source=row["source"],
    )
