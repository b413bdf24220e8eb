"""The [database] table."""

from __future__ import annotations

from digest.model.settings import Table


class DatabaseSettings(Table, frozen=True, kw_only=True):
    """`url` such as sqlite:///var/digest.db (relative to the settings file) or postgresql://user@host/name."""

    url: str = "sqlite:///var/digest.db"

    def __post_init__(self) -> None:
        if not self.url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
            raise ValueError("url must begin with sqlite:/// or postgresql://")
        if self.url in ("sqlite:///", "sqlite:///:memory:"):
            raise ValueError("url must name a file, such as sqlite:///var/digest.db")
