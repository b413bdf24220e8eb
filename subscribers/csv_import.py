"""People from a CSV file onto one list. The columns and the rules stand at `import_csv`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime, tzinfo
from pathlib import Path
from typing import BinaryIO, TextIO
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from subscribers.addresses import address_key, parse_address
from subscribers.cleaning import clean_line, show
from subscribers.consent import stated_consent
from subscribers.csv_lines import Lines
from subscribers.csv_rows import BadRow, CsvRow, CsvRows
from subscribers.errors import CsvFileError, UsageError, WrongValueError
from subscribers.import_batch import Entry, Fate, apply_batch
from subscribers.import_report import ImportReport, RefusedRow, Tally
from subscribers.lists import get_list
from subscribers.profile import PROFILE_FIELDS, read_profile
from subscribers.seen_keys import SeenKeys

#: Rows in one transaction.
BATCH = 1000

_CONSENT_FIELDS = ("consent_at", "consent_source", "consent_ip")
_KNOWN = frozenset(("email", *PROFILE_FIELDS, *_CONSENT_FIELDS))
_BERLIN = ZoneInfo("Europe/Berlin")


def import_csv(
    begin: Callable[[], AbstractContextManager[Connection]],
    file: Path | BinaryIO | TextIO,
    *,
    list_slug: str,
    consent: str = "",
    secret: bytes,
    now: datetime,
    zone: tzinfo = _BERLIN,
    store_ip: bool = True,
    dry_run: bool = False,
    progress: Callable[[int, int], None] | None = None,
    on_refused: Callable[[RefusedRow], None] | None = None,
) -> ImportReport:
    """Read the file and put its people onto the list; `begin` opens a transaction (such as `engine.begin`).

    Columns: email, and any of PROFILE_FIELDS, consent_at, consent_source, consent_ip; others become attributes. Lists
    inside a cell are divided by `;`. A row becomes an active subscription with its own consent (a time or a source)
    or with `consent`, the importer's statement of where it comes from; without either it is pending, unless it was
    active already. The rules for somebody known are those of `subscribers.repository`; two rows of one address count
    as one row and an update. Who left this list, is suppressed or was erased is not brought back and not changed.

    A wrong row is refused and the others go on. The file is streamed, BATCH rows to a transaction, so that after an
    abort it can be run again: what is there already is unchanged then. `progress` is told rows and bytes read so far,
    `on_refused` every row that was not imported. Raises UnknownListError, CsvFileError, WrongValueError (archived).
    """
    with ExitStack() as stack:
        name = str(file) if isinstance(file, Path) else str(getattr(file, "name", "the input"))
        if isinstance(file, Path):
            try:
                file = stack.enter_context(file.open("rb"))
            except OSError as problem:
                raise CsvFileError(name, f"it cannot be read: {problem.strerror}.") from problem
        with begin() as conn:
            wanted = get_list(conn, list_slug)
        if wanted.archived_at is not None:
            raise WrongValueError("list", list_slug, "it is archived and takes nobody in.")
        lines = Lines(file, name)
        rows = CsvRows(lines, name)
        others = [column for column in rows.columns if column not in _KNOWN]
        consent = clean_line(consent)
        seen = stack.enter_context(SeenKeys()) if dry_run else None
        tally = Tally(on_refused)
        batch: list[Entry] = []
        short_name = Path(name).name

        def flush() -> None:
            if batch:
                with begin() as conn:
                    fates = apply_batch(conn, wanted.id, batch, now=now, write=not dry_run)
                known = seen.add(entry.key for entry in batch) if seen else frozenset()
                for index, entry in enumerate(batch):
                    fate, pending = fates[index]
                    again = fate is Fate.ADDED and entry.key in known
                    tally.count(entry, Fate.UPDATED if again else fate, pending and not again)
                batch.clear()
            if progress:
                progress(tally.read, lines.read_bytes)

        for row in rows:
            if isinstance(row, BadRow):
                tally.refuse(row.line, show(clean_line(row.text)), f"The row cannot be read: {row.problem}")
                continue
            try:
                entry = _entry(row, others, consent, secret, now, zone, store_ip, short_name)
            except UsageError as wrong:
                tally.refuse(row.line, _address_to_show(row), str(wrong))
                continue
            batch.append(entry)
            tally.read += 1
            if len(batch) >= BATCH:
                flush()
        flush()
    return tally.report(list_slug, dry_run, lines.encoding, rows.delimiter)


def _entry(
    row: CsvRow,
    others: list[str],
    consent: str,
    secret: bytes,
    now: datetime,
    zone: tzinfo,
    store_ip: bool,
    file: str,
) -> Entry:
    cells = row.cells
    address = parse_address(cells.get("email", ""))
    attributes = {name: cells[name] for name in others if cells.get(name)} if others else None
    return Entry(
        line=row.line,
        address=address,
        key=address_key(secret, address.email),
        profile=read_profile(cells, attributes),
        consent=stated_consent(cells, source=consent, file=file, now=now, zone=zone, store_ip=store_ip),
    )


def _address_to_show(row: CsvRow) -> str:
    return clean_line(row.cells.get("email", ""))[:100]
