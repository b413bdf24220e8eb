"""Suppressions that people add and remove, one by one: by an address, or by a domain."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from subscribers.addresses import Address, address_key, parse_address, parse_domain
from subscribers.audit import record_change
from subscribers.cleaning import show
from subscribers.errors import AddressError, UnknownSuppressionError
from subscribers.model import Suppression, SuppressionReason, SuppressionScope
from subscribers.subscriptions import unsubscribe
from subscribers.suppression import (
    lift_domain,
    lift_suppression,
    suppress_address,
    suppress_domain,
    suppression_of,
)
from subscribers.suppression_pages import suppression_entry
from subscribers.tables import subscribers

#: With these somebody has said that they want no more mail: their subscriptions end with it.
_LEAVING = (SuppressionReason.REQUEST, SuppressionReason.COMPLAINT)


def parse_suppressed(text: str) -> Address | str:
    """The address, or the domain (an A-label), that `text` is: a@news.example, @news.example. Raises AddressError."""
    local, _, domain = text.strip().rpartition("@")
    if local.strip("*"):
        return parse_address(text)
    try:
        return parse_domain(domain)
    except AddressError:
        raise AddressError(show(text), "it is no domain such as @news.example either.") from None


def add_suppression(
    conn: Connection,
    target: Address | str,
    *,
    reason: SuppressionReason,
    source: str,
    who: str,
    secret: bytes,
    now: datetime,
) -> tuple[Suppression, bool]:
    """Mail nothing to an address, or to anybody at a domain, any more; the entry that stands, and whether it is new.

    The first reason stays. Whoever asked for it, or complained, has left all lists with it.
    """
    number = None
    if isinstance(target, str):
        scope, key = SuppressionScope.DOMAIN, target
        new = suppress_domain(conn, target, reason=reason, source=source, now=now)
    else:
        scope, key = SuppressionScope.ADDRESS, address_key(secret, target.email)
        number = conn.execute(select(subscribers.c.id).where(subscribers.c.email_key == key)).scalar()
        new = suppress_address(conn, target, reason=reason, source=source, secret=secret, now=now, subscriber_id=number)
        if number is not None and reason in _LEAVING:
            unsubscribe(conn, number, source=source, who=who, now=now)
    entry = suppression_entry(conn, scope, key)
    assert entry is not None  # noqa: S101, added in this transaction at the latest
    if new:
        detail = {"reason": reason.value}
        record_change(
            conn, who=who, what="suppression.add", subject=str(entry.id), subscriber_id=number, at=now, detail=detail
        )
    return entry, new


def remove_suppression(
    conn: Connection, target: Address | str, *, who: str, secret: bytes, now: datetime
) -> Suppression:
    """Take an entry back; the entry as it was. No subscription changes: whoever left has left.

    Raises UnknownSuppressionError.
    """
    if isinstance(target, str):
        entry = suppression_entry(conn, SuppressionScope.DOMAIN, target)
        lift_domain(conn, target)
    else:
        entry = suppression_entry(conn, SuppressionScope.ADDRESS, address_key(secret, target.email))
        lift_suppression(conn, target, secret=secret)
    if entry is None:
        by_domain = not isinstance(target, str) and suppression_of(conn, target, secret=secret)
        raise UnknownSuppressionError(
            f"@{target}" if isinstance(target, str) else target.email, by_domain.domain if by_domain else ""
        )
    detail = {"reason": entry.reason.value}
    record_change(conn, who=who, what="suppression.remove", subject=str(entry.id), at=now, detail=detail)
    return entry
