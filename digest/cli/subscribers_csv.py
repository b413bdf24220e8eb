"""digest subscribers import | imports | export."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from msgspec import structs

from digest.app import App
from digest.cli.options import confirm, json_option, operator, with_app, yes_option
from digest.cli.output import counted, print_json, print_table, progress_bar, say, warn
from subscribers.csv_export import export_csv
from subscribers.csv_import import import_csv
from subscribers.import_log import get_import, list_imports
from subscribers.import_refusals import RefusalsFile
from subscribers.import_report import RefusedRow
from subscribers.import_undo import UndoReport
from subscribers.model import SubscriptionState
from subscribers.segment_store import clause_of_segment

#: Refused rows that are named on the terminal; the report names them all.
_SHOWN_REFUSALS = 20
_COUNTS = ("read", "added", "updated", "unchanged", "pending", "suppressed", "left", "erased", "refused", "duplicates")


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--list", "list_slug", metavar="SLUG", default="", help="The list to put them on.")
@click.option("--consent", default="", help="Where their consent comes from; without it rows are pending.")
@click.option(
    "--map", "map_name", metavar="PROGRAM", default="", help="Whose export it is: mailchimp, cleverreach, ..."
)
@click.option("--dry-run", is_flag=True, help="Read and check it all, and change nothing.")
@click.option("--report", type=click.Path(path_type=Path), help="Name the refused rows here (CSV, or .json).")
@click.option("--undo", "undone", metavar="IMPORT", type=int, help="Take an import back, by its number.")
@yes_option
@json_option
@with_app
def import_(
    app: App,
    file: Path | None,
    list_slug: str,
    consent: str,
    map_name: str,
    dry_run: bool,
    report: Path | None,
    undone: int | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Import people from a CSV file; docs/subscribers.md lists the columns, of which only `email` is needed.

    Wrong rows are refused and named; who left is not brought back. `--undo 12` takes import 12 back instead.
    """
    if undone is not None:
        if file is not None:
            raise click.UsageError("--undo takes no file; name the import alone.")
        _undo(app, undone, yes=yes, as_json=as_json)
        return
    if file is None or not list_slug:
        raise click.UsageError("Name the file and the list: digest subscribers import FILE --list SLUG.")
    size = file.stat().st_size if file.is_file() else 0
    folder = app.imports_folder
    shown: list[RefusedRow] = []

    def refuse(row: RefusedRow) -> None:
        refusals.add(row)
        if len(shown) < _SHOWN_REFUSALS:
            shown.append(row)

    def start(number: int) -> None:
        refusals.path = report or folder / f"{number}.csv"

    with RefusalsFile(report) as refusals, progress_bar("Importing") as update:
        done = import_csv(
            app.database.write,
            file,
            list_slug=list_slug,
            consent=consent,
            map_name=map_name,
            secret=app.secret,
            who=operator(),
            now=app.clock(),
            zone=app.settings.site.zone,
            store_ip=app.settings.privacy.store_ip,
            dry_run=dry_run,
            progress=lambda rows, octets: update(f"Importing, {rows} rows", octets, size),
            on_started=start,
            on_refused=refuse,
        )
    written = str(refusals.path) if refusals.rows else ""
    if as_json:
        print_json(structs.asdict(done) | {"report": written})
        return
    counts = ", ".join(f"{count} {name}" for name in _COUNTS if (count := getattr(done, name))) or "nothing in it"
    number = "" if done.import_id is None else f" as import {done.import_id}"
    say(f"{'Checked' if dry_run else 'Imported'} {file} into {list_slug}{number}: {counts}.")
    for row in shown:
        warn(f"line {row.line}, {row.address or 'no address'}: {row.reason}")
    if written:
        say(f"{counted(refusals.rows, 'row')} that did not go in as they stand: {written}.")


def _undo(app: App, number: int, *, yes: bool, as_json: bool) -> None:
    with app.database.read() as connection:
        wanted = get_import(connection, number)
    if wanted.undone_at is None:
        question = f"Take import {number} ({wanted.file} into {wanted.list_slug}, {wanted.at:%Y-%m-%d %H:%M} UTC) back?"
        confirm(question, yes=yes)
    with progress_bar("Undoing") as update:
        undone = app.undo_import(number, who=operator(), progress=lambda done: update("Undoing", done, 0))
    if as_json:
        print_json(undone)
    elif undone.undone_before:
        say(f"Import {number} was undone on {undone.undone_before:%Y-%m-%d %H:%M} UTC; nothing was done now.")
    else:
        say(f"Import {number} is undone: {_in_words(undone)}.")


def _in_words(undone: UndoReport) -> str:
    parts = [
        f"{undone.removed} removed",
        f"{counted(undone.ended, 'subscription')} ended",
        f"{undone.restored} restored",
        f"{counted(undone.lifted, 'suppression')} lifted",
        *(f"{count} kept ({why})" for why, count in sorted(undone.kept.items())),
    ]
    return ", ".join(parts)


@click.command("imports")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 10_000))
@json_option
@with_app
def imports(app: App, limit: int, as_json: bool) -> None:
    """List the imports, the newest first."""
    with app.database.read() as connection:
        found = list_imports(connection, limit=limit)
    if as_json:
        print_json(found)
        return
    rows = [
        (
            each.id,
            f"{each.at:%Y-%m-%d %H:%M}",
            each.list_slug,
            each.file,
            each.map,
            each.counts.get("added", ""),
            each.counts.get("updated", ""),
            "undone" if each.undone_at else "done" if each.finished_at else f"broken off after line {each.line}",
        )
        for each in found
    ]
    columns = ("No.", "When (UTC)", "List", "File", "Map", "Added", "Updated", "")
    print_table(columns, rows, empty="Nothing was imported yet.")


@click.command("export")
@click.option("--list", "list_slug", metavar="SLUG", help="Only the people on this list. [default: everybody]")
@click.option("--state", type=click.Choice([state.value for state in SubscriptionState]), help="Only in this state.")
@click.option("--segment", metavar="SLUG", default="", help="Only those in this segment.")
@click.option("--out", type=click.Path(path_type=Path, allow_dash=True), default=Path("-"), help="[default: stdout]")
@click.option("--excel", is_flag=True, help="With semicolons and a mark, as a German Excel opens it by a double click.")
@json_option
@with_app
def export(
    app: App, list_slug: str | None, state: str | None, segment: str, out: Path, excel: bool, as_json: bool
) -> None:
    """Export people as CSV, with their consent; `digest subscribers import` takes the file back.

    With --json the file is written all the same, and what is printed says how many rows it has; name it by --out then.
    """
    if as_json and str(out) == "-":
        raise click.UsageError("With --json name a file by --out: stdout is taken by the JSON document.")
    with app.database.read() as connection:
        clause = clause_of_segment(connection, segment, zone=app.settings.site.zone)
    with progress_bar("Exporting") as update:
        rows = export_csv(
            app.database.read,
            sys.stdout.buffer if str(out) == "-" else out,
            list_slug=list_slug,
            state=SubscriptionState(state) if state else None,
            where=clause,
            excel=excel,
            progress=lambda done: update(f"Exporting, {done} rows", done, 0),
        )
    if as_json:
        print_json({"file": str(out), "rows": rows})
    elif str(out) != "-":
        say(f"Exported {counted(rows, 'row')} to {out}.")
