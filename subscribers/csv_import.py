"""People from a CSV file onto one list. The columns and the rules stand at `import_csv`."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, tzinfo
from pathlib import Path
from typing import BinaryIO, TextIO
from zoneinfo import ZoneInfo

from subscribers.cleaning import clean_line, show
from subscribers.csv_entries import EntryReader
from subscribers.csv_lines import Lines
from subscribers.csv_maps import CsvMap, csv_map, csv_maps, guess_map
from subscribers.csv_rows import BadRow, CsvRow, CsvRows
from subscribers.errors import CsvFileError, UsageError, WrongValueError
from subscribers.import_batches import Batches, Begin
from subscribers.import_log import finish_import, give_room_back, start_import
from subscribers.import_report import ImportReport, RefusedRow, Tally
from subscribers.lists import get_list

#: Rows in one transaction.
BATCH = 5_000
#: Instead of a map's name: the map whose signature the header has; and none, though it has one.
AUTO, OWN = "auto", "none"

_ADDRESS = re.compile(r"[^\s\"'@;,]{1,64}@[^\s\"'@;,]{1,255}")
_LOOKED_THROUGH = 1000
_BERLIN = ZoneInfo("Europe/Berlin")


def import_csv(
    begin: Begin,
    file: Path | BinaryIO | TextIO,
    *,
    list_slug: str,
    consent: str = "",
    map_name: str = "",
    secret: bytes,
    who: str = "import",
    now: datetime,
    zone: tzinfo = _BERLIN,
    store_ip: bool = True,
    dry_run: bool = False,
    progress: Callable[[int, int], None] | None = None,
    on_started: Callable[[int], None] | None = None,
    on_refused: Callable[[RefusedRow], None] | None = None,
) -> ImportReport:
    """Read the file and put its people onto the list; `begin` opens a transaction (such as `engine.begin`).

    Columns: email, and any of PROFILE_FIELDS, consent_at, consent_source, consent_ip; others become attributes. Lists
    inside a cell are divided by `;`. A row becomes an active subscription with its own consent (a time or a source)
    or with `consent`, the importer's statement of where it comes from; without either it is pending, unless it was
    active already. A column `subscription` says `pending` or `unsubscribed` of those who stay so. `map_name` names a
    table of `csv_maps` instead, for another program's export: who left or bounced there is suppressed here.

    The rules for somebody known are those of `subscribers.repository`; two rows of one address count as one row and an
    update. Who left this list, is suppressed or was erased is not brought back and not changed.

    A wrong row is refused and the others go on. The file is streamed, BATCH rows to a transaction, so that after an
    abort it can be run again: what is there already is unchanged then. What it changed is written down under the
    report's `import_id`, for `undo_import`; `on_started` is told that number. `progress` is told rows and bytes read so
    far, `on_refused` every row that was not imported. Raises UnknownListError, CsvFileError, UsageError (no such map),
    WrongValueError (archived).
    """
    with ExitStack() as stack:
        name = str(file) if isinstance(file, Path) else str(getattr(file, "name", "the input"))
        if isinstance(file, Path):
            try:
                file = stack.enter_context(file.open("rb"))
            except OSError as problem:
                raise CsvFileError(name, f"it cannot be read: {problem.strerror}.") from problem
        lines = Lines(file, name)
        rows, used = _rows(lines, name, map_name)
        short_name = Path(name).name
        reader = EntryReader(
            rows.columns,
            used=used,
            file=short_name,
            consent=clean_line(consent),
            secret=secret,
            now=now,
            zone=zone,
            store_ip=store_ip,
        )
        import_id = None
        with begin() as conn:
            wanted = get_list(conn, list_slug)
            if wanted.archived_at is not None:
                raise WrongValueError("list", list_slug, "it is archived and takes nobody in.")
            if not dry_run:
                using = used.name if used else ""
                import_id = start_import(conn, wanted, file=short_name, map_name=using, who=who, now=now)
        if on_started and import_id is not None:
            on_started(import_id)
        tally = Tally(on_refused)
        stack.callback(give_room_back, begin)
        batches = stack.enter_context(Batches(begin, wanted.id, tally, import_id, now))
        for row in rows:
            if isinstance(row, BadRow):
                tally.refuse(row.line, _address_in(row.text), f"The row cannot be read: {row.problem}")
                continue
            try:
                entry = reader.read(row)
            except UsageError as wrong:
                tally.refuse(row.line, _address_to_show(row, used), str(wrong))
                continue
            tally.read += 1
            if batches.add(entry) >= BATCH:
                batches.begin_next()
                if progress:
                    progress(tally.read, lines.read_bytes)
        batches.finish()
        if progress:
            progress(tally.read, lines.read_bytes)
        if import_id is not None:
            with begin() as conn:
                finish_import(conn, import_id, wanted, tally.counts(), who=who, now=now)
    return tally.report(
        import_id=import_id,
        list_slug=list_slug,
        dry_run=dry_run,
        encoding=lines.encoding,
        delimiter=rows.delimiter,
    )


def _rows(lines: Lines, name: str, map_name: str) -> tuple[CsvRows, CsvMap | None]:
    """The rows, and the map to read them by; None for our own columns."""
    if map_name == OWN:
        return CsvRows(lines, name), None
    if map_name not in ("", AUTO):
        used = csv_map(map_name)
        rows = CsvRows(lines, name, required=used.required, repeats=True)
    else:
        every = dict.fromkeys(("email", *(column for each in csv_maps().values() for column in each.required)))
        rows = CsvRows(lines, name, required=tuple(every), repeats=True)
        guessed = guess_map(rows.columns)
        if guessed and not map_name:
            problem = f"it is an export of {csv_map(guessed).name}; say --map {guessed}, so that nobody is taken in who"
            raise CsvFileError(name, f"{problem} left there (or --map {OWN}, to take its columns as they are).")
        if not guessed:
            return _own(rows, name), None
        used = csv_map(guessed)
    rows.escape = used.escape
    return rows, used


def _own(rows: CsvRows, name: str) -> CsvRows:
    if "email" not in rows.columns:
        shown = ", ".join(show(column) for column in rows.columns[:10])
        raise CsvFileError(name, f"the header has no column email; it has {shown}.")
    if rows.repeated:
        raise CsvFileError(name, f"the header has the column {show(rows.repeated)} twice.")
    return rows


def _address_to_show(row: CsvRow, used: CsvMap | None) -> str:
    texts = (row.cells.get(column, "") for column in (used.required if used else ("email",)))
    return clean_line(next(filter(None, texts), ""))[:100]


def _address_in(text: str) -> str:
    """What looks most like an address in a row that cannot be read."""
    found = _ADDRESS.search(text[:_LOOKED_THROUGH])
    return clean_line(found[0])[:100] if found else ""
