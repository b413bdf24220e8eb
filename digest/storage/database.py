"""Opening the database: SQLite (WAL) as shipped, PostgreSQL when grown up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from digest.errors import OutdatedDatabaseError, StorageError
from digest.storage.tables import metadata

#: The newest migration. A test holds it against `migrations/`.
SCHEMA_VERSION = "0002"
_BUSY_SECONDS = 30
_SQLITE = "sqlite:///"
#: Durability -> SQLite's synchronous: "process" survives kill -9, "power" a power cut as well.
_SYNCHRONOUS = {"process": "NORMAL", "power": "FULL"}


class Database:
    """One engine and its two kinds of transaction. Make it by `open_database`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._reading = engine.execution_options(read_only=True)
        #: Prepared statements go to the driver itself, and so do their errors.
        self._driver_error: type[Exception] = engine.dialect.loaded_dbapi.Error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads; on SQLite it never waits for a writer."""
        with self._sentences(), self._reading.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes; durable when the block ends. Raises StorageError where it cannot."""
        with self._sentences(), self.engine.begin() as connection:
            yield connection

    @property
    def file(self) -> Path | None:
        """The database file of SQLite, None for a server."""
        url = self.engine.url
        return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, self._driver_error) as problem:
            what = " ".join(str(getattr(problem, "orig", problem)).split()).rstrip(".")
            raise StorageError(f"The database {_shown(self.engine)} cannot be used: {what}.") from problem

    def close(self) -> None:
        self.engine.dispose()


def open_database(url: str, *, durability: Literal["process", "power"] = "process", migrate: bool = False) -> Database:
    """Open the database at `url`; a missing SQLite file is created, with all tables.

    With `migrate` an older one is brought up to date. Raises OutdatedDatabaseError for an older one without, and
    StorageError for one that cannot be opened or is of a newer version.
    """
    engine = _make_engine(url, durability)
    database = Database(engine)
    if database.file is not None:
        _make_folder(database.file)
    version = _read_version(database)
    if version == SCHEMA_VERSION:
        return database
    if version is not None and not re.fullmatch(r"\d{4}", version):
        raise _foreign(engine)
    if version is not None and version > SCHEMA_VERSION:
        raise StorageError(
            f"The database {_shown(engine)} is of version {version}, newer than this program, which knows "
            f"{SCHEMA_VERSION}. Install the newer program."
        )
    if version is not None and not migrate:
        raise OutdatedDatabaseError(
            f"The database {_shown(engine)} is of version {version}, the program needs {SCHEMA_VERSION}. "
            "Run `digest migrate`."
        )
    if version is None and not migrate and database.file is None:
        raise OutdatedDatabaseError(f"The database {_shown(engine)} has no tables yet. Run `digest migrate`.")
    from digest.storage.migrate import upgrade  # Alembic takes long to import and is seldom needed

    with database.write() as connection:
        upgrade(connection)
    return database


def _make_folder(file: Path) -> None:
    """The folder and an empty database in it, both for nobody else to read: they hold addresses and consents."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
    except (OSError, ValueError) as problem:
        what = getattr(problem, "strerror", None) or problem
        raise StorageError(f"The folder of the database {file} cannot be made: {what}.") from problem


def _read_version(database: Database) -> str | None:
    """The version that the database is of, None where it is empty. Raises StorageError for somebody else's."""
    with database.read() as connection:
        there = set(inspect(connection).get_table_names())
        if "alembic_version" in there:
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        # A server's database may well hold other tables; a file of our own does not.
        if there.intersection(metadata.tables) or (there and database.file is not None):
            raise _foreign(database.engine)
        return None


def _foreign(engine: Engine) -> StorageError:
    return StorageError(f"The database {_shown(engine)} belongs to another program; name another in `database.url`.")


def _make_engine(url: str, durability: str) -> Engine:
    try:
        # A path is taken as it is written: in a URL, `?` and `%` would mean something.
        file = url.removeprefix(_SQLITE) if url.startswith(_SQLITE) else None
        engine = create_engine(URL.create("sqlite", database=file) if file else make_url(url))
    except (ArgumentError, ValueError) as wrong:
        raise StorageError("The database's address in `database.url` cannot be read.") from wrong
    except (ModuleNotFoundError, NoSuchModuleError) as missing:
        raise StorageError(f"For a database at {make_url(url).host} install psycopg: pip install psycopg.") from missing
    if engine.dialect.name != "sqlite":
        return engine

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in (
            f"busy_timeout={_BUSY_SECONDS * 1000}",  # first, for the next one may have to wait
            "journal_mode=WAL",
            f"synchronous={_SYNCHRONOUS[durability]}",
            "foreign_keys=ON",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes its lock at once: SQLite refuses to wait when a reader turns into a writer.
        read_only = connection.get_execution_options().get("read_only")
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def _shown(engine: Engine) -> str:
    url = engine.url
    return url.database or "" if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)
