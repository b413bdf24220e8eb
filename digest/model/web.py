"""The web server: the [web] table of the settings."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network

from digest.model.settings import Table

Network = IPv4Network | IPv6Network


class WebSettings(Table, frozen=True, kw_only=True):
    """Where `digest serve` listens, and whose X-Forwarded-For it believes: addresses or networks of own proxies.

    With `proof_of_work` a sign-up wants a small computation by the browser, and with it JavaScript.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    trusted_proxies: tuple[str, ...] = ()
    proof_of_work: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise ValueError("port must be between 0 and 65535")
        for proxy in self.trusted_proxies:
            try:
                ip_network(proxy, strict=False)
            except ValueError:
                raise ValueError(
                    f"trusted_proxies: {proxy!r} is no address and no network such as 10.0.0.0/8"
                ) from None

    @property
    def proxies(self) -> tuple[Network, ...]:
        """`trusted_proxies` as networks."""
        return tuple(ip_network(proxy, strict=False) for proxy in self.trusted_proxies)
