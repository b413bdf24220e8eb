"""digest subscribers set, tag, untag, unsubscribe and resubscribe: what is changed of people who are there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click

from digest.app import App
from digest.cli.options import json_option, operator, with_app
from digest.cli.output import print_json, say
from digest.cli.people import show_person
from digest.errors import UsageError
from digest.tasks.enter_person import change_person, put_on_list
from subscribers.addresses import parse_address
from subscribers.former_addresses import change_address, former_addresses_of
from subscribers.model import Changes, Subscriber, SubscriptionState
from subscribers.profile import read_profile
from subscribers.repository import get_subscriber
from subscribers.segments.fields import attribute_name
from subscribers.subscriptions import subscriptions_of, unsubscribe
from subscribers.suppression import suppression_of
from subscribers.tags import with_tags, without_tags


@click.command("set")
@click.argument("address")
@click.option("--email", metavar="ADDRESS", help="A new address; all history stays with the person.")
@click.option("--first-name")
@click.option("--last-name")
@click.option("--title", help='Such as "Dr.".')
@click.option("--salutation", help="Frau, Herr, divers or nothing.")
@click.option("--form", help="Sie, du, or nothing for the site's.")
@click.option("--topics", help="Divided by semicolons.")
@click.option("--coins", help="Divided by semicolons, in their order.")
@click.option("--max-articles", help="How many articles they want at most.")
@click.option("--tags", help="Divided by semicolons; replaces all.")
@click.option("--attribute", "attributes", metavar="NAME=VALUE", multiple=True, help="Repeatable; NAME= removes it.")
@json_option
@with_app
def set_(
    app: App, address: str, email: str | None, attributes: tuple[str, ...], as_json: bool, **texts: str | None
) -> None:
    """Change what is known of a person. What is not named stays; an empty value ("") empties it."""
    stated = {field: text for field, text in texts.items() if text is not None}
    if not stated and not attributes and email is None:
        raise UsageError('Say what to set, such as --first-name "Anna".')
    profile = read_profile(stated)
    values = {field: getattr(profile, field) for field in stated}
    moving = parse_address(email) if email is not None else None
    now = app.clock()
    with app.database.write() as connection:
        person = get_subscriber(connection, address, secret=app.secret)
        if attributes:
            values["attributes"] = _attributes(person.attributes, attributes)
        if values:
            person = change_person(connection, person.id, Changes(**values), who=operator(), now=now)
        if moving is not None:
            person = change_address(connection, person, moving, who=operator(), secret=app.secret, now=now)
        former = former_addresses_of(connection, person.id)
        suppression = suppression_of(connection, parse_address(person.email), secret=app.secret)
    if as_json:
        print_json({"subscriber": person, "former_addresses": former})
    else:
        show_person(person, former, suppression, app.settings.site.zone)


@click.command("tag")
@click.argument("address")
@click.argument("tags", metavar="TAG...", nargs=-1, required=True)
@json_option
@with_app
def tag(app: App, address: str, tags: tuple[str, ...], as_json: bool) -> None:
    """Put tags on a person; those that are there stay."""
    _retag(app, address, lambda known: with_tags(known, tags), as_json)


@click.command("untag")
@click.argument("address")
@click.argument("tags", metavar="TAG...", nargs=-1, required=True)
@json_option
@with_app
def untag(app: App, address: str, tags: tuple[str, ...], as_json: bool) -> None:
    """Take tags off a person."""
    _retag(app, address, lambda known: without_tags(known, tags), as_json)


@click.command("unsubscribe")
@click.argument("address")
@click.option("--list", "list_slug", metavar="SLUG", help="Only from this list. [default: from all]")
@json_option
@with_app
def unsubscribe_(app: App, address: str, list_slug: str | None, as_json: bool) -> None:
    """End a person's subscriptions; effective at once, also for mail that waits to be sent."""
    with app.database.write() as connection:
        person = get_subscriber(connection, address, secret=app.secret)
        left = unsubscribe(connection, person.id, list_slug, source="command line", who=operator(), now=app.clock())
    if as_json:
        print_json({"subscriber": person.email, "left": left})
    else:
        say(f"{person.email} has left {', '.join(left)}." if left else f"{person.email} had left already.")


@click.command("resubscribe")
@click.argument("address")
@click.option("--list", "list_slug", metavar="SLUG", required=True, help="The list that they left.")
@json_option
@with_app
def resubscribe(app: App, address: str, list_slug: str, as_json: bool) -> None:
    """Ask a person back who left a list. They are pending until they confirm it themselves."""
    with app.database.write() as connection:
        person = get_subscriber(connection, address, secret=app.secret)
        standings = {each.list_slug: each.state for each in subscriptions_of(connection, person.id)}
        state = put_on_list(connection, person, list_slug, None, who=operator(), secret=app.secret, now=app.clock())
        if list_slug not in standings:
            raise UsageError(
                f"{person.email} was never on {list_slug}; `digest subscribers add {person.email} --list {list_slug}` "
                "puts them there."
            )
    asked = standings[list_slug] is SubscriptionState.UNSUBSCRIBED
    if as_json:
        print_json({"subscriber": person.email, "list": list_slug, "state": state, "changed": asked})
    elif asked:
        say(f"{person.email} is pending on {list_slug}. Nothing is sent to them before they confirm.")
    else:
        say(f"{person.email} is {state} on {list_slug} already.")


def _retag(app: App, address: str, change: Callable[[Sequence[str]], tuple[str, ...]], as_json: bool) -> None:
    with app.database.write() as connection:
        person: Subscriber = get_subscriber(connection, address, secret=app.secret)
        tags = change(person.tags)
        if tags != person.tags:
            person = change_person(connection, person.id, Changes(tags=tags), who=operator(), now=app.clock())
    if as_json:
        print_json({"subscriber": person.email, "tags": person.tags})
    else:
        say(f"{person.email} has {'the tags ' + ', '.join(person.tags) if person.tags else 'no tags'}.")


def _attributes(known: dict[str, str], changes: Sequence[str]) -> dict[str, str]:
    """The attributes after `changes`, each "name=value". Raises UsageError, WrongValueError."""
    attributes = dict(known)
    for change in changes:
        name, equals, text = change.partition("=")
        name = attribute_name(name)
        if not equals or not name:
            raise UsageError(f"An attribute is set as NAME=VALUE; {change!r} is no such pair.")
        stated = read_profile({}, {name: text}).attributes
        attributes.pop(name, None)
        attributes |= stated
    return attributes
