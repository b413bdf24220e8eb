"""Ask the providers for prices, and keep the answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from digest.market.base import Provider
from digest.market.snapshot import take_snapshot as ask_providers
from digest.model.market import Snapshot
from digest.storage.database import Database
from digest.storage.snapshots import save_snapshot


class SnapshotReport(msgspec.Struct, frozen=True, kw_only=True):
    """The snapshot, or None where nobody gave sane prices, and what each provider did wrong."""

    snapshot: Snapshot | None
    warnings: tuple[str, ...] = ()


def take_snapshot(
    database: Database, providers: Sequence[Provider], coins: tuple[str, ...], currency: str, now: datetime
) -> SnapshotReport:
    """Take one and store it. Raises StorageError."""
    snapshot, problems = ask_providers(providers, coins, currency, now)
    if snapshot is not None:
        with database.write() as connection:
            save_snapshot(connection, snapshot)
    return SnapshotReport(snapshot=snapshot, warnings=tuple(str(problem) for problem in problems))
