"""Real clocks over both clock changes and over clocks that are set wrong; the time of day is moved, not waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine

from digest.app import system_clock
from digest.deliver.memory import MemoryBackend
from digest.model.delivery import DeliveryState, Message, Outcome
from digest.schedule import Clock
from digest.tasks.review_edition import review_edition

SPRING, AUTUMN = date(2027, 3, 28), date(2027, 10, 31)


class Night:
    """An app on the system's clock, with one person, and every message with the time at which it left."""

    def __init__(self, app: Any, backend: MemoryBackend) -> None:
        self.app, self.backend = app, backend
        self.left: list[str] = []
        self.arrived = threading.Event()
        backend.answer = self.take

    def take(self, _message: Message) -> Outcome:
        self.left.append(system_clock().strftime("%m-%dT%H:%M"))
        self.arrived.set()
        return Outcome(state=DeliveryState.SUBMITTED)


@pytest.fixture
def night(make_app: Callable[..., Any], add_person: Any) -> Iterator[Callable[..., Night]]:
    def build(**newsletter: Any) -> Night:
        backend = MemoryBackend()
        app = make_app({"at": "02:30", **newsletter}, backend=backend)
        app.clock = system_clock
        add_person(app, "anna@probe.example")
        return Night(app, backend)

    return build


MakeNight = Callable[..., Night]


def tick_through(clock: Clock, traveller: Any, hours: float, *, minutes: int = 15) -> list[str]:
    done = []
    for _ in range(int(hours * 60 / minutes)):
        traveller.shift(timedelta(minutes=minutes))
        done += [f"{work.verb} {work.day}" for work in clock.tick()]
    return done


@pytest.mark.parametrize(
    ("day", "left"),
    [
        pytest.param(SPRING, ["03-28T01:30"], id="02:30 does not exist"),
        pytest.param(AUTUMN, ["10-31T00:30"], id="02:30 comes twice"),
    ],
)
def test_a_night_with_a_clock_change_has_one_edition(night: MakeNight, day: date, left: list[str]) -> None:
    built = night()
    with time_machine.travel(datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=4), tick=False) as at:
        done = tick_through(Clock(built.app), at, 16)
    assert done == [f"prepare {day}", f"send {day}"]
    assert built.left == left


@pytest.mark.parametrize("day", [SPRING, AUTUMN], ids=["spring", "autumn"])
def test_a_week_around_it_has_seven(night: MakeNight, day: date) -> None:
    built = night()
    start = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) - timedelta(days=4)
    with time_machine.travel(start, tick=False) as at:
        done = tick_through(Clock(built.app), at, 7 * 24, minutes=30)
    assert [text for text in done if text.startswith("send")] == [
        f"send {day + timedelta(days=step)}" for step in range(-3, 4)
    ]
    assert len(built.left) == 7


@pytest.mark.parametrize(
    "before",
    [datetime(2027, 3, 28, 1, 29, 59, tzinfo=UTC), datetime(2027, 10, 31, 0, 29, 59, tzinfo=UTC)],
    ids=["spring", "autumn"],
)
def test_a_clock_that_runs_is_there_to_the_second(night: MakeNight, before: datetime) -> None:
    """The whole scheduler, threads and all, from one second before."""
    built = night()
    with time_machine.travel(before, tick=True):
        clock = Clock(built.app)
        clock.start()
        try:
            assert built.arrived.wait(20)
        finally:
            clock.stop()
    assert built.left == [f"{before + timedelta(seconds=1):%m-%dT%H:%M}"]


@pytest.mark.parametrize("wrong", [timedelta(hours=-1), timedelta(hours=1), timedelta(days=-1)], ids=str)
def test_a_clock_that_is_set_wrong_after_sending_sends_no_second_edition(night: MakeNight, wrong: timedelta) -> None:
    built = night(at="06:30", late_window_hours=24)
    with time_machine.travel(datetime(2026, 3, 6, 5, 30, tzinfo=UTC), tick=False) as at:
        clock = Clock(built.app)
        clock.tick()
        assert len(built.left) == 1
        at.shift(wrong)
        tick_through(clock, at, 3)
        assert len(built.left) == 1, "while it is wrong"
        at.move_to(datetime(2026, 3, 6, 9, 0, tzinfo=UTC))
        tick_through(clock, at, 12)
        assert len(built.left) == 1, "and once it is right again"
        tick_through(clock, at, 12)
    assert len(built.left) == 2, "the next day has its own"


def test_a_clock_a_day_ahead_uses_up_the_edition_of_that_day(night: MakeNight) -> None:
    built = night(at="06:30")
    with time_machine.travel(datetime(2026, 3, 6, 5, 30, tzinfo=UTC), tick=False) as at:
        clock = Clock(built.app)
        clock.tick()
        at.shift(timedelta(days=1))
        clock.tick()
        at.shift(timedelta(days=-1))
        tick_through(clock, at, 47)
    assert len(built.left) == 2


def test_a_running_clock_that_is_set_back_goes_on(night: MakeNight) -> None:
    """Whoever waits for "in 15 seconds" by a clock that is set back an hour would sleep through the edition."""
    built = night(at="06:30")
    with time_machine.travel(datetime(2026, 3, 6, 6, 15, tzinfo=UTC), tick=True) as at:
        clock = Clock(built.app, beat=0.05)
        app = built.app
        app.gather(app.sources(), app.today())
        edition = app.prepare(app.newsletters()[0], app.today()).edition
        held = review_edition(app.database, edition, "hold", app.clock())
        clock.start()
        try:
            at.move_to(datetime(2026, 3, 6, 5, 31, tzinfo=UTC))
            review_edition(app.database, held, "release", app.clock())
            assert built.arrived.wait(20)
        finally:
            clock.stop()
    assert built.left == ["03-06T05:31"]


def test_holidays_and_days_bind_the_scheduler(night: MakeNight) -> None:
    built = night(days="mon-fri", holidays="DE-BE", at="06:30")
    with time_machine.travel(datetime(2026, 12, 23, 12, tzinfo=UTC), tick=False) as at:
        done = tick_through(Clock(built.app), at, 7 * 24, minutes=60)
    sent = [text.removeprefix("send 2026-12-") for text in done if text.startswith("send")]
    assert sent == ["24", "28", "29", "30"], "the 25th is a holiday, the 26th and 27th a weekend"
