"""From where a request comes, as far as that can be believed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

from digest.model.web import Network

Address = IPv4Address | IPv6Address


def visitor_address(peer: str, forwarded_for: Iterable[str], proxies: Sequence[Network]) -> str:
    """The visitor's address: `peer`, or where that is an own proxy, the rightmost hop that is none.

    `forwarded_for` are the lines of X-Forwarded-For in their order; whoever stands left of a hop that is not ours may
    have been made up. Empty where `peer` is no IP address (a socket file).
    """
    known = _read(peer)
    if known is None:
        return ""
    hops = [hop for line in forwarded_for for hop in line.split(",")]
    while _is_among(known, proxies) and hops:
        before = _read(hops.pop())
        if before is None:
            break
        known = before
    return str(known)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`, a name or an address."""
    address = _read(host)
    return host.lower() == "localhost" if address is None else address.is_loopback


def _is_among(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


def _read(text: str) -> Address | None:
    """An address as proxies write it, with or without a port; an IPv4 address in IPv6's clothes is an IPv4 address."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
