"""Opening databases: missing, old, new, broken and somebody else's."""

from __future__ import annotations

import multiprocessing
import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, func, select, text

from digest.errors import OutdatedDatabaseError, StorageError
from digest.storage.database import SCHEMA_VERSION, Database, open_database
from digest.storage.migrate import alembic_config
from digest.storage.tables import articles, metadata
from subscribers.tables import lists


def version_of(file: Path) -> str:
    with sqlite3.connect(file) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def set_version(file: Path, version: str) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [version])


def test_a_missing_database_is_made_with_its_folder(tmp_path: Path) -> None:
    file = tmp_path / "a" / "b" / "digest.db"
    database = open_database(f"sqlite:///{file}")
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(lists)).scalar() == 0
    database.close()
    assert version_of(file) == SCHEMA_VERSION


def test_an_empty_file_counts_as_missing(tmp_path: Path) -> None:
    (tmp_path / "digest.db").touch()
    open_database(f"sqlite:///{tmp_path / 'digest.db'}").close()
    assert version_of(tmp_path / "digest.db") == SCHEMA_VERSION


def test_a_path_is_taken_as_it_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "100% wahr? #1"
    open_database(f"sqlite:///{folder / 'ä.db'}").close()
    assert (folder / "ä.db").is_file()


def test_the_migrations_make_what_the_tables_say(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(context, metadata) == []


def test_the_migrated_schema_is_the_very_one_of_the_tables(database_file: Path, tmp_path: Path) -> None:
    """What Alembic does not compare: partial indexes, AUTOINCREMENT, WITHOUT ROWID, foreign keys' actions."""
    engine = create_engine(f"sqlite:///{tmp_path / 'made.db'}")
    metadata.create_all(engine)
    engine.dispose()

    def schema(file: Path) -> dict[str, list[str]]:
        with sqlite3.connect(file) as connection:
            rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        # The clauses of a table, whatever their order.
        bare = {name: "".join(sql.replace('"', "").split()) for name, sql in rows if name != "alembic_version"}
        return {name: sorted(re.split("[,()]", sql)) for name, sql in bare.items()}

    assert schema(database_file) == schema(tmp_path / "made.db")


def test_the_programs_version_is_the_newest_migration() -> None:
    script = ScriptDirectory.from_config(alembic_config())
    assert script.get_heads() == [SCHEMA_VERSION]


def test_an_older_database_names_the_command(database_file: Path) -> None:
    set_version(database_file, "0000")
    with pytest.raises(OutdatedDatabaseError, match="digest migrate") as refused:
        open_database(f"sqlite:///{database_file}")
    assert refused.value.exit_code == 2


def test_a_newer_database_is_left_alone(database_file: Path) -> None:
    set_version(database_file, "9999")
    for migrate in (False, True):
        with pytest.raises(StorageError, match="newer than this program") as refused:
            open_database(f"sqlite:///{database_file}", migrate=migrate)
        assert refused.value.exit_code == 1
    assert version_of(database_file) == "9999"


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'digest.db'}"
    for _ in range(2):
        open_database(url, migrate=True).close()
    assert version_of(tmp_path / "digest.db") == SCHEMA_VERSION


def no_database(file: Path) -> None:
    file.write_bytes(b"This is a letter, and no database at all. " * 200)


def folder(file: Path) -> None:
    file.mkdir()


def below_a_file(file: Path) -> None:
    file.parent.rmdir()
    file.parent.write_text("x")


def torn(file: Path) -> None:
    open_database(f"sqlite:///{file}").close()
    content = file.read_bytes()
    file.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))


def of_another_program(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE bookmarks (id INTEGER)")


def of_another_program_with_alembic(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('8c2f7a91d0b4')")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (no_database, "not a database"),
        (folder, "cannot be used"),
        (below_a_file, "cannot be made"),
        (torn, "malformed|not a database"),
        (of_another_program, "another program"),
        (of_another_program_with_alembic, "another program"),
    ],
)
@pytest.mark.parametrize("migrate", [False, True])
def test_what_cannot_be_used_is_a_sentence(
    tmp_path: Path, spoil: Callable[[Path], None], says: str, migrate: bool
) -> None:
    file = tmp_path / "var" / "digest.db"
    file.parent.mkdir()
    spoil(file)
    with pytest.raises(StorageError, match=says) as refused:
        open_database(f"sqlite:///{file}", migrate=migrate)
    assert str(file) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.exit_code == 1


@pytest.mark.parametrize("url", ["postgresql://user:geheim@host:port/name", "postgresql://user:geheim@[::1/name"])
def test_a_broken_address_is_a_sentence_without_its_password(url: str) -> None:
    with pytest.raises(StorageError) as refused:
        open_database(url)
    assert "geheim" not in str(refused.value)


def test_a_fault_in_a_transaction_is_a_sentence_and_undone(database: Database) -> None:
    def go_wrong() -> None:
        with database.write() as connection:
            connection.execute(text("DELETE FROM lists"))
            connection.execute(text("DELETE FROM nowhere"))

    with pytest.raises(StorageError, match="no such table"):
        go_wrong()
    with database.read() as connection:
        assert connection.execute(select(lists.c.slug)).scalars().all() == ["morgen"]


@pytest.mark.parametrize(("durability", "level"), [("process", 1), ("power", 2)])
def test_durability(database_file: Path, durability: Any, level: int) -> None:
    database = open_database(f"sqlite:///{database_file}", durability=durability)
    with database.read() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar() == level
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
        assert connection.execute(text("PRAGMA secure_delete")).scalar() == 1
    database.close()


def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    with database.write() as writing:
        writing.execute(text("DELETE FROM lists"))
        with database.read() as reading:
            assert reading.execute(select(lists.c.slug)).scalars().all() == ["morgen"]


def count_up(file: str, ready: Any, times: int) -> None:
    database = open_database(f"sqlite:///{file}")
    ready.wait(30)
    for _ in range(times):
        with database.write() as connection:
            # Read, then written in one transaction: two such must wait for each other, not fail.
            count = connection.execute(select(func.count()).select_from(articles)).scalar()
            connection.execute(
                text(
                    "INSERT INTO articles (key, source, first_seen, last_seen, article) "
                    "VALUES (:key, 's', '2026-01-01', '2026-01-01', x'00')"
                ),
                {"key": str(count)},
            )
    database.close()


@pytest.mark.parametrize("begun", [True, False], ids=["with tables", "made by both at once"])
def test_two_processes_write_one_database(tmp_path: Path, empty_database: Path, begun: bool) -> None:
    file = tmp_path / "digest.db"
    if begun:
        shutil.copy(empty_database, file)
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(2)
    processes = [context.Process(target=count_up, args=(str(file), ready, 20), daemon=True) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT count(*), count(DISTINCT key) FROM articles").fetchone() == (40, 40)
