"""digest segments."""

from __future__ import annotations

import click
from msgspec import to_builtins

from digest.app import App
from digest.cli.options import confirm, json_option, operator, with_app, yes_option
from digest.cli.output import counted, print_json, print_table, say
from digest.cli.people import people_table
from digest.errors import UsageError
from subscribers.model import Segment
from subscribers.recipients import count_recipients, recipients
from subscribers.segment_store import (
    check_expression,
    count_people,
    create_segment,
    delete_segment,
    expression_clause,
    get_segment,
    list_segments,
    some_people,
)


@click.group("segments")
def command() -> None:
    """Conditions on people, such as `topic:krypto and (tag:vip or city = "Köln")`; docs/subscribers.md has them all."""


@command.command("create")
@click.argument("slug")
@click.option("--name", default="", help="As editors see it. [default: the slug]")
@click.option("--where", "expression", metavar="EXPRESSION", required=True, help="Who is in it.")
@json_option
@with_app
def create(app: App, slug: str, name: str, expression: str, as_json: bool) -> None:
    """Create a segment; a newsletter with `segment = "SLUG"` goes to those of its lists who are in it."""
    with app.database.write() as connection:
        made = create_segment(connection, slug, name, expression, who=operator(), now=app.clock())
    if as_json:
        print_json(made)
    else:
        say(f"Segment {made.slug} ({made.name}) is there. See who is in it: digest segments preview {made.slug}")


@command.command("list")
@json_option
@with_app
def list_(app: App, as_json: bool) -> None:
    """List the segments."""
    with app.database.read() as connection:
        found = list_segments(connection)
    if as_json:
        print_json(found)
        return
    rows = [(each.slug, each.name, each.expression) for each in found]
    empty = "There are no segments yet; run `digest segments create SLUG --where EXPRESSION`."
    print_table(("Segment", "Name", "Who is in it"), rows, empty=empty)


@command.command("show")
@click.argument("slug")
@json_option
@with_app
def show(app: App, slug: str, as_json: bool) -> None:
    """Show one segment, and the newsletters that go to it."""
    with app.database.read() as connection:
        found = get_segment(connection, slug)
    newsletters = _newsletters(app, found)
    if as_json:
        print_json(to_builtins(found) | {"newsletters": newsletters})
        return
    say(f"{found.slug} ({found.name}), since {found.created_at.astimezone(app.settings.site.zone):%Y-%m-%d}")
    say(f"    {found.expression}")
    say(f"Newsletters that go to it: {', '.join(newsletters) or 'none in the settings'}.")


@command.command("preview")
@click.argument("slug", required=False)
@click.option("--where", "expression", metavar="EXPRESSION", help="Try an expression instead, without keeping it.")
@click.option("--list", "lists", metavar="SLUG", multiple=True, help="Only who is mailed on this list; repeatable.")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(0, 1000), help="People that are shown.")
@json_option
@with_app
def preview(
    app: App, slug: str | None, expression: str | None, lists: tuple[str, ...], limit: int, as_json: bool
) -> None:
    """Count who is in a segment, and show some of them: of everybody, or of those who are mailed on a list."""
    if (slug is None) == (expression is None):
        raise UsageError("Name a segment, or give an expression by --where.")
    with app.database.read() as connection:
        wanted = expression if expression is not None else get_segment(connection, slug or "").expression
        if expression is not None:
            check_expression(connection, expression)
        clause = expression_clause(connection, wanted, zone=app.settings.site.zone)
        if lists:
            count = count_recipients(connection, lists, segment=clause)
            people = recipients(connection, lists, segment=clause, limit=limit) if limit else []
        else:
            count, people = count_people(connection, clause), some_people(connection, clause, limit=limit)
    if as_json:
        print_json({"segment": slug, "expression": wanted, "lists": lists, "count": count, "people": people})
        return
    people_table(people)
    of_whom = f" of those who are mailed on {', '.join(lists)}" if lists else ""
    say(f"{counted(count, 'subscriber')}{of_whom}{'; these are the first.' if count > len(people) > 0 else '.'}")


@command.command("delete")
@click.argument("slug")
@yes_option
@json_option
@with_app
def delete(app: App, slug: str, yes: bool, as_json: bool) -> None:
    """Delete a segment; the people in it stay as they are."""
    with app.database.read() as connection:
        found = get_segment(connection, slug)
    newsletters = _newsletters(app, found)
    if newsletters:
        raise UsageError(
            f"The newsletter {newsletters[0]} goes to the segment {slug}; take `segment` out of it in {app.path} first."
        )
    confirm(f"Delete the segment {slug}, {found.expression}?", yes=yes)
    with app.database.write() as connection:
        delete_segment(connection, slug, who=operator(), now=app.clock())
    if as_json:
        print_json(found)
    else:
        say(f"Segment {slug} is deleted.")


def _newsletters(app: App, segment: Segment) -> list[str]:
    return [each.slug for each in app.settings.newsletters if each.segment == segment.slug]
