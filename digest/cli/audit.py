"""digest audit."""

from __future__ import annotations

import click

from digest.app import App
from digest.cli.options import json_option, with_app
from digest.cli.output import print_json, print_table
from subscribers.audit import list_changes
from subscribers.repository import get_subscriber


@click.group("audit")
def command() -> None:
    """Who changed what, and when."""


@command.command("list")
@click.option("--person", metavar="ADDRESS", help="Only changes of this person.")
@click.option("--subject", metavar="NAME", help="Only changes of this list, segment, key, ...")
@click.option("--before", type=int, help="Only those with a lower number; for the next page.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000))
@json_option
@with_app
def list_(app: App, person: str | None, subject: str | None, before: int | None, limit: int, as_json: bool) -> None:
    """List the changes, the newest first."""
    with app.database.read() as connection:
        whose = get_subscriber(connection, person, secret=app.secret).id if person else None
        found = list_changes(connection, subscriber_id=whose, subject=subject, before=before, limit=limit)
    if as_json:
        print_json(found)
        return
    zone = app.settings.site.zone
    rows = [
        (
            each.id,
            f"{each.at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
            each.who,
            each.what,
            each.subject,
            ", ".join(f"{name}: {text}" for name, text in each.detail.items()),
        )
        for each in found
    ]
    print_table(("No.", "When", "Who", "What", "Subject", "Detail"), rows, empty="No changes on record.")
