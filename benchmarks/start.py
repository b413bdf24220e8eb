"""`digest --help`, against `python -c pass`."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.result import Result

_ROUNDS = 15


def measure() -> list[Result]:
    digest = str(Path(sys.executable).with_name("digest"))
    ours, theirs = [], []
    for _ in range(_ROUNDS):
        theirs.append(_seconds([sys.executable, "-c", "pass"]))
        ours.append(_seconds([digest, "--help"]))
    help_, nothing = statistics.median(ours), statistics.median(theirs)
    return [
        Result(
            what="digest --help",
            figure=f"{help_ * 1000:.0f} ms",
            reference="python -c pass",
            reference_figure=f"{nothing * 1000:.0f} ms",
            ratio=help_ / nothing,
            aim="8 or less",
        )
    ]


def _seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started
