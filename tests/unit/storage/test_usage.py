"""Usage of limits in the database: kept, shared between processes, pruned."""

from __future__ import annotations

import multiprocessing
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from digest.deliver.limits import read_limits
from digest.deliver.quota import Quotas
from digest.errors import StorageError
from digest.storage.database import Database, open_database
from digest.storage.tables import sending_usage
from digest.storage.usage import SqlUsageBook

NOW = datetime(2027, 3, 1, 6, 30, tzinfo=UTC)


def quotas(database: Database, *limits: str, key: str = "relay") -> Quotas:
    return Quotas(key, read_limits(limits), SqlUsageBook(database))


def take_all(allowed: Quotas, now: datetime = NOW) -> int:
    taken = 0
    while allowed.take(now):
        taken += 1
    return taken


def test_a_restart_remembers_what_was_used(database: Database) -> None:
    first = quotas(database, "30/minute", "100/hour")
    assert take_all(first) == 30
    first.give_back(NOW)
    again = quotas(database, "30/minute", "100/hour")
    assert not again.take(NOW)
    minute = timedelta(seconds=61)
    assert [take_all(again, NOW + number * minute) for number in range(1, 5)] == [30, 30, 10, 0]


def test_each_key_has_its_own_page(database: Database) -> None:
    for key in ("relay:a", "relay:b", "domain:gmx.de, web.de", "domain:ü'\"%"):
        assert take_all(quotas(database, "5/hour", key=key)) == 5
        assert take_all(quotas(database, "5/hour", key=key)) == 0


def test_what_is_long_over_is_forgotten(database: Database) -> None:
    for number in range(5):
        take_all(quotas(database, "1/day", key=f"domain:{number}.example"))
    quotas(database, "1/day").take(NOW + timedelta(days=4))
    with database.read() as connection:
        assert connection.execute(select(sending_usage.c.key)).scalars().all() == ["relay"]


def test_a_decision_that_fails_changes_nothing(database: Database) -> None:
    book = SqlUsageBook(database)
    book.change("relay", lambda _used: {60: {1: 5}}, NOW)

    def fail(_used: object) -> Any:
        raise RuntimeError("decided badly")

    with pytest.raises(RuntimeError, match="decided badly"):
        book.change("relay", fail, NOW)
    seen: list[Any] = []
    book.change("relay", lambda used: seen.append(used) or used, NOW)  # type: ignore[func-returns-value]
    assert seen == [{60: {1: 5}}]


def test_a_database_that_is_gone_is_a_sentence(database: Database) -> None:
    with database.write() as connection:
        sending_usage.drop(connection)
    with pytest.raises(StorageError, match="sending_usage"):
        quotas(database, "1/hour").take(NOW)


def use_up(file: str, ready: Any, taken: Any) -> None:
    database = open_database(f"sqlite:///{file}")
    allowed = quotas(database, "2000/hour", "300/minute")
    ready.wait(30)
    count = 0
    for second in range(4):
        count += take_all(allowed, NOW + timedelta(seconds=20 * second))
    taken.put(count)
    allowed.give_back(NOW + timedelta(seconds=60))
    database.close()


def test_two_processes_keep_one_limit_together(database: Database, database_file: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready, taken = context.Barrier(2), context.Queue()
    processes = [context.Process(target=use_up, args=(str(database_file), ready, taken), daemon=True) for _ in range(2)]
    for process in processes:
        process.start()
    counts = [taken.get(timeout=60) for _ in processes]
    for process in processes:
        process.join(60)
    assert sum(counts) == 300
    assert take_all(quotas(database, "2000/hour", "300/minute"), NOW + timedelta(seconds=60)) == 0


def use_some_and_die(file: str, number: int) -> None:
    database = open_database(f"sqlite:///{file}")
    allowed = quotas(database, "200/hour")
    for _ in range(number):
        assert allowed.take(NOW)
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_process_loses_a_twentieth_at_most(database: Database, database_file: Path) -> None:
    context = multiprocessing.get_context("spawn")
    used = 73
    process = context.Process(target=use_some_and_die, args=(str(database_file), used), daemon=True)
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    left = take_all(quotas(database, "200/hour"))
    assert 200 - used - 200 // 20 < left <= 200 - used


def test_one_row_is_written_for_many_messages(database: Database) -> None:
    assert take_all(quotas(database, "10000/hour")) == 10_000
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(sending_usage)).scalar() == 1
        assert len(connection.execute(select(sending_usage.c.used)).scalar_one()) < 100
