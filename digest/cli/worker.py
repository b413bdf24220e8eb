"""digest worker."""

from __future__ import annotations

import click

from digest.app import App
from digest.cli.options import with_app
from digest.logs import set_up_logs
from digest.schedule import run_until_stopped


@click.command("worker")
@with_app
def command(app: App) -> None:
    """Send letters, and editions that may be sent and are due, until stopped. Everything else is the scheduler's."""
    set_up_logs(app.settings.site.zone, app.environ)
    run_until_stopped(app, sending_only=True)
