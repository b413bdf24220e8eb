"""The file that names refused rows, and a person taken out of it again."""

from __future__ import annotations

import csv
import json
import re
import stat
from pathlib import Path

import pytest

from subscribers.addresses import parse_address
from subscribers.errors import CsvFileError
from subscribers.import_refusals import RefusalsFile, forget_in_reports
from subscribers.import_report import RefusedRow

ANNA = parse_address("Anna@bücher.example")
ROWS = [
    RefusedRow(3, "anna@xn--bcher-kva.example", "This person left the list."),
    RefusedRow(4, "ANNA@Bücher.Example", 'form "ihr": must be Sie, du or empty.'),
    RefusedRow(5, "joanna@xn--bcher-kva.example", "=1+1"),
    RefusedRow(6, "", "'Anna <anna@bücher.example>' is not an e-mail address that can be used."),
    RefusedRow(7, "'kaputt", 'Zeile;mit "allem", ja'),
    RefusedRow(8, "anna@xn--bcher-kva.example.org", "x"),
]


def written(path: Path, rows: list[RefusedRow]) -> Path:
    with RefusalsFile(path) as file:
        for row in rows:
            file.add(row)
    assert file.rows == len(rows)
    return path


def read(path: Path) -> list[tuple[int, str, str]]:
    if path.suffix == ".json":
        return [(row["line"], row["address"], row["reason"]) for row in json.loads(path.read_text("utf-8"))]
    with path.open(newline="", encoding="utf-8") as file:
        return [(int(line), address, reason) for line, address, reason in list(csv.reader(file))[1:]]


@pytest.mark.parametrize("name", ["12.csv", "12.json"])
def test_a_person_is_forgotten_and_nobody_else(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / "imports" / name, ROWS)
    before = read(path)
    assert forget_in_reports(path.parent, ANNA) == 3
    after = read(path)
    forgotten = {3, 4, 6}
    assert [row for row in after if row[0] not in forgotten] == [row for row in before if row[0] not in forgotten]
    assert {row[1:] for row in after if row[0] in forgotten} == {("", "The person of this row was erased.")}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == [name]
    content = path.read_bytes()
    assert forget_in_reports(path.parent, ANNA) == 0
    assert path.read_bytes() == content


def test_formulas_are_harmless(tmp_path: Path) -> None:
    assert read(written(tmp_path / "1.csv", ROWS))[2][2] == "'=1+1"


@pytest.mark.parametrize("name", ["1.csv", "1.json"])
def test_a_report_whose_import_was_broken_off(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / name, [*ROWS, RefusedRow(9, ANNA.email, "nicht da")])
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex(b"nicht da")])
    assert forget_in_reports(tmp_path, ANNA) == 4
    assert b"joanna" in path.read_bytes()
    assert not re.search(b"(?i)(?<!jo)anna@(?!xn--bcher-kva.example.org)", path.read_bytes())


def test_nothing_refused_is_no_file(tmp_path: Path) -> None:
    written(tmp_path / "imports" / "1.csv", [])
    assert list(tmp_path.iterdir()) == []
    assert forget_in_reports(tmp_path / "imports", ANNA) == 0


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "imports").write_text("x")
    with pytest.raises(CsvFileError, match="cannot be written"):
        written(tmp_path / "imports" / "1.csv", ROWS)
