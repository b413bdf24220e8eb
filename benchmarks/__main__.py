"""`make bench`: all of them, as a table on stdout and as var/bench.json."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks import assembling, desk, importing, memory, sending, start
from benchmarks.result import Result

_OUT = Path("var/bench.json")


def main() -> None:
    results: list[Result] = []
    measures = (
        ("assembling", assembling.measure),
        ("desk", desk.measure),
        ("importing", importing.measure),
        ("start", start.measure),
        ("sending", sending.measure),
        ("memory", memory.measure),
    )
    for name, measure in measures:
        print(f"Measuring {name} …", file=sys.stderr)
        results += measure()
    table = Table("What", "Figure", "Reference", "Figure", "Ratio", "Aim", box=box.SIMPLE_HEAD)
    for each in results:
        ratio = f"{each.ratio:.1f}" if each.ratio < 10 else f"{each.ratio:,.0f}"
        table.add_row(each.what, each.figure, each.reference, each.reference_figure, ratio, each.aim)
    Console(width=150).print(table)
    _OUT.parent.mkdir(exist_ok=True)
    _OUT.write_text(json.dumps([each.__dict__ for each in results], indent=2) + "\n")
    print(f"Written to {_OUT}", file=sys.stderr)


main()
