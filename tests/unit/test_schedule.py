"""When the clock wakes up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from apscheduler.triggers.cron import CronTrigger

from digest.schedule import Clock

MakeApp = Callable[..., Any]


def fires(trigger: CronTrigger, after: str) -> str:
    moment = datetime.fromisoformat(after).replace(tzinfo=trigger.timezone)
    return trigger.get_next_fire_time(None, moment).strftime("%a %Y-%m-%d %H:%M")


def triggers(app: Any) -> list[CronTrigger]:
    """Those of the times that the settings name, in the order of preparing, reminding, sending."""
    found = list(Clock(app)._triggers(app.newsletters()[0]))
    return [trigger for trigger in found if isinstance(trigger, CronTrigger)]


@pytest.mark.parametrize(
    ("newsletter", "expected"),
    [
        ({"days": "mon-fri"}, ["Sat 2026-03-07 06:00", "Mon 2026-03-09 06:30"]),
        ({"days": "sun"}, ["Sat 2026-03-07 06:00", "Sun 2026-03-08 06:30"]),
        ({"days": "daily", "at": "18:15", "prepare_at": "17:00"}, ["Fri 2026-03-06 17:00", "Fri 2026-03-06 18:15"]),
        ({"days": "daily", "at": "00:10"}, ["Fri 2026-03-06 23:40", "Sat 2026-03-07 00:10"]),
        ({"days": "daily", "prepare_at": "22:00"}, ["Fri 2026-03-06 22:00", "Sat 2026-03-07 06:30"]),
        (
            {"days": "daily", "prepare_at": "05:00", "remind_at": "05:15"},
            ["Sat 2026-03-07 05:00", "Sat 2026-03-07 05:15", "Sat 2026-03-07 06:30"],
        ),
        (
            {"days": "daily", "remind_at": "05:15"},
            ["Sat 2026-03-07 05:15", "Sat 2026-03-07 05:15", "Sat 2026-03-07 06:30"],
        ),
    ],
)
def test_triggers(make_app: MakeApp, newsletter: dict[str, str], expected: list[str]) -> None:
    assert [fires(trigger, "2026-03-06T12:00") for trigger in triggers(make_app(newsletter))] == expected


def test_a_clock_that_was_set_up_in_a_gap_still_has_the_settings_time(make_app: MakeApp, now: Any) -> None:
    now.moment = datetime.fromisoformat("2027-03-28T00:00+00:00")
    send = triggers(make_app({"days": "daily", "at": "02:30"}))[-1]
    assert fires(send, "2027-03-28T12:00") == "Mon 2027-03-29 02:30"


def test_jobs_are_named_and_stop_is_clean(make_app: MakeApp) -> None:
    app = make_app(sources=[{"name": "Nirgends", "type": "textfile", "path": "gibt-es-nicht", "every_minutes": 5}])
    clock = Clock(app)
    clock.start()
    names = {name for name, _ in clock.jobs()}
    clock.stop()
    assert names == {
        "newsletter morgen", "gather Nirgends", "letters", "webhooks", "bounces", "alerts", "confirmations", "upkeep",
    }  # fmt: skip


def test_a_worker_only_sends(make_app: MakeApp) -> None:
    clock = Clock(make_app(), sending_only=True)
    clock.start()
    names = {name for name, _ in clock.jobs()}
    clock.stop()
    assert names == {"newsletter morgen", "letters"}
