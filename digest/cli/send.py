"""digest send."""

from __future__ import annotations

import click

from digest.app import App
from digest.cli.options import edition_option, json_option, newsletter_option, with_app
from digest.cli.output import print_json, progress_bar
from digest.cli.shows import show_sent
from digest.errors import NotFoundError
from digest.storage.editions import list_editions
from digest.tasks.send_edition import Progress, SendReport

_LABELS = {"plan": "Freezing recipients", "send": "Sending"}


def send_with_progress(app: App, number: int, *, resume: bool = False) -> SendReport:
    """Send one edition, with a bar on a terminal."""
    with progress_bar("Sending") as update:

        def on_progress(progress: Progress) -> None:
            update(_LABELS[progress.step], progress.done, progress.total)

        return app.sender().send(number, app.prices, resume=resume, on_progress=on_progress)


@click.command("send")
@edition_option
@newsletter_option
@click.option("--resume", is_flag=True, help="Go on with an edition that was paused.")
@json_option
@with_app
def command(app: App, number: int | None, newsletter: str, resume: bool, as_json: bool) -> None:
    """Send what is prepared and may be sent, now. Nobody gets a second copy."""
    if number is None:
        app.newsletters(newsletter)
        with app.database.read() as connection:
            found = list_editions(connection, newsletter=newsletter, limit=1)
        if not found:
            raise NotFoundError("edition", "at all", "in the database; run `digest prepare` first")
        number = found[0].number
    report = send_with_progress(app, number, resume=resume)
    if as_json:
        print_json(report)
    else:
        show_sent(report)
        say_where(app)


def say_where(app: App) -> None:
    """Where the messages went."""
    click.echo(f"Messages: {app.backend.where()}")
