"""The file that names every row an import did not take in; and a person taken out of such files again."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TextIO

import msgspec

from subscribers.addresses import Address, parse_address
from subscribers.csv_formulas import neutralise, restore
from subscribers.errors import AddressError, CsvFileError
from subscribers.import_report import RefusedRow

_COLUMNS = RefusedRow.__struct_fields__
_FORGOTTEN = "The person of this row was erased."
#: What may stand around an address in a cell that is more than one.
_BETWEEN = re.compile(r"[\s<>()\[\]\"',;:…]+")


class RefusalsFile:
    """Writes rows as CSV, or as a JSON array where `path` ends in .json; readable for its owner alone.

    Nothing is written before the first row. `path` may be given later than the rest. Raises CsvFileError.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.rows = 0
        self._file: TextIO | None = None

    def __enter__(self) -> RefusalsFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.write("\n]\n" if self._is_json else "")
            self._file.close()

    def add(self, row: RefusedRow) -> None:
        """Write one row; nothing where there is no path."""
        if self.path is None:
            return
        if self._file is None:
            self._file = _create(self.path)
            self._file.write("[" if self._is_json else _csv_line(_COLUMNS))
        if self._is_json:
            self._file.write((",\n" if self.rows else "\n") + _json_line(row))
        else:
            self._file.write(_csv_line(_cells(row)))
        self.rows += 1

    @property
    def _is_json(self) -> bool:
        return self.path is not None and self.path.suffix.lower() == ".json"


def forget_in_reports(folder: Path, address: Address) -> int:
    """Take a person's address out of every report in `folder`; in how many rows it was.

    A report that names them is written anew, and takes the old one's place when it is whole.
    """
    forgotten = 0
    for path in sorted(folder.glob("*")) if folder.is_dir() else ():
        if path.suffix in (".csv", ".json") and path.is_file():
            forgotten += _forget_in(path, address)
    return forgotten


def _forget_in(path: Path, address: Address) -> int:
    named = sum(1 for row in _read(path) if _names(row, address))
    if named:
        temporary = path.with_name(f".{path.name}.new{path.suffix}")
        with RefusalsFile(temporary) as anew:
            for row in _read(path):
                anew.add(RefusedRow(row.line, "", _FORGOTTEN) if _names(row, address) else row)
        temporary.replace(path)
    return named


def _read(path: Path) -> Iterator[RefusedRow]:
    """The rows of a report. The last of an import that was broken off may be half a row; it comes as a reason."""
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        if path.suffix == ".json":
            for line in file:
                if line.startswith("{"):
                    try:
                        yield msgspec.json.decode(line.strip().rstrip(","), type=RefusedRow)
                    except msgspec.DecodeError:
                        yield RefusedRow(0, "", line.strip())
        else:
            for cells in csv.reader(file):
                if len(cells) == len(_COLUMNS) and cells[0].isdecimal():
                    yield RefusedRow(int(cells[0]), restore(cells[1]), restore(cells[2]))
                elif tuple(cells) != _COLUMNS:
                    yield RefusedRow(0, "", " ".join(cells))


def _names(row: RefusedRow, address: Address) -> bool:
    return any(_is(word, address) for text in (row.address, row.reason) for word in _BETWEEN.split(text) if "@" in word)


def _is(word: str, address: Address) -> bool:
    try:
        return parse_address(word.strip(".")).email.casefold() == address.email.casefold()
    except AddressError:
        return address.email.casefold() in word.casefold()


def _create(path: Path) -> TextIO:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8", newline="")
    except OSError as problem:
        raise CsvFileError(str(path), f"it cannot be written: {problem.strerror}.") from problem


def _cells(row: RefusedRow) -> tuple[str, ...]:
    return str(row.line), neutralise(row.address), neutralise(row.reason)


def _csv_line(cells: tuple[str, ...]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


def _json_line(row: RefusedRow) -> str:
    return msgspec.json.encode(row).decode()
