"""Peak memory and time per recipient of `digest send` over SMTP, for many recipients against few.

`python -m benchmarks.memory 1000000` measures as many as it is told; `make bench` 100,000.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.result import Result
from benchmarks.sending import Sent, find_program, listening, prepare, send

FEW, MANY = 10_000, 100_000


def measure(many: int = MANY) -> list[Result]:
    sink = find_program("smtp-sink")
    if sink is None:
        return []
    few, lots = _send(sink, FEW), _send(sink, many)
    return [
        Result(
            what=f"peak memory of the sending process, {many:,} recipients",
            figure=f"{lots.memory:.1f} MB",
            reference=f"{FEW:,} recipients",
            reference_figure=f"{few.memory:.1f} MB",
            ratio=lots.memory / few.memory,
            aim="under 57 MB, and alike",
        ),
        Result(
            what=f"time per recipient, {many:,} recipients",
            figure=f"{1e6 / lots.rate:.0f} µs",
            reference=f"{FEW:,} recipients",
            reference_figure=f"{1e6 / few.rate:.0f} µs",
            ratio=few.rate / lots.rate,
            aim="1.1 or less",
        ),
    ]


def _send(sink: str, people: int) -> Sent:
    with tempfile.TemporaryDirectory() as folder, listening(sink) as port:
        prepare(Path(folder), port, people)
        return send(Path(folder))


if __name__ == "__main__":
    for result in measure(int(sys.argv[1]) if len(sys.argv) > 1 else MANY):
        print(
            f"{result.what}: {result.figure}; {result.reference}: {result.reference_figure}; ratio {result.ratio:.2f}"
        )
