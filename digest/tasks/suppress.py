"""An address or a domain is suppressed because a program says so."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from subscribers.addresses import address_key, parse_address, parse_domain
from subscribers.audit import record_change
from subscribers.model import Suppression, SuppressionReason, SuppressionScope
from subscribers.suppression import suppress_address, suppress_domain
from subscribers.suppression_pages import suppression_entry


def suppress(
    connection: Connection, address: str, domain: str, *, source: str, who: str, secret: bytes, now: datetime
) -> tuple[Suppression, bool]:
    """Suppress `address`, or `domain` where that is empty; the entry that stands, and whether it is new.

    Raises AddressError.
    """
    reason = SuppressionReason.ADMIN
    if address:
        parsed = parse_address(address)
        scope, key = SuppressionScope.ADDRESS, address_key(secret, parsed.email)
        is_new = suppress_address(connection, parsed, reason=reason, source=source, secret=secret, now=now)
    else:
        scope, key = SuppressionScope.DOMAIN, parse_domain(domain)
        is_new = suppress_domain(connection, key, reason=reason, source=source, now=now)
    entry = suppression_entry(connection, scope, key)
    assert entry is not None  # noqa: S101, added in this transaction at the latest
    if is_new:
        record_change(connection, who=who, what="suppression.add", subject=str(entry.id), at=now)
    return entry, is_new
