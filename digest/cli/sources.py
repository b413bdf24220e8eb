"""digest sources."""

from __future__ import annotations

import click

from digest.app import App
from digest.cli.options import json_option, with_app
from digest.cli.output import print_json, print_table, say


@click.group("sources")
def command() -> None:
    """The sources in the settings."""


@command.command("list")
@json_option
@with_app
def list_(app: App, as_json: bool) -> None:
    """List the sources."""
    sources = app.sources()
    if as_json:
        print_json(sources)
        return
    rows = [(each.name, each.type, each.url or each.path, ", ".join(each.topics), each.max_items) for each in sources]
    print_table(("Name", "Type", "From", "Topics", "At most"), rows, empty="There are no sources in the settings.")


@command.command("test")
@click.argument("name")
@json_option
@with_app
def test(app: App, name: str, as_json: bool) -> None:
    """Read one source and show what it gives; nothing is kept."""
    found = app.try_source(app.sources(name)[0])
    if as_json:
        print_json(found)
        return
    for article in found:
        say(f"{article.published or 'no date'}  {article.title}")
        say(f"    {article.lead or '(no lead)'}")
        say(f"    {len(article.body)} paragraphs, by {article.author or 'nobody named'}, {article.url or 'no address'}")
