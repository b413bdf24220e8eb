"""What the clock asks of a newsletter, as tables."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from digest.model.edition import EditionState
from digest.model.newsletter import Newsletter
from digest.tasks.due_work import Verb, due_work, next_appearance, next_moment

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


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"days": "mon-fri"}, ["Mon 2026-03-09 06:00", "Mon 2026-03-09 06:30"]),
        ({"days": "sun"}, ["Sun 2026-03-08 06:00", "Sun 2026-03-08 06:30"]),
        ({"days": "daily", "at": "18:15", "prepare_at": "17:00"}, ["Fri 2026-03-06 17:00", "Fri 2026-03-06 18:15"]),
        ({"days": "daily", "at": "00:10"}, ["Fri 2026-03-06 23:40", "Sat 2026-03-07 00:10"]),
        ({"days": "daily", "prepare_at": "22:00"}, ["Sat 2026-03-07 06:30", "Fri 2026-03-06 22:00"]),
        ({"days": "daily", "prepare_at": "05:00", "remind_at": "05:15"},
         ["Sat 2026-03-07 05:00", "Sat 2026-03-07 05:15"]),
        ({"days": "daily", "remind_at": "05:15"}, ["Sat 2026-03-07 05:15", "Sat 2026-03-07 06:30"]),
        ({"days": "daily", "remind_at": "22:30"}, ["Fri 2026-03-06 22:30", "Sat 2026-03-07 06:30"]),
        ({"days": "daily", "holidays": "DE-BE", "at": "02:30"}, ["Sat 2026-03-07 02:00", "Sat 2026-03-07 02:30"]),
    ],
)  # fmt: skip
def test_when_next_there_is_something_to_do(values: dict[str, object], expected: list[str]) -> None:
    wanted, moment = newsletter(**values), datetime(2026, 3, 6, 12, tzinfo=BERLIN)
    found = []
    for _ in expected:
        following = next_moment(wanted, moment, BERLIN)
        assert following is not None
        moment = following
        found.append(f"{moment:%a %Y-%m-%d %H:%M}")
    assert sorted(found) == sorted(expected)


def test_the_next_moments_of_a_night_without_half_past_two() -> None:
    wanted, moment = newsletter(at="02:30", days="daily"), datetime(2027, 3, 28, 0, 0, tzinfo=UTC)
    for expected in ("2027-03-28T01:00", "2027-03-28T01:30", "2027-03-29T00:00", "2027-03-29T00:30"):
        following = next_moment(wanted, moment, BERLIN)
        assert following is not None
        moment = following.astimezone(UTC)
        assert moment.strftime("%Y-%m-%dT%H:%M") == expected


@pytest.mark.parametrize(
    ("text", "state", "values", "expected"),
    [
        ("2026-03-06T05:59", None, {"remind_at": "06:10"}, []),
        ("2026-03-06T06:10", None, {"remind_at": "06:10"}, [("prepare", TODAY)]),
        ("2026-03-06T06:09", _E.IN_REVIEW, {"remind_at": "06:10"}, []),
        ("2026-03-06T06:10", _E.IN_REVIEW, {"remind_at": "06:10"}, [("remind", TODAY)]),
        ("2026-03-06T06:10", _E.PREPARED, {"remind_at": "06:10"}, [("remind", TODAY)]),
        ("2026-03-06T06:10", _E.APPROVED, {"remind_at": "06:10"}, []),
        ("2026-03-06T06:10", _E.HELD, {"remind_at": "06:10"}, []),
        ("2026-03-06T06:30", _E.IN_REVIEW, {"remind_at": "06:10"}, [("hold", TODAY)]),
        ("2026-03-05T21:00", None, {"remind_at": "21:00"}, [("prepare", TODAY)]),
        ("2026-03-05T21:00", _E.IN_REVIEW, {"remind_at": "21:00"}, [("remind", TODAY)]),
        ("2026-03-06T05:00", _E.IN_REVIEW, {"prepare_at": "22:00", "remind_at": "05:00"}, [("remind", TODAY)]),
    ],
)
def test_editors_are_reminded(
    text: str, state: EditionState | None, values: dict[str, object], expected: list[tuple[str, str]]
) -> None:
    assert due(text, state, **values) == expected


def test_they_are_reminded_once() -> None:
    now = datetime(2026, 3, 6, 6, 15, tzinfo=BERLIN)
    wanted = newsletter(remind_at="06:10")

    def state_of(day: date) -> EditionState | None:
        return _E.IN_REVIEW if day == FRIDAY else _E.SENT if day < FRIDAY else None

    assert due_work(wanted, now, BERLIN, state_of, (), lambda day: day == FRIDAY) == []


@pytest.mark.parametrize(
    ("day", "place", "expected"),
    [
        (date(2027, 3, 8), "DE-BE", []),
        (date(2027, 3, 8), "DE-BY", [("send", "2027-03-08")]),
        (date(2027, 3, 8), "", [("send", "2027-03-08")]),
        (date(2026, 12, 25), "DE", []),
        (date(2026, 10, 26), "AT", []),
    ],
)
def test_holidays_bind_the_scheduler(day: date, place: str, expected: list[tuple[str, str]]) -> None:
    assert due(f"{day}T06:30", None, day=day, holidays=place) == expected
    assert due(f"{day}T12:00", _E.SENDING, day=day, holidays=place) == [("send", str(day))], "what has begun goes on"


def test_a_window_reaches_to_the_next_day_that_is_no_holiday() -> None:
    thursday = date(2026, 12, 24)
    late = {"late_window_hours": 100, "holidays": "DE", "days": "mon-fri"}
    assert due("2026-12-26T12:00", _E.PREPARED, day=thursday, **late) == [("send", "2026-12-24")]
    assert next_appearance(newsletter(**late), datetime(2026, 12, 24, 12, tzinfo=BERLIN), BERLIN) == datetime(
        2026, 12, 28, 6, 30, tzinfo=BERLIN
    )


@pytest.mark.parametrize("begun", [_E.SENDING, _E.PAUSED, _E.SENT])
@pytest.mark.parametrize(
    ("state", "expected"),
    [(None, []), (_E.PREPARED, [("skip", TODAY)]), (_E.IN_REVIEW, []), (_E.SENDING, [("send", TODAY)])],
)
def test_a_clock_that_was_set_back_begins_no_earlier_edition(
    begun: EditionState, state: EditionState | None, expected: list[tuple[str, str]]
) -> None:
    """Readers had tomorrow's already."""
    tomorrow = FRIDAY + timedelta(days=1)
    states: dict[date, EditionState | None] = {FRIDAY: state, tomorrow: begun}
    now = datetime(2026, 3, 6, 6, 30, tzinfo=BERLIN)
    works = due_work(newsletter(days="daily"), now, BERLIN, lambda day: states.get(day, _E.SENT), ())
    assert [(work.verb.value, work.day.isoformat()) for work in works if work.day == FRIDAY] == expected
