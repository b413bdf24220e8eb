"""People as a CSV file that `import_csv` takes back whole, with how they stand and the proof of their consent."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from sqlalchemy import ColumnElement, Connection

from subscribers.csv_entries import ATTRIBUTES, CONSENT_FIELDS, OUR_COLUMNS, SUBSCRIPTION
from subscribers.csv_formulas import neutralise
from subscribers.csv_rows import column_name
from subscribers.errors import CsvFileError
from subscribers.export_rows import Exported, attribute_names, load_exported
from subscribers.lists import get_list
from subscribers.model import Subscriber, SubscriptionState
from subscribers.profile import PROFILE_FIELDS
from subscribers.recipients import list_subscribers

#: People in one page.
PAGE = 2_000
#: Attributes with a column of their own; further ones, and those with odd names, stand together as JSON.
_COLUMNS_MAX = 200
_PLAIN_NAME = re.compile(r"[\w.-]+")
_RESERVED = frozenset((*OUR_COLUMNS, SUBSCRIPTION, ATTRIBUTES))
#: By it Excel knows UTF-8.
_MARK = "\ufeff"

Begin = Callable[[], AbstractContextManager[Connection]]


def export_csv(
    begin: Begin,
    out: Path | BinaryIO,
    *,
    list_slug: str | None = None,
    state: SubscriptionState | None = None,
    where: ColumnElement[bool] | None = None,
    excel: bool = False,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Write everybody, or those of one list, in one `state`, or for whom `where` holds; how many rows the file has.

    Columns: `email`, those of PROFILE_FIELDS, an own one for each attribute (in JSON under `attributes` where its name
    cannot be a column's), `subscription` (how they stand with the list, or at best with any), and the newest consent.
    What a spreadsheet would take for a formula has an apostrophe before it, which an import takes off again. With
    `excel` the cells are divided by semicolons, behind a mark. A file at a path is there whole or not at all, and for
    its owner alone. Raises UnknownListError, CsvFileError (it cannot be written).
    """
    with begin() as conn:
        list_id = None if list_slug is None else get_list(conn, list_slug).id
        names = [name for name in attribute_names(conn) if _is_plain(name)][:_COLUMNS_MAX]
    with _opened(out) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        writer = csv.writer(text, delimiter=";" if excel else ",")
        text.write(_MARK if excel else "")
        header = ("email", *PROFILE_FIELDS, *names, ATTRIBUTES, SUBSCRIPTION, *CONSENT_FIELDS)
        writer.writerow(map(neutralise, header))
        written = after = 0
        while True:
            with begin() as conn:
                page = list_subscribers(conn, list_slug, state=state, where=where, after=after, limit=PAGE)
                standing = load_exported(conn, [person.id for person in page], list_id)
            writer.writerows(_row(person, names, standing[person.id]) for person in page)
            written += len(page)
            if progress:
                progress(written)
            if len(page) < PAGE:
                break
            after = page[-1].id
        text.flush()
        text.detach()
    return written


def _row(person: Subscriber, names: Sequence[str], standing: Exported) -> Iterator[str]:
    profile = (_cell(getattr(person, field)) for field in PROFILE_FIELDS)
    own = {name: value for name, value in person.attributes.items() if name not in names}
    cells = (
        person.email,
        *profile,
        *(person.attributes.get(name, "") for name in names),
        msgspec.json.encode(own, order="sorted").decode() if own else "",
        standing.state or "",
        standing.consent_at.isoformat() if standing.consent_at else "",
        standing.consent_source,
        standing.consent_ip,
    )
    return map(neutralise, cells)


def _cell(value: Any) -> str:
    if isinstance(value, tuple):
        return ";".join(value)
    return "" if value is None else str(value)


def _is_plain(name: str) -> bool:
    return name not in _RESERVED and name == column_name(name) and _PLAIN_NAME.fullmatch(name) is not None


@contextmanager
def _opened(out: Path | BinaryIO) -> Iterator[BinaryIO]:
    """The file to write to; one at a path takes its place when the block ends well."""
    if not isinstance(out, Path):
        yield out
        return
    try:
        if out.exists() and not out.is_file():  # such as a pipe, which has no other place to be written at
            with out.open("wb") as file:
                yield file
            return
        part = out.with_name(f".{out.name}.part")
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            part.replace(out)
        finally:
            with suppress(FileNotFoundError):
                part.unlink()
    except OSError as problem:
        raise CsvFileError(str(out), f"it cannot be written: {problem.strerror}.") from problem
