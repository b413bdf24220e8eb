"""The machine: database, files that must be nobody else's, room on the disk, clock."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from statistics import median

import httpx2
from ssrfguard import SSRFGuardError

from digest.gather.guard import GuardedTransport, make_policy
from digest.storage.backup import SIDE_FILES
from digest.storage.database import SCHEMA_VERSION, open_database
from digest.storage.shrink import free_room, worth_shrinking
from digest.tasks.diagnosis import Diagnosis, error, ok, unknown, warning

#: A write-ahead log this long means that something keeps reading, and that every look-up gets slower.
_LONG_WAL = 256_000_000
#: What one recipient of one day costs, in octets: a message as a file, or a row of the ledger with its share of WAL.
_MESSAGE, _ROW = 120_000, 3_000
_ALWAYS_FREE = 500_000_000
#: Off by so much, links end early, signatures look old, and the edition is not there at breakfast.
_SLIGHTLY_WRONG, _WRONG = timedelta(seconds=30), timedelta(minutes=5)
_CLOCKS_ASKED = 3
_SECONDS = 5.0


def check_database(url: str, file: Path | None) -> Iterator[Diagnosis]:
    """Version, integrity, whether it can be written to, and how large it has become."""
    if file is not None and not file.is_file():
        yield warning("database", f"There is no database {file} yet.", "The first command that needs one makes it.")
        return
    faults = _faults(file) if file is not None else []
    if faults:
        remedy = "Stop everything, and put the last backup in place: `digest restore FILE`."
        yield error("database", f"{file} is damaged: {'; '.join(faults)}.", remedy)
        return
    database = open_database(url)
    try:
        with database.write():
            pass  # SQLite takes the lock of a writer at once, which a file or disk that is read-only refuses
    finally:
        database.close()
    if file is None:
        yield ok("database", f"The database is of version {SCHEMA_VERSION} and can be written to.")
        return
    free, total = free_room(file)
    yield ok("database", f"{file} is of version {SCHEMA_VERSION}, sound, {total / 1e6:.1f} MB.")
    if worth_shrinking(free, total):
        yield warning("database", f"{free / 1e6:.0f} MB of {file} are free.", "`digest prune` gives them back.")
    wal = file.with_name(file.name + SIDE_FILES[0])
    if wal.is_file() and wal.stat().st_size > _LONG_WAL:
        size = wal.stat().st_size / 1e6
        remedy = "Something has been reading it for long: restart `digest serve`."
        yield warning("database", f"The journal {wal} has {size:.0f} MB.", remedy)


def _faults(file: Path) -> list[str]:
    with closing(sqlite3.connect(file, timeout=_SECONDS)) as connection:
        try:
            found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(5)")]
        except sqlite3.OperationalError:
            return []  # locked, or it cannot be opened: whoever opens it next says so
        except sqlite3.DatabaseError as problem:
            return [str(problem)]
    return [] if found == ["ok"] else found


def check_modes(files: Sequence[Path]) -> Iterator[Diagnosis]:
    """Files that hold secrets or addresses are their owner's alone."""
    for file in files:
        if not file.is_file():
            continue
        mode = file.stat().st_mode & 0o777
        if mode & 0o077:
            remedy = f"chmod 600 {file}"
            yield error("files", f"{file} can be read by others on this machine (mode {mode:o}).", remedy)
        else:
            yield ok("files", f"{file} is its owner's alone.")


def check_disk(folders: dict[str, Path], recipients: int, *, as_files: bool) -> Iterator[Diagnosis]:
    """Whether a day's editions find room; `folders` by what is kept there."""
    needed = _ALWAYS_FREE + recipients * (_ROW + (_MESSAGE if as_files else 0))
    seen: set[int] = set()
    for what, folder in folders.items():
        there = next(each for each in (folder, *folder.parents) if each.exists())
        if (device := there.stat().st_dev) in seen:
            continue
        seen.add(device)
        free = shutil.disk_usage(there).free
        said = f"{free / 1e9:.1f} GB are free for the {what}; a day's editions take up to {needed / 1e9:.1f} GB."
        if free < needed:
            yield error("disk", said, "Make room, or run `digest prune`.")
        elif free < 3 * needed:
            yield warning("disk", said, "It will not last long: make room, or run `digest prune`.")
        else:
            yield ok("disk", said)


def check_clock(urls: Sequence[str], allow_networks: Sequence[str]) -> Iterator[Diagnosis]:
    """Our time against the Date of other servers (RFC 9110, 6.6.1), of which the middle one counts.

    The site's own server would tell our own time, so sources and price providers are asked.
    """
    offsets: list[float] = []
    for url in urls:
        if len(offsets) == _CLOCKS_ASKED:
            break
        offset = _offset(url, allow_networks)
        if offset is not None:
            offsets.append(offset)
    if not offsets:
        said = "The clock could not be compared: no source or price provider told the time."
        yield unknown("clock", said, "`timedatectl` says whether the machine keeps its time by NTP.")
        return
    off = timedelta(seconds=median(offsets))
    said = f"The clock is {abs(off).total_seconds():.0f} seconds {'behind' if off > timedelta() else 'ahead'}"
    if abs(off) > _WRONG:
        yield error("clock", f"{said}.", "Switch NTP on: `timedatectl set-ntp true`.")
    elif abs(off) > _SLIGHTLY_WRONG:
        yield warning("clock", f"{said}.", "Switch NTP on: `timedatectl set-ntp true`.")
    else:
        yield ok("clock", "The clock is right.")


def _offset(url: str, allow_networks: Sequence[str]) -> float | None:
    """How many seconds that server is ahead of us; None where it does not tell."""
    transport = GuardedTransport(make_policy(allow_networks, trusted=True), max_bytes=100_000)
    try:
        with httpx2.Client(transport=transport, timeout=_SECONDS, trust_env=False) as client:
            before = time.time()
            headers = client.head(url).headers
            after = time.time()
        # What a cache answers was true when it was put there (RFC 9111, 5.1).
        age = min(float(headers.get("age", "0") or 0), 86_400.0)
        return parsedate_to_datetime(headers["date"]).timestamp() + age + 0.5 - (before + after) / 2
    except (httpx2.HTTPError, httpx2.InvalidURL, SSRFGuardError, OSError, KeyError, ValueError, TypeError):
        return None
