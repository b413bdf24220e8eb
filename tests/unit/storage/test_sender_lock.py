"""One sender per lane of a SQLite database, for as long as its process lives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from digest.errors import SenderBusyError, StorageError
from digest.storage.sender_lock import sender_lock

HOLD = """
import sys
from pathlib import Path
from digest.storage.sender_lock import sender_lock
with sender_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_whoever_has_it_is_the_only_one(tmp_path: Path) -> None:
    file = tmp_path / "digest.db"
    with sender_lock(file) as only:
        assert only
        with pytest.raises(StorageError, match="Another process is sending"), sender_lock(file):
            pass
    with sender_lock(file) as only:
        assert only


def test_lanes_are_apart_and_nobody_passes_one_that_wants_them_all(tmp_path: Path) -> None:
    file = tmp_path / "digest.db"
    with sender_lock(file, "letter") as first, sender_lock(file, "morgen.regular") as second:
        assert (first, second) == (True, True)
        for busy in ("letter", "morgen.regular", ""):
            with pytest.raises(SenderBusyError), sender_lock(file, busy):
                pass
    with sender_lock(file), pytest.raises(SenderBusyError), sender_lock(file, "letter"):
        pass
    with sender_lock(file, "letter"), pytest.raises(SenderBusyError), sender_lock(file):
        pass


def test_another_database_has_its_own(tmp_path: Path) -> None:
    with sender_lock(tmp_path / "a.db"), sender_lock(tmp_path / "b.db") as only:
        assert only


def test_on_a_server_leases_decide() -> None:
    with sender_lock(None) as first, sender_lock(None) as second:
        assert (first, second) == (False, False)


def test_it_goes_with_a_process_that_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "digest.db"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StorageError), sender_lock(file):
            pass
        holder.kill()
    with sender_lock(file) as only:
        assert only


def test_where_it_cannot_be_made_it_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be opened"), sender_lock(tmp_path / "nothing" / "digest.db"):
        pass
