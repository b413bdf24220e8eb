"""digest lists."""

from __future__ import annotations

import click

from digest.app import App
from digest.cli.options import json_option, with_app
from digest.cli.output import print_json, print_table, say
from subscribers.lists import create_list, get_list, list_lists
from subscribers.model import ListSummary


@click.group("lists")
def command() -> None:
    """Mailing lists."""


@command.command("create")
@click.argument("slug")
@click.option("--name", default="", help="As people see it. [default: the slug]")
@json_option
@with_app
def create(app: App, slug: str, name: str, as_json: bool) -> None:
    """Create a list."""
    with app.database.write() as connection:
        made = create_list(connection, slug, name, now=app.clock())
    if as_json:
        print_json(made)
    else:
        say(f"List {made.slug} ({made.name}) is there.")


@command.command("list")
@json_option
@with_app
def list_(app: App, as_json: bool) -> None:
    """List the lists, with their subscriptions counted."""
    with app.database.read() as connection:
        found = list_lists(connection)
    if as_json:
        print_json(found)
    else:
        _table(found)


@command.command("show")
@click.argument("slug")
@json_option
@with_app
def show(app: App, slug: str, as_json: bool) -> None:
    """Show one list."""
    with app.database.read() as connection:
        wanted = get_list(connection, slug)
        found = [each for each in list_lists(connection) if each.mailing_list.id == wanted.id]
    if as_json:
        print_json(found[0])
    else:
        _table(found)


def _table(found: list[ListSummary]) -> None:
    rows = [
        (
            each.mailing_list.slug,
            each.mailing_list.name,
            each.active,
            each.pending,
            each.unsubscribed,
            "archived" if each.mailing_list.archived_at else "",
        )
        for each in found
    ]
    columns = ("List", "Name", "Active", "Pending", "Unsubscribed", "")
    print_table(columns, rows, empty="There are no lists yet; run `digest lists create SLUG`.")
