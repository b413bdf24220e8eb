"""A database of its own for each test, with a list and a planned edition where they are wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from digest.model.article import Article
from digest.model.delivery import Recipient
from digest.model.edition import Edition, EditionContent, EditionKind, EditionState
from digest.model.newsletter import Newsletter
from digest.model.site import Site
from digest.storage import editions
from digest.storage.database import Database, open_database
from digest.storage.ledger import SqlLedger, enter_recipients
from digest.storage.tables import deliveries
from subscribers.addresses import parse_address
from subscribers.lists import create_list
from subscribers.model import Consent, Profile, Subscriber
from subscribers.repository import add_subscriber
from subscribers.subscriptions import subscribe

SECRET = b"a secret of the tests, 32 octets"
NOW = datetime(2026, 3, 6, 5, 0, tzinfo=UTC)
DAY = date(2026, 3, 6)


@pytest.fixture
def database(database_file: Path) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{database_file}")
    with opened.write() as connection:
        create_list(connection, "morgen", "Der Morgen", now=NOW)
    yield opened
    opened.close()


def make_content(*titles: str, **newsletter: Any) -> EditionContent:
    return EditionContent(
        site=Site(),
        newsletter=Newsletter(slug="morgen", name="Der Morgen", lists=("morgen",), **newsletter),
        kind=EditionKind.REGULAR,
        date=DAY,
        at=NOW,
        subject="Betreff",
        articles=tuple(Article(title=title, source="Politik") for title in titles or ("Titel",)),
        coins=("BTC",),
        currency="EUR",
        templates={"b": "2", "a": "1"},
    )


@pytest.fixture
def content() -> Callable[..., EditionContent]:
    return make_content


@pytest.fixture
def freeze(database: Database) -> Callable[..., Edition]:
    """Freezes an edition of `day` from titles, in the state `to`; its article keys are the titles."""

    def make(*titles: str, day: date = DAY, to: EditionState = EditionState.PREPARED, now: datetime = NOW) -> Edition:
        made = make_content(*titles)
        with database.write() as connection:
            edition = editions.regular_edition(connection, "morgen", day, NOW)
            keys = [article.title for article in made.articles]
            first = to if to is EditionState.IN_REVIEW else EditionState.PREPARED
            editions.freeze(connection, edition, made, keys, b"shell", first, now)
            edition = editions.get_edition(connection, edition.number)
            for step in {
                EditionState.SENDING: [EditionState.SENDING],
                EditionState.SENT: [EditionState.SENDING, EditionState.SENT],
                EditionState.PAUSED: [EditionState.SENDING, EditionState.PAUSED],
            }.get(to, [to] if to is not first else []):
                editions.take_step(connection, edition, step)
                edition = editions.get_edition(connection, edition.number)
        return edition

    return make


@pytest.fixture
def add(database: Database) -> Callable[..., Subscriber]:
    def add_one(email: str, **values: Any) -> Subscriber:
        with database.write() as connection:
            person = add_subscriber(connection, parse_address(email), Profile(**values), secret=SECRET, now=NOW)
            subscribe(connection, person.id, "morgen", consent=Consent(source="test"), now=NOW)
        return person

    return add_one


class Planned:
    """An edition that is being sent, and its ledger."""

    def __init__(self, database: Database, edition: Edition, people: list[Subscriber]) -> None:
        self.database, self.edition, self.people = database, edition, people
        self.ledger = SqlLedger(database, edition.number, ["morgen"])

    def states(self) -> dict[str, str]:
        """Address -> state, with the reason where there is one."""
        names = {person.id: person.email for person in self.people}
        with self.database.read() as connection:
            rows = connection.execute(select(deliveries).where(deliveries.c.edition_id == self.edition.number))
            return {names[row.subscriber_id].partition("@")[0]: f"{row.state}:{row.reason}".rstrip(":") for row in rows}


def recipient_of(person: Subscriber) -> Recipient:
    return Recipient(
        address=person.email,
        handle=person.handle,
        name="",
        form="Sie",
        greeting="Guten Morgen!",
        subject="Betreff",
        choice=b"\x00\x02",
        coins=("BTC",),
    )


@pytest.fixture
def plan(database: Database, add: Callable[..., Subscriber], freeze: Callable[..., Edition]) -> Callable[..., Planned]:
    """Plans an edition for the people of these names."""

    def make(*names: str) -> Planned:
        edition = freeze(to=EditionState.SENDING)
        people = [add(f"{name}@probe.example") for name in names]
        with database.write() as connection:
            enter_recipients(connection, edition.number, [(person.id, recipient_of(person)) for person in people])
        return Planned(database, edition, people)

    return make


@pytest.fixture
def later() -> Callable[[float], datetime]:
    """The moment so many minutes after the tests' own."""
    return lambda minutes: NOW + timedelta(minutes=minutes)
