"""When the clock wakes up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from digest.schedule import Clock, Every

MakeApp = Callable[..., Any]


def test_every_so_many_seconds_and_at_named_moments() -> None:
    noon = datetime(2026, 3, 6, 12, tzinfo=UTC)
    named = noon + timedelta(seconds=40)
    trigger = Every(15, lambda after: named if after < named else None)
    times, now = [], noon
    for _ in range(5):
        now = trigger.get_next_fire_time(now, now)
        times.append((now - noon).total_seconds())
    assert times == [15, 30, 40, 55, 70]


@pytest.mark.parametrize("slept", [timedelta(minutes=1), timedelta(days=20_000)], ids=str)
def test_what_was_slept_through_is_one_run(slept: timedelta) -> None:
    now = datetime(2026, 3, 6, 12, tzinfo=UTC)
    assert Every(3).get_next_fire_time(now - slept, now) == now + timedelta(seconds=3)


def test_jobs_are_named_and_stop_is_clean(make_app: MakeApp) -> None:
    app = make_app(sources=[{"name": "Nirgends", "type": "textfile", "path": "gibt-es-nicht", "every_minutes": 5}])
    clock = Clock(app)
    clock.start()
    names = {name for name, _ in clock.jobs()}
    clock.stop()
    assert names == {
        "newsletter morgen", "gather Nirgends", "letters", "latecomers", "extras", "webhooks", "bounces", "alerts",
        "confirmations", "upkeep",
    }  # fmt: skip


def test_a_worker_only_sends(make_app: MakeApp) -> None:
    clock = Clock(make_app(), sending_only=True)
    clock.start()
    names = {name for name, _ in clock.jobs()}
    clock.stop()
    assert names == {"newsletter morgen", "letters", "latecomers", "extras"}
