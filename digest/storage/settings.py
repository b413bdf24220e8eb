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


#: Sent editions go to newcomers for two weeks, and for that need what they were made of.
_FEWEST_DETAILS = 15


class RetentionSettings(Table, frozen=True, kw_only=True):
    """For how many days `digest prune` leaves what grows.

    `articles_days` is for articles that no source lists any more and for snapshots; `details_days` for what a sent
    message was made of (its look, its recipients' values, servers' replies) and for the rows that imports refused;
    `deliveries_days` for who got what.
    """

    articles_days: int = 90
    details_days: int = 60
    deliveries_days: int = 400

    def __post_init__(self) -> None:
        if self.articles_days < 1:
            raise ValueError("articles_days must be at least 1")
        if self.details_days < _FEWEST_DETAILS:
            raise ValueError(f"details_days must be at least {_FEWEST_DETAILS}")
        if self.deliveries_days < self.details_days:
            raise ValueError("deliveries_days must be at least as many as details_days")
