"""digest suppressions."""

from __future__ import annotations

from pathlib import Path

import click

from digest.app import App
from digest.cli.options import confirm, json_option, operator, with_app, yes_option
from digest.cli.output import print_json, print_table, say, warn
from subscribers.model import Suppression, SuppressionReason
from subscribers.suppression_changes import add_suppression, parse_suppressed, remove_suppression
from subscribers.suppression_import import import_suppressions
from subscribers.suppression_pages import page_suppressions

#: Refused rows that are named on the terminal; --json names as many as the report holds.
_SHOWN_REFUSALS = 20
_REASONS = ("admin", "request", "complaint", "hard_bounce", "soft_bounces")


@click.group("suppressions")
def command() -> None:
    """Who must not be mailed, by address and by domain."""


@command.command("add")
@click.argument("target", metavar="ADDRESS|@DOMAIN")
@click.option("--reason", type=click.Choice(_REASONS), default="admin", show_default=True)
@json_option
@with_app
def add(app: App, target: str, reason: str, as_json: bool) -> None:
    """Mail nothing to an address, or to anybody at a domain, any more.

    With the reasons `request` and `complaint` the person has left all lists, too.
    """
    parsed = parse_suppressed(target)
    with app.database.write() as connection:
        entry, new = add_suppression(
            connection,
            parsed,
            reason=SuppressionReason(reason),
            source="command line",
            who=operator(),
            secret=app.secret,
            now=app.clock(),
        )
    if as_json:
        print_json({"suppression": entry, "new": new})
    elif new:
        say(f"{_named(entry)} is suppressed.")
    else:
        say(f"{_named(entry)} was suppressed already, since {entry.since:%Y-%m-%d} ({entry.reason}).")


@command.command("list")
@click.option("--after", default=0, help="Only those with a higher number; for the next page.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 100_000))
@json_option
@with_app
def list_(app: App, after: int, limit: int, as_json: bool) -> None:
    """List suppressions by their number."""
    with app.database.read() as connection:
        found = page_suppressions(connection, after=after, limit=limit)
    if as_json:
        print_json(found)
        return
    rows = [(each.id, _named(each), each.reason, f"{each.since:%Y-%m-%d}", each.source) for each in found]
    print_table(("No.", "Address or domain", "Reason", "Since", "Source"), rows, empty="Nobody is suppressed.")
    if len(found) == limit:
        say(f"There may be more: --after {found[-1].id}")


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--reason", type=click.Choice(("imported", *_REASONS)), default="imported", show_default=True)
@json_option
@with_app
def import_(app: App, file: Path, reason: str, as_json: bool) -> None:
    """Suppress every address and @domain of a file: one to a line, or CSV with a column `email` or `domain`."""
    report = import_suppressions(
        app.database.write,
        file,
        reason=SuppressionReason(reason),
        source=f"file {file.name}",
        who=operator(),
        secret=app.secret,
        now=app.clock(),
    )
    if as_json:
        print_json(report)
        return
    say(f"Read {report.read}: {report.added} added, {report.known} known, {report.refused} refused.")
    for row in report.refusals[:_SHOWN_REFUSALS]:
        warn(f"line {row.line}: {row.reason}")


@command.command("remove")
@click.argument("target", metavar="ADDRESS|@DOMAIN")
@yes_option
@json_option
@with_app
def remove(app: App, target: str, yes: bool, as_json: bool) -> None:
    """Take a suppression back. No subscription changes by that: whoever left a list comes back by a new sign-up."""
    parsed = parse_suppressed(target)
    confirm(f"Mail may go to {target} again. Remove the suppression?", yes=yes)
    with app.database.write() as connection:
        entry = remove_suppression(connection, parsed, who=operator(), secret=app.secret, now=app.clock())
    if as_json:
        print_json({"removed": entry})
    else:
        say(f"{target} is not suppressed any more. Whoever left a list stays away from it.")


def _named(entry: Suppression) -> str:
    return entry.address or (f"@{entry.domain}" if entry.domain else "(an erased address)")
