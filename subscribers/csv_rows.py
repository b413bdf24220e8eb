"""A CSV file as rows (RFC 4180, and what programs make of it): delimiter, header, line numbers, broken quotes."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator

import msgspec

from subscribers.cleaning import clean_line, show
from subscribers.csv_formulas import restore
from subscribers.csv_lines import LINE_MAX
from subscribers.errors import CsvFileError

DELIMITERS = (",", ";", "\t")

#: The most lines that one row may take, inside quotation marks.
_LINES_MAX = 500
#: The most columns of a header: every row is looked through for each of them.
_COLUMNS_MAX = 500
#: After a quotation mark that is never closed its lines are read anew; where that happens all over, rows may take only
#: `_LINES_FEW` lines: so a file takes at most so many times its lines to read.
_READ_ANEW_MAX, _LINES_FEW = 10, 5
_NAME_MAX = 100
_UNREADABLE = re.compile("[\ud800-\udfff]")
_WHOLE_ADDRESS = re.compile(r'[^\s"@]+@[^\s"@]+')
_SEPARATOR_HINT = re.compile(r"sep=(.)", re.IGNORECASE)


class CsvRow(msgspec.Struct, frozen=True, gc=False):
    """A row's cells by column, and the number of its first line (from 1, the header's included)."""

    line: int
    cells: dict[str, str]


class BadRow(msgspec.Struct, frozen=True):
    """A row that cannot be read, and why; `text` is its beginning."""

    line: int
    text: str
    problem: str


class CsvRows:
    """Iterates over the rows below the header. Empty rows are passed over, and formulas that an export made harmless
    are whole again.

    `columns` are the header's names (see `column_name`); a column without a name is `column_N`. The delimiter is the
    one under which the header has a column of those `required`, and the most columns. With `repeats` a name may come
    again, and is `name_2` then; `repeated` is the first that does. `escape` is a sign that stands before a quotation
    mark inside a cell, where a program does not double it; it may be set before the first row is read. Raises
    CsvFileError when made from lines without such a header.
    """

    def __init__(
        self,
        lines: Iterable[str],
        name: str,
        *,
        required: Collection[str] = ("email",),
        repeats: bool = False,
    ) -> None:
        self._feed = _Feed(iter(lines))
        self.columns: list[str] = []
        self.repeated = ""
        self.escape = ""
        header = self._first_line(name)
        self.delimiter = _delimiter(header, required)
        hint = _SEPARATOR_HINT.fullmatch(header.strip().strip('"'))
        if hint and hint[1] in DELIMITERS:
            self.delimiter = hint[1]
            header = self._first_line(name)
        self._feed.push_back([header])
        first = next(self._records(), None)
        if not isinstance(first, tuple):
            raise CsvFileError(name, f"the header cannot be read: {first.problem if first else 'there is none.'}")
        columns = [column_name(restore(cell)) or f"column_{number}" for number, cell in enumerate(first[1], 1)]
        found = [column for column in columns if column in required]
        if not found:
            shown = ", ".join(show(column) for column in columns[:10])
            raise CsvFileError(name, f"the header has no column {next(iter(required))}; it has {shown}.")
        if len(columns) > _COLUMNS_MAX:
            raise CsvFileError(name, f"the header has {len(columns)} columns, {_COLUMNS_MAX} are the most.")
        if twice := [column for column, count in Counter(columns).items() if count > 1]:
            if not repeats:
                raise CsvFileError(name, f"the header has the column {show(twice[0])} twice.")
            self.repeated = twice[0]
            columns = _numbered(columns)
        self.columns = columns
        self.required = found[0]
        self._place = columns.index(found[0])

    def __iter__(self) -> Iterator[CsvRow | BadRow]:
        columns, width = self.columns, len(self.columns)
        for record in self._records():
            if isinstance(record, BadRow):
                yield record
                continue
            line, cells = record
            if len(cells) > width:
                if any(cell.strip() for cell in cells[width:]):
                    text = self.delimiter.join(cells)
                    problem = f"it has {len(cells)} cells, the header {width}; a cell that holds a delimiter is quoted."
                    yield BadRow(line, text, problem)
                    continue
                del cells[width:]
            if any(cells) and any(cell.strip() for cell in cells):
                if self._feed.has_apostrophe():
                    cells = [restore(cell) for cell in cells]
                yield CsvRow(line, dict(zip(columns, cells, strict=False)))

    def _first_line(self, name: str) -> str:
        try:
            for line in self._feed:
                self._feed.begin()
                if line.strip():
                    return line
        except _BadRecordError as bad:
            raise CsvFileError(name, f"the header cannot be read: {bad}") from None
        raise CsvFileError(name, "it is empty.")

    def _records(self) -> Iterator[tuple[int, list[str]] | BadRow]:
        feed = self._feed
        reader = self._reader_of(self._feed)
        while True:
            feed.begin()
            line = feed.number + 1
            try:
                cells = next(reader)
                if len(feed.record) > 1 and self._runs_on(cells):
                    raise _BadRecordError("a quotation mark is opened and not closed in its cell.")
            except StopIteration:
                return
            except _BadRecordError as bad:
                yield BadRow(line, feed.record[0] if feed.record else "", str(bad))
                feed.push_back(feed.record[1:])
                reader = self._reader_of(self._feed)
            except csv.Error as bad:
                yield BadRow(line, feed.record[0], f"{bad}.")
                reader = self._reader_of(self._feed)
            else:
                yield line, cells

    def _runs_on(self, cells: list[str]) -> bool:
        """Whether a row over several lines is none: a stray quotation mark has swallowed the rows that follow it."""
        if not self.columns:
            return False
        width, place = len(self.columns), self._place
        if any(cell.strip() for cell in cells[width:]):
            return True
        alone = (next(self._reader_of([line]), []) for line in self._feed.record[1:])
        return any(len(row) == width > 1 and _WHOLE_ADDRESS.fullmatch(row[place].strip()) for row in alone)

    def _reader_of(self, lines: Iterable[str]) -> Iterator[list[str]]:
        return csv.reader(lines, delimiter=self.delimiter, skipinitialspace=True, escapechar=self.escape or None)


class _BadRecordError(Exception):
    """Ends the reading of one row."""


class _Feed(Iterator[str]):
    """Hands lines to the reader, and remembers those of one row: after a quote that never ends they are read anew."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.number = 0
        self.record: list[str] = []
        self._size = 0
        self._anew = 0
        self._lines = lines
        self._again: deque[str] = deque()

    def begin(self) -> None:
        self.record = []
        self._size = 0

    def push_back(self, lines: list[str]) -> None:
        self._again.extendleft(reversed(lines))
        self.number -= len(lines)
        self._anew += len(lines)

    def has_apostrophe(self) -> bool:
        """Whether there is one in the lines of this row."""
        return any("'" in line for line in self.record)

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines, None)
        if line is None:
            if self.record:
                raise _BadRecordError("a quotation mark is opened and never closed.")
            raise StopIteration
        self.number += 1
        self.record.append(line)
        self._size += len(line)
        patient = self._anew <= _READ_ANEW_MAX * (self.number + _LINES_MAX)
        if self._size > LINE_MAX or len(self.record) > (_LINES_MAX if patient else _LINES_FEW):
            if len(self.record) > 1:
                raise _BadRecordError("a quotation mark is opened and not closed for many lines.")
            raise _BadRecordError(f"the line has more than {LINE_MAX} characters.")
        if not line.isascii() and _UNREADABLE.search(line):
            raise _BadRecordError("it is neither UTF-8 nor Windows-1252.")
        return line


def column_name(text: str) -> str:
    """A column's or an attribute's name: small letters, `_` for blanks, NFC, 100 characters at most."""
    name = re.sub(r"\s+", "_", clean_line(text).strip("\ufeff").casefold())
    return unicodedata.normalize("NFC", name)[:_NAME_MAX]


def _delimiter(header: str, required: Collection[str]) -> str:
    def fitness(delimiter: str) -> tuple[bool, int]:
        cells = next(csv.reader([header], delimiter=delimiter, skipinitialspace=True), [])
        return any(column_name(cell) in required for cell in cells), len(cells)

    return max(DELIMITERS, key=fitness)


def _numbered(columns: Iterable[str]) -> list[str]:
    seen: Counter[str] = Counter()
    numbered = []
    for column in columns:
        seen[column] += 1
        numbered.append(column if seen[column] == 1 else f"{column}_{seen[column]}")
    return numbered
