"""Importing people from a CSV file, against one ORM insert per line, for the same people and the same rows."""

from __future__ import annotations

import csv
import random
import secrets
import tempfile
import time
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from sqlalchemy import Table
from sqlalchemy.orm import Session, registry

from benchmarks.result import Result
from digest.storage.database import Database, open_database
from subscribers.addresses import address_key, parse_address
from subscribers.consent import event_row
from subscribers.csv_import import import_csv
from subscribers.lists import create_list, get_list
from subscribers.model import Consent, ConsentEventKind, SubscriptionState
from subscribers.profile import read_profile
from subscribers.rows import new_row
from subscribers.tables import consent_events, subscribers, subscriptions

_PEOPLE, _BY_ORM = 100_000, 5_000
_SECRET, _SLUG, _CONSENT = bytes(32), "messung", "Messe 2025"
_NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
_FIRST, _LAST = ("Anna", "Jörg", "Žofie", "Ben"), ("Weber", "Müller", "von der Heide", "Groß")
_TOPICS, _DOMAINS = ("politik;krypto", "sport", "kultur;wirtschaft"), ("gmx.example", "web.example", "firma.example")


def measure() -> list[Result]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "people.csv"
        _write_people(file)
        ours = _ours(_database(Path(folder), "ours"), file)
        by_orm = _by_orm(_database(Path(folder), "orm"), file)
    return [
        Result(
            what=f"people/s, {_PEOPLE:,} imported from CSV",
            figure=f"{ours:,.0f}",
            reference="one ORM insert per line",
            reference_figure=f"{by_orm:,.0f}",
            ratio=ours / by_orm,
            aim="5 or more",
        )
    ]


def _write_people(file: Path) -> None:
    chance = random.Random(7)
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("email", "first_name", "last_name", "salutation", "form", "topics", "coins"))
        for number in range(_PEOPLE):
            writer.writerow(
                (
                    f"leser{number}@{chance.choice(_DOMAINS)}",
                    chance.choice(_FIRST),
                    chance.choice(_LAST),
                    chance.choice(("Frau", "Herr", "")),
                    chance.choice(("Sie", "du")),
                    chance.choice(_TOPICS),
                    "BTC;ETH",
                )
            )


def _database(folder: Path, name: str) -> Database:
    database = open_database(f"sqlite:///{folder / name}.db")
    with database.write() as connection:
        create_list(connection, _SLUG, "Messung", now=_NOW)
    return database


def _ours(database: Database, file: Path) -> float:
    started = time.perf_counter()
    report = import_csv(database.write, file, list_slug=_SLUG, consent=_CONSENT, secret=_SECRET, now=_NOW, zone=UTC)
    seconds = time.perf_counter() - started
    assert report.added == _PEOPLE
    database.close()
    return _PEOPLE / seconds


def _by_orm(database: Database, file: Path) -> float:
    """The first lines of the file, read by the same rules: a person, a subscription and a consent each."""
    person, subscription, consent = map(_mapped, (subscribers, subscriptions, consent_events))
    stated = Consent(source=_CONSENT)
    with (
        database.write() as connection,
        Session(connection) as session,
        file.open(encoding="utf-8", newline="") as rows,
    ):
        list_id = get_list(connection, _SLUG).id
        started = time.perf_counter()
        for texts in islice(csv.DictReader(rows), _BY_ORM):
            address = parse_address(texts["email"])
            key, handle = address_key(_SECRET, address.email), secrets.token_hex(8)
            added = person(**new_row(address, key, handle, read_profile(texts), _NOW))
            session.add(added)
            session.flush()
            number = added.id
            since = {"state": SubscriptionState.ACTIVE, "since": _NOW}
            session.add(subscription(subscriber_id=number, list_id=list_id, **since))
            session.add(consent(**event_row(number, list_id, ConsentEventKind.IMPORTED, stated, _NOW)))
            session.flush()
            session.expunge_all()
        seconds = time.perf_counter() - started
    database.close()
    return _BY_ORM / seconds


def _mapped(table: Table) -> type:
    """A class of the ORM for a table."""
    made = type(table.name.title(), (), {"__init__": _set})
    registry().map_imperatively(made, table)
    return made


def _set(made: object, **values: object) -> None:
    for name, value in values.items():
        setattr(made, name, value)
