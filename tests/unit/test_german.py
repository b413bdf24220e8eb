from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest import german
from digest.model.site import Form

NB = "\u00a0"
#: For machines that have other things to do.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize(
    ("day", "long", "short"),
    [
        (date(2025, 10, 17), "Freitag, 17. Oktober 2025", "17. Oktober 2025"),
        (date(2024, 2, 29), "Donnerstag, 29. Februar 2024", "29. Februar 2024"),
        (date(2026, 3, 1), "Sonntag, 1. März 2026", "1. März 2026"),
    ],
)
def test_dates(day: date, long: str, short: str) -> None:
    assert (german.long_date(day), german.short_date(day)) == (long, short)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (time(6, 30), "6.30 Uhr"),
        (time(0, 0), "0.00 Uhr"),
        (datetime(2025, 10, 17, 14, 5, 59, tzinfo=UTC), "14.05 Uhr"),
    ],
)
def test_time_of_day(moment: datetime | time, text: str) -> None:
    assert german.time_of_day(moment) == text


@pytest.mark.parametrize(
    ("value", "table", "sentence"),
    [
        ("2.4", f"+2,4{NB}%", "2,4 Prozent"),
        ("-1.3", f"−1,3{NB}%", "−1,3 Prozent"),
        ("0", f"0,0{NB}%", "0,0 Prozent"),
        ("-0.04", f"0,0{NB}%", "0,0 Prozent"),
        ("0.04", f"0,0{NB}%", "0,0 Prozent"),
        ("0.05", f"+0,1{NB}%", "0,1 Prozent"),
        ("-0.05", f"−0,1{NB}%", "−0,1 Prozent"),
        ("2.449999", f"+2,4{NB}%", "2,4 Prozent"),
        ("1234.56", f"+1.234,6{NB}%", "1.234,6 Prozent"),
        ("NaN", "–", "–"),
        ("-Infinity", "–", "–"),
        ("1E+900000", "–", "–"),
    ],
)
def test_percent(value: str, table: str, sentence: str) -> None:
    assert german.percent(Decimal(value)) == table
    assert german.percent_words(Decimal(value)) == sentence


def test_percent_of_nothing_and_with_other_places() -> None:
    assert german.percent(None) == german.percent_words(None) == "–"
    assert german.percent(Decimal("2.446"), 2) == f"+2,45{NB}%"
    assert german.percent(Decimal("2.5"), 0) == f"+3{NB}%"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("63412", f"63.412{NB}€"),
        ("63412.5", f"63.413{NB}€"),
        ("1000", f"1.000{NB}€"),
        ("1234567.89", f"1.234.568{NB}€"),
        ("999.996", f"1.000{NB}€"),
        ("999.995", f"1.000{NB}€"),
        ("999.994", f"999,99{NB}€"),
        ("84.2", f"84,20{NB}€"),
        ("0.5", f"0,50{NB}€"),
        ("0.01", f"0,01{NB}€"),
        ("0.009", f"0,009{NB}€"),
        ("0.0099999", f"0,01{NB}€"),
        ("0.00001234567", f"0,0000123{NB}€"),
        ("1E-20", f"0,00{NB}€"),
        ("0", f"0,00{NB}€"),
        ("-3", f"−3,00{NB}€"),
        ("NaN", "–"),
        ("sNaN", "–"),
        ("Infinity", "–"),
        ("1E+40", "–"),
    ],
)
def test_price(value: str, text: str) -> None:
    assert german.price(Decimal(value), "EUR") == text


@pytest.mark.parametrize(("currency", "sign"), [("EUR", "€"), ("USD", "$"), ("GBP", "£"), ("CHF", "CHF"), ("usd", "$")])
def test_price_in_other_currencies(currency: str, sign: str) -> None:
    assert german.price(Decimal(1500), currency) == f"1.500{NB}{sign}"


def test_no_price() -> None:
    assert german.price(None, "EUR") == "–"


@UNHURRIED
@given(st.decimals(allow_nan=True, allow_infinity=True), st.text(max_size=5))
def test_no_decimal_raises_or_prints_nan(value: Decimal, currency: str) -> None:
    for text in (german.price(value, currency), german.percent(value), german.percent_words(value)):
        assert "nan" not in text.casefold().replace(currency.casefold(), "") or "nan" in currency.casefold()
        assert not any(unicodedata.category(sign) in ("Cc", "Zl", "Zp") for sign in text)
        assert len(text) < 60


@UNHURRIED
@given(st.decimals(min_value=1000, max_value=10**12, places=6))
def test_a_price_from_a_thousand_is_whole_and_reads_back(value: Decimal) -> None:
    digits = german.price(value, "EUR").removesuffix(f"{NB}€")
    assert abs(Decimal(digits.replace(".", "")) - value) <= Decimal("0.5")
    assert all(len(group) == 3 for group in digits.split(".")[1:])


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0"), (999, "999"), (1000, "1.000"), (10000, "10.000"), (-1234567, "−1.234.567")]
)
def test_number(count: int, text: str) -> None:
    assert german.number(count) == text


def test_plural() -> None:
    assert german.plural(1, "Nachricht", "Nachrichten") == "1 Nachricht"
    assert german.plural(0, "Nachricht", "Nachrichten") == "0 Nachrichten"
    assert german.plural(10000, "Nachricht", "Nachrichten") == "10.000 Nachrichten"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], ""),
        (["Bitcoin"], "Bitcoin"),
        (["Bitcoin", "Ether"], "Bitcoin und Ether"),
        (["Bitcoin", "Ether", "Litecoin"], "Bitcoin, Ether und Litecoin"),
    ],
)
def test_join_words(words: list[str], text: str) -> None:
    assert german.join_words(words) == text


@pytest.mark.parametrize(("words", "minutes"), [(0, 1), (1, 1), (200, 1), (201, 2), (1000, 5)])
def test_reading_minutes(words: int, minutes: int) -> None:
    assert german.reading_minutes(words) == minutes


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (time(0, 0), "Guten Morgen"),
        (time(6, 30), "Guten Morgen"),
        (time(10, 59), "Guten Morgen"),
        (time(11, 0), "Guten Tag"),
        (time(17, 59), "Guten Tag"),
        (time(18, 0), "Guten Abend"),
    ],
)
def test_opening(at: time, text: str) -> None:
    assert german.opening(at) == text


NEUTRAL = "Liebe Leserin, lieber Leser,"


@pytest.mark.parametrize(
    ("salutation", "title", "first", "last", "line"),
    [
        ("Frau", "Dr.", "Anna", "Weber", "Guten Morgen, Frau Dr. Weber,"),
        ("Herr", "", "Max", "Muster", "Guten Morgen, Herr Muster,"),
        ("frau ", "", "", "Weber", "Guten Morgen, Frau Weber,"),
        ("Frau", "Prof. Dr. Dr. h. c.", "Eva", "Lang", "Guten Morgen, Frau Prof. Lang,"),
        ("Herr", "Dr. Dr. h. c. mult.", "", "Kern", "Guten Morgen, Herr Dr. Kern,"),
        ("Herr", "Univ.-Prof. Dr.-Ing.", "", "Kern", "Guten Morgen, Herr Prof. Kern,"),
        ("Frau", "Professorin", "", "Kern", "Guten Morgen, Frau Prof. Kern,"),
        ("Frau", "Dipl.-Ing.", "", "Kern", "Guten Morgen, Frau Kern,"),
        ("Herr", "Drogist", "", "Kern", "Guten Morgen, Herr Kern,"),
        ("Frau", "Dr.", "", "von der Heide", "Guten Morgen, Frau Dr. von der Heide,"),
        ("Herr", "", "Jan", "van Beek", "Guten Morgen, Herr van Beek,"),
        ("Herr", "", "", "zu Sayn", "Guten Morgen, Herr zu Sayn,"),
        ("Frau", "", "", "Dr. med. Weber", "Guten Morgen, Frau Dr. Weber,"),
        ("Frau", "Dr.", "", "Dr. Weber", "Guten Morgen, Frau Dr. Weber,"),
        ("Herr", "", "", "Drechsler", "Guten Morgen, Herr Drechsler,"),
        ("Herr", "", "", "Professor", "Guten Morgen, Herr Professor,"),
        ("divers", "", "Kim", "Weber", "Guten Morgen, Kim Weber,"),
        ("Divers", "Prof. Dr.", "Kim", "Weber", "Guten Morgen, Prof. Kim Weber,"),
        ("divers", "", "", "Weber", NEUTRAL),
        ("divers", "", "Kim", "", NEUTRAL),
        ("", "", "Andrea", "Weber", NEUTRAL),
        ("", "Dr.", "Max", "Muster", NEUTRAL),
        ("Firma", "", "Max", "Muster", NEUTRAL),
        ("Frau", "Dr.", "Anna", "", NEUTRAL),
        ("Frau", "", "", "\r\n\t ", NEUTRAL),
        ("Frau", "", "", "Weber\r\nBcc: x", "Guten Morgen, Frau Weber Bcc: x,"),
        ("Frau", "", "", "We\u2028ber\u202e", "Guten Morgen, Frau We ber,"),
        ("Frau", "", "", "Mu\u0308ller", "Guten Morgen, Frau Müller,"),
        ("Frau", "", "", "{{7*7}}", NEUTRAL),
        ("Herr", "", "", "http://gewinn.example", NEUTRAL),
        ("Herr", "", "", "www.gewinn.example", NEUTRAL),
        ("Herr", "", "", "a" * 81, NEUTRAL),
        ("Frau", "", "", "O'Brien-Çelik", "Guten Morgen, Frau O'Brien-Çelik,"),
    ],
)
def test_greeting_with_sie(salutation: str, title: str, first: str, last: str, line: str) -> None:
    got = german.greeting("Guten Morgen", "Sie", first_name=first, last_name=last, title=title, salutation=salutation)
    assert got == line
    assert german.continues_lower(got)


@pytest.mark.parametrize(
    ("first", "line", "lower"),
    [
        ("Anna", "Guten Abend, Anna,", True),
        ("Dr. Anna", "Guten Abend, Anna,", True),
        (" Anna  Lena ", "Guten Abend, Anna Lena,", True),
        ("", "Guten Abend!", False),
        ("-", "Guten Abend!", False),
    ],
)
def test_greeting_with_du(first: str, line: str, lower: bool) -> None:
    got = german.greeting("Guten Abend", "du", first_name=first, last_name="Weber", title="Dr.", salutation="Frau")
    assert got == line
    assert german.continues_lower(got) is lower


HOSTILE = st.text(st.characters(), max_size=120) | st.sampled_from(
    ["Dr. ", "prof " * 40, "h. c. " * 30, "\r\n", "Prof.Dr."]
)


@UNHURRIED
@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE | st.sampled_from(["Frau", "Herr", "divers"]), st.sampled_from(["Sie", "du"]))
def test_no_name_breaks_a_line(first: str, last: str, title: str, salutation: str, form: Form) -> None:
    line = german.greeting("Guten Tag", form, first_name=first, last_name=last, title=title, salutation=salutation)
    assert line == NEUTRAL or line.startswith("Guten Tag")
    assert line[-1] in ",!"
    assert not any(unicodedata.category(sign)[0] == "C" or sign in "\u2028\u2029" for sign in line)
    assert len(line) < 300
    line.encode()


@pytest.mark.parametrize(
    ("plain", "set_well"),
    [
        ('Er sagte: "Ja."', "Er sagte: „Ja.“"),
        ('("Ja")', "(„Ja“)"),
        ('"Erst", "dann"', "„Erst“, „dann“"),
        ('"Das "eine" Wort"', "„Das ‚eine‘ Wort“"),
        ("der 'Spiegel' von gestern", "der ‚Spiegel‘ von gestern"),
        ("\"Der 'Spiegel' sagt\"", "„Der ‚Spiegel‘ sagt“"),
        ("Wie geht's dir?", "Wie geht's dir?"),
        ("'n Abend in Klaus' Haus", "'n Abend in Klaus' Haus"),
        ('ein 27" Bildschirm', 'ein 27" Bildschirm'),
        ('kein "Ende', 'kein "Ende'),
        ("Moment...", "Moment…"),
        ("Moment....", "Moment...."),
        ("Berlin - Kiew", "Berlin – Kiew"),
        ("E-Mail", "E-Mail"),
        ("- ein Punkt", "- ein Punkt"),
        ("5 Min. Lesezeit", f"5{NB}Min. Lesezeit"),
        ("plus 2,4 %", f"plus 2,4{NB}%"),
        ("84,20 €", f"84,20{NB}€"),
        ("z. B. und z.B.", f"z.{NB}B. und z.{NB}B."),
        ("Z.B. das", f"Z.{NB}B. das"),
        ("i.d.R.", f"i.{NB}d.{NB}R."),
        ("§ 18 Abs. 2 MStV", f"§{NB}18 Abs.{NB}2 MStV"),
        ("um 6.30 Uhr", "um 6.30 Uhr"),
        ("", ""),
    ],
)
def test_typography(plain: str, set_well: str) -> None:
    assert german.typography(plain) == set_well


@UNHURRIED
@given(st.text(st.sampled_from("\"'. -aB5zd%€§(„“‚‘…–\n\u00a0"), max_size=60) | st.text(max_size=60))
def test_typography_is_idempotent(text: str) -> None:
    once = german.typography(text)
    assert german.typography(once) == once
