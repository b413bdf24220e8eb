"""digest gather."""

from __future__ import annotations

from datetime import date

import click

from digest.app import App
from digest.cli.options import date_option, json_option, newsletter_option, with_app
from digest.cli.output import print_json, progress_bar
from digest.cli.shows import show_sources, warn_of_sources
from digest.tasks.gather_articles import SourceReport


def gather_with_progress(app: App, newsletter: str, day: date | None) -> list[SourceReport]:
    """Gather what the newsletters need, with a bar on a terminal."""
    sources = app.sources_of(app.newsletters(newsletter)) if newsletter else app.sources()
    with progress_bar("Gathering") as update:
        done = 0

        def next_source(name: str) -> None:
            nonlocal done
            update(f"Gathering {name}", done, len(sources))
            done += 1

        return app.gather(sources, day or app.today(), next_source)


@click.command("gather")
@newsletter_option
@date_option
@json_option
@with_app
def command(app: App, newsletter: str, day: date | None, as_json: bool) -> int:
    """Read the sources into the pool of articles. A source that fails is named, and the others go on."""
    reports = gather_with_progress(app, newsletter, day)
    if as_json:
        warn_of_sources(reports)
        print_json({"sources": reports})
    else:
        show_sources(reports)
    return 1 if reports and all(report.warning for report in reports) else 0
