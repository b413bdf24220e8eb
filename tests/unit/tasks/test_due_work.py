"""What the clock asks of a newsletter, as tables."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from digest.model.edition import EditionState
from digest.model.newsletter import Newsletter
from digest.tasks.due_work import Verb, due_work

BERLIN = ZoneInfo("Europe/Berlin")
FRIDAY = date(2026, 3, 6)
_E = EditionState


def newsletter(**values: object) -> Newsletter:
    return Newsletter(slug="morgen", name="Der Morgen", lists=("morgen",), **values)  # type: ignore[arg-type]


def due(
    text: str,
    state: EditionState | None = None,
    *,
    day: date = FRIDAY,
    unfinished: tuple[date, ...] = (),
    **values: object,
) -> list[tuple[str, str]]:
    """What is due at that time in Berlin, as (verb, day); `state` is that of the edition of `day`.

    Earlier ones are sent, later ones cancelled.
    """
    now = datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)

    def state_of(asked: date) -> EditionState | None:
        return state if asked == day else EditionState.SENT if asked < day else EditionState.CANCELLED

    works = due_work(newsletter(**values), now, BERLIN, state_of, unfinished)
    return [(work.verb.value, work.day.isoformat()) for work in works]


TODAY = FRIDAY.isoformat()


@pytest.mark.parametrize(
    ("at", "state", "values", "expected"),
    [
        ("2026-03-06T05:59", None, {}, []),
        ("2026-03-06T06:00", None, {}, [("prepare", TODAY)]),
        ("2026-03-06T06:10", _E.GATHERING, {}, [("prepare", TODAY)]),
        ("2026-03-06T06:10", _E.PREPARED, {}, []),
        ("2026-03-06T06:10", _E.IN_REVIEW, {}, []),
        ("2026-03-06T05:00", None, {"prepare_at": "05:00"}, [("prepare", TODAY)]),
        ("2026-03-06T06:30", _E.PREPARED, {}, [("send", TODAY)]),
        ("2026-03-06T06:30", _E.APPROVED, {}, [("send", TODAY)]),
        ("2026-03-06T06:30", None, {}, [("send", TODAY)]),
        ("2026-03-06T06:30", _E.IN_REVIEW, {}, [("hold", TODAY)]),
        ("2026-03-06T06:30", _E.IN_REVIEW, {"if_unapproved": "send"}, [("send", TODAY)]),
        ("2026-03-06T10:30", _E.PREPARED, {}, [("send", TODAY)]),
        ("2026-03-06T10:31", _E.PREPARED, {}, [("skip", TODAY)]),
        ("2026-03-06T10:31", None, {}, []),
        ("2026-03-06T06:40", _E.PREPARED, {"late": "skip"}, [("send", TODAY)]),
        ("2026-03-06T06:41", _E.PREPARED, {"late": "skip"}, [("skip", TODAY)]),
        ("2026-03-06T06:41", None, {"late": "skip"}, []),
        ("2026-03-06T08:31", _E.APPROVED, {"late_window_hours": 2}, [("skip", TODAY)]),
        ("2026-03-06T06:40", _E.APPROVED, {"late_window_hours": 0}, [("send", TODAY)]),
        *((f"2026-03-06T{at}", state, {}, [])
          for at in ("06:10", "06:30", "12:00")
          for state in (_E.SENT, _E.HELD, _E.PAUSED, _E.CANCELLED, _E.SKIPPED)),
        *((f"2026-03-06T{at}", _E.SENDING, {}, [("send", TODAY)]) for at in ("03:00", "06:31", "23:59")),
    ],
)  # fmt: skip
def test_a_day(at: str, state: EditionState | None, values: dict[str, object], expected: list[tuple[str, str]]) -> None:
    assert due(at, state, **values) == expected


def test_days_bind_the_scheduler() -> None:
    saturday = date(2026, 3, 7)
    assert due("2026-03-07T06:30", None, day=saturday) == []
    assert due("2026-03-07T06:30", None, day=saturday, days="daily") == [("send", "2026-03-07")]
    assert due("2026-03-07T06:30", _E.PREPARED, day=saturday) == []
    assert due("2026-03-07T12:00", _E.SENDING, day=saturday) == [("send", "2026-03-07")]


@pytest.mark.parametrize(
    ("at", "state", "expected"),
    [
        ("2026-03-05T23:39", None, []),
        ("2026-03-05T23:40", None, [("prepare", TODAY)]),
        ("2026-03-05T23:59", _E.PREPARED, []),
        ("2026-03-06T00:10", _E.PREPARED, [("send", TODAY)]),
    ],
)
def test_an_early_edition_is_prepared_before_midnight(
    at: str, state: EditionState | None, expected: list[tuple[str, str]]
) -> None:
    assert due(at, state, at="00:10") == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [("2026-03-07T00:30", [("send", TODAY)]), ("2026-03-07T01:31", [("skip", TODAY)])],
)
def test_the_late_window_reaches_over_midnight(at: str, expected: list[tuple[str, str]]) -> None:
    assert due(at, _E.PREPARED, at="23:30", late_window_hours=2) == expected


def test_there_are_never_several_editions_at_once() -> None:
    """However long the window: once the next one is due, the one before has missed its time."""
    now = datetime(2026, 3, 6, 6, 30, tzinfo=BERLIN)

    def verbs(moment: datetime) -> list[tuple[Verb, date]]:
        wanted = newsletter(days="daily", late_window_hours=72)
        return [
            (work.verb, work.day)
            for work in due_work(wanted, moment, BERLIN, lambda day: _E.PREPARED if day <= FRIDAY else None)
        ]

    thursday = FRIDAY - timedelta(days=1)
    assert [work for work in verbs(now - timedelta(seconds=1)) if work[0] is Verb.SEND] == [(Verb.SEND, thursday)]
    assert [work for work in verbs(now) if work[0] is Verb.SEND] == [(Verb.SEND, FRIDAY)]
    assert (Verb.SKIP, thursday) in verbs(now)


def test_a_long_window_reaches_over_a_weekend() -> None:
    assert due("2026-03-08T12:00", _E.PREPARED, late_window_hours=60) == [("send", TODAY)]


def test_what_is_being_sent_goes_on_however_old_it_is() -> None:
    long_ago = date(2025, 10, 17)
    assert due("2026-03-06T03:00", _E.SENDING, day=long_ago, unfinished=(long_ago,)) == [("send", "2025-10-17")]


@pytest.mark.parametrize(
    ("day", "prepare", "send"),
    [
        pytest.param(date(2027, 3, 28), "2027-03-28T01:00", "2027-03-28T01:30", id="02:30 does not exist"),
        pytest.param(date(2027, 10, 31), "2027-10-31T00:00", "2027-10-31T00:30", id="02:30 comes twice"),
    ],
)
def test_a_clock_change_sends_once(day: date, prepare: str, send: str) -> None:
    """Asked every minute of that day, with an edition whose state follows."""
    states: dict[date, EditionState] = {}
    wanted = newsletter(at="02:30", days="daily")
    done: list[tuple[str, str]] = []
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=3)
    for _ in range(24 * 60):
        moment += timedelta(minutes=1)
        for work in due_work(wanted, moment, BERLIN, states.get):
            if work.day == day:
                done.append((work.verb.value, moment.strftime("%Y-%m-%dT%H:%M")))
                states[day] = EditionState.PREPARED if work.verb is Verb.PREPARE else EditionState.SENT
    assert done == [("prepare", prepare), ("send", send)]
