"""Files that were made to take long, or to leave something behind."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator

import pytest

from subscribers.cleaning import clean_line, nfc
from subscribers.csv_lines import Lines
from subscribers.csv_rows import BadRow, CsvRow, CsvRows
from subscribers.errors import AddressError, CsvFileError
from subscribers.profile import read_profile


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    """Seconds; before they were mended, these took minutes and more."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < 6


def rows(content: bytes) -> list[CsvRow | BadRow]:
    return list(CsvRows(Lines(io.BytesIO(content), "people.csv"), "people.csv"))


def test_quotation_marks_that_each_never_close() -> None:
    found = rows(b"email,name\n" + b'x","\n' * 100_000 + b"anna@news.example,Anna\n")
    assert len([row for row in found if isinstance(row, BadRow)]) >= 99_990


def test_a_stray_quotation_mark_still_costs_only_its_own_row() -> None:
    people = b"".join(b"a%d@news.example,Anna\n" % number for number in range(2_000))
    found = rows(b'email,name\nx@news.example,"Anna\n' + people)
    assert [type(row) for row in found].count(BadRow) == 1
    assert len(found) == 2_001


def test_a_row_over_many_lines_is_still_one_after_a_few_strays() -> None:
    stray = b'x@news.example,"Anna\n' + b"a@news.example,Anna\n" * 3
    long = b'b@news.example,"' + b"Zeile\n" * 300 + b'"\n'
    found = rows(b"email,name\n" + stray * 3 + long)
    assert isinstance(found[-1], CsvRow)
    assert found[-1].cells["email"] == "b@news.example"


@pytest.mark.parametrize("header", [b"email" + b"," * 90_000, b"email," + b",".join(b"c%d" % n for n in range(15_000))])
def test_a_header_of_many_columns_is_refused(header: bytes) -> None:
    with pytest.raises(CsvFileError, match=r"people\.csv: the header has \d+ columns, 500 are the most"):
        rows(header + b"\na@news.example\n")


@pytest.mark.parametrize("line", [b"x" * 10_000_000, b'"' * 10_000_000, b"\xff" * 10_000_000, b",;" * 5_000_000])
def test_one_line_of_ten_megabytes(line: bytes) -> None:
    found = rows(b"email,name\n" + line + b"\nanna@news.example,Anna\n")
    assert [row.line for row in found if isinstance(row, BadRow)] == [2]
    assert [row.cells["email"] for row in found if isinstance(row, CsvRow)] == ["anna@news.example"]


def test_texts_that_take_long_to_clean() -> None:
    assert clean_line("ä" + " " * 99_000 + "x").endswith(" x")
    assert len(clean_line("a" + "\u0301\u0316" * 49_000)) <= 31
    assert clean_line("a" + " \t" * 40_000 + "b") == "a b"
    assert clean_line("a  b \n c") == "a  b c"


def test_marks_that_languages_write_stay() -> None:
    for text in ("é", "אֱלֹהִים", "ที่นี่", "a" + "\u0301" * 29):
        assert nfc(nfc(text)) == nfc(text)
        assert len(nfc(text)) >= len(text) - 1


@pytest.mark.parametrize(
    "name", ["Anna\r\nBcc: evil@x.example", "Anna\u2028Bcc: x", "Anna\x00\x1b[31m", "Anna\x85Bcc: x", "\ud800Anna"]
)
def test_a_name_has_no_second_line(name: str) -> None:
    first = read_profile({"first_name": name}).first_name
    assert first.isprintable()
    assert first.startswith("Anna")


@pytest.mark.parametrize(
    "address",
    [
        "a@b.example\r\nRCPT TO:<x@y.example>",
        "a@b.example>",
        "a\u2028@b.example",
        "Anna <a@b.example>",
        "a@b.example,c@d.example",
        "@" * 1_000,
        "a@" + "ä" * 900 + ".example",
        '"' + "\\a" * 400 + '"@b.example',
        "a@[127.0.0.1]",
        "a@localhost",
        "a\0@b.example",
    ],
)
def test_no_address(address: str) -> None:
    from subscribers.addresses import parse_address

    with pytest.raises(AddressError) as wrong:
        parse_address(address)
    assert len(str(wrong.value)) < 400
    assert "\n" not in str(wrong.value)
