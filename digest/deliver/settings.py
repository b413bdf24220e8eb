"""The [delivery] and [dkim] tables."""

from __future__ import annotations

from typing import Literal

import msgspec

from digest.model.settings import Table

#: Hosts that plain text may go to.
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Relay(Table, frozen=True, kw_only=True):
    """One server that takes our mail. The password is never here: `password_env` names where it is."""

    host: str
    port: int = 587
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    username: str = ""
    password_env: str = ""
    connections: int = 4
    pipelining: Literal["auto", "off"] = "auto"
    limits: tuple[str, ...] = ()
    messages_per_connection: int = 100

    def __post_init__(self) -> None:
        if self.tls == "none" and self.host not in LOOPBACK:
            raise ValueError(f"relay {self.host}: tls = 'none' is for loopback only; use starttls or implicit")
        if bool(self.username) != bool(self.password_env):
            raise ValueError(f"relay {self.host}: username and password_env go together")
        if not 1 <= self.port <= 65535:
            raise ValueError(f"relay {self.host}: port must be between 1 and 65535")
        if self.connections < 1 or self.messages_per_connection < 1:
            raise ValueError(f"relay {self.host}: connections and messages_per_connection must be at least 1")


class DeliverySettings(Table, frozen=True, kw_only=True):
    """`backend` is the name of an entry point in the group digest.backends."""

    backend: str = "maildir"
    path: str = "var/outbox"
    bounce_domain: str = ""
    envelope: Literal["verp", "fixed"] = "fixed"
    on_unknown: Literal["retry", "hold"] = "retry"
    durability: Literal["process", "power"] = "process"
    domain_limits: dict[str, str] = msgspec.field(default_factory=dict)
    relays: tuple[Relay, ...] = ()


class DkimSettings(Table, frozen=True, kw_only=True):
    domain: str = ""
    selector: str = ""
    key_file: str = ""
