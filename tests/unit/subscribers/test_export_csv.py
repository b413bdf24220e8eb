"""An export comes back whole: values, standing, and the proof of consent."""

from __future__ import annotations

import csv
import io
import stat
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, delete, update
from sqlalchemy.pool import StaticPool

from subscribers import csv_export
from subscribers.addresses import parse_address
from subscribers.consent import consent_history
from subscribers.csv_export import export_csv
from subscribers.csv_import import import_csv
from subscribers.errors import CsvFileError, UnknownListError, WrongValueError
from subscribers.lists import create_list
from subscribers.model import Consent, Profile, SubscriptionState
from subscribers.profile import PROFILE_FIELDS, read_profile
from subscribers.recipients import list_subscribers
from subscribers.repository import add_subscriber, get_subscriber
from subscribers.rows import profile_of
from subscribers.subscriptions import subscribe, subscriptions_of, unsubscribe
from subscribers.tables import consent_events, events, import_changes, metadata, subscribers, subscriptions

SECRET = b"a secret of the tests, 32 octets"
NOW = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def engines() -> Iterator[tuple[Engine, Engine]]:
    """Two empty databases with the list `morgen`; `emptied` makes them so again."""
    both = [
        create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}) for _ in range(2)
    ]
    for engine in both:
        metadata.create_all(engine)
        with engine.begin() as conn:
            create_list(conn, "morgen", "Am Morgen", now=NOW)
    yield both[0], both[1]
    for engine in both:
        engine.dispose()


def emptied(engine: Engine) -> Engine:
    with engine.begin() as conn:
        for table in (import_changes, subscriptions, consent_events, events, subscribers):
            conn.execute(delete(table))
    return engine


def export(engine: Engine, **options: Any) -> bytes:
    out = io.BytesIO()
    export_csv(engine.begin, out, **options)
    return out.getvalue()


def bring_in(engine: Engine, content: bytes, **options: Any) -> Any:
    later = NOW + timedelta(days=1)
    return import_csv(engine.begin, io.BytesIO(content), list_slug="morgen", secret=SECRET, now=later, **options)


def read(content: bytes, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter))


texts = st.text(st.sampled_from("=+-@'\"＝,;\t Aä🙂ßﬀ\\") | st.characters(codec="utf-8"), max_size=12)
profiles = st.fixed_dictionaries(
    {"first_name": texts, "last_name": texts, "title": texts, "topics": texts, "tags": texts},
    optional={
        "coins": st.sampled_from(["BTC", "ltc;eth"]),
        "form": st.sampled_from(["Sie", "du"]),
        "salutation": st.sampled_from(["Frau", "divers"]),
        "max_articles": st.integers(1, 999).map(str),
    },
)
attributes = st.dictionaries(
    st.sampled_from(["stadt", "=x", "Email", "subscription", "ATTRIBUTES"]) | texts, texts, max_size=4
)


@settings(max_examples=60)
@given(st.lists(st.tuples(profiles, attributes), min_size=1, max_size=3), st.booleans())
@example([({"first_name": "=1+1", "last_name": "-", "title": "'x", "topics": "", "tags": "'=a;+b"}, {})], False)
@example(
    [({"first_name": '"', "last_name": "''=", "title": "", "topics": "İ", "tags": "@"}, {"": "x", "a;b": "1"})], True
)
def test_every_profile_comes_back(
    engines: tuple[Engine, Engine], people: list[tuple[dict[str, str], dict[str, str]]], excel: bool
) -> None:
    stated: dict[str, Profile] = {}
    first, second = map(emptied, engines)
    with first.begin() as conn:
        for number, (fields, own) in enumerate(people):
            try:
                profile = read_profile(fields, own)
            except WrongValueError:
                continue
            email = f"=leser{number}@x.example"
            person = add_subscriber(conn, parse_address(email), profile, secret=SECRET, now=NOW)
            subscribe(conn, person.id, "morgen", consent=Consent(source="Messe", ip="192.0.2.1"), now=NOW)
            stated[email] = profile
    report = bring_in(second, export(first, excel=excel))
    assert (report.added, report.pending) == (len(stated), 0)
    with second.begin() as conn:
        found = {one.email: profile_of(one) for one in list_subscribers(conn)}
    assert found == stated
    assert export(second, excel=excel) == export(first, excel=excel)


@pytest.fixture
def people(engine: Engine, secret: bytes, now: datetime) -> Engine:
    """Three people, of whom one is active, one waits, and one has left."""
    with engine.begin() as conn:
        create_list(conn, "abend", "Am Abend", now=now)
        for name in ("aktiv", "wartet", "weg"):
            person = add_subscriber(conn, parse_address(f"{name}@x.example"), secret=secret, now=now)
            consent = (
                None if name == "wartet" else Consent(source="Formular", at=now - timedelta(days=9), ip="192.0.2.7")
            )
            subscribe(conn, person.id, "morgen", consent=consent, now=now)
            if name == "weg":
                unsubscribe(conn, person.id, source="Link", now=now)
    return engine


def test_standing_and_consent_come_back(
    people: Engine, engines: tuple[Engine, Engine], secret: bytes, now: datetime
) -> None:
    second = emptied(engines[0])
    report = bring_in(second, export(people, list_slug="morgen"), consent="Alle haben zugestimmt")
    assert (report.added, report.pending, report.left) == (2, 1, 1)
    with second.begin() as conn:
        states = {one.email: subscriptions_of(conn, one.id)[0].state for one in list_subscribers(conn, "morgen")}
        assert states == {
            "aktiv@x.example": "active",
            "wartet@x.example": "pending",
            "weg@x.example": "unsubscribed",
        }
        (event,) = consent_history(conn, get_subscriber(conn, "aktiv@x.example", secret=secret).id)
        assert (event.source, event.at, event.ip) == ("Formular", now - timedelta(days=9), "192.0.2.7")


def test_by_list_and_state(people: Engine) -> None:
    assert [row["email"] for row in read(export(people))] == ["aktiv@x.example", "wartet@x.example", "weg@x.example"]
    assert [row["subscription"] for row in read(export(people))] == ["active", "pending", "unsubscribed"]
    assert read(export(people, list_slug="abend")) == []
    active = read(export(people, list_slug="morgen", state=SubscriptionState.ACTIVE))
    assert [row["email"] for row in active] == ["aktiv@x.example"]
    with pytest.raises(UnknownListError):
        export(people, list_slug="mittag")


def test_columns(people: Engine) -> None:
    with people.begin() as conn:
        conn.execute(update(subscribers).values(attributes={"stadt": "Köln", "Odd Name": "x", "email": "y"}))
    header = export(people).decode().splitlines()[0].split(",")
    assert header[:1] == ["email"]
    assert set(PROFILE_FIELDS) <= set(header)
    assert header[-6:] == ["stadt", "attributes", "subscription", "consent_at", "consent_source", "consent_ip"]
    assert {row["attributes"] for row in read(export(people))} == {'{"Odd Name":"x","email":"y"}'}


def test_for_excel(people: Engine) -> None:
    content = export(people, excel=True)
    assert content.startswith(b"\xef\xbb\xbfemail;")
    assert len(read(content, ";")) == 3


def test_a_file_is_there_whole_or_not_at_all(people: Engine, tmp_path: Path) -> None:
    out = tmp_path / "leute.csv"
    out.write_text("alt")

    def broken_off(rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_csv(people.begin, out, progress=broken_off)
    assert out.read_text() == "alt"
    assert list(tmp_path.iterdir()) == [out]
    assert export_csv(people.begin, out) == 3
    assert out.read_bytes() == export(people)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [out]


def test_a_place_that_cannot_be_written(people: Engine, tmp_path: Path) -> None:
    with pytest.raises(CsvFileError, match="cannot be written"):
        export_csv(people.begin, tmp_path / "fehlt" / "leute.csv")


def test_memory_does_not_grow_with_the_list(
    engine: Engine, secret: bytes, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_export, "PAGE", 100)

    def peak() -> int:
        tracemalloc.start()
        export_csv(engine.begin, tmp_path / "leute.csv")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    def add(start: int, count: int) -> None:
        rows = "".join(f"leser{number}@x.example\n" for number in range(start, start + count))
        import_csv(engine.begin, io.StringIO(f"email\n{rows}"), list_slug="morgen", consent="x", secret=secret, now=now)

    add(0, 300)
    peak()
    small = peak()
    add(300, 1_200)
    assert peak() < 1.3 * small
