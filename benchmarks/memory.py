"""Peak memory of `digest send` into the Maildir with 10,000 subscribers, against 1,000."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.result import Result

_DIGEST = str(Path(sys.executable).with_name("digest"))
_SHIPPED = Path(__file__).parents[1] / "config.toml"


def measure() -> list[Result]:
    with tempfile.TemporaryDirectory() as folder:
        few, _ = _send(Path(folder) / "few", 1_000)
        many, rate = _send(Path(folder) / "many", 10_000)
    return [
        Result(
            what=f"peak memory, 10,000 into the Maildir ({rate:,.0f} messages/s)",
            figure=f"{many:.1f} MB",
            reference="the same with 1,000",
            reference_figure=f"{few:.1f} MB",
            ratio=many / few,
            aim="1.1 or less",
        )
    ]


def _send(folder: Path, subscribers: int) -> tuple[float, float]:
    """Peak resident memory in MB of the sending process, and messages per second."""
    folder.mkdir()
    (folder / "config.toml").write_text(_SHIPPED.read_text("utf-8"), "utf-8")
    with (folder / "people.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["email", "first_name", "last_name", "salutation", "form", "topics", "coins"])
        for number in range(subscribers):
            form = "du" if number % 3 else "Sie"
            rows.writerow([f"p{number}@empfang.example", "Änne", f"Nummer{number}", "Frau", form, "kultur", "LTC;BTC"])
    for command in (
        ["lists", "create", "morgen"],
        ["subscribers", "import", "people.csv", "--list", "morgen", "--consent", "Messung"],
        ["gather"],
        ["snapshot"],
        ["prepare"],
    ):
        subprocess.run([_DIGEST, *command], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    started = time.perf_counter()
    process = subprocess.Popen([_DIGEST, "send"], cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    assert os.waitstatus_to_exitcode(status) == 0, "digest send failed"
    assert len(list((folder / "var/outbox/new").iterdir())) == subscribers
    return usage.ru_maxrss / 1024, subscribers / seconds
