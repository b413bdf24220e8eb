"""digest subscribers."""

from __future__ import annotations

import click
from sqlalchemy import ColumnElement, and_

from digest.app import App
from digest.cli.options import json_option, operator, with_app
from digest.cli.output import print_json, say
from digest.cli.people import people_table, show_person, show_standings
from digest.cli.privacy import export_data, forget
from digest.cli.subscribers_change import resubscribe, set_, tag, unsubscribe_, untag
from digest.cli.subscribers_csv import export, import_, imports
from digest.tasks.enter_person import Entry, enter_person
from subscribers.addresses import parse_address
from subscribers.consent import consent_history
from subscribers.finding import find_people
from subscribers.former_addresses import former_addresses_of
from subscribers.model import Consent, SubscriptionState
from subscribers.profile import PROFILE_FIELDS, read_profile
from subscribers.recipients import list_subscribers
from subscribers.repository import get_subscriber
from subscribers.segment_store import clause_of_segment, tag_clause
from subscribers.subscriptions import subscriptions_of
from subscribers.suppression import suppression_of


@click.group("subscribers")
def command() -> None:
    """The people on the lists."""


for each in (import_, imports, export, set_, tag, untag, unsubscribe_, resubscribe, forget, export_data):
    command.add_command(each)


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
    entry = Entry(
        address=parse_address(address),
        profile=read_profile({field: texts[field] for field in PROFILE_FIELDS}),
        lists=[list_slug],
        consent=Consent(source=consent) if consent else None,
    )
    with app.database.write() as connection:
        person, _ = enter_person(connection, entry, who=operator(), secret=app.secret, now=app.clock())
        states = {each.list_slug: each.state for each in subscriptions_of(connection, person.id)}
    state = states[list_slug]
    if as_json:
        print_json({"subscriber": person, "list": list_slug, "state": state})
        return
    say(f"{person.email} is {state} on {list_slug}.")
    if state is SubscriptionState.PENDING:
        say("Nothing is sent to them before they confirm.")


@command.command("list")
@click.option("--list", "list_slug", metavar="SLUG", help="Only the people on this list.")
@click.option(
    "--state",
    type=click.Choice([state.value for state in SubscriptionState]),
    help="Only subscriptions in this state. [default: any]",
)
@click.option("--tag", metavar="TAG", help="Only people with this tag.")
@click.option("--segment", metavar="SLUG", default="", help="Only people in this segment.")
@click.option("--after", default=0, help="Only those with a higher number; for the next page.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 100_000))
@json_option
@with_app
def list_(
    app: App,
    list_slug: str | None,
    state: str | None,
    tag: str | None,
    segment: str,
    after: int,
    limit: int,
    as_json: bool,
) -> None:
    """List people by their number."""
    with app.database.read() as connection:
        conditions: list[ColumnElement[bool]] = []
        if (clause := clause_of_segment(connection, segment, zone=app.settings.site.zone)) is not None:
            conditions.append(clause)
        if tag is not None:
            conditions.append(tag_clause(connection, tag))
        found = list_subscribers(
            connection,
            list_slug,
            state=SubscriptionState(state) if state else None,
            where=and_(*conditions) if conditions else None,
            after=after,
            limit=limit,
        )
    if as_json:
        print_json(found)
    else:
        people_table(found)


@command.command("find")
@click.argument("text", nargs=-1, required=True)
@click.option("--after", default=0, help="Only those with a higher number; for the next page.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
@json_option
@with_app
def find(app: App, text: tuple[str, ...], after: int, limit: int, as_json: bool) -> None:
    """Find people by words of their address or name, by a tag, by @domain, or by a former address."""
    with app.database.read() as connection:
        found = find_people(connection, " ".join(text), secret=app.secret, after=after, limit=limit)
    if as_json:
        print_json(found)
        return
    people_table(found)
    if len(found) == limit:
        say(f"There may be more: --after {found[-1].id}")


@command.command("show")
@click.argument("address")
@json_option
@with_app
def show(app: App, address: str, as_json: bool) -> None:
    """Show one person with subscriptions and the history of their consent."""
    with app.database.read() as connection:
        person = get_subscriber(connection, address, secret=app.secret)
        former = former_addresses_of(connection, person.id)
        suppression = suppression_of(connection, parse_address(person.email), secret=app.secret)
        standings = subscriptions_of(connection, person.id)
        history = consent_history(connection, person.id)
    if as_json:
        print_json(
            {
                "subscriber": person,
                "former_addresses": former,
                "suppression": suppression,
                "subscriptions": standings,
                "consent": history,
            }
        )
        return
    zone = app.settings.site.zone
    show_person(person, former, suppression, zone)
    show_standings(standings, history, zone)
