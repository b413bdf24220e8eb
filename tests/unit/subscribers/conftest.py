"""A database in memory for each test, with one list in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

from subscribers.addresses import parse_address
from subscribers.lists import create_list
from subscribers.model import Profile, Subscriber
from subscribers.repository import add_subscriber
from subscribers.tables import metadata

SECRET = b"a secret of the tests, 32 octets"
NOW = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)


@pytest.fixture
def secret() -> bytes:
    return SECRET


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def keep_references(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA foreign_keys = ON")

    metadata.create_all(engine)
    with engine.begin() as conn:
        create_list(conn, "morgen", "Am Morgen", now=NOW)
    yield engine
    engine.dispose()


@pytest.fixture
def conn(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as connection:
        yield connection


@pytest.fixture
def person(conn: Connection) -> Callable[..., Subscriber]:
    """Adds a subscriber of that address."""

    def add(email: str, **values: Any) -> Subscriber:
        return add_subscriber(conn, parse_address(email), Profile(**values), secret=SECRET, now=NOW)

    return add
