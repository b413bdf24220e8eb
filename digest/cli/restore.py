"""digest restore."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from digest.cli.options import config_option, confirm, json_option, opened, operator, yes_option
from digest.cli.output import counted, print_json, say, warn


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@config_option
@yes_option
@json_option
def command(file: Path, config_path: Path, yes: bool, as_json: bool) -> None:
    """Put a backup in the place of the database and the secret, which are kept beside it.

    Stop `digest serve`, `schedule` and `worker` first. Editions that may have been sent since the backup are held or
    paused, so that nobody gets anything twice unless you say so. Without a settings file, the backup's own is used.
    """
    from digest.tasks.restore import restore_backup, unpacked
    from digest.tasks.restore_settings import restore_settings

    if restore_settings(file, config_path):
        warn(f"There was no {config_path}; the one in the backup was put there.")
    with opened(config_path) as app, unpacked(file, app.places) as backup:
        if app.places.sqlite().exists():
            confirm(_question(app.places.sqlite(), backup.manifest.made_at, backup.newer), yes=yes)
        report = restore_backup(
            backup, app.places, app.settings.newsletters, app.settings.site, who=operator(), now=app.clock()
        )
    if as_json:
        print_json(report)
        return
    say(f"Restored {report.database} as it was at {_shown(report.made_at)}.")
    for name in report.kept:
        say(f"Kept: {name}")
    for name in report.restored:
        say(f"Put back: {name}")
    if report.pictures:
        say(f"Put back: {counted(report.pictures, 'picture')}")
    for each in report.stopped:
        say(f"Edition {each.edition} of {each.newsletter} is {each.state}: {each.reason}.")
    say(
        "Whoever left, was erased or changed anything since the backup is as they were before: take that up again "
        "from the kept database, or ask for it, before anything is sent."
    )


def _question(database: Path, made_at: datetime, newer: datetime | None) -> str:
    if newer is None:
        return f"Replace {database} by the backup of {_shown(made_at)}?"
    return (
        f"{database} was changed at {_shown(newer)}, after the backup of {_shown(made_at)}: everything since would be "
        "put aside. Replace it?"
    )


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
