"""digest snapshot."""

from __future__ import annotations

import click

from digest.app import App
from digest.cli.options import json_option, with_app
from digest.cli.output import print_json
from digest.cli.shows import show_snapshot, snapshot_json, warn_of_prices


@click.command("snapshot")
@json_option
@with_app
def command(app: App, as_json: bool) -> int:
    """Take the prices of the coins, from the first provider that has sane ones."""
    report = app.snapshot()
    if as_json:
        warn_of_prices(report)
        print_json({"snapshot": snapshot_json(report.snapshot), "warnings": report.warnings})
    else:
        show_snapshot(app, report)
    return 0 if report.snapshot else 1
