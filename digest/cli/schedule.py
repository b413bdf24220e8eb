"""digest schedule."""

from __future__ import annotations

import click

from digest.app import App
from digest.cli.options import with_app
from digest.logs import set_up_logs
from digest.schedule import run_until_stopped


@click.command("schedule")
@with_app
def command(app: App) -> None:
    """Gather, prepare and send at the newsletters' times, until stopped. What was missed is caught up at the start.

    Of several on one database one works, and the next takes over where that ends. SIGHUP reads the settings again.
    """
    set_up_logs(app.settings.site.zone, app.environ)
    run_until_stopped(app)
