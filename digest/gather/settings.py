"""The [[sources]], [topics] and [gather] tables."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Literal

from digest.model.settings import Table


class SourceSettings(Table, frozen=True, kw_only=True):
    """One source. Exactly one of `url` and `path` is set, except for type "sample", which needs neither."""

    name: str
    type: Literal["feed", "page", "textfile", "wordpress", "sample"]
    url: str = ""
    path: str = ""
    topics: tuple[str, ...] = ()
    exclude_topics: tuple[str, ...] = ()
    weight: float = 1.0
    max_items: int = 30
    excerpt_chars: int = 400
    images: Literal["none", "hosted", "remote"] = "none"
    every_minutes: int = 30

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("a source needs a name")
        if self.type != "sample" and bool(self.url) == bool(self.path):
            raise ValueError(f"source {self.name!r} needs either url or path, and not both")
        if self.url and not self.url.startswith(("http://", "https://")):
            raise ValueError(f"source {self.name!r}: url must begin with http:// or https://; a file goes into path")
        if self.max_items < 1:
            raise ValueError(f"source {self.name!r}: max_items must be at least 1")
        if self.excerpt_chars < 0:
            raise ValueError(f"source {self.name!r}: excerpt_chars cannot be negative")


class GatherSettings(Table, frozen=True, kw_only=True):
    """How sources are read. Time-outs in seconds, sizes in bytes; `allow_networks` in CIDR notation."""

    timeout_seconds: float = 20.0
    max_bytes: int = 5_000_000
    user_agent: str = "newsroom-digest/0.1"
    allow_networks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.timeout_seconds <= 0 or self.max_bytes <= 0:
            raise ValueError("timeout_seconds and max_bytes must be greater than 0")
        for network in self.allow_networks:
            ip_network(network)
