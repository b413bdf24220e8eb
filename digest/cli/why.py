"""digest why."""

from __future__ import annotations

import click

from digest.app import App
from digest.cli.options import json_option, with_app
from digest.cli.output import print_json, print_table, say
from digest.tasks.explain_person import explain_person


@click.command("why")
@click.argument("address")
@json_option
@with_app
def command(app: App, address: str, as_json: bool) -> None:
    """Which editions this person got and did not get, and the reason; `digest preview --as` shows what stood in one."""
    found = explain_person(
        app.database, address, app.secret, app.settings.newsletters, app.settings.site.zone, app.clock()
    )
    if as_json:
        print_json(found)
        return
    say(f"{found.address}: {found.standing}")
    rows = [(each.list_slug, each.state, f"{each.since:%Y-%m-%d}") for each in found.subscriptions]
    print_table(("List", "State", "Since"), rows, empty="No subscriptions.")
    sent = [
        (
            each.edition,
            each.newsletter,
            str(each.date),
            each.state or "not sent",
            each.reason,
            each.reply,
            "; ".join(each.came_back),
        )
        for each in found.deliveries
    ]
    print_table(
        ("Edition", "Newsletter", "Date", "State", "Reason", "Reply", "Came back"),
        sent,
        empty="No edition was made for this person.",
    )
