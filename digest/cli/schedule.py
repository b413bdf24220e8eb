"""digest schedule."""

from __future__ import annotations

import logging

import click

from digest.app import App
from digest.cli.options import with_app
from digest.schedule import run_until_stopped


@click.command("schedule")
@with_app
def command(app: App) -> None:
    """Gather, prepare and send at the newsletters' times, until stopped. What was missed is caught up at the start."""
    logging.getLogger("digest").setLevel(logging.INFO)
    run_until_stopped(app)
