from __future__ import annotations

import csv
import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.csv_lines import LINE_MAX, Lines
from subscribers.csv_rows import BadRow, CsvRow, CsvRows
from subscribers.errors import CsvFileError


def rows(content: bytes | str) -> list[CsvRow | BadRow]:
    file = io.BytesIO(content) if isinstance(content, bytes) else io.StringIO(content)
    return list(CsvRows(Lines(file, "x.csv"), "x.csv"))


def read(content: bytes | str) -> list[tuple[int, dict[str, str]]]:
    found = rows(content)
    assert not [row for row in found if isinstance(row, BadRow)]
    return [(row.line, row.cells) for row in found if isinstance(row, CsvRow)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize(
    ("encoding", "bom"),
    [("utf-8", b""), ("utf-8-sig", b""), ("cp1252", b""), ("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff")],
)
def test_encodings_delimiters_and_line_ends(end: str, delimiter: str, encoding: str, bom: bytes) -> None:
    lines = [f"Email{delimiter}Vor Name", f"a@example.org{delimiter}Jörg", "", f"b@example.org{delimiter}Žofie ß €"]
    expected = [
        (2, {"email": "a@example.org", "vor_name": "Jörg"}),
        (4, {"email": "b@example.org", "vor_name": "Žofie ß €"}),
    ]
    assert read(bom + end.join(lines).encode(encoding)) == expected
    assert read(bom + (end.join(lines) + end).encode(encoding)) == expected
    assert read(end.join(lines)) == expected


def test_one_odd_line_does_not_spoil_the_others() -> None:
    content = "email,name\na@x.de,Jörg\n".encode() + "b@x.de,Jörg\n".encode("cp1252") + "c@x.de,Jörg\n".encode()
    assert [cells["name"] for _, cells in read(content)] == ["Jörg"] * 3


def test_octets_of_no_encoding_are_refused_in_their_row() -> None:
    good, bad = rows(b"email,name\na@x.de,Anna\nb@x.de,\xff\x81\n")
    assert isinstance(good, CsvRow)
    assert isinstance(bad, BadRow)
    assert (bad.line, bad.problem) == (3, "it is neither UTF-8 nor Windows-1252.")


def test_cells_over_several_lines_keep_the_line_numbers_right() -> None:
    content = 'email,notiz\na@x.de,"eins\nzwei ""x"" , ; drei\n\nvier"\nb@x.de,fünf\n'
    assert read(content) == [
        (2, {"email": "a@x.de", "notiz": 'eins\nzwei "x" , ; drei\n\nvier'}),
        (6, {"email": "b@x.de", "notiz": "fünf"}),
    ]


@pytest.mark.parametrize(
    "stray",
    [
        'b@x.de,"offen',
        '"b@x.de,offen',
        'b@x.de,"zu ""und offen',
    ],
)
@pytest.mark.parametrize("later", ["", 'd@x.de,"gut"\n'])
def test_a_stray_quote_costs_its_own_row_only(stray: str, later: str) -> None:
    found = rows(f"email,name\na@x.de,Anna\n{stray}\nc@x.de,Carl\n{later}")
    assert [row.line for row in found if isinstance(row, BadRow)] == [3]
    names = [row.cells["name"] for row in found if isinstance(row, CsvRow)]
    assert names == ["Anna", "Carl", "gut"][: 3 if later else 2]


def test_a_quote_that_stays_open_for_thousands_of_lines() -> None:
    people = "".join(f"p{number}@x.de,P\n" for number in range(3000))
    found = rows(f'email,name\na@x.de,"offen\n{people}')
    assert [row.line for row in found if isinstance(row, BadRow)] == [2]
    assert [row.line for row in found if isinstance(row, CsvRow)] == list(range(3, 3003))


def test_too_many_cells_too_few_and_empty_rows() -> None:
    found = rows("email;name;x\na@x.de;Anna;1;2\nb@x.de;Ben\n;;\n  \n;;;;;\nc@x.de;Carl;3;;;\n")
    bad = [row for row in found if isinstance(row, BadRow)]
    assert [(row.line, "4 cells" in row.problem) for row in bad] == [(2, True)]
    good = [row for row in found if isinstance(row, CsvRow)]
    assert [(row.line, row.cells.get("x")) for row in good] == [(3, None), (7, "3")]


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [
        ("email", ","),
        ("sep=;\nemail;a,b,c,d\n", ";"),
        ('"sep=,"\r\nemail,a\r\n', ","),
        ("email;a\nx@x.de;1,2,3,4,5", ";"),
        ('a;"b,c,d,e";email\n', ";"),
        ("name\temail\tort, land\n", "\t"),
        ("\n\n email , name \n", ","),
    ],
)
def test_delimiter_is_sniffed_from_the_header_alone(content: str, delimiter: str) -> None:
    assert CsvRows(Lines(io.StringIO(content), "x"), "x").delimiter == delimiter


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n \n", "empty"),
        (b"name,stadt\nAnna,Berlin\n", "no column email; it has 'name', 'stadt'"),
        (b"email,name,Name\n", "'name' twice"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not a text file"),
        (b"PK\x03\x04\x14\x00", "Excel workbook"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "no column email"),
        (b"email" + b"x" * (LINE_MAX + 1), "cannot be read"),
        (b'"email\n', "cannot be read"),
        ("email,name\n".encode("utf-16-le"), "not a text file"),
    ],
)
def test_a_file_that_is_none_is_one_clear_error(content: bytes, problem: str) -> None:
    with pytest.raises(CsvFileError, match=problem) as wrong:
        rows(content)
    assert str(wrong.value).startswith("x.csv: ")
    assert wrong.value.exit_code == 2


def test_an_endless_line_is_refused_in_little_memory() -> None:
    class Endless(io.RawIOBase):
        left = 400

        def read(self, _size: int = -1) -> bytes:
            self.left -= 1
            if self.left == 399:
                return b"email,name\na@x.de,Anna\n"
            return b"y" * 65536 if self.left > 0 else (b"\nb@x.de,Ben\n" if self.left == 0 else b"")

    tracemalloc.start()
    found = list(CsvRows(Lines(Endless(), "x"), "x"))  # type: ignore[arg-type]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [(type(row).__name__, row.line) for row in found] == [("CsvRow", 2), ("BadRow", 3), ("CsvRow", 4)]
    assert peak < 8_000_000


_cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=15)


@given(st.lists(st.tuples(_cells, _cells), max_size=8), st.sampled_from(",;\t"), st.booleans())
def test_what_the_csv_module_writes_comes_back(people: list[tuple[str, str]], delimiter: str, with_bom: bool) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(["email", "a", "b"])
    writer.writerows([f"p{number}@x.de", *cells] for number, cells in enumerate(people))
    found = read(out.getvalue().encode("utf-8-sig" if with_bom else "utf-8"))
    assert [(cells["a"], cells["b"]) for _, cells in found] == people


@given(st.binary(max_size=300))
def test_any_octets_are_rows_or_one_error(content: bytes) -> None:
    try:
        found = rows(b"email,x\n" + content)
    except CsvFileError:
        return
    assert all(row.line >= 2 for row in found)
