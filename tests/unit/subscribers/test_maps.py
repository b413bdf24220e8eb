"""Exports of other programs, as they write them: names, tags, times, and who left or bounced there."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from subscribers.addresses import parse_address
from subscribers.consent import consent_history
from subscribers.csv_import import import_csv
from subscribers.csv_maps import csv_map, csv_maps, guess_map
from subscribers.csv_rows import column_name
from subscribers.csv_translate import split_name
from subscribers.errors import CsvFileError, UsageError
from subscribers.import_report import ImportReport
from subscribers.model import SubscriptionState, SuppressionReason
from subscribers.profile import PROFILE_FIELDS
from subscribers.recipients import list_subscribers, recipients
from subscribers.repository import find_subscriber, get_subscriber
from subscribers.suppression import suppression_of

Import = Callable[..., ImportReport]

MAILCHIMP = (
    '"Email Address","First Name","Last Name","Interessen",MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,'
    "LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS\n"
)


@pytest.fixture
def run(engine: Engine, secret: bytes, now: datetime) -> Import:
    def run_import(content: str, map_name: str = "auto", **options: Any) -> ImportReport:
        file = io.BytesIO(content.encode())
        return import_csv(engine.begin, file, list_slug="morgen", map_name=map_name, secret=secret, now=now, **options)

    return run_import


def fates(report: ImportReport) -> dict[str, int]:
    names = ("added", "updated", "unchanged", "suppressed", "left", "erased", "refused", "pending")
    return {name: count for name in names if (count := getattr(report, name))}


def test_every_map_is_sound() -> None:
    ours = {*PROFILE_FIELDS, "email", "name", "consent_at", "consent_ip", "consent_source", "confirmed", "status"}
    ours |= {"left_at", "bounced_at", "reason", "attributes"}
    assert {"mailchimp", "cleverreach", "rapidmail", "mailpoet", "listmonk"} <= csv_maps().keys()
    for each in csv_maps().values():
        theirs = [*(name for names in each.columns.values() for name in names), *each.ignored]
        theirs += [name for group in each.signature for name in group]
        assert all(name == column_name(name) for name in theirs)
        assert each.columns.keys() <= ours
        assert set(each.status.values()) <= {"active", "pending", "left", "bounced", "complained"}
        assert all(word == word.casefold() for word in each.status)


def test_mailchimp_subscribed(run: Import, engine: Engine, secret: bytes) -> None:
    report = run(
        MAILCHIMP
        + 'anna@x.example,Anna,Weber,"Politik, Sport",4,"2021-03-04 10:00:00",192.0.2.1,"2021-03-04 10:02:11",'
        '192.0.2.2,52.5,13.4,1,2,Europe/Berlin,de,be,"2023-01-01 00:00:00",123,abc,,"""VIP"",""Berlin, Mitte"""\n'
        'ben@x.example,Ben,,,2,,,"2021-05-06 07:08:09",,,,,,,,,,124,abd,,\n',
    )
    assert fates(report) == {"added": 2}
    with engine.begin() as conn:
        anna = get_subscriber(conn, "anna@x.example", secret=secret)
        assert (anna.first_name, anna.last_name, anna.tags) == ("Anna", "Weber", ("VIP", "Berlin, Mitte"))
        assert anna.attributes == {"interessen": "Politik, Sport"}
        (event,) = consent_history(conn, anna.id)
        assert event.at == datetime(2021, 3, 4, 10, 2, 11, tzinfo=UTC)
        assert event.ip == "192.0.2.2"
        assert event.source.startswith("Mailchimp export")
        assert [one.email for one in recipients(conn, ["morgen"])] == ["anna@x.example", "ben@x.example"]


@pytest.mark.parametrize(
    ("columns", "cells", "why"),
    [
        (
            "UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON,UNSUB_CAMPAIGN_ID",
            "2022-02-03 04:05:06,Mai,1,NORMAL,,2",
            "unsubscribed at Mailchimp (NORMAL)",
        ),
        ("CLEAN_TIME,CLEAN_CAMPAIGN_TITLE", "2022-02-03 04:05:06,Mai", "bounced at Mailchimp"),
    ],
)
def test_mailchimp_unsubscribed_and_cleaned(
    run: Import, engine: Engine, secret: bytes, columns: str, cells: str, why: str
) -> None:
    report = run(
        f"Email Address,First Name,{columns},OPTIN_TIME,CONFIRM_TIME,LEID\n"
        f"weg@x.example,Anna,{cells},2021-01-01 00:00:00,2021-01-01 00:00:00,9\n",
        consent="Alle haben zugestimmt",
    )
    assert fates(report) == {"suppressed": 1}
    assert why.partition(" (")[0].casefold() in report.refusals[0].reason.casefold()
    with engine.begin() as conn:
        assert find_subscriber(conn, "weg@x.example", secret=secret) is None
        found = suppression_of(conn, parse_address("weg@x.example"), secret=secret)
        assert found
        assert (found.reason, found.source) == (SuppressionReason.IMPORTED, why)
        assert found.since == datetime(2022, 2, 3, 4, 5, 6, tzinfo=UTC)


def test_mailchimp_contacts_who_never_subscribed_wait(run: Import, engine: Engine) -> None:
    report = run(MAILCHIMP + "shop@x.example,Anna,,,2,,,,,,,,,,,,,,,,\n", consent="Alle haben zugestimmt")
    assert fates(report) == {"added": 1, "pending": 1}
    with engine.begin() as conn:
        assert recipients(conn, ["morgen"]) == []


def test_cleverreach_in_german_as_excel_saves_it(run: Import, engine: Engine, secret: bytes, now: datetime) -> None:
    content = (
        "E-Mail;Anrede;Vorname;Nachname;Quelle;Registriert;Aktiviert;Deaktiviert;Bounced;Tags\r\n"
        "anna@x.example;Frau;Änne;von der Heide;Formular;01.02.20 10:00;01.02.20 10:05;;0;vip, messe\r\n"
        "weg@x.example;Herr;Ben;B;Formular;01.02.2020;01.02.2020;05.06.2021;0;\r\n"
        "nie@x.example;;;;Formular;01.02.2020;0;0;0;\r\n"
        "tot@x.example;;;;Formular;01.02.2020;01.02.2020;0;3;\r\n"
    )
    file = io.BytesIO(content.encode("cp1252"))
    report = import_csv(
        engine.begin, file, list_slug="morgen", map_name="cleverreach", consent="x", secret=secret, now=now
    )
    assert fates(report) == {"added": 2, "pending": 1, "suppressed": 2}
    with engine.begin() as conn:
        (anna,) = recipients(conn, ["morgen"])
        assert (anna.salutation, anna.first_name, anna.last_name) == ("Frau", "Änne", "von der Heide")
        assert anna.tags == ("vip", "messe")
        (event,) = consent_history(conn, anna.id)
        assert event.at == datetime(2020, 2, 1, 9, 5, tzinfo=UTC)
        assert "Formular" in event.source
        sources = [suppression_of(conn, parse_address(f"{name}@x.example"), secret=secret) for name in ("weg", "tot")]
        assert [one and one.source for one in sources] == ["unsubscribed at CleverReach", "bounced at CleverReach"]


def test_cleverreach_with_unix_times(run: Import, engine: Engine) -> None:
    report = run(
        "email,registered,activated,deactivated,bounced,firstname\n"
        "anna@x.example,1580547600,1580547900,0,0,Anna\nweg@x.example,1580547600,1580547900,1600000000,0,B\n"
    )
    assert fates(report) == {"added": 1, "suppressed": 1}
    with engine.begin() as conn:
        (event,) = consent_history(conn, recipients(conn, ["morgen"])[0].id)
    assert event.at == datetime(2020, 2, 1, 9, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        ("active", {"added": 1}),
        ("aktiv", {"added": 1}),
        ("new", {"added": 1, "pending": 1}),
        ("deleted", {"suppressed": 1}),
        ("bounced", {"suppressed": 1}),
        ("abused", {"suppressed": 1}),
        ("etwas Neues", {"refused": 1}),
    ],
)
def test_rapidmail_statuses(run: Import, engine: Engine, secret: bytes, status: str, fate: dict[str, int]) -> None:
    report = run(
        "email;gender;firstname;lastname;status;created;created_ip;activated;activated_ip\n"
        f"anna@x.example;female;Anna;Weber;{status};2020-01-01 10:00:00;192.0.2.1;2020-01-01 10:05:00;192.0.2.2\n",
        consent="Alle haben zugestimmt",
    )
    assert fates(report) == fate
    with engine.begin() as conn:
        active = recipients(conn, ["morgen"])
        assert len(active) == (fate == {"added": 1})
        if active:
            assert active[0].salutation == "Frau"
            (event,) = consent_history(conn, active[0].id)
            assert (event.at, event.ip) == (datetime(2020, 1, 1, 9, 5, tzinfo=UTC), "192.0.2.2")


def test_mailpoet_with_masked_quotes_and_two_statuses(run: Import, engine: Engine, secret: bytes) -> None:
    header = '\ufeff"Email","First name","Last name","Subscription time","Confirmation time","Confirmation IP"'
    report = run(
        header + ',"List status","Global status","List"\n'
        r'"anna@x.example","\"Änne\" Anna","Weber","2020-01-01 09:00:00","2020-01-01 09:05:00","192.0.2.1",'
        '"subscribed","subscribed","Morgen"\n'
        '"formel@x.example","\'=1+1","","2020-01-01 09:00:00","2020-01-01 09:05:00","",'
        '"subscribed","inactive","Morgen"\n'
        '"weg@x.example","","","2020-01-01 09:00:00","","","unsubscribed","subscribed","Morgen"\n'
        '"tot@x.example","","","2020-01-01 09:00:00","","","subscribed","bounced","Morgen"\n'
        '"offen@x.example","","","2020-01-01 09:00:00","","","subscribed","unconfirmed","Morgen"\n',
    )
    assert fates(report) == {"added": 3, "pending": 1, "suppressed": 2}
    with engine.begin() as conn:
        assert get_subscriber(conn, "anna@x.example", secret=secret).first_name == '"Änne" Anna'
        assert get_subscriber(conn, "formel@x.example", secret=secret).first_name == "=1+1"
        waiting = list_subscribers(conn, "morgen", state=SubscriptionState.PENDING)
        assert [one.email for one in waiting] == ["offen@x.example"]


def test_listmonk_with_attributes_in_json(run: Import, engine: Engine, secret: bytes) -> None:
    header = "uuid,email,name,attributes,status,created_at,updated_at\n"
    report = run(
        header
        + '1,anna@x.example,Anna von der Heide,"{""city"": ""Köln"", ""age"": 41, ""a"": {""b"": [1]}, ""no"": null}",'
        "enabled,2023-05-01 10:11:12.5 +0000 UTC,2023-05-02 10:11:12 +0000 UTC\n"
        "2,weg@x.example,Ben,{},blocklisted,2023-05-01 10:11:12 +0000 UTC,x\n"
        "3,kaputt@x.example,Carl,{nein,enabled,2023-05-01 10:11:12 +0000 UTC,x\n",
    )
    assert fates(report) == {"added": 1, "suppressed": 1, "refused": 1}
    with engine.begin() as conn:
        anna = get_subscriber(conn, "anna@x.example", secret=secret)
        assert (anna.first_name, anna.last_name) == ("Anna", "von der Heide")
        assert anna.attributes == {"city": "Köln", "age": "41", "a": '{"b":[1]}'}
        (event,) = consent_history(conn, anna.id)
        assert event.at == datetime(2023, 5, 1, 10, 11, 12, tzinfo=UTC)


def test_somebody_active_here_who_left_there_is_not_mailed_any_more(run: Import, engine: Engine) -> None:
    run("email\nanna@x.example\n", "none", consent="Messe")
    with engine.begin() as conn:
        assert len(recipients(conn, ["morgen"])) == 1
    run("Email Address,UNSUB_TIME,OPTIN_TIME,LEID\nanna@x.example,2022-01-01 00:00:00,2021-01-01 00:00:00,1\n")
    with engine.begin() as conn:
        assert recipients(conn, ["morgen"]) == []


def test_an_export_without_its_map_is_refused(run: Import) -> None:
    content = "uuid,email,name,attributes,status,created_at\n1,weg@x.example,Ben,{},blocklisted,2023-05-01\n"
    with pytest.raises(CsvFileError, match="an export of listmonk; say --map listmonk"):
        run(content, "")
    assert fates(run(content, "none", consent="Messe")) == {"added": 1}
    with pytest.raises(UsageError, match="There is no map lyris; there are cleverreach"):
        run(content, "lyris")
    with pytest.raises(CsvFileError, match="no column email"):
        run("name\nx\n", "listmonk")


def test_our_own_columns_are_nobodys_export() -> None:
    assert guess_map(["email", *PROFILE_FIELDS, "consent_at", "status", "name", "created_at"]) == ""
    assert csv_map("mailchimp").fits([column_name(cell) for cell in ("Email Address", "OPTIN_TIME", "LEID")])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Anna", ("Anna", "")),
        ("Anna Weber", ("Anna", "Weber")),
        ("Anna Maria Weber", ("Anna Maria", "Weber")),
        ("Anna von der Heide", ("Anna", "von der Heide")),
        ("von Heide", ("von", "Heide")),
        ("Weber, Anna", ("Anna", "Weber")),
        ("Vincent van Gogh", ("Vincent", "van Gogh")),
    ],
)
def test_whole_names(name: str, expected: tuple[str, str]) -> None:
    assert split_name(name) == expected
