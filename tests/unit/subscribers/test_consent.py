from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from subscribers.consent import stated_consent
from subscribers.errors import WrongValueError
from subscribers.model import Consent

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 2, tzinfo=UTC)
AT = datetime(2025, 7, 1, 12, 5, tzinfo=UTC)


def stated(importer: str = "", store_ip: bool = True, /, **cells: str) -> Consent | None:
    texts = {f"consent_{name}": text for name, text in cells.items()}
    return stated_consent(texts, source=importer, file="alte.csv", now=NOW, zone=BERLIN, store_ip=store_ip)


@pytest.mark.parametrize(
    ("source", "cells", "consent"),
    [
        ("", {}, None),
        ("", {"at": " ", "source": "", "ip": ""}, None),
        ("", {"ip": "192.0.2.7"}, None),
        ("Messe", {}, Consent(source="Messe")),
        ("Messe", {"source": "Formular"}, Consent(source="Formular")),
        ("Messe", {"ip": "192.0.2.7"}, Consent(source="Messe", ip="192.0.2.7")),
        ("", {"source": "Formular", "ip": "2001:DB8::7"}, Consent(source="Formular", ip="2001:db8::7")),
        ("", {"at": "2025-07-01T12:05:00Z"}, Consent(source="alte.csv", at=AT)),
    ],
)
def test_what_counts_as_consent(source: str, cells: dict[str, str], consent: Consent | None) -> None:
    assert stated(source, True, **cells) == consent


@pytest.mark.parametrize(
    "text",
    ["2025-07-01 14:05", "2025-07-01T14:05:00+02:00", "2025-07-01 12:05Z", "01.07.2025 14:05", "1.7.2025, 14:05:00"],
)
def test_times(text: str) -> None:
    consent = stated(at=text)
    assert consent
    assert consent.at == AT


@pytest.mark.parametrize("text", ["gestern", "2025-13-01", "31.02.2025", "2027-01-01", "9999-12-31", "0001-01-01", "7"])
def test_no_time_of_consent(text: str) -> None:
    with pytest.raises(WrongValueError, match="consent_at"):
        stated(at=text)


def test_no_ip_address() -> None:
    with pytest.raises(WrongValueError, match="consent_ip"):
        stated("Messe", ip="localhost")


def test_a_source_is_no_novel() -> None:
    with pytest.raises(WrongValueError, match="consent_source"):
        stated(source="x" * 501)


def test_ip_address_is_kept_only_if_wanted() -> None:
    assert stated("Messe", False, ip="192.0.2.7") == Consent(source="Messe")
