"""Suppressions that people add, import and remove."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from subscribers import suppression_import
from subscribers.addresses import Address, parse_address
from subscribers.audit import list_changes
from subscribers.errors import AddressError, CsvFileError, UnknownSuppressionError
from subscribers.model import Consent, Subscriber, SuppressionReason, SuppressionScope
from subscribers.privacy import erase_subscriber
from subscribers.recipients import recipients
from subscribers.subscriptions import subscribe, subscriptions_of
from subscribers.suppression import suppression_of
from subscribers.suppression_changes import add_suppression, parse_suppressed, remove_suppression
from subscribers.suppression_import import SuppressionReport, import_suppressions
from subscribers.suppression_pages import page_suppressions

Person = Callable[..., Subscriber]
ANNA = parse_address("anna@firma.example")


@pytest.fixture
def add(conn: Connection, secret: bytes, now: datetime) -> Callable[..., Any]:
    def add(text: str, reason: SuppressionReason = SuppressionReason.ADMIN) -> Any:
        target = parse_suppressed(text)
        return add_suppression(conn, target, reason=reason, source="test", who="cli:test", secret=secret, now=now)

    return add


@pytest.fixture
def remove(conn: Connection, secret: bytes, now: datetime) -> Callable[..., Any]:
    return lambda text: remove_suppression(conn, parse_suppressed(text), who="cli:test", secret=secret, now=now)


@pytest.fixture
def anna(conn: Connection, person: Person, now: datetime) -> Subscriber:
    anna = person("Anna@firma.example")
    subscribe(conn, anna.id, "morgen", consent=Consent(source="x"), now=now)
    return anna


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("Anna@Firma.example ", "Anna@firma.example"),
        ("@Bücher.example", "xn--bcher-kva.example"),
        ("*@firma.example", "firma.example"),
        ("firma.example", "firma.example"),
    ],
)
def test_addresses_and_domains(text: str, target: str) -> None:
    found = parse_suppressed(text)
    assert (found.email if isinstance(found, Address) else found) == target


@pytest.mark.parametrize("text", ["", "@", "firma", "a b@x.example", "@a b", "@x@y"])
def test_neither(text: str) -> None:
    with pytest.raises(AddressError) as wrong:
        parse_suppressed(text)
    assert "somebody" not in str(wrong.value)


def test_added_twice_and_removed(conn: Connection, add: Any, remove: Any, anna: Subscriber, secret: bytes) -> None:
    entry, new = add("anna@FIRMA.example")
    assert (new, entry.reason, entry.address) == (True, "admin", "anna@firma.example")
    assert add("anna@firma.example", SuppressionReason.COMPLAINT)[0].reason == "admin"
    assert recipients(conn, ["morgen"]) == []
    assert remove("Anna@firma.example").id == entry.id
    assert suppression_of(conn, ANNA, secret=secret) is None
    with pytest.raises(UnknownSuppressionError, match=r"anna@firma\.example itself is not suppressed\.$"):
        remove("anna@firma.example")
    changes = [one for one in list_changes(conn) if one.what.startswith("suppression.")]
    assert [(one.who, one.what, one.subject) for one in changes] == [
        ("cli:test", "suppression.remove", str(entry.id)), ("cli:test", "suppression.add", str(entry.id)),
    ]  # fmt: skip
    assert changes[1].subscriber_id == anna.id
    assert "firma" not in repr(changes)


@pytest.mark.parametrize(
    ("reason", "state"),
    [("request", "unsubscribed"), ("complaint", "unsubscribed"), ("admin", "active"), ("hard_bounce", "active")],
)
def test_whoever_asked_for_it_has_left(
    conn: Connection, add: Any, remove: Any, anna: Subscriber, reason: str, state: str
) -> None:
    add("anna@firma.example", SuppressionReason(reason))
    remove("anna@firma.example")
    assert [one.state for one in subscriptions_of(conn, anna.id)] == [state]


def test_a_domain(conn: Connection, add: Any, remove: Any, anna: Subscriber) -> None:
    entry, _ = add("@firma.example")
    assert (entry.scope, entry.domain) == (SuppressionScope.DOMAIN, "firma.example")
    assert recipients(conn, ["morgen"]) == []
    with pytest.raises(UnknownSuppressionError, match=r"suppressions remove @firma\.example"):
        remove("anna@firma.example")
    remove("@firma.example")
    assert recipients(conn, ["morgen"]) == [anna]


def test_an_erased_one_is_a_hash_alone(
    conn: Connection, add: Any, remove: Any, anna: Subscriber, secret: bytes, now: datetime
) -> None:
    add("anna@firma.example")
    erase_subscriber(conn, anna, source="Antrag", secret=secret, now=now)
    (entry,) = page_suppressions(conn)
    assert (entry.reason, entry.address) == ("erased", "")
    assert remove("anna@firma.example").reason == "erased"


@pytest.fixture
def bring(engine: Engine, secret: bytes, now: datetime, tmp_path: Path) -> Callable[..., SuppressionReport]:
    def bring(content: str | bytes) -> SuppressionReport:
        file = tmp_path / "sperre.csv"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        reason = SuppressionReason.IMPORTED
        return import_suppressions(
            engine.begin, file, reason=reason, source="file", who="cli:test", secret=secret, now=now
        )

    return bring


FILES = {
    "one to a line": "anna@firma.example\n@a.example\n\nBEN@b.example\nkaputt\n",
    "a header": "E-Mail;Grund\nanna@firma.example;x\n@a.example;y\nben@b.example;z\nkaputt;\n",
    "a later column": "Name,Email\nA,anna@firma.example\nB,*@a.example\nC,ben@b.example\nD,kaputt\n",
    "no header, more cells": "anna@firma.example;2020\n@a.example;2021\nben@b.example;\nkaputt;\n",
    "windows": "Adresse\r\nanna@firma.example\r\na.example\r\nben@b.example\r\nköputt\r\n".encode("cp1252"),
    "utf-16": "domain\nanna@firma.example\na.example\nben@b.example\nkaputt\n".encode("utf-16"),
}


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("batch", [1, 5_000])
def test_a_file(bring: Any, engine: Engine, monkeypatch: pytest.MonkeyPatch, kind: str, batch: int) -> None:
    monkeypatch.setattr(suppression_import, "BATCH", batch)
    report = bring(FILES[kind])
    assert (report.read, report.added, report.known, report.refused) == (4, 3, 0, 1)
    line = (
        FILES[kind].decode("utf-16" if kind == "utf-16" else "cp1252")
        if isinstance(FILES[kind], bytes)
        else FILES[kind]
    )
    assert report.refusals[0].line == len(line.splitlines())
    again = bring(FILES[kind])
    assert (again.added, again.known) == (0, 3)
    with engine.begin() as conn:
        found = [(one.address or f"@{one.domain}").casefold() for one in page_suppressions(conn)]
        assert found == ["anna@firma.example", "@a.example", "ben@b.example"]
        assert [one.what for one in list_changes(conn)] == ["suppressions.import"] * 2


@pytest.mark.parametrize(("content", "problem"), [("", "is empty"), (b"PK\x03\x04", "Excel workbook")])
def test_a_file_that_is_none(bring: Any, content: str | bytes, problem: str) -> None:
    with pytest.raises(CsvFileError, match=problem):
        bring(content)
