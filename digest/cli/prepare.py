"""digest prepare."""

from __future__ import annotations

from datetime import date

import click

from digest.app import App
from digest.cli.options import date_option, json_option, newsletter_option, with_app
from digest.cli.output import print_json
from digest.cli.shows import show_prepared, warn_of_pictures
from digest.tasks.prepare_edition import PrepareReport


def prepared_json(report: PrepareReport) -> dict[str, object]:
    """The prepared edition for scripts: without its templates and bodies."""
    edition = report.edition
    return {
        "edition": edition.number,
        "newsletter": edition.newsletter,
        "date": edition.date,
        "state": edition.state,
        "content_hash": edition.content_hash,
        "subject": edition.content.subject if edition.content else "",
        "articles": [article.title for article in report.articles],
        "note": report.note,
        "warnings": report.warnings,
    }


@click.command("prepare")
@newsletter_option
@date_option
@json_option
@with_app
def command(app: App, newsletter: str, day: date | None, as_json: bool) -> None:
    """Choose the day's articles out of the pool and freeze the edition."""
    reports = [app.prepare(each, day or app.today()) for each in app.newsletters(newsletter)]
    if as_json:
        for report in reports:
            warn_of_pictures(report)
        print_json({"editions": [prepared_json(report) for report in reports]})
        return
    for report in reports:
        show_prepared(report)
