"""digest backup and restore: whole or not at all, while mail leaves, and nothing leaves twice."""

from __future__ import annotations

import gzip
import io
import os
import sqlite3
import stat
import tarfile
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from digest.deliver.memory import MemoryBackend
from digest.errors import StorageError, UsageError
from digest.model.delivery import DeliveryState
from digest.model.edition import EditionState
from digest.storage import backup_file, editions
from digest.storage.backup import check_database, copy_database
from digest.storage.counts import count_deliveries
from digest.storage.database import open_database
from digest.tasks.restore import restore_backup, unpacked
from digest.tasks.review_edition import review_edition
from subscribers.audit import list_changes

Digest = Callable[..., Any]


@pytest.fixture
def filled(make_app: Callable[..., Any], add_person: Any, add_articles: Any, now: Any) -> Any:
    """An app with two readers, an article, a picture and an edition that is prepared."""
    app = make_app(backend=MemoryBackend())
    for name in ("a", "b"):
        add_person(app, f"{name}@probe.example")
    add_articles(app, ("Heute", now() - timedelta(hours=2)))
    app.pictures_folder.mkdir()
    (app.pictures_folder / f"{'0' * 64}.jpg").write_bytes(b"picture")
    app.prepare(app.newsletters()[0], app.today())
    return app


def restore(app: Any, file: str | Path) -> Any:
    app.database.close()
    with unpacked(Path(file), app.places) as backup:
        return restore_backup(
            backup, app.places, app.settings.newsletters, app.settings.site, who="test", now=app.clock()
        )


def names(file: str | Path) -> set[str]:
    with tarfile.open(file) as archive:
        return set(archive.getnames())


def test_what_is_in_a_backup_comes_back(filled: Any, now: Any) -> None:
    report = filled.backup()
    assert stat.S_IMODE(Path(report.file).stat().st_mode) == 0o600
    assert names(report.file) == {"digest.db", "secret", "config.toml", f"pictures/{'0' * 64}.jpg", "manifest.json"}
    secret = filled.places.secret.read_text("ascii")
    (filled.pictures_folder / f"{'0' * 64}.jpg").unlink()
    filled.places.secret.write_text("00" * 32, "ascii")
    with filled.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM subscriptions")
    now.moment += timedelta(minutes=1)
    restored = restore(filled, report.file)
    assert filled.places.secret.read_text("ascii") == secret
    assert stat.S_IMODE(filled.places.secret.stat().st_mode) == 0o600
    assert (filled.pictures_folder / f"{'0' * 64}.jpg").read_bytes() == b"picture"
    with filled.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM subscriptions").scalar() == 2
        [change] = list_changes(connection, subject="backup")
    assert (change.who, change.what) == ("test", "database.restore")
    # What stood there is kept, whole.
    [old] = [name for name in restored.kept if name.endswith("Z") and "digest.db" in name]
    assert check_database(Path(old))
    assert sqlite3.connect(old).execute("SELECT count(*) FROM subscriptions").fetchone() == (0,)


def test_nothing_that_was_sent_leaves_again(filled: Any, now: Any) -> None:
    newsletter, day = filled.newsletters()[0], filled.today()
    report = filled.backup()
    number = filled.regular_edition(newsletter, day).number
    filled.sender().send(number, filled.prices)
    assert len(filled._backend.messages) == 2
    now.moment += timedelta(hours=2)
    restored = restore(filled, report.file)
    [stopped] = restored.stopped
    assert (stopped.edition, stopped.state) == (number, EditionState.HELD)
    assert f"digest editions release {number}" in stopped.reason
    assert filled.prepare(newsletter, day).edition.state is EditionState.HELD
    with pytest.raises(Exception, match="is held"):
        filled.sender().send(number, filled.prices)
    assert len(filled._backend.messages) == 2


def test_days_of_which_the_backup_knows_nothing_are_held(filled: Any, now: Any) -> None:
    report = filled.backup()
    now.moment += timedelta(days=3)
    restored = restore(filled, report.file)
    with filled.database.read() as connection:
        held = [each for each in editions.list_editions(connection) if each.state is EditionState.HELD]
    assert [each.date for each in held] == [filled.today() - timedelta(days=back) for back in range(4)]
    assert len(restored.stopped) == 4
    # Tomorrow goes out by itself.
    now.moment += timedelta(days=1)
    assert filled.regular_edition(filled.newsletters()[0], filled.today()) is None


@pytest.mark.parametrize("later", [timedelta(hours=2), timedelta(days=1)])
def test_what_is_held_can_be_sent_as_it_is_said(filled: Any, add_articles: Any, now: Any, later: timedelta) -> None:
    """Also the edition of a day that the backup knows nothing of."""
    newsletter = filled.newsletters()[0]
    report = filled.backup()
    now.moment += later
    restore(filled, report.file)
    add_articles(filled, ("Danach", now() - timedelta(hours=1)))
    edition = review_edition(filled.database, filled.regular_edition(newsletter, filled.today()), "release", now())
    prepared = filled.prepare(newsletter, filled.today())
    assert prepared.edition.state is EditionState.PREPARED
    filled.sender().send(edition.number, filled.prices)
    assert len(filled._backend.messages) == 2


def test_an_edition_in_the_middle_of_being_sent_is_paused(filled: Any, now: Any) -> None:
    """Backed up between the two messages, restored after both have left."""
    newsletter = filled.newsletters()[0]
    number = filled.regular_edition(newsletter, filled.today()).number
    made: list[Any] = []

    class Halfway(MemoryBackend):
        def connect(self) -> Any:
            connection = super().connect()
            inner = connection.submit

            async def submit(message: Any) -> Any:
                outcome = await inner(message)
                if not made:
                    made.append(filled.backup())
                return outcome

            connection.submit = submit
            return connection

    filled._backend = Halfway()
    filled.sender().send(number, filled.prices)
    assert len(filled._backend.messages) == 2
    restored = restore(filled, made[0].file)
    [stopped] = restored.stopped
    assert stopped.state == EditionState.PAUSED
    assert f"digest send --edition {number} --resume" in stopped.reason
    filled._backend = MemoryBackend()
    with pytest.raises(Exception, match="paused"):
        filled.sender().send(number, filled.prices)
    assert filled._backend.messages == []


def test_who_still_waited_for_a_sent_edition_gets_it_no_more(filled: Any, now: Any) -> None:
    number = filled.regular_edition(filled.newsletters()[0], filled.today()).number
    filled.sender().send(number, filled.prices)
    filled.queue_again(number, "a@probe.example")
    report = filled.backup()
    filled.sender().send_late(number)
    restore(filled, report.file)
    assert filled.waiting_late() == []
    with filled.database.read() as connection:
        counts = count_deliveries(connection, number)
    assert counts == {(DeliveryState.SUBMITTED, ""): 1, (DeliveryState.SKIPPED, "cancelled"): 1}


def test_numbers_are_not_given_out_again(filled: Any, now: Any) -> None:
    """A link or a bounce of an edition that the backup does not know must not mean another one."""
    report = filled.backup()
    newsletter = filled.newsletters()[0]
    later = [filled.prepare(newsletter, filled.today() + timedelta(days=1)).edition.number]
    restore(filled, report.file)
    assert filled.prepare(newsletter, filled.today() + timedelta(days=2)).edition.number > max(later)


def test_a_damaged_database_is_replaced_and_kept(filled: Any) -> None:
    report = filled.backup()
    filled.database.close()
    file = filled.places.database
    with file.open("r+b") as opened:
        opened.write(b"not a database at all")
    restored = restore(filled, report.file)
    assert check_database(file)
    [kept] = [Path(name) for name in restored.kept if Path(name).name.startswith("digest.db")]
    assert kept.read_bytes().startswith(b"not a database at all")
    with filled.database.read() as connection:
        number = editions.list_editions(connection)[0].number
    # How far the numbers had come cannot be known: there is a wide margin.
    assert filled.prepare(filled.newsletters()[0], filled.today() + timedelta(days=1)).edition.number > number + 1000


def test_an_installation_that_runs_is_not_replaced(filled: Any) -> None:
    report = filled.backup()
    before = filled.places.database.stat().st_ino
    with sqlite3.connect(filled.places.database) as other:
        other.execute("SELECT count(*) FROM lists").fetchone()
        with pytest.raises(StorageError, match="is in use; stop"):
            restore(filled, report.file)
    other.close()
    assert filled.places.database.stat().st_ino == before
    assert not list(filled.places.database.parent.glob(".restore-*"))


def test_a_disk_that_fails_leaves_everything_as_it_was(
    filled: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = filled.backup()
    before = content_of(filled)
    replaced = Path.replace

    def fails(self: Path, target: Path) -> Path:
        if Path(target) == filled.places.secret and ".restore-" in str(self):
            raise OSError(28, "No space left on device")
        return replaced(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fails)
        with pytest.raises(StorageError, match="No space left"):
            restore(filled, report.file)
    assert content_of(filled) == before
    assert not list(tmp_path.rglob("*before-restore*"))


def content_of(app: Any) -> tuple[str, str]:
    """What database and secret hold, however it is spread over files."""
    app.database.close()
    with closing(sqlite3.connect(app.places.database)) as connection:
        return "\n".join(connection.iterdump()), app.places.secret.read_text("ascii")


def test_an_older_backup_is_brought_up_to_date_and_a_newer_one_refused(filled: Any, tmp_path: Path) -> None:
    filled.backup(tmp_path / "b.tar.gz")
    changed = repack(
        tmp_path / "b.tar.gz", tmp_path / "newer.tar.gz", "UPDATE alembic_version SET version_num = '9999'"
    )
    with pytest.raises(StorageError, match="newer than this program"):
        restore(filled, changed)
    assert filled.places.database.is_file()


def repack(file: Path, out: Path, statement: str) -> Path:
    """The backup with its database changed."""
    folder = out.with_suffix(".d")
    folder.mkdir()
    manifest = backup_file.unpack_backup(file, folder)
    with sqlite3.connect(folder / "digest.db") as connection:
        connection.execute(statement)
    connection.close()
    members = [(each.name, folder / each.name) for each in manifest.files]
    backup_file.write_backup(out, members, made_at=manifest.made_at, program="9", schema="9999")
    return out


def test_the_copy_is_consistent_while_others_write(tmp_path: Path, empty_database: Path) -> None:
    """Two rows that are always equal are so in every copy."""
    file = tmp_path / "live.db"
    file.write_bytes(empty_database.read_bytes())
    database = open_database(f"sqlite:///{file}")
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE pair (name TEXT, number INTEGER, filler TEXT)")
        connection.exec_driver_sql("INSERT INTO pair VALUES ('x', 0, ''), ('y', 0, '')")
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            with database.write() as connection:
                connection.exec_driver_sql("UPDATE pair SET number = number + 1, filler = hex(randomblob(20000))")

    worker = threading.Thread(target=work)
    worker.start()
    try:
        for number in range(5):
            copy_database(file, tmp_path / f"copy{number}.db")
    finally:
        stop.set()
        worker.join()
    seen = set()
    for number in range(5):
        rows = sqlite3.connect(tmp_path / f"copy{number}.db").execute("SELECT number FROM pair").fetchall()
        assert rows[0] == rows[1]
        seen.add(rows[0])
    assert len(seen) > 1
    database.close()


def test_only_so_many_are_kept(filled: Any, now: Any) -> None:
    made = []
    for _ in range(4):
        made.append(Path(filled.backup(keep=2).file))
        now.moment += timedelta(days=1)
    foreign = made[0].parent / "notes.tar.gz"
    foreign.write_bytes(b"")
    filled.backup(keep=1)
    assert sorted(file.name for file in made[0].parent.iterdir()) == [
        "digest-2026-03-10T05-00-00Z.tar.gz",
        "notes.tar.gz",
    ]


def test_an_existing_file_is_not_overwritten(filled: Any, tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(b"mine")
    with pytest.raises(UsageError, match="there already"):
        filled.backup(tmp_path / "mine")
    assert (tmp_path / "mine").read_bytes() == b"mine"


def test_a_folder_that_takes_nothing_is_a_sentence(filled: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be written"):
        filled.backup(tmp_path / "file" / "b.tar.gz")


# Files that are no backups

PARTS = {"digest.db": b"x", "secret": b"y"}


def archive(members: dict[str, bytes], **entry: Any) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as made:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for key, value in entry.items():
                setattr(info, key, value)
            made.addfile(info, io.BytesIO(content))
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no archive",
        gzip.compress(b"no archive either" * 100),
        archive(PARTS),
        archive({**PARTS, "manifest.json": b"{}"}),
        archive({**PARTS, "manifest.json": b"\xff\xfe"}),
        archive({"../../evil": b"x", **PARTS}),
        archive({"/etc/cron.d/evil": b"x"}),
        archive({"templates/../../evil": b"x"}),
        archive({"pictures/..": b""}),
        archive(PARTS, type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        archive(PARTS, type=tarfile.LNKTYPE, linkname="secret"),
        archive(PARTS, type=tarfile.CHRTYPE),
    ],
    ids=range(13),
)
def test_what_is_no_backup_is_refused_and_nothing_is_written(filled: Any, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(StorageError, match="no backup that can be used"):
        restore(filled, tmp_path / "file")
    assert [each for each in sorted(tmp_path.rglob("*")) if each not in before] == []


def test_every_flipped_octet_and_every_cut_is_noticed(filled: Any, tmp_path: Path) -> None:
    whole = Path(filled.backup(tmp_path / "b.tar.gz").file).read_bytes()
    places = [len(whole) * part // 12 for part in range(1, 12)]
    for number, at in enumerate(places):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        for spoiled in (whole[:at], whole[:at] + bytes([whole[at] ^ 0x40]) + whole[at + 1 :]):
            (tmp_path / "spoiled").write_bytes(spoiled)
            with pytest.raises(StorageError):
                backup_file.unpack_backup(tmp_path / "spoiled", folder)
            for file in folder.rglob("*"):
                if file.is_file():
                    file.unlink()


def test_a_member_that_is_larger_than_the_disk_is_refused(tmp_path: Path) -> None:
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb") as packed:
        info = tarfile.TarInfo("digest.db")
        info.size = 1 << 60
        packed.write(info.tobuf(tarfile.GNU_FORMAT))
    (tmp_path / "bomb").write_bytes(out.getvalue())
    (tmp_path / "into").mkdir()
    with pytest.raises(StorageError, match="bigger than there is room for"):
        backup_file.unpack_backup(tmp_path / "bomb", tmp_path / "into")


def test_a_manifest_of_another_format_says_so(tmp_path: Path) -> None:
    manifest = {"made_at": "2026-01-01T00:00:00Z", "program": "9", "schema": "9", "files": [], "format": 2}
    (tmp_path / "b").write_bytes(archive({"manifest.json": msgspec.json.encode(manifest)}))
    with pytest.raises(StorageError, match="format 2"):
        backup_file.unpack_backup(tmp_path / "b", tmp_path)


# By command


def test_by_command_onto_a_bare_machine(digest: Digest, tmp_path: Path) -> None:
    digest("init", "--yes")
    digest("subscribers", "add", "a@probe.example", "--list", "morgen", "--consent", "test")
    made = digest("backup", "--out", "b.tar.gz", "--json")
    assert made.exit_code == 0
    assert made.json["octets"] == os.stat(tmp_path / "b.tar.gz").st_size  # noqa: PTH116
    (tmp_path / "config.toml").unlink()
    (tmp_path / "var").rename(tmp_path / "lost")
    restored = digest("restore", "b.tar.gz", "--json")
    assert restored.exit_code == 0
    assert "config.toml" in restored.stderr
    assert restored.json["kept"] == []
    assert digest("subscribers", "show", "a@probe.example").exit_code == 0


def test_by_command_over_something_it_wants_a_word(digest: Digest, tmp_path: Path) -> None:
    digest("init", "--yes")
    digest("backup", "--out", "b.tar.gz")
    before = (tmp_path / "var" / "digest.db").read_bytes()
    refused = digest("restore", "b.tar.gz")
    assert refused.exit_code == 2
    assert "--yes" in refused.stderr
    assert (tmp_path / "var" / "digest.db").read_bytes() == before
    assert digest("restore", "b.tar.gz", "--yes").exit_code == 0
    assert digest("restore", "gone.tar.gz", "--yes").exit_code == 1
    assert digest("backup", "--out", "b.tar.gz").exit_code == 2
    assert digest("backup", "--out", "x", "--keep", "3").exit_code == 2
