"""digest prune."""

from __future__ import annotations

import click

from digest.app import App
from digest.cli.backup import size
from digest.cli.options import json_option, operator, with_app
from digest.cli.output import print_json, print_table, say, warn


@click.command("prune")
@click.option("--dry-run", is_flag=True, help="Count what would go, and delete nothing.")
@json_option
@with_app
def command(app: App, dry_run: bool, as_json: bool) -> None:
    """Delete what is needed no more, by [retention] and [privacy]; the database gets smaller where that is worth it.

    The archive, the history of consent, the audit trail and the figures of editions stay.
    """
    report = app.prune(who=operator(), dry_run=dry_run)
    if report.note:
        warn(f"The database was not made smaller: {report.note}. The next `digest prune` tries again.")
    if as_json:
        print_json(report)
        return
    rows = [(name, number) for name, number in report.deleted.items() if number]
    print_table(("Would go" if dry_run else "Deleted", "How many"), rows, empty="There is nothing to delete.")
    if report.octets_before is not None and report.octets_after is not None:
        say(f"Database: {size(report.octets_before)} before, {size(report.octets_after)} now.")
