"""digest subscribers forget and export-data: what the law gives a person."""

from __future__ import annotations

import os
from pathlib import Path

import click
import msgspec

from digest.app import App
from digest.cli.options import confirm, json_option, operator, with_app, yes_option
from digest.cli.output import counted, print_json, say, warn
from digest.errors import UsageError
from subscribers.addresses import parse_address


@click.command("forget")
@click.argument("address")
@yes_option
@json_option
@with_app
def forget(app: App, address: str, yes: bool, as_json: bool) -> None:
    """Erase a person for good (Art. 17 GDPR). A hash of the address stays, so that no list brings it back."""
    parsed = parse_address(address)
    confirm(f"Erase {parsed.email} and everything that is known of them? This cannot be undone.", yes=yes)
    report = app.forget(parsed.email, who=operator(), source="command line")
    if as_json:
        print_json(report)
    else:
        deleted, rows = counted(report.messages, "message"), counted(report.report_rows, "row")
        say(f"Erased, with {deleted} in the outbox and {rows} of import reports.")
    if not report.wiped:
        warn(
            "The database's journal may hold a copy until other programs have closed it; "
            "the next `digest subscribers forget` or `digest prune` empties it."
        )


@click.command("export-data")
@click.argument("address")
@click.option("--out", type=click.Path(path_type=Path), help="A new file instead of stdout; nobody else can read it.")
@json_option
@with_app
def export_data(app: App, address: str, out: Path | None, as_json: bool) -> None:
    """Everything that is kept about a person, as JSON (Art. 15 and 20 GDPR)."""
    exported = app.export_person(address)
    if out is None:
        print_json(exported)
        return
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UsageError(f"There is a file {out} already; name another by --out.") from None
    except OSError as problem:
        raise UsageError(f"The file {out} cannot be made: {problem.strerror}. Name another by --out.") from problem
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(exported), indent=2) + b"\n")
    if as_json:
        print_json({"file": out.name})
    else:
        say(f"Written to {out}.")
