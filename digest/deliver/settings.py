"""The [delivery] and [dkim] tables."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from digest.deliver.limits import read_domain_limits, read_limits
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
        try:
            read_limits(self.limits)
        except ValueError as wrong:
            raise ValueError(f"relay {self.host}: limits: {wrong}") from None


class SesSettings(Table, frozen=True, kw_only=True):
    """Amazon SES. Without `..._env` keys, the credentials are those that boto3 finds by itself (a role, a profile)."""

    region: str = ""
    configuration_set: str = ""
    endpoint_url: str = ""
    access_key_id_env: str = ""
    secret_access_key_env: str = ""
    connections: int = 8

    def __post_init__(self) -> None:
        if bool(self.access_key_id_env) != bool(self.secret_access_key_env):
            raise ValueError("access_key_id_env and secret_access_key_env go together")
        address = urlsplit(self.endpoint_url)
        if self.endpoint_url and not (
            address.hostname
            and (address.scheme == "https" or (address.scheme == "http" and address.hostname in LOOPBACK))
        ):
            raise ValueError(f"endpoint_url must begin with https://, but is {self.endpoint_url!r}")
        if self.connections < 1:
            raise ValueError("connections must be at least 1")


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
    ses: SesSettings = SesSettings()

    def __post_init__(self) -> None:
        try:
            read_domain_limits(self.domain_limits)
        except ValueError as wrong:
            raise ValueError(f"domain_limits: {wrong}") from None


_LABELS = re.compile(r"[\w-]+(\.[\w-]+)*")


class DkimSettings(Table, frozen=True, kw_only=True):
    """All three, or none: then nothing is signed. The public key stands at SELECTOR._domainkey.DOMAIN."""

    domain: str = ""
    selector: str = ""
    key_file: str = ""

    def __post_init__(self) -> None:
        if self.domain and not _LABELS.fullmatch(self.domain):
            raise ValueError(f"domain must be one such as news.example, not {self.domain!r}")
        if self.selector and not (_LABELS.fullmatch(self.selector) and self.selector.isascii()):
            raise ValueError(f"selector must be letters, digits and hyphens, not {self.selector!r}")
