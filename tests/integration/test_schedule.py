"""The clock drives the main job; time is the tests' own."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from digest.deliver.memory import MemoryBackend
from digest.errors import PausedError
from digest.model.delivery import DeliveryState, Message, Outcome
from digest.schedule import Clock
from digest.tasks.review_edition import find_edition, review_edition

MakeApp = Callable[..., Any]
TAKEN = Outcome(state=DeliveryState.SUBMITTED)


class House:
    """An app with sample sources, one person, and a clock to move; every tick of a span is a minute."""

    def __init__(self, app: Any, backend: MemoryBackend, now: Any) -> None:
        self.app, self.backend, self.now = app, backend, now
        self.clock = Clock(app)
        self.done: list[str] = []

    def at(self, text: str) -> None:
        self.now.moment = datetime.fromisoformat(text).replace(tzinfo=self.app.settings.site.zone).astimezone(UTC)

    def tick(self, text: str = "") -> list[str]:
        if text:
            self.at(text)
        done = [f"{work.verb} {work.day}" for work in self.clock.tick()]
        self.done += done
        return done

    def tick_through(self, hours: float, *, minutes: int = 10) -> None:
        for _ in range(int(hours * 60 / minutes)):
            self.now.moment += timedelta(minutes=minutes)
            self.tick()

    def state(self) -> str:
        return str(find_edition(self.app.database, None)[0].state)


@pytest.fixture
def house(make_app: MakeApp, add_person: Any, now: Any) -> Callable[..., House]:
    def build(newsletter: dict[str, Any] | None = None, **tables: Any) -> House:
        backend = MemoryBackend()
        app = make_app(newsletter, backend=backend, **tables)
        add_person(app, "anna@probe.example")
        return House(app, backend, now)

    return build


MakeHouse = Callable[..., House]


def test_a_day_from_the_morning_to_the_next(house: MakeHouse) -> None:
    built = house()
    assert built.tick("2026-03-06T05:59") == []
    assert built.tick("2026-03-06T06:00") == ["prepare 2026-03-06"]
    assert built.state() == "prepared"
    assert built.tick("2026-03-06T06:15") == []
    assert built.backend.messages == []
    assert built.tick("2026-03-06T06:30") == ["send 2026-03-06"]
    assert len(built.backend.messages) == 1
    built.tick_through(26, minutes=15)
    assert built.done == ["prepare 2026-03-06", "send 2026-03-06", "prepare 2026-03-07", "send 2026-03-07"]
    assert len(built.backend.messages) == 2


def test_a_weekend_is_left_alone(house: MakeHouse) -> None:
    built = house({"days": "mon-fri"})
    built.at("2026-03-07T00:00")
    built.tick_through(47)
    assert built.done == []


def test_down_at_its_time_it_is_caught_up_within_the_window(house: MakeHouse) -> None:
    assert house().tick("2026-03-06T10:29") == ["send 2026-03-06"]


def test_down_for_longer_nothing_is_sent(house: MakeHouse) -> None:
    built = house()
    assert built.tick("2026-03-06T06:00") == ["prepare 2026-03-06"]
    assert built.tick("2026-03-06T10:31") == ["skip 2026-03-06"]
    assert built.state() == "skipped"
    assert find_edition(built.app.database, None)[0].reason == "missed its time"
    built.tick_through(10)
    assert built.backend.messages == []


@pytest.mark.parametrize("day", [date(2027, 3, 28), date(2027, 10, 31)], ids=["spring", "autumn"])
def test_a_clock_change_sends_once(house: MakeHouse, day: date) -> None:
    built = house({"at": "02:30"})
    built.at(f"{day - timedelta(days=1)}T22:00")
    built.tick_through(14)
    assert built.done == [f"prepare {day}", f"send {day}"]
    assert len(built.backend.messages) == 1


def test_a_clock_that_is_set_back_sends_no_second_edition(house: MakeHouse) -> None:
    built = house()
    built.tick("2026-03-06T06:30")
    built.at("2026-03-05T20:00")
    built.tick_through(12)
    assert [work for work in built.done if work.endswith("06")] == ["send 2026-03-06"]
    assert len(built.backend.messages) == 1


def test_an_edition_just_after_midnight(house: MakeHouse) -> None:
    built = house({"at": "00:10"})
    assert built.tick("2026-03-05T23:45") == ["prepare 2026-03-06"]
    assert built.tick("2026-03-06T00:10") == ["send 2026-03-06"]


def test_unapproved_it_is_held_and_approved_it_goes(house: MakeHouse) -> None:
    built = house({"approval": "required"})
    built.tick("2026-03-06T06:00")
    assert built.state() == "in_review"
    assert built.tick("2026-03-06T06:30") == ["hold 2026-03-06"]
    assert built.tick("2026-03-06T06:31") == []
    edition, _ = find_edition(built.app.database, None)
    assert (str(edition.state), edition.reason) == ("held", "was not approved by its time")
    review_edition(built.app.database, edition, "approve", built.app.clock())
    assert built.tick("2026-03-06T07:00") == ["send 2026-03-06"]
    assert len(built.backend.messages) == 1


def test_unapproved_it_is_sent_where_the_settings_say_so(house: MakeHouse) -> None:
    built = house({"approval": "required", "if_unapproved": "send"})
    built.tick("2026-03-06T06:00")
    assert built.tick("2026-03-06T06:29") == []
    assert built.tick("2026-03-06T06:30") == ["send 2026-03-06"]
    assert len(built.backend.messages) == 1


@pytest.mark.parametrize("decision", ["hold", "cancel"])
def test_what_people_decided_stands(house: MakeHouse, decision: str) -> None:
    built = house()
    built.tick("2026-03-06T06:00")
    edition, _ = find_edition(built.app.database, None)
    review_edition(built.app.database, edition, decision, built.app.clock())
    built.tick_through(12)
    assert built.backend.messages == []


def test_what_was_paused_waits_for_people(house: MakeHouse, caplog: pytest.LogCaptureFixture) -> None:
    built = house()

    def refuse(_message: Message) -> Outcome:
        raise PausedError("The login was refused.")

    built.backend.answer = refuse
    assert built.tick("2026-03-06T06:30") == []
    assert "The login was refused." in caplog.text
    assert built.state() == "paused"
    built.backend.answer = lambda _message: TAKEN
    built.tick_through(3)
    assert built.backend.messages == []


def test_deferred_ones_are_tried_again_when_they_are_due(house: MakeHouse) -> None:
    built = house()
    tries: list[datetime] = []

    def greylist(_message: Message) -> Outcome:
        tries.append(built.now())
        again = built.now() + timedelta(minutes=20)
        return TAKEN if len(tries) > 1 else Outcome(state=DeliveryState.DEFERRED, reason="temporary", next_try=again)

    built.backend.answer = greylist
    built.tick("2026-03-06T06:30")
    assert built.state() == "sending"
    built.tick_through(1, minutes=5)
    assert [moment - tries[0] for moment in tries] == [timedelta(), timedelta(minutes=20)]
    assert built.state() == "sent"


def test_an_old_edition_that_was_broken_off_goes_on(house: MakeHouse) -> None:
    built = house()
    built.at("2026-03-06T12:00")
    long_ago = date(2026, 2, 1)
    built.app.gather(built.app.sources(), long_ago)
    number = built.app.prepare(built.app.newsletters()[0], long_ago).edition.number
    sender = built.app.sender()
    sender.stop()
    assert sender.send(number, built.app.prices).submitted == 0
    assert find_edition(built.app.database, number)[0].state == "sending"
    assert "send 2026-02-01" in built.tick()
    assert find_edition(built.app.database, number)[0].state == "sent"


def test_one_newsletter_that_fails_keeps_no_other(house: MakeHouse, caplog: pytest.LogCaptureFixture) -> None:
    def newsletter(slug: str, **values: Any) -> dict[str, Any]:
        return {"slug": slug, "name": slug, "lists": ["morgen"], "days": "daily"} | values

    built = house(newsletters=[newsletter("a", template="kaputt"), newsletter("b", lists=["keine"]), newsletter("c")])
    assert built.tick("2026-03-06T06:30") == ["send 2026-03-06"]
    assert len(built.backend.messages) == 1
    assert "kaputt" in caplog.text
    assert "no list keine" in caplog.text


def test_two_clocks_on_one_database_send_once(house: MakeHouse, make_app: MakeApp) -> None:
    built = house()
    built.at("2026-03-06T06:30")
    other = Clock(make_app(backend=built.backend))
    with ThreadPoolExecutor(2) as threads:
        for future in [threads.submit(clock.tick) for clock in (built.clock, other) * 3]:
            future.result()
    assert len(built.backend.messages) == 1
    assert built.state() == "sent"


def test_after_stop_nothing_is_begun(house: MakeHouse) -> None:
    built = house()
    built.at("2026-03-06T06:30")
    built.clock.start()
    built.clock.stop()
    seen = len(built.backend.messages)
    assert built.tick() == []
    assert len(built.backend.messages) == seen


def test_the_command_runs_until_it_is_stopped(start_digest: Any, make_config: Any, tmp_path: Path, digest: Any) -> None:
    """The real command on the real clock: a newsletter that was due a moment ago is caught up at the start."""
    hour = datetime.now(UTC).hour
    zone = ZoneInfo("Etc/GMT+6" if hour in (0, 23) else "UTC")  # where no midnight is near
    at = datetime.now(zone) - timedelta(minutes=1)
    make_config({"at": f"{at:%H:%M}"}, site={"time_zone": zone.key})
    digest("lists", "create", "morgen")
    digest("subscribers", "add", "anna@probe.example", "--list", "morgen", "--consent", "test")
    process = start_digest("schedule")
    new = tmp_path / "var/outbox/new"
    deadline = time.monotonic() + 30
    while not (new.is_dir() and any(new.iterdir())):
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert output == ""
    assert "Traceback" not in errors
    assert "next at" in errors
    assert len(list(new.iterdir())) == 1
