"""digest alerts."""

from __future__ import annotations

import click

from digest.app import App
from digest.cli.options import json_option, with_app
from digest.cli.output import print_json, say, warn
from digest.errors import SettingsError


@click.group("alerts")
def command() -> None:
    """Who is told when an edition does not go out."""


@command.command("test")
@json_option
@with_app
def test(app: App, as_json: bool) -> int:
    """Try every way of [alerts]: a mail, the webhook, the heartbeat. Exit 1 where one does not work."""
    reports = app.alarm().test(app.settings.site.name)
    if not reports:
        raise SettingsError(
            "alerts", "nobody is told of anything; set mail_to, webhook_url or heartbeat_url", str(app.path)
        )
    if as_json:
        print_json(reports)
    for report in reports:
        if report.problem:
            warn(f"{report.way}: {report.problem}")
        elif not as_json:
            say(f"{report.way}: taken.")
    return 1 if any(report.problem for report in reports) else 0
