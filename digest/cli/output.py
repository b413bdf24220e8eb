"""What commands print: a table for people on stdout, or one JSON document; progress on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec


def print_json(value: Any) -> None:
    """One JSON document; structs, dates and decimals included. It is UTF-8 whatever the terminal is (RFC 8259, 8.1)."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str) -> None:
    """A table for people; `empty` is said where there are no rows."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")  # nothing is cut off, however narrow the terminal
    for row in rows:
        # As Text: what a source or a subscriber wrote is never markup.
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    if not table.row_count:
        click.echo(empty)
        return
    width = None if sys.stdout.isatty() else 160
    Console(width=width, highlight=False).print(table)


def say(text: str) -> None:
    """A line for people on stdout."""
    click.echo(text)


def counted(number: int, noun: str) -> str:
    """ "1 article", "2 articles"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def program() -> str:
    """How the person called us, for a command that they can copy."""
    called = Path(sys.argv[0])
    if called.name != "digest":
        return "digest"
    return str(called.relative_to(Path.cwd())) if called.is_relative_to(Path.cwd()) else str(called)


def warn(text: str) -> None:
    click.echo(f"Warning: {text}", err=True)


@contextmanager
def progress_bar(label: str, unit: str = "") -> Iterator[Callable[[str, int, int], None]]:
    """Gives `update(label, done, total)`. It draws on stderr, and only where that is a terminal.

    With a `unit` such as "messages" it shows how many a second.
    """
    if not sys.stderr.isatty():
        yield lambda _label, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:,.0f} {unit}/s" if unit and task.speed else "")

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(), TimeLeft())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)

        def update(label: str, done: int, total: int) -> None:
            bar.update(task, description=label, completed=done, total=total)

        yield update
