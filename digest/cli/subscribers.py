"""digest subscribers."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from digest.app import App
from digest.cli.options import json_option, with_app
from digest.cli.output import print_json, print_table, progress_bar, say, warn
from digest.cli.privacy import export_data, forget
from subscribers.addresses import parse_address
from subscribers.consent import consent_history
from subscribers.csv_import import import_csv
from subscribers.model import Consent, SubscriptionState
from subscribers.profile import PROFILE_FIELDS, read_profile
from subscribers.recipients import list_subscribers
from subscribers.repository import add_subscriber, get_subscriber
from subscribers.subscriptions import subscribe, subscriptions_of, unsubscribe

#: Refused rows that are named on the terminal; --json names as many as the report holds.
_SHOWN_REFUSALS = 20


@click.group("subscribers")
def command() -> None:
    """The people on the lists."""


command.add_command(forget)
command.add_command(export_data)


@command.command("add")
@click.argument("address")
@click.option("--list", "list_slug", metavar="SLUG", required=True, help="The list to put them on.")
@click.option("--consent", default="", help="Where their consent comes from; without it they are pending.")
@click.option("--first-name", default="")
@click.option("--last-name", default="")
@click.option("--title", default="", help='Such as "Dr.".')
@click.option("--salutation", default="", help="Frau, Herr, divers or nothing.")
@click.option("--form", default="", help="Sie or du. [default: the site's]")
@click.option("--topics", default="", help="Divided by semicolons.")
@click.option("--coins", default="", help="Divided by semicolons, in their order.")
@click.option("--max-articles", default="", help="How many articles they want at most.")
@click.option("--tags", default="", help="Divided by semicolons.")
@json_option
@with_app
def add(app: App, address: str, list_slug: str, consent: str, as_json: bool, **texts: str) -> None:
    """Add a person to a list, or add to what is known of one."""
    parsed = parse_address(address)
    profile = read_profile({field: texts[field] for field in PROFILE_FIELDS})
    now = app.clock()
    with app.database.write() as connection:
        person = add_subscriber(connection, parsed, profile, secret=app.secret, now=now)
        stated = Consent(source=consent) if consent else None
        state = subscribe(connection, person.id, list_slug, consent=stated, source="command line", now=now)
    if as_json:
        print_json({"subscriber": person, "list": list_slug, "state": state})
        return
    say(f"{person.email} is {state} on {list_slug}.")
    if state is SubscriptionState.PENDING:
        say("Nothing is sent to them before they confirm.")


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--list", "list_slug", metavar="SLUG", required=True, help="The list to put them on.")
@click.option("--consent", default="", help="Where their consent comes from; without it rows are pending.")
@click.option("--dry-run", is_flag=True, help="Read and check it all, and change nothing.")
@json_option
@with_app
def import_(app: App, file: Path, list_slug: str, consent: str, dry_run: bool, as_json: bool) -> None:
    """Import people from a CSV file; docs/subscribers.md lists the columns, of which only `email` is needed.

    Wrong rows are refused and named; who left is not brought back.
    """
    size = file.stat().st_size if file.is_file() else 0
    with progress_bar("Importing") as update:
        report = import_csv(
            app.database.write,
            file,
            list_slug=list_slug,
            consent=consent,
            secret=app.secret,
            now=app.clock(),
            zone=app.settings.site.zone,
            store_ip=app.settings.privacy.store_ip,
            dry_run=dry_run,
            progress=lambda rows, octets: update(f"Importing, {rows} rows", octets, size),
        )
    if as_json:
        print_json(report)
        return
    numbers = {
        name: value
        for name, value in msgspec.to_builtins(report).items()
        if isinstance(value, int) and not isinstance(value, bool) and value
    }
    done = "Checked" if dry_run else "Imported"
    counts = ", ".join(f"{count} {name}" for name, count in numbers.items()) or "nothing in it"
    say(f"{done} {file} into {list_slug}: {counts}.")
    for row in report.refusals[:_SHOWN_REFUSALS]:
        warn(f"line {row.line}, {row.address or 'no address'}: {row.reason}")


@command.command("unsubscribe")
@click.argument("address")
@click.option("--list", "list_slug", metavar="SLUG", help="Only from this list. [default: from all]")
@json_option
@with_app
def unsubscribe_(app: App, address: str, list_slug: str | None, as_json: bool) -> None:
    """End a person's subscriptions; effective at once, also for mail that waits to be sent."""
    now = app.clock()
    with app.database.write() as connection:
        person = get_subscriber(connection, address, secret=app.secret)
        left = unsubscribe(connection, person.id, list_slug, source="command line", now=now)
    if as_json:
        print_json({"subscriber": person.email, "left": left})
    else:
        say(f"{person.email} has left {', '.join(left)}." if left else f"{person.email} had left already.")


@command.command("list")
@click.option("--list", "list_slug", metavar="SLUG", help="Only the people on this list.")
@click.option("--after", default=0, help="Only those with a higher number; for the next page.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 100_000))
@json_option
@with_app
def list_(app: App, list_slug: str | None, after: int, limit: int, as_json: bool) -> None:
    """List people by their number."""
    with app.database.read() as connection:
        found = list_subscribers(connection, list_slug, after=after, limit=limit)
    if as_json:
        print_json(found)
        return
    rows = [
        (each.id, each.email, f"{each.first_name} {each.last_name}".strip(), each.form, ", ".join(each.topics))
        for each in found
    ]
    print_table(("No.", "Address", "Name", "Form", "Topics"), rows, empty="Nobody.")


@command.command("show")
@click.argument("address")
@json_option
@with_app
def show(app: App, address: str, as_json: bool) -> None:
    """Show one person with subscriptions and the history of their consent."""
    with app.database.read() as connection:
        person = get_subscriber(connection, address, secret=app.secret)
        standings = subscriptions_of(connection, person.id)
        history = consent_history(connection, person.id)
    if as_json:
        print_json({"subscriber": person, "subscriptions": standings, "consent": history})
        return
    shown = msgspec.to_builtins(person)
    for name in ("email", *PROFILE_FIELDS, "attributes", "created_at"):
        value = shown[name]
        say(f"{name + ':':14} {', '.join(value) if isinstance(value, list) else value if value is not None else ''}")
    rows = [(each.list_slug, each.state, f"{each.since:%Y-%m-%d}") for each in standings]
    print_table(("List", "State", "Since"), rows, empty="No subscriptions.")
    events = [(f"{each.at:%Y-%m-%d %H:%M}", each.event, each.source) for each in history]
    print_table(("When (UTC)", "Consent", "Source"), events, empty="No consent on record.")
