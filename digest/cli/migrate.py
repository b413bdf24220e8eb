"""digest migrate."""

from __future__ import annotations

import click

from digest.app import App
from digest.cli.options import json_option, with_app
from digest.cli.output import print_json, say
from digest.storage.database import SCHEMA_VERSION, open_database


@click.command("migrate")
@json_option
@with_app
def command(app: App, as_json: bool) -> None:
    """Bring the database to this program's version; make it where there is none."""
    open_database(app.settings.database.url, migrate=True).close()
    if as_json:
        print_json({"version": SCHEMA_VERSION})
    else:
        say(f"The database is of version {SCHEMA_VERSION}.")
