"""digest webhooks."""

from __future__ import annotations

from urllib.parse import urlsplit

import click

from digest.app import App
from digest.cli.options import confirm, json_option, operator, with_app, yes_option
from digest.cli.output import counted, print_json, print_table, say, warn
from digest.errors import DeliveryError
from digest.model.webhook import AttemptState
from digest.storage import webhooks as store
from digest.tasks.webhook_message import check_webhook_url, make_secret
from subscribers.audit import record_change
from subscribers.model import EventKind


@click.group("webhooks")
def command() -> None:
    """Other programs that are told what happens to subscribers."""


@command.command("add")
@click.argument("url")
@click.option(
    "--event",
    "kinds",
    multiple=True,
    type=click.Choice([kind.value for kind in EventKind]),
    help="What to tell; may be given several times. [default: everything]",
)
@json_option
@with_app
def add(app: App, url: str, kinds: tuple[str, ...], as_json: bool) -> None:
    """Tell URL of what happens from now on. The secret that signs the messages is shown this once."""
    now, secret = app.clock(), make_secret()
    check_webhook_url(url)
    with app.database.write() as connection:
        made = store.add_webhook(connection, url, map(EventKind, kinds or EventKind), secret, now=now)
        detail = {"host": urlsplit(url).hostname or "", "events": " ".join(made.events)}
        record_change(connection, who=operator(), what="webhook.add", subject=str(made.id), at=now, detail=detail)
    if as_json:
        print_json({"webhook": made, "secret": secret})
        return
    say(secret)
    say(f"Webhook {made.id} tells {url} of {', '.join(made.events)}. Its secret stands above and is not shown again;")
    say("it is kept in the database as it is, because every message is signed with it.")
    say(f"Try it: digest webhooks test {made.id}")


@command.command("list")
@json_option
@with_app
def list_(app: App, as_json: bool) -> None:
    """List the webhooks, with what waits for them and what was given up."""
    with app.database.read() as connection:
        found = store.list_webhooks(connection)
        counts = store.count_attempts(connection)
        lost = {each.id: store.given_up_attempts(connection, each.id) for each in found}
    numbers = {each.id: {state.value: counts.get((each.id, state), 0) for state in AttemptState} for each in found}
    if as_json:
        print_json([{"webhook": e, "attempts": numbers[e.id], "given_up": lost[e.id]} for e in found])
        return
    rows = [
        (
            each.id,
            each.url,
            " ".join(each.events),
            *numbers[each.id].values(),
            f"disabled {each.disabled_at:%Y-%m-%d %H:%M}: {each.reason}" if each.disabled_at else "",
        )
        for each in found
    ]
    columns = ("No.", "URL", "Events", "Waiting", "Delivered", "Given up", "")
    print_table(columns, rows, empty="There are no webhooks yet; run `digest webhooks add URL`.")
    for each in found:
        for attempt in lost[each.id][:3]:
            times = counted(attempt.attempts, "attempt")
            warn(
                f"webhook {each.id} was not told of event {attempt.event_id}, given up after {times}: {attempt.reason}"
            )


@command.command("remove")
@click.argument("number", metavar="NUMBER", type=int)
@yes_option
@json_option
@with_app
def remove(app: App, number: int, yes: bool, as_json: bool) -> None:
    """Remove a webhook, and with it what still waits for it."""
    with app.database.read() as connection:
        known = store.get_webhook(connection, number)
    confirm(f"Remove webhook {number} ({known.url})?", yes=yes)
    with app.database.write() as connection:
        store.remove_webhook(connection, number)
        record_change(
            connection,
            who=operator(),
            what="webhook.remove",
            subject=str(number),
            at=app.clock(),
            detail={"host": urlsplit(known.url).hostname or ""},
        )
    if as_json:
        print_json(known)
    else:
        say(f"Webhook {number} is gone; {known.url} is told nothing any more.")


@command.command("test")
@click.argument("number", metavar="NUMBER", type=int)
@json_option
@with_app
def test(app: App, number: int, as_json: bool) -> None:
    """Send a signed message of type "test"."""
    answer = app.test_webhook(number)
    if as_json:
        print_json(answer)
    if not answer.taken:
        raise DeliveryError(f"Webhook {number} {answer.problem}.")
    if not as_json:
        say(f"Webhook {number} took the message.")


@command.command("deliver")
@json_option
@with_app
def deliver(app: App, as_json: bool) -> int:
    """Tell all webhooks what they have not been told yet; the scheduler does so by itself."""
    reports = app.deliver_webhooks()
    if as_json:
        print_json(reports)
    elif not reports:
        say("There is nothing to tell.")
    for report in reports:
        if not as_json:
            told = f"{report.delivered} delivered, {report.failed} failed, {report.given_up} given up"
            say(f"Webhook {report.webhook} ({report.url}): {told}.")
        if report.problem:
            warn(f"webhook {report.webhook}: {report.url} {report.problem}")
    return 1 if any(report.failed for report in reports) else 0
