"""digest backup."""

from __future__ import annotations

from pathlib import Path

import click

from digest.app import App
from digest.cli.options import json_option, with_app
from digest.cli.output import counted, print_json, say


@click.command("backup")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write, a .tar.gz. [default: a new one in the folder backups beside the database]",
)
@click.option("--keep", type=click.IntRange(min=1), help="Of those in the default folder, keep only so many.")
@json_option
@with_app
def command(app: App, out: Path | None, keep: int | None, as_json: bool) -> None:
    """Put database, secret, DKIM key, settings, own templates and pictures into one file, while everything goes on.

    The file holds every address and the secret that signs links: keep it as safe as the database.
    """
    if out is not None and keep is not None:
        raise click.UsageError("--keep is for the default folder; leave out --out.")
    report = app.backup(out, keep=keep or 0)
    if as_json:
        print_json(report)
        return
    say(f"{report.file}: {size(report.octets)} (database {size(report.database_octets)}), read back and sound.")
    if report.removed:
        say(f"Removed {counted(len(report.removed), 'older backup')}.")


def size(octets: int) -> str:
    """ "4 KB", "1.2 MB", "12 GB"."""
    amount, unit = octets / 1000, "KB"
    for larger in ("MB", "GB", "TB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.1f} {unit}" if amount < 10 and unit != "KB" else f"{amount:.0f} {unit}"
