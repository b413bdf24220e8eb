"""digest lists."""

from __future__ import annotations

import click
import msgspec
from sqlalchemy import Connection

from digest.app import App
from digest.cli.options import confirm, json_option, operator, with_app
from digest.cli.output import counted, print_json, print_table, say, warn
from subscribers.lists import (
    archive_list,
    create_list,
    delete_list,
    list_growth,
    list_lists,
    rename_list,
    summarize_list,
)
from subscribers.model import ListGrowth, ListSummary


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
        made = create_list(connection, slug, name, who=operator(), now=app.clock())
    if as_json:
        print_json(made)
    else:
        say(f"List {made.slug} ({made.name}) is there.")


@command.command("list")
@json_option
@with_app
def list_(app: App, as_json: bool) -> None:
    """List the lists, with their subscriptions counted, and who joined and left of late."""
    with app.database.read() as connection:
        found = [(each, _growth(app, connection, each)) for each in list_lists(connection)]
    if as_json:
        print_json([_json(*each) for each in found])
    else:
        _table(found)


@command.command("show")
@click.argument("slug")
@json_option
@with_app
def show(app: App, slug: str, as_json: bool) -> None:
    """Show one list, and the newsletters that go to it."""
    with app.database.read() as connection:
        summary = summarize_list(connection, slug)
        growth = _growth(app, connection, summary)
    newsletters = _newsletters(app, slug)
    if as_json:
        print_json(_json(summary, growth) | {"newsletters": newsletters})
        return
    _table([(summary, growth)])
    say(f"Newsletters that go to it: {', '.join(newsletters) or 'none in the settings'}.")


@command.command("rename")
@click.argument("slug")
@click.argument("name")
@json_option
@with_app
def rename(app: App, slug: str, name: str, as_json: bool) -> None:
    """Give a list another NAME. Its slug stays: settings, segments and editions under way hold to it."""
    with app.database.write() as connection:
        renamed = rename_list(connection, slug, name, who=operator(), now=app.clock())
    if as_json:
        print_json(renamed)
    else:
        say(f"List {renamed.slug} is called {renamed.name}.")


@command.command("archive")
@click.argument("slug")
@json_option
@with_app
def archive(app: App, slug: str, as_json: bool) -> None:
    """Archive a list: it takes nobody in and is not mailed; `unarchive` takes that back."""
    _archive(app, slug, True, as_json)
    _warn_of_newsletters(app, slug, "is mailed to nobody on it now")


@command.command("unarchive")
@click.argument("slug")
@json_option
@with_app
def unarchive(app: App, slug: str, as_json: bool) -> None:
    """Take a list back from the archive, with the subscriptions that it had."""
    _archive(app, slug, False, as_json)


@command.command("delete")
@click.argument("slug")
@click.option("--yes", "--force", is_flag=True, help="Answer yes to what is asked.")
@json_option
@with_app
def delete(app: App, slug: str, yes: bool, as_json: bool) -> None:
    """Delete a list for good, with its subscriptions; `archive` keeps them."""
    with app.database.read() as connection:
        found = summarize_list(connection, slug)
    if found.active or found.pending or found.unsubscribed:
        counts = f"{counted(found.active, 'active subscription')}, {found.pending} pending"
        confirm(
            f"Delete the list {slug} with {counts}, and the memory of {found.unsubscribed} who left it? "
            "The history of consent stays.",
            yes=yes,
        )
    with app.database.write() as connection:
        gone = delete_list(connection, slug, who=operator(), now=app.clock())
    if as_json:
        print_json(gone)
    else:
        say(f"List {slug} is deleted, with {counted(gone.active, 'active subscription')}.")
    _warn_of_newsletters(app, slug, "cannot be sent")


def _archive(app: App, slug: str, archived: bool, as_json: bool) -> None:
    with app.database.write() as connection:
        found, changed = archive_list(connection, slug, archived=archived, who=operator(), now=app.clock())
    if as_json:
        print_json(found)
    else:
        state = "archived" if archived else "open"
        say(f"List {slug} is {state}." if changed else f"List {slug} was {state} before.")


def _newsletters(app: App, slug: str) -> list[str]:
    return [each.slug for each in app.settings.newsletters if slug in each.lists]


def _warn_of_newsletters(app: App, slug: str, what: str) -> None:
    for newsletter in _newsletters(app, slug):
        warn(f"newsletter {newsletter} {what}: the list {slug} stands in its `lists` in {app.path}.")


def _growth(app: App, connection: Connection, summary: ListSummary) -> ListGrowth:
    return list_growth(connection, summary.mailing_list.id, now=app.clock())


def _json(summary: ListSummary, growth: ListGrowth) -> dict[str, object]:
    plain: dict[str, object] = msgspec.to_builtins(summary)
    return plain | {"growth": msgspec.to_builtins(growth)}


def _table(found: list[tuple[ListSummary, ListGrowth]]) -> None:
    rows = [
        (
            each.mailing_list.slug,
            each.mailing_list.name,
            each.active,
            each.pending,
            each.unsubscribed,
            f"+{growth.joined_7_days} −{growth.left_7_days}",
            f"+{growth.joined_30_days} −{growth.left_30_days}",
            "archived" if each.mailing_list.archived_at else "",
        )
        for each, growth in found
    ]
    columns = ("List", "Name", "Active", "Pending", "Unsubscribed", "7 days", "30 days", "")
    print_table(columns, rows, empty="There are no lists yet; run `digest lists create SLUG`.")
