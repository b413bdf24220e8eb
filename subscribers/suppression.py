"""Who must not be mailed, by address (kept as a keyed hash) and by domain.

A domain stands for itself, not for the domains below it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, delete, or_, select, update

from subscribers.addresses import Address, address_key, parse_domain
from subscribers.json_rows import JsonRows
from subscribers.model import Suppression, SuppressionReason, SuppressionScope
from subscribers.tables import subscribers, suppressions
from subscribers.upsert import insert_was_new

_S = suppressions.c


def suppress_address(
    conn: Connection,
    address: Address,
    *,
    reason: SuppressionReason,
    source: str,
    secret: bytes,
    now: datetime,
    subscriber_id: int | None = None,
) -> bool:
    """Mail nothing to `address` any more; whether that is new. The first reason stays, except that `erased` wins.

    Once erased, an address is kept as its hash alone.
    """
    key = address_key(secret, address.email)
    plain = None if reason is SuppressionReason.ERASED else address.email
    new = _add(conn, SuppressionScope.ADDRESS, key, plain, reason, source, now, subscriber_id)
    if not new and reason is SuppressionReason.ERASED:
        conn.execute(
            update(suppressions)
            .where(_S.scope == SuppressionScope.ADDRESS, _S.value_key == key)
            .values(address=None, reason=reason, since=now, source=source, subscriber_id=subscriber_id)
        )
    return new


def suppress_domain(conn: Connection, domain: str, *, reason: SuppressionReason, source: str, now: datetime) -> bool:
    """Mail nothing to anybody at `domain` any more; whether that is new. Raises AddressError for no domain."""
    return _add(conn, SuppressionScope.DOMAIN, parse_domain(domain), None, reason, source, now, None)


def suppression_of(conn: Connection, address: Address, *, secret: bytes) -> Suppression | None:
    """Why `address` must not be mailed: the entry of the address itself, else the one of its domain."""
    key = address_key(secret, address.email)
    found = suppressions_among(conn, {key: address.domain})
    return found.get(key)


def suppressions_among(conn: Connection, domains: Mapping[str, str]) -> dict[str, Suppression]:
    """Those of many addresses that are suppressed; `domains` and the answer go by `address_key`."""
    by_key = _entries(conn, SuppressionScope.ADDRESS, domains)
    by_domain = _entries(conn, SuppressionScope.DOMAIN, set(domains.values()))
    found = {key: by_domain[domain] for key, domain in domains.items() if domain in by_domain}
    return found | by_key


def lift_suppression(conn: Connection, address: Address, *, secret: bytes) -> bool:
    """Take the entry of `address` back (not the one of its domain); whether there was one."""
    key = address_key(secret, address.email)
    gone = conn.execute(delete(suppressions).where(_S.scope == SuppressionScope.ADDRESS, _S.value_key == key))
    return gone.rowcount > 0


def lift_domain(conn: Connection, domain: str) -> bool:
    """Take the entry of a domain (an A-label) back; whether there was one."""
    gone = conn.execute(delete(suppressions).where(_S.scope == SuppressionScope.DOMAIN, _S.value_key == domain))
    return gone.rowcount > 0


def is_suppressed() -> ColumnElement[bool]:
    """The condition on a row of `subscribers` that it must not be mailed; two look-ups by index."""
    by_address = and_(_S.scope == SuppressionScope.ADDRESS, _S.value_key == subscribers.c.email_key)
    by_domain = and_(_S.scope == SuppressionScope.DOMAIN, _S.value_key == subscribers.c.domain)
    return or_(
        *(select(_S.id).where(match).correlate(subscribers).exists() for match in (by_address, by_domain)),
    )


def suppressed_ids() -> Select[tuple[int]]:
    """The ids of everybody who must not be mailed, found from the suppressions on."""
    keys, domains = (select(_S.value_key).where(_S.scope == scope) for scope in SuppressionScope)
    return select(subscribers.c.id).where(or_(subscribers.c.email_key.in_(keys), subscribers.c.domain.in_(domains)))


def _add(
    conn: Connection,
    scope: SuppressionScope,
    key: str,
    plain: str | None,
    reason: SuppressionReason,
    source: str,
    now: datetime,
    subscriber_id: int | None,
) -> bool:
    row = {
        "scope": scope,
        "value_key": key,
        "address": plain,
        "subscriber_id": subscriber_id,
        "reason": reason,
        "since": now,
        "source": source,
    }
    return insert_was_new(conn, suppressions, row, "scope", "value_key")


def _entries(conn: Connection, scope: SuppressionScope, values: Iterable[str]) -> dict[str, Suppression]:
    given = JsonRows(conn)
    wanted = select(suppressions).where(_S.scope == scope, _S.value_key.in_(select(given.cell(0, _S.value_key.type))))
    rows = conn.execute(wanted, given.parameter([value] for value in values)).mappings()
    return {row["value_key"]: _suppression(row) for row in rows}


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
