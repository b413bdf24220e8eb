"""Several schedulers on one database: one works, the next takes over when it falls silent."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from digest.deliver.memory import MemoryBackend
from digest.schedule import Clock
from digest.storage.scheduler_lease import LeaseRow, read_lease
from digest.tasks.scheduler_lease import SILENCE, SchedulerLease

MakeApp = Callable[..., Any]


class Watch:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def lease_of(app: Any) -> LeaseRow | None:
    with app.database.read() as connection:
        row: LeaseRow | None = read_lease(connection)
        return row


@pytest.fixture
def pair(make_app: MakeApp, add_person: Any, now: Any) -> tuple[Clock, Clock, Watch, MemoryBackend]:
    """Two schedulers at the time of an edition, and the watch that they both go by."""
    backend, watch = MemoryBackend(), Watch()
    first, second = make_app(backend=backend), make_app(backend=backend)
    add_person(first, "anna@probe.example")
    now.moment += timedelta(minutes=90)
    return Clock(first, watch=watch), Clock(second, watch=watch), watch, backend


def test_the_second_waits_while_the_first_beats(pair: Any) -> None:
    first, second, watch, backend = pair
    assert len(first.tick()) == 1
    for _ in range(10):
        watch.seconds += SILENCE / 2
        assert second.tick() == []
        first.tick()
    assert len(backend.messages) == 1


def test_the_second_takes_over_after_a_silence(pair: Any) -> None:
    first, second, watch, backend = pair
    assert first._lease.hold()
    assert second.tick() == []
    watch.seconds += SILENCE - 1
    assert second.tick() == []
    watch.seconds += 1
    assert len(second.tick()) == 1
    assert first.tick() == []
    assert first._lease.holder == second._lease.name
    assert len(backend.messages) == 1


def test_one_that_slept_finds_out_that_it_is_replaced(pair: Any) -> None:
    first, second, watch, _ = pair
    assert first._lease.hold()
    assert not second._lease.hold()
    watch.seconds += SILENCE
    assert not first._lease.held
    assert second._lease.hold()
    assert not first._lease.hold()


def test_given_back_it_is_taken_at_once(pair: Any) -> None:
    first, second, _, _ = pair
    assert first._lease.hold()
    assert not second._lease.hold()
    first.stop()
    assert second._lease.hold()


@pytest.mark.parametrize("hours", [-48, -1, 1, 48])
def test_wrong_clocks_change_nothing(pair: Any, now: Any, hours: int) -> None:
    first, second, watch, _ = pair
    assert first._lease.hold()
    now.moment += timedelta(hours=hours)
    for _ in range(3):
        watch.seconds += SILENCE - 1
        assert not second._lease.hold()
        assert first._lease.hold()


def test_of_many_at_once_one_gets_it(make_app: MakeApp) -> None:
    app = make_app()
    leases = [SchedulerLease(app.database, app.clock) for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        held = [future.result() for future in [threads.submit(lease.hold) for lease in leases]]
    assert held.count(True) == 1
    row = lease_of(app)
    assert row is not None
    assert row.holder == leases[held.index(True)].name


def test_a_scheduler_that_is_killed_is_replaced(make_app: MakeApp, start_digest: Any) -> None:
    """A real process, alive and then dead by kill -9; only the watch of the one that waits is the test's own."""
    watch = Watch()
    app = make_app(sources=[])
    process = start_digest("schedule")

    def until(condition: Callable[[LeaseRow], bool]) -> LeaseRow:
        deadline = time.monotonic() + 30
        while not ((row := lease_of(app)) and condition(row)):
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return row

    first = until(lambda row: bool(row.holder))
    waiting = SchedulerLease(app.database, app.clock, watch)
    assert not waiting.hold()
    until(lambda row: row.beat > first.beat)
    watch.seconds += SILENCE
    assert not waiting.hold(), "it is alive: its beats go on"
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)
    assert not waiting.hold()
    watch.seconds += SILENCE
    assert waiting.hold()


def test_stopped_in_good_order_it_gives_the_lease_back(make_app: MakeApp, start_digest: Any) -> None:
    app = make_app(sources=[])
    process = start_digest("schedule")
    for line in process.stderr:
        if "next at" in line:
            break
    began = datetime.now().astimezone()
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert (datetime.now().astimezone() - began).total_seconds() < 10
    row = lease_of(app)
    assert row is not None
    assert row.holder == ""
