"""digest articles."""

from __future__ import annotations

from datetime import date, datetime

import click
import msgspec

from digest.app import App
from digest.cli.options import Day, json_option, with_app
from digest.cli.output import print_json, print_table
from digest.storage.articles import list_articles


@click.group("articles")
def command() -> None:
    """The pool of gathered articles."""


@command.command("list")
@click.option("--source", metavar="NAME", default="", help="Only this source.")
@click.option("--since", type=Day(), help="Only what was published on this day or later.")
@json_option
@with_app
def list_(app: App, source: str, since: date | None, as_json: bool) -> None:
    """List gathered articles, the newest first."""
    zone = app.settings.site.zone
    sources = [each.name for each in app.sources(source)] if source else None
    start = datetime.combine(since, datetime.min.time(), zone) if since else None
    with app.database.read() as connection:
        found = [stored.article for stored in list_articles(connection, sources=sources, since=start)]
    if as_json:
        print_json([msgspec.to_builtins(article) for article in found])
        return
    rows = []
    for article in found:
        published = article.published.astimezone(zone) if article.published else None
        shown = (
            "" if published is None else f"{published:%Y-%m-%d}" if article.date_only else f"{published:%Y-%m-%d %H:%M}"
        )
        rows.append((shown, article.source, article.title, ", ".join(article.topics)))
    print_table(("Published", "Source", "Title", "Topics"), rows, empty="No articles yet; run `digest gather`.")
