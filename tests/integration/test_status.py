"""digest status: what it says in each situation, for people and for scripts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text, update

from digest.model.delivery import DeliveryState
from digest.model.edition import EditionState
from digest.storage.progress import SendingProgress, save_progress
from digest.storage.tables import deliveries, editions
from digest.tasks.sending_status import EditionStatus, sending_status

Digest = Callable[..., Any]
MakeConfig = Callable[..., Path]

pytestmark = pytest.mark.usefixtures("at_home")
MORNING = datetime(2026, 3, 6, 5, 0, tzinfo=UTC)


@pytest.fixture
def at_home(make_config: MakeConfig, database_file: Path) -> None:
    make_config({"empty": "send"})


@pytest.fixture
def sending(make_app: Callable[..., Any]) -> Any:
    """An app with an edition that is being sent to three people; nobody has got it yet."""
    app = make_app({"empty": "send"})
    app.prepare(app.newsletters()[0], app.today())
    to_state(app, EditionState.SENDING)
    with app.database.write() as connection:
        enter(connection, range(1, 4))
        recount(connection)
    return app


def enter(connection: Any, subscribers: range) -> None:
    row = {"edition_id": 1, "state": DeliveryState.QUEUED, "reason": "", "reply": "", "attempts": 0, "choice": b""}
    connection.execute(insert(deliveries), [row | {"subscriber_id": subscriber} for subscriber in subscribers])


def recount(connection: Any) -> None:
    """Makes the counters anew from the rows, as the second migration does."""
    connection.execute(text("DELETE FROM delivery_counts"))
    connection.execute(
        text(
            "INSERT INTO delivery_counts (edition_id, state, reason, count) "
            "SELECT edition_id, CASE WHEN state IN ('claimed', 'in_flight') THEN 'queued' ELSE state END, "
            "CASE WHEN state IN ('queued', 'claimed', 'in_flight') THEN '' ELSE reason END, count(*) "
            "FROM deliveries GROUP BY 1, 2, 3"
        )
    )


def to_state(app: Any, state: EditionState, reason: str = "") -> None:
    with app.database.write() as connection:
        connection.execute(update(editions).values(state=state, reason=reason))


def say(app: Any, holder: str = "mail1:4711", **values: Any) -> None:
    now = app.clock()
    with app.database.write() as connection:
        save_progress(connection, 1, SendingProgress(**({"holder": holder, "at": now, "started_at": now} | values)))


def status(app: Any) -> EditionStatus:
    (found,) = app.sending_status()
    return found  # type: ignore[no-any-return]


def test_without_editions_it_says_what_to_do(digest: Digest) -> None:
    ran = digest("status")
    assert ran.exit_code == 0
    assert "digest prepare" in ran.stdout
    assert digest("status", "--json").json == {"editions": []}


def test_a_sent_edition_tells_its_counts(digest: Digest, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("email\nanna@probe.example\nbert@probe.example\n", "utf-8")
    digest("lists", "create", "morgen", "--name", "Der Morgen")
    digest("subscribers", "import", "people.csv", "--list", "morgen", "--consent", "test")
    digest("run")
    (told,) = digest("status", "--json").json["editions"]
    assert (told["edition"], told["newsletter"], told["state"]) == (1, "morgen", "sent")
    assert told["deliveries"] == {
        "queued": 0, "submitted": 2, "deferred": 0, "rejected": 0, "unknown": 0, "skipped": 0,
    }  # fmt: skip
    assert told["reasons"] == {}
    ran = digest("status")
    assert "Edition 1 of morgen" in ran.stdout
    assert "submitted: 2" in ran.stdout
    assert ran.stderr == ""


def test_claims_and_messages_in_flight_are_queued_and_reasons_are_told(sending: Any) -> None:
    rows = ((1, "claimed", ""), (2, "in_flight", ""), (3, "deferred", "domain_limit"))
    with sending.database.write() as connection:
        for row, state, reason in rows:
            connection.execute(
                update(deliveries).where(deliveries.c.id == row).values(state=DeliveryState(state), reason=reason)
            )
        recount(connection)
    found = status(sending)
    assert (found.deliveries[DeliveryState.QUEUED], found.deliveries[DeliveryState.DEFERRED]) == (2, 1)
    assert found.reasons == {DeliveryState.DEFERRED: {"domain_limit": 1}}
    assert (found.total, found.left) == (3, 3)


def test_a_running_sender_gives_rate_and_time_left(sending: Any) -> None:
    say(sending, rate=0.1, submitted=4)
    found = status(sending)
    assert (found.senders, found.rate, found.seconds_left) == (1, 0.1, 30.0)
    assert found.done_at == sending.clock() + timedelta(seconds=30)
    assert found.note == ""


def test_a_senders_own_estimate_goes_before_the_rate(sending: Any) -> None:
    say(sending, rate=10.0, done_at=sending.clock() + timedelta(hours=2))
    assert status(sending).seconds_left == 7200.0


def test_several_senders_add_up_and_only_what_all_wait_for_is_waited_for(sending: Any) -> None:
    soon, later = (sending.clock() + timedelta(minutes=minutes) for minutes in (5, 9))
    say(sending, rate=1.0, waiting_until=later, waiting_why="relay a allows 5/hour")
    say(sending, "mail2:12", rate=2.0)
    assert (status(sending).senders, status(sending).rate, status(sending).waiting_until) == (2, 3.0, None)
    say(sending, "mail2:12", rate=2.0, waiting_until=soon, waiting_why="relay b allows 9/hour")
    assert (status(sending).waiting_until, status(sending).waiting_why) == (soon, "relay b allows 9/hour")


def test_while_it_waits_only_an_estimate_that_knows_of_it_counts(sending: Any) -> None:
    until = sending.clock() + timedelta(minutes=5)
    for done_at, told in ((None, None), (sending.clock(), None), (until, until)):
        say(sending, rate=10.0, waiting_until=until, waiting_why="the limit of gmx.de is 1/minute", done_at=done_at)
        assert status(sending).done_at == told


def test_a_rate_of_next_to_nothing_foretells_nothing(sending: Any) -> None:
    say(sending, rate=1e-300)
    assert status(sending).done_at is None


def test_a_silent_sender_is_said_to_be_gone(sending: Any, now: Any) -> None:
    assert "no sender is working on it" in status(sending).note
    say(sending, rate=5.0, waiting_until=now() + timedelta(hours=1))
    heard = now()
    now.moment += timedelta(seconds=11)
    found = status(sending)
    assert "no sender is working on it" in found.note
    assert "digest send --edition 1" in found.note
    assert (found.senders, found.rate, found.waiting_until, found.done_at) == (0, 0.0, None, None)
    assert found.heard_at == heard


def test_a_paused_edition_says_why_and_how_to_go_on(sending: Any, digest: Digest) -> None:
    say(sending, rate=5.0)
    to_state(sending, EditionState.PAUSED, "mx.example answered '535 wrong password' to the login.")
    ran = digest("status")
    assert "paused: mx.example answered '535 wrong password'" in ran.stdout
    assert "`digest send --edition 1 --resume`" in ran.stdout
    assert "messages/s" not in ran.stdout


def test_people_are_told_what_is_waited_for(sending: Any, digest: Digest) -> None:
    real = datetime.now(UTC)
    waiting = {"waiting_until": real + timedelta(days=3), "waiting_why": "relay smtp.example:587 allows 500/hour"}
    say(sending, at=real, started_at=real, rate=1234.5, done_at=real + timedelta(days=4, hours=3), **waiting)
    lines = digest("status").stdout.splitlines()
    until = (real + timedelta(days=3)).astimezone(sending.settings.site.zone)
    assert f"  Waits until {until:%Y-%m-%d %H:%M:%S} because relay smtp.example:587 allows 500/hour." in lines
    assert any("1,234.5 messages/s, 3 left; done in about 4 d 3 h, at " in line for line in lines)
    told = digest("status", "--json").json["editions"][0]
    assert told["waiting_why"] == "relay smtp.example:587 allows 500/hour"
    assert datetime.fromisoformat(told["waiting_until"]) == real + timedelta(days=3)


def test_the_newest_of_each_newsletter_and_what_is_not_done(sending: Any, now: Any) -> None:
    now.moment += timedelta(days=1)
    sending.prepare(sending.newsletters()[0], sending.today())
    now.moment += timedelta(days=1)
    sending.prepare(sending.newsletters()[0], sending.today())
    assert [each.edition for each in sending.sending_status()] == [3, 1]
    assert [each.edition for each in sending.sending_status(2)] == [2]
    gone = sending_status(sending.database, now(), newest_of=["abend"])
    assert [each.edition for each in gone] == [1], "what is being sent is told though its newsletter is gone"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--edition", "99"), "no edition 99"),
        (("--edition", "1", "--newsletter", "abend"), "no newsletter abend"),
        (("--newsletter", "abend"), "no newsletter abend"),
        (("--watch", "--json"), "--watch draws on a terminal"),
        (("--watch",), "--watch draws on a terminal"),
        (("--edition", "eins"), "Invalid value"),
    ],
)
@pytest.mark.usefixtures("sending")
def test_what_does_not_exist_is_named(digest: Digest, arguments: tuple[str, ...], says: str) -> None:
    ran = digest("status", *arguments)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert says in ran.stderr


def test_what_a_server_said_is_no_markup_and_a_terminal_gets_a_table(
    sending: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from rich.console import Console

    from digest.cli.status import _drawn

    to_state(sending, EditionState.PAUSED, "mx.example answered '550 [bold red]no[/]'")
    Console(width=100).print(_drawn([status(sending)], sending.clock(), sending.settings.site.zone))
    said = capsys.readouterr().out
    assert "[bold red]no[/]" in said
    assert "queued" in said


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (99.4, "99 s"), (100, "2 min"), (5900, "98 min"), (7200, "2 h 0 min"), (3600 * 47.4, "47 h 24 min"),
     (3600 * 49, "2 d 1 h"), (86400 * 40, "40 d 0 h")],
)  # fmt: skip
def test_durations_in_words(seconds: float, words: str) -> None:
    from digest.cli.status import duration

    assert duration(seconds) == words


def test_counting_does_not_look_at_the_deliveries(sending: Any) -> None:
    """More rows, which the counters do not know of, are not seen: so they cost nothing, however many there are."""
    with sending.database.write() as connection:
        enter(connection, range(10, 1000))
    assert status(sending).total == 3
