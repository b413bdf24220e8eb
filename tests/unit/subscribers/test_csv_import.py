from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, func, select, update

from subscribers import csv_import
from subscribers.addresses import parse_address
from subscribers.audit import list_changes
from subscribers.consent import consent_history
from subscribers.csv_import import import_csv
from subscribers.errors import CsvFileError, UnknownListError, WrongValueError
from subscribers.former_addresses import change_address
from subscribers.import_log import list_imports
from subscribers.import_report import ImportReport, RefusedRow
from subscribers.lists import create_list
from subscribers.model import Consent, Profile, SubscriptionState, SuppressionReason
from subscribers.privacy import erase_subscriber
from subscribers.recipients import list_subscribers, recipients
from subscribers.repository import add_subscriber, find_subscriber, get_subscriber
from subscribers.subscriptions import subscribe, subscriptions_of, unsubscribe
from subscribers.suppression import suppress_address, suppress_domain
from subscribers.tables import consent_events, events, lists, subscribers

Import = Callable[..., ImportReport]
COUNTS = ("added", "updated", "unchanged", "suppressed", "left", "erased", "refused")


@pytest.fixture
def run(engine: Engine, secret: bytes, now: datetime) -> Import:
    def run_import(content: str | bytes | Path, **options: Any) -> ImportReport:
        file: Any = content
        if isinstance(content, str):
            file = io.StringIO(content)
        elif isinstance(content, bytes):
            file = io.BytesIO(content)
        options = {"list_slug": "morgen", "consent": "Messe 2025"} | options
        report = import_csv(engine.begin, file, secret=secret, now=now, **options)
        assert sum(getattr(report, count) for count in COUNTS) == report.read
        return report

    return run_import


def counts(report: ImportReport) -> dict[str, int]:
    return {name: count for name in (*COUNTS, "pending") if (count := getattr(report, name))}


def test_all_columns(run: Import, engine: Engine, secret: bytes, now: datetime) -> None:
    report = run(
        "email;first_name;last_name;title;salutation;form;topics;coins;max_articles;tags;Stadt;Kunden Nr\n"
        'Anna.Weber@example.org;Anna;Weber;Dr.;Frau;Sie;"politik;krypto";"ETH;BTC";4;"vip;messe";Köln;7\n'
    )
    assert counts(report) == {"added": 1}
    assert (report.encoding, report.delimiter, report.read) == ("utf-8", ";", 1)
    with engine.begin() as conn:
        anna = get_subscriber(conn, "anna.weber@example.org", secret=secret)
        assert (anna.email, anna.first_name, anna.last_name, anna.title) == (
            "Anna.Weber@example.org", "Anna", "Weber", "Dr.",
        )  # fmt: skip
        assert (anna.salutation, anna.form, anna.max_articles) == ("Frau", "Sie", 4)
        assert (anna.topics, anna.coins, anna.tags) == (("politik", "krypto"), ("ETH", "BTC"), ("vip", "messe"))
        assert anna.attributes == {"stadt": "Köln", "kunden_nr": "7"}
        assert recipients(conn, ["morgen"]) == [anna]
        (event,) = consent_history(conn, anna.id)
        assert (event.event, event.source, event.at, event.ip) == ("imported", "Messe 2025", now, "")


def test_own_consent_of_a_row(run: Import, engine: Engine, secret: bytes) -> None:
    report = run(
        "email,consent_at,consent_source,consent_ip\n"
        "own@x.de,2024-05-01T10:00:00+02:00,Formular,192.0.2.1\n"
        "time@x.de,01.05.2024 10:00,,\n"
        "ip@x.de,,,192.0.2.1\n"
        "none@x.de,,,\n",
        consent="",
    )
    assert counts(report) == {"added": 4, "pending": 2}
    with engine.begin() as conn:
        active = recipients(conn, ["morgen"])
        assert [one.email for one in active] == ["own@x.de", "time@x.de"]
        (event,) = consent_history(conn, active[0].id)
        assert (event.source, event.ip, event.at) == ("Formular", "192.0.2.1", datetime(2024, 5, 1, 8, tzinfo=UTC))
        waiting = list_subscribers(conn, "morgen", state=SubscriptionState.PENDING)
        assert [one.email for one in waiting] == ["ip@x.de", "none@x.de"]


def test_wrong_rows_are_refused_and_the_others_go_on(run: Import, engine: Engine) -> None:
    told: list[RefusedRow] = []
    report = run(
        "email,first_name,salutation,form,max_articles\n"
        "good@x.de,Gut,Frau,Sie,3\n"
        "kein Adresse,Anna,,,\n"
        "a@x.de,Anna,Fräulein,,\n"
        "b@x.de,Ben,,ihr,\n"
        "c@x.de,Carl,,,viele\n"
        '"d@x.de\r\nBcc: e@x.de",Dora,,,\n'
        ",Ohne,,,\n"
        "f@x.de,a,b,c,d,e,f\n"
        '"Anna\nMaria"@x.de,,,,\n'
        "last@x.de,Zuletzt,,,\n",
        on_refused=told.append,
    )
    assert (report.added, report.refused, report.read) == (2, 8, 10)
    assert [row.line for row in report.refusals] == [3, 4, 5, 6, 7, 9, 10, 11]
    assert tuple(told) == report.refusals
    assert all(row.reason.isprintable() and row.address.isprintable() for row in told)
    reasons = {row.line: row.reason for row in told}
    assert "Fräulein" in reasons[4]
    assert "ihr" in reasons[5]
    assert "viele" in reasons[6]
    with engine.begin() as conn:
        assert [one.email for one in list_subscribers(conn)] == ["good@x.de", "last@x.de"]


def test_names_are_cleaned_and_nothing_else_is_lost(run: Import, engine: Engine, secret: bytes) -> None:
    run('email,first_name,last_name,notiz\na@x.de,"An\nna\r\nBcc: b@x.de",Mu\u0308ller\u2028🙂,"eins\nzwei"\n')
    with engine.begin() as conn:
        anna = get_subscriber(conn, "a@x.de", secret=secret)
    assert (anna.first_name, anna.last_name) == ("An na Bcc: b@x.de", "Müller 🙂")
    assert anna.attributes == {"notiz": "eins zwei"}


@pytest.fixture
def known(engine: Engine, secret: bytes, now: datetime) -> Iterator[Connection]:
    """People who stand with the list in every way; the addresses say how."""
    with engine.begin() as conn:
        create_list(conn, "abend", "Am Abend", now=now)
        stated = Consent(source="früher")
        for name in (
            "active",
            "pending",
            "left",
            "erased",
            "suppressed",
            "elsewhere",
            "left_elsewhere",
            "nowhere",
            "back",
        ):
            address = parse_address(f"{name}@x.de")
            profile = Profile(first_name="Alt", tags=("alt",))
            person = add_subscriber(conn, address, profile, secret=secret, now=now)
            if name in ("active", "left", "erased", "suppressed", "back"):
                subscribe(conn, person.id, "morgen", consent=stated, now=now)
            if name == "pending":
                subscribe(conn, person.id, "morgen", now=now)
            if "elsewhere" in name:
                subscribe(conn, person.id, "abend", consent=stated, now=now)
            if name.startswith(("left", "back")):
                unsubscribe(conn, person.id, source="Link", now=now)
            if name == "back":
                subscribe(conn, person.id, "morgen", now=now)
            if name == "erased":
                erase_subscriber(conn, person, source="Antrag", secret=secret, now=now)
            if name == "suppressed":
                reason = SuppressionReason.HARD_BOUNCE
                suppress_address(conn, address, reason=reason, source="MTA", secret=secret, now=now)
        address = parse_address("unbekannt@x.de")
        suppress_address(conn, address, reason=SuppressionReason.ADMIN, source="Admin", secret=secret, now=now)
        suppress_domain(conn, "firma.example", reason=SuppressionReason.ADMIN, source="Admin", now=now)
    with engine.connect() as conn:
        yield conn


@pytest.mark.parametrize(
    ("name", "consent", "fate", "state"),
    [
        ("new@x.de", "Messe", {"added": 1}, "active"),
        ("new@x.de", "", {"added": 1, "pending": 1}, "pending"),
        ("nowhere@x.de", "Messe", {"added": 1}, "active"),
        ("elsewhere@x.de", "", {"added": 1, "pending": 1}, "pending"),
        ("left_elsewhere@x.de", "Messe", {"added": 1}, "active"),
        ("active@x.de", "Messe", {"updated": 1}, "active"),
        ("ACTIVE@X.de", "", {"updated": 1}, "active"),
        ("pending@x.de", "", {"updated": 1}, "pending"),
        ("pending@x.de", "Messe", {"updated": 1}, "active"),
        ("left@x.de", "Messe", {"left": 1}, "unsubscribed"),
        ("back@x.de", "Messe", {"updated": 1}, "pending"),
        ("Left@x.de", "", {"left": 1}, "unsubscribed"),
        ("suppressed@x.de", "Messe", {"suppressed": 1}, "active"),
        ("unbekannt@x.de", "Messe", {"suppressed": 1}, None),
        ("new@firma.example", "Messe", {"suppressed": 1}, None),
        ("erased@x.de", "Messe", {"erased": 1}, None),
        ("ERASED@x.de", "", {"erased": 1}, None),
    ],
)
def test_nobody_is_brought_back_and_known_ones_are_updated(
    run: Import,
    known: Connection,
    secret: bytes,
    name: str,
    consent: str,
    fate: dict[str, int],
    state: str | None,
) -> None:
    report = run(f"email,first_name,last_name,tags\n{name},,Neu,neu\n", consent=consent)
    assert counts(report) == fate
    person = find_subscriber(known, name, secret=secret)
    states = {one.list_slug: one.state for one in subscriptions_of(known, person.id)} if person else {}
    assert states.get("morgen") == state
    kept_out = fate.keys() & {"left", "suppressed", "erased"}
    if person and kept_out:
        assert (person.last_name, person.tags) == ("", ("alt",))
    elif person and not name.startswith("new"):
        assert (person.first_name, person.last_name, person.tags) == ("Alt", "Neu", ("alt", "neu"))
    assert [row.line for row in report.refusals] == ([2] if kept_out else [])
    if "erased" in fate:
        assert "erased@" not in repr(report).lower()


def test_running_it_again_changes_nothing(run: Import, engine: Engine) -> None:
    content = "email,first_name,tags\na@x.de,Anna,x;y\nb@x.de,,\n"

    def stored() -> list[Any]:
        with engine.begin() as conn:
            return [list(conn.execute(select(table))) for table in (subscribers, consent_events)]

    assert counts(run(content)) == {"added": 2}
    before = stored()
    assert counts(run(content)) == {"unchanged": 2}
    assert stored() == before


@pytest.mark.parametrize("batch", [1, 2, 1000])
@pytest.mark.parametrize("dry_run", [True, False])
def test_one_address_twice_is_an_update(
    run: Import, engine: Engine, secret: bytes, monkeypatch: pytest.MonkeyPatch, batch: int, dry_run: bool
) -> None:
    monkeypatch.setattr(csv_import, "BATCH", batch)
    content = "email,first_name,last_name,tags\nA@x.de,Anna,,x\nb@x.de,,,\na@X.de,,Weber,y\n"
    assert counts(run(content, dry_run=dry_run)) == {"added": 2, "updated": 1}
    with engine.begin() as conn:
        found = find_subscriber(conn, "a@x.de", secret=secret)
        assert (found is None) is dry_run
        if found:
            assert (found.first_name, found.last_name, found.tags) == ("Anna", "Weber", ("x", "y"))
            assert len(consent_history(conn, found.id)) == 1


@pytest.mark.parametrize("batch", [1, 1000])
def test_a_later_row_with_consent_ends_the_waiting(
    run: Import, engine: Engine, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(csv_import, "BATCH", batch)
    report = run("email,consent_source\na@x.de,\na@x.de,Formular\na@x.de,\n", consent="")
    assert (report.added, report.updated, report.unchanged) == (1, 1, 1)
    with engine.begin() as conn:
        (anna,) = recipients(conn, ["morgen"])
        assert [one.source for one in consent_history(conn, anna.id)] == ["Formular"]


@pytest.mark.parametrize("batch", [1, 2, 1000])
@pytest.mark.parametrize("dry_run", [True, False])
def test_duplicates_inside_the_file_are_named(
    run: Import, monkeypatch: pytest.MonkeyPatch, batch: int, dry_run: bool
) -> None:
    monkeypatch.setattr(csv_import, "BATCH", batch)
    report = run("email\na@x.de\nb@x.de\nA@X.de\na@x.de\n", dry_run=dry_run)
    assert (report.duplicates, report.added) == (2, 2)
    assert [(row.line, row.address) for row in report.refusals] == [(4, "A@x.de"), (5, "a@x.de")]
    assert all(row.reason.startswith("Line 2 has the same address") for row in report.refusals)


@pytest.mark.parametrize("batch", [1, 1000])
@pytest.mark.parametrize("dry_run", [True, False])
def test_who_is_barred_in_one_line_does_not_come_in_by_another(
    run: Import, engine: Engine, monkeypatch: pytest.MonkeyPatch, batch: int, dry_run: bool
) -> None:
    monkeypatch.setattr(csv_import, "BATCH", batch)
    content = "Email,List status,Global status\na@x.de,unsubscribed,subscribed\na@x.de,subscribed,subscribed\n"
    assert counts(run(content, map_name="mailpoet", dry_run=dry_run)) == {"suppressed": 2}
    with engine.begin() as conn:
        assert list_subscribers(conn) == []


@pytest.mark.parametrize(
    ("name", "standing", "fate", "state"),
    [
        ("new@x.de", "unsubscribed", {"left": 1}, "unsubscribed"),
        ("new@x.de", "pending", {"added": 1, "pending": 1}, "pending"),
        ("new@x.de", "active", {"added": 1}, "active"),
        ("new@x.de", "Premium", {"added": 1}, "active"),
        ("active@x.de", "unsubscribed", {"unchanged": 1}, "active"),
        ("left@x.de", "active", {"left": 1}, "unsubscribed"),
        ("suppressed@x.de", "unsubscribed", {"suppressed": 1}, "active"),
    ],
)
def test_how_people_stood_where_the_file_comes_from(
    run: Import, known: Connection, secret: bytes, name: str, standing: str, fate: dict[str, int], state: str
) -> None:
    assert counts(run(f"email,subscription\n{name},{standing}\n")) == fate
    person = get_subscriber(known, name, secret=secret)
    assert {one.list_slug: one.state for one in subscriptions_of(known, person.id)} == {"morgen": state}
    assert person.attributes == ({"subscription": "Premium"} if standing == "Premium" else {})


def test_a_former_address_is_nobody_new(
    run: Import, known: Connection, engine: Engine, secret: bytes, now: datetime
) -> None:
    with engine.begin() as conn:
        person = get_subscriber(conn, "active@x.de", secret=secret)
        change_address(conn, person, parse_address("umgezogen@x.de"), who="test", secret=secret, now=now)
    report = run("email,first_name\nActive@x.de,Neu\numgezogen@x.de,\n")
    assert counts(report) == {"unchanged": 2}
    assert [(row.line, "had this address before" in row.reason) for row in report.refusals] == [(2, True)]
    assert get_subscriber(known, "umgezogen@x.de", secret=secret).first_name == "Alt"


def test_an_import_is_on_record(run: Import, engine: Engine, now: datetime) -> None:
    report = run("email\na@x.de\nkaputt\n", who="cli:anna")
    with engine.begin() as conn:
        (found,) = list_imports(conn)
        (change,) = list_changes(conn)
        kinds = conn.execute(select(events.c.kind)).scalars().all()
    assert (found.id, found.list_slug, found.file, found.who) == (report.import_id, "morgen", "the input", "cli:anna")
    assert (found.line, found.counts["added"], found.counts["refused"]) == (2, 1, 1)
    assert (found.finished_at, found.undone_at) == (now, None)
    assert (change.who, change.what, change.subject) == ("cli:anna", "subscribers.import", "morgen")
    assert kinds == ["subscribed"]


def test_a_broken_off_import_says_how_far_it_came(run: Import, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_import, "BATCH", 10)

    def interrupt(rows: int, _octets: int) -> None:
        if rows == 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run("email\n" + "".join(f"p{number}@x.de\n" for number in range(95)), progress=interrupt)
    with engine.begin() as conn:
        (found,) = list_imports(conn)
        assert found.finished_at is None
        assert found.line == 1 + len(recipients(conn, ["morgen"]))
        assert found.line in (21, 31)


def test_dry_run_writes_nothing_and_counts_alike(run: Import, known: Connection) -> None:
    content = (
        "email\nnew@x.de\nactive@x.de\nleft@x.de\nerased@x.de\nsuppressed@x.de\nwrong\nnowhere@x.de\nelsewhere@x.de\n"
    )
    before = known.execute(select(func.count()).select_from(consent_events)).scalar_one()
    dry = run(content, dry_run=True)
    assert known.execute(select(func.count()).select_from(consent_events)).scalar_one() == before
    real = run(content)
    assert dry.dry_run
    assert counts(dry) == counts(real) == {
        "added": 3, "unchanged": 1, "left": 1, "erased": 1, "suppressed": 1, "refused": 1,
    }  # fmt: skip


def test_an_abort_leaves_whole_batches_and_can_be_run_again(
    run: Import, engine: Engine, secret: bytes, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_import, "BATCH", 10)
    content = "email\n" + "".join(f"p{number}@x.de\n" for number in range(35))
    transactions = 0

    @contextmanager
    def begin() -> Iterator[Connection]:
        nonlocal transactions
        transactions += 1
        with engine.begin() as conn:
            yield conn
            if transactions == 4:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_csv(begin, io.StringIO(content), list_slug="morgen", consent="x", secret=secret, now=now)
    with engine.begin() as conn:
        assert len(list_subscribers(conn)) == len(recipients(conn, ["morgen"])) == 20
    assert counts(run(content)) == {"added": 15, "unchanged": 20}


def test_progress_reaches_the_end_of_the_file(run: Import, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_import, "BATCH", 10)
    file = tmp_path / "leute.csv"
    file.write_text("email\n" + "".join(f"p{number}@x.de\n" for number in range(25)))
    steps: list[tuple[int, int]] = []
    run(file, progress=lambda rows, octets: steps.append((rows, octets)))
    assert [rows for rows, _ in steps] == [10, 20, 25]
    assert steps[-1][1] == file.stat().st_size


def test_memory_does_not_grow_with_the_file(run: Import, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_import, "BATCH", 100)

    def peak(rows: int) -> int:
        file = tmp_path / "leute.csv"
        file.write_text("email\n" + "".join(f"p{rows}.{number}@x.de\n" for number in range(rows)))
        tracemalloc.start()
        run(file)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    peak(500)
    assert peak(9_000) < 1.3 * peak(4_500)


def test_reports_name_a_bounded_number_of_rows(run: Import) -> None:
    report = run("email\n" + "wrong\n" * 1500)
    assert (report.refused, len(report.refusals)) == (1500, 1000)


def test_what_stops_an_import_before_it_begins(run: Import, engine: Engine, tmp_path: Path, now: datetime) -> None:
    with pytest.raises(UnknownListError, match="mittag"):
        run("email\na@x.de\n", list_slug="mittag")
    with pytest.raises(CsvFileError, match=r"fehlt\.csv"):
        run(tmp_path / "fehlt.csv")
    with pytest.raises(CsvFileError, match="cannot be read"):
        run(tmp_path)
    with pytest.raises(CsvFileError, match="no column email"):
        run("mail\na@x.de\n")
    with engine.begin() as conn:
        conn.execute(update(lists).values(archived_at=now))
    with pytest.raises(WrongValueError, match="archived"):
        run("email\na@x.de\n")


def test_the_sample_subscribers(run: Import, engine: Engine) -> None:
    with resources.as_file(resources.files("digest.samples") / "subscribers.csv") as sample:
        assert counts(run(sample)) == {"added": 3}
    with engine.begin() as conn:
        people = recipients(conn, ["morgen"])
    assert [(one.form, bool(one.title), bool(one.last_name)) for one in people] == [
        ("Sie", True, True), ("du", False, True), ("", False, False),
    ]  # fmt: skip
    assert [one.max_articles for one in people] == [8, 4, None]
    assert len({one.coins for one in people}) == 3
    assert len({one.topics for one in people}) == 3
    reserved = ("example.org", "example.net", "example.com")
    assert all(one.email.endswith(reserved) for one in people)
