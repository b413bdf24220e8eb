"""Snapshots come back as they were taken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from digest.model.market import Quote, Snapshot
from digest.storage.database import Database
from digest.storage.snapshots import latest_snapshot, save_snapshot

NOW = datetime(2026, 3, 6, 5, 0, tzinfo=UTC)


def snapshot(price: str, at: datetime) -> Snapshot:
    quote = Quote(
        coin="BTC", price=Decimal(price), currency="EUR", provider="Probe", at=at, change_24h=Decimal("-1.30"),
        series=(Decimal("1.10"), Decimal(price)),
    )  # fmt: skip
    return Snapshot(taken_at=at, provider="Probe", quotes=(quote,))


def test_the_newest_one_comes_back_equal(database: Database) -> None:
    newest = snapshot("63412.10", NOW)
    with database.write() as connection:
        assert latest_snapshot(connection) is None
        save_snapshot(connection, newest)
        save_snapshot(connection, snapshot("1", NOW - timedelta(hours=1)))
        found = latest_snapshot(connection)
    assert found == newest
    assert found is not None
    assert str(found.quotes[0].price) == "63412.10"
