"""How often strangers may make us do something: counted per address, network and domain, in windows that end."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

import msgspec
from sqlalchemy import Connection, case, delete, or_, update

from subscribers.addresses import Address
from subscribers.tables import request_counts
from subscribers.upsert import insert_if_absent

_C = request_counts.c
#: What is counted where nothing is to be.
_NOBODY = "nobody"
#: What one customer of a provider has at least, IPv4 and IPv6 (RFC 6177).
_PREFIX = {4: 24, 6: 64}
#: Where dots in the part before the @-sign mean nothing.
_DOTLESS = frozenset(("gmail.com", "googlemail.com"))


class Limit(msgspec.Struct, frozen=True):
    """At most `most` times within `window` after the first; `name` keeps the counts of different limits apart."""

    name: str
    most: int
    window: timedelta


def count_request(conn: Connection, limit: Limit, whom: str, *, secret: bytes, now: datetime) -> bool:
    """Count one more request; whether it keeps within the limit. `whom` is stored as a keyed hash alone."""
    key = hmac.digest(secret, f"{limit.name}\0{whom.casefold()}".encode(), "sha256").hex()
    conn.execute(insert_if_absent(conn, request_counts, "key").values(key=key, since=now, count=0))
    # A window that lies ahead is from before the clock was set back.
    over = or_(_C.since <= now - limit.window, _C.since > now)
    counted = (
        update(request_counts)
        .where(_C.key == key)
        .values(count=case((over, 1), else_=_C.count + 1), since=case((over, now), else_=_C.since))
        .returning(_C.count)
    )
    return bool(conn.execute(counted).scalar_one() <= limit.most)


def count_requests(conn: Connection, counted: Sequence[tuple[Limit, str]], *, secret: bytes, now: datetime) -> bool:
    """Count one more request under several limits, one after the other; whether it keeps within all of them.

    What one limit refuses does not use up the next: else a stranger could, by asking often, keep others from asking.
    An empty text is not limited. As much is written whatever the answer is.
    """
    allowed = True
    for limit, whom in counted:
        within = count_request(conn, limit, whom if allowed and whom else _NOBODY, secret=secret, now=now)
        allowed = allowed and (within or not whom)
    return allowed


def network_of(ip: str) -> str:
    """The network of an IP address that is counted as one (/24 or /64), empty for a text that is none."""
    try:
        address = ip_address(ip.strip())
    except ValueError:
        return ""
    address = getattr(address, "ipv4_mapped", None) or address
    return str(ip_network(f"{str(address).partition('%')[0]}/{_PREFIX[address.version]}", strict=False))


def mailbox_of(address: Address) -> str:
    """The mailbox that an address most likely reaches: what follows a plus-sign (RFC 5233) is the reader's own."""
    local = address.local.casefold()
    local = local.partition("+")[0] or local
    if address.domain in _DOTLESS:
        return f"{local.replace('.', '')}@gmail.com"
    return f"{local}@{address.domain}"


def delete_old_counts(conn: Connection, before: datetime) -> int:
    """Delete the windows that began before that time; how many."""
    return conn.execute(delete(request_counts).where(_C.since < before)).rowcount
