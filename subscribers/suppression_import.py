"""A file of addresses and domains that must not be mailed: a CSV file with a header, or simply one to a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import msgspec
from sqlalchemy import Connection

from subscribers.addresses import address_key
from subscribers.audit import record_change
from subscribers.cleaning import clean_line
from subscribers.csv_lines import Lines
from subscribers.csv_rows import DELIMITERS, BadRow, CsvRows, column_name
from subscribers.errors import AddressError, CsvFileError
from subscribers.import_report import NAMED_MAX, RefusedRow
from subscribers.json_rows import insert_rows
from subscribers.model import SuppressionReason, SuppressionScope
from subscribers.suppression_changes import parse_suppressed
from subscribers.tables import suppressions
from subscribers.upsert import insert_if_absent

#: Rows in one transaction.
BATCH = 5_000

#: How the column may be called.
_COLUMNS = ("email", "e-mail", "address", "adresse", "e-mail-adresse", "email_address", "domain", "value", "wert")

Begin = Callable[[], AbstractContextManager[Connection]]


class SuppressionReport(msgspec.Struct, frozen=True, kw_only=True):
    """Rows read: `added` are new, `known` were suppressed already, `refused` are neither address nor domain.

    `refusals` names the first NAMED_MAX of the last.
    """

    read: int
    added: int
    known: int
    refused: int
    refusals: tuple[RefusedRow, ...]


def import_suppressions(
    begin: Begin,
    file: Path,
    *,
    reason: SuppressionReason,
    source: str,
    who: str,
    secret: bytes,
    now: datetime,
) -> SuppressionReport:
    """Suppress every address and domain of the file, BATCH rows to a transaction. An abort leaves whole batches.

    Raises CsvFileError.
    """
    counts: Counter[str] = Counter()
    refusals: list[RefusedRow] = []
    batch: dict[tuple[str, str], str | None] = {}
    same = {"reason": reason, "since": now, "source": source}
    try:
        with file.open("rb") as opened:
            for line, text in _entries(opened, str(file)):
                counts["read"] += 1
                try:
                    key, address = _key(text, secret)
                except AddressError as wrong:
                    counts["refused"] += 1
                    if len(refusals) < NAMED_MAX:
                        refusals.append(RefusedRow(line, clean_line(text)[:100], str(wrong)))
                    continue
                batch[key] = address
                if len(batch) >= BATCH:
                    counts["added"] += _write(begin, batch, same)
                    batch.clear()
    except OSError as problem:
        raise CsvFileError(str(file), f"it cannot be read: {problem.strerror}.") from problem
    counts["added"] += _write(begin, batch, same)
    with begin() as conn:
        detail = {"added": str(counts["added"]), "reason": reason.value}
        record_change(conn, who=who, what="suppressions.import", subject=file.name, at=now, detail=detail)
    return SuppressionReport(
        read=counts["read"],
        added=counts["added"],
        known=counts["read"] - counts["added"] - counts["refused"],
        refused=counts["refused"],
        refusals=tuple(refusals),
    )


def _entries(file: BinaryIO, name: str) -> Iterator[tuple[int, str]]:
    """Line numbers and what stands there; of a file without a header, what stands first in each line."""
    lines = iter(Lines(file, name))
    first = next(line for line in lines if line.strip())
    delimiter = max(DELIMITERS, key=first.count)
    if any(column_name(cell.strip('" \r\n')) in _COLUMNS for cell in first.split(delimiter)):
        above, header = 0, first
    else:
        above, header = 1, _COLUMNS[0] + delimiter * first.count(delimiter) + "\n"
    rows = CsvRows(chain([header], [first] if above else [], lines), name, required=_COLUMNS, repeats=True)
    for row in rows:
        yield row.line - above, row.text if isinstance(row, BadRow) else row.cells.get(rows.required, "")


def _key(text: str, secret: bytes) -> tuple[tuple[str, str], str | None]:
    """Scope and key of an entry, and the address in plain. Raises AddressError."""
    target = parse_suppressed(text)
    if isinstance(target, str):
        return (SuppressionScope.DOMAIN, target), None
    return (SuppressionScope.ADDRESS, address_key(secret, target.email)), target.email


def _write(begin: Begin, batch: Mapping[tuple[str, str], str | None], same: Mapping[str, object]) -> int:
    """Suppress them; how many were not before."""
    with begin() as conn:
        inserting = insert_if_absent(conn, suppressions, "scope", "value_key").returning(suppressions.c.id)
        rows = [(*key, address) for key, address in batch.items()]
        return len(insert_rows(conn, inserting, ("scope", "value_key", "address"), rows, same))
