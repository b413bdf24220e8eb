"""digest prune: what goes, what stays, and that the database gets smaller."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.deliver.memory import MemoryBackend
from digest.errors import SettingsError
from digest.model.market import Snapshot
from digest.storage import prune
from digest.storage.deliveries import deliveries_of, frozen_recipient
from digest.storage.editions import load_shell
from digest.storage.old_files import drop_answers
from digest.storage.sender_lock import sender_lock
from digest.storage.shrink import free_room, shrink
from digest.storage.snapshots import latest_snapshot, save_snapshot
from digest.tasks.archive_edition import archived_editions
from subscribers.audit import list_changes

DAY = timedelta(days=1)


@pytest.fixture
def sent(make_app: Callable[..., Any], add_person: Any, add_articles: Any, now: Any) -> Any:
    """An app whose edition of today was sent to one reader; `sent.number` is its number, `sent.person` the reader."""
    app = make_app(backend=MemoryBackend(), retention={"articles_days": 20, "details_days": 30, "deliveries_days": 100})
    app.person = add_person(app, "a@probe.example")
    add_articles(app, ("Heute", now() - timedelta(hours=2)))
    app.number = app.prepare(app.newsletters()[0], app.today()).edition.number
    app.sender().send(app.number, app.prices)
    return app


def deleted(app: Any, **options: Any) -> dict[str, int]:
    """What went, without what did not."""
    return {name: number for name, number in app.prune(who="test", **options).deleted.items() if number}


def test_nothing_goes_before_its_time(sent: Any, now: Any) -> None:
    now.moment += 19 * DAY
    assert deleted(sent) == {}


def test_articles_and_snapshots_go_but_for_the_newest(sent: Any, now: Any) -> None:
    with sent.database.write() as connection:
        save_snapshot(connection, Snapshot(taken_at=now() - DAY, provider="sample", quotes=()))
    now.moment += 21 * DAY
    assert deleted(sent, dry_run=True) == {"articles": 1, "snapshots": 1}
    assert deleted(sent) == {"articles": 1, "snapshots": 1}
    assert deleted(sent) == {}
    with sent.database.read() as connection:
        assert latest_snapshot(connection) is not None
        [change] = list_changes(connection, subject="retention")
    assert (change.who, change.detail) == ("test", {"articles": "1", "snapshots": "1"})


def test_what_a_source_still_lists_stays(sent: Any, add_articles: Any, now: Any) -> None:
    published = now() - timedelta(hours=2)
    now.moment += 21 * DAY
    add_articles(sent, ("Heute", published))
    assert "articles" not in deleted(sent)


def test_a_long_look_back_keeps_its_articles(make_app: Callable[..., Any], add_articles: Any, now: Any) -> None:
    app = make_app({"lookback_hours": 24 * 30}, retention={"articles_days": 1})
    add_articles(app, ("Heute", now()))
    now.moment += 30 * DAY
    assert deleted(app) == {}
    now.moment += 8 * DAY
    assert deleted(app) == {"articles": 1}


def test_details_of_a_delivery_go_and_the_archive_stays(sent: Any, now: Any) -> None:
    now.moment += 31 * DAY
    gone = deleted(sent)
    assert (gone["details of deliveries"], gone["looks of editions"]) == (1, 1)
    with sent.database.read() as connection:
        [row] = deliveries_of(connection, sent.person.id)
        assert frozen_recipient(connection, sent.number, sent.person.id) is None
        with pytest.raises(Exception, match="prepared edition"):
            load_shell(connection, sent.number)
    assert (row.state, row.reply) == ("submitted", "")
    assert archived_editions(sent.database, "morgen", (now() - 31 * DAY).date())
    assert deleted(sent) == {}


def test_deliveries_go_last_and_the_figures_stay(sent: Any, now: Any) -> None:
    now.moment += 101 * DAY
    assert deleted(sent, dry_run=True)["deliveries"] == 1
    assert deleted(sent)["deliveries"] == 1
    status = sent.sending_status(sent.number)[0]
    assert status.deliveries["submitted"] == 1


def test_old_letters_go_with_their_deliveries(make_app: Callable[..., Any], now: Any) -> None:
    from digest.storage.tables import deliveries, editions

    app = make_app()
    with app.database.write() as connection:
        for state in ("sent", "approved"):
            values = {"newsletter": "morgen", "kind": "letter", "day": app.today(), "at": now(), "state": state}
            values |= {"reason": "", "content_hash": "", "approved_hash": ""}
            number = connection.execute(editions.insert().values(values).returning(editions.c.id)).scalar_one()
            ledger = {"edition_id": number, "subscriber_id": 1, "state": "submitted", "reason": "", "reply": "250 ok"}
            connection.execute(deliveries.insert().values(ledger | {"attempts": 1, "choice": b"", "recipient": b"x"}))
    now.moment += 61 * DAY
    assert deleted(app) == {"details of deliveries": 1}
    now.moment += 400 * DAY
    assert deleted(app) == {"deliveries": 1, "letters": 1}


def test_an_edition_that_is_not_done_loses_nothing(sent: Any, now: Any) -> None:
    with sent.database.write() as connection:
        connection.exec_driver_sql("UPDATE editions SET state = 'paused'")
    now.moment += 500 * DAY
    assert set(deleted(sent)) <= {"articles", "snapshots"}


def test_many_rows_go_in_small_steps(sent: Any, now: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from digest.storage.tables import deliveries

    with sent.database.write() as connection:
        rows = [
            {
                "edition_id": sent.number,
                "subscriber_id": 100 + number,
                "state": "submitted",
                "reason": "",
                "reply": "ok",
            }
            | {"attempts": 1, "choice": b"", "recipient": b"x" * 200}
            for number in range(prune.AT_ONCE * 2 + 5)
        ]
        connection.execute(deliveries.insert(), rows)
    now.moment += 31 * DAY
    assert deleted(sent)["details of deliveries"] == len(rows) + 1
    now.moment += 70 * DAY
    assert deleted(sent)["deliveries"] == len(rows) + 1


def test_the_file_gets_smaller_but_not_while_mail_leaves(sent: Any, now: Any) -> None:
    with sent.database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE bulk (filler BLOB)")
        connection.exec_driver_sql("INSERT INTO bulk SELECT randomblob(1000000) FROM (VALUES (1), (2), (3), (4), (5))")
        connection.exec_driver_sql("DROP TABLE bulk")
    file = sent.database.file
    with sender_lock(file):
        report = sent.prune(who="test")
    assert "is being sent" in report.note
    assert report.octets_after == report.octets_before
    report = sent.prune(who="test")
    assert report.note == ""
    assert report.octets_after < report.octets_before / 2
    assert free_room(file)[0] == 0
    assert file.stat().st_size == report.octets_after
    # Whoever has it open goes on.
    with sent.database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA quick_check").scalar() == "ok"


def test_a_full_disk_leaves_the_file_as_it_is(sent: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    usage = shutil.disk_usage(sent.database.file.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=1000))
    assert "no room" in shrink(sent.database.file)


def test_pictures_that_nobody_shows_go(sent: Any, now: Any) -> None:
    folder = sent.pictures_folder
    folder.mkdir()
    used, unused, young = (folder / f"{digit * 64}.jpg" for digit in "abc")
    half = folder / "x.part"
    for file in (used, unused, young, half, folder / "notes.txt"):
        file.write_bytes(b"x")
        os.utime(file, times=(now().timestamp(),) * 2)
    with sent.database.write() as connection:
        connection.exec_driver_sql(
            'UPDATE editions SET content = CAST(replace(CAST(content AS TEXT), \'"picture":""\', ?) AS BLOB)',
            (f'"picture":"https://probe.example/bilder/{used.name}"',),
        )
    now.moment += 3 * DAY
    os.utime(young, times=(now().timestamp(),) * 2)
    assert deleted(sent) == {"pictures": 2}
    assert sorted(file.name for file in folder.iterdir()) == sorted([used.name, young.name, "notes.txt"])


def test_refused_rows_and_left_overs_go(sent: Any, now: Any) -> None:
    sent.imports_folder.mkdir()
    refused = sent.imports_folder / "1.csv"
    refused.write_text("email\nx\n", "utf-8")
    left = sent.pictures_folder.parent / ".backup-abc"
    left.mkdir()
    (left / "digest.db").write_bytes(b"x")
    for place in (refused, left):
        os.utime(place, times=(now().timestamp(),) * 2)
    now.moment += 2 * DAY
    assert deleted(sent) == {"left by killed backups": 1}
    now.moment += 17 * DAY
    assert refused.exists()
    now.moment += 12 * DAY
    assert deleted(sent)["refused rows of imports"] == 1
    assert not refused.exists()


def test_answers_of_sources_that_nobody_asks_for_go(
    tmp_path: Path, make_config: Any, httpserver: Any, now: Any
) -> None:
    from digest.gather.fetch import Fetcher
    from digest.gather.settings import GatherSettings

    httpserver.expect_request("/x").respond_with_data("x", headers={"ETag": '"1"'})
    cache = tmp_path / "http-cache.db"
    with Fetcher(GatherSettings(), cache=cache) as fetcher:
        fetcher.get(httpserver.url_for("/x"), trusted=True)
    from datetime import UTC, datetime

    assert drop_answers(cache, datetime.now(UTC) - DAY) == 0
    assert drop_answers(cache, datetime.now(UTC) + DAY) == 1
    assert sqlite3.connect(cache).execute("SELECT count(*) FROM streams").fetchone() == (0,)
    cache.write_bytes(b"damaged " * 1000)
    assert drop_answers(cache, datetime.now(UTC)) == 1
    assert not cache.exists()


@pytest.mark.parametrize(
    ("retention", "said"),
    [
        ({"articles_days": 0}, "articles_days must be at least 1"),
        ({"details_days": 14}, "details_days must be at least 15"),
        ({"details_days": 60, "deliveries_days": 59}, "deliveries_days must be at least as many"),
        ({"days": 1}, "retention.days"),
    ],
)
def test_wrong_settings_are_said(make_app: Callable[..., Any], retention: dict[str, int], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        make_app(retention=retention)


def test_by_command(make_app: Callable[..., Any], digest: Any) -> None:
    make_app().close()
    ran = digest("prune", "--json")
    assert ran.exit_code == 0
    assert ran.json["deleted"]["articles"] == 0
    assert digest("prune", "--dry-run", "--json").json["dry_run"] is True
    assert "There is nothing to delete." in digest("prune").stdout
