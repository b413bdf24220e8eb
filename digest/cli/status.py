"""digest status."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from digest.app import App
from digest.cli.options import edition_option, json_option, newsletter_option, with_app
from digest.cli.output import counted, print_json, print_table, say
from digest.errors import NotFoundError
from digest.model.delivery import DeliveryState
from digest.model.edition import EditionKind
from digest.storage.deliveries import deliveries_in
from digest.storage.editions import get_edition
from digest.tasks.sending_status import EditionStatus

if TYPE_CHECKING:
    from rich.console import RenderableType

_SECONDS_BETWEEN_LOOKS = 1.0
_LISTED = [
    state.value
    for state in (DeliveryState.UNKNOWN, DeliveryState.REJECTED, DeliveryState.DEFERRED, DeliveryState.SKIPPED)
]


@click.command("status")
@edition_option
@newsletter_option
@click.option("--watch", is_flag=True, help="Look again every second, until interrupted.")
@click.option("--list", "listed", type=click.Choice(_LISTED), help="Name the people of --edition in this state.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 100_000), help="With --list.")
@json_option
@with_app
def command(
    app: App, number: int | None, newsletter: str, watch: bool, listed: str | None, limit: int, as_json: bool
) -> None:
    """How sending stands: counts by state and reason, rate, time left, and what is waited for.

    Shown are the newest edition of each newsletter, and whatever is being sent or paused.
    """
    if listed is not None:
        if number is None:
            raise click.UsageError("--list needs --edition.")
        _list(app, number, DeliveryState(listed), limit, as_json)
        return
    if watch and (as_json or not sys.stdout.isatty()):
        raise click.UsageError("--watch draws on a terminal; leave it out for JSON and for files.")
    zone = app.settings.site.zone
    if watch:
        _watch(app, number, newsletter, zone)
        return
    found = app.sending_status(number, newsletter)
    if number is not None and newsletter not in ("", found[0].newsletter):
        raise NotFoundError("edition", number, f"of newsletter {newsletter} in the database")
    if as_json:
        print_json({"editions": found})
    elif not found:
        say("There are no editions yet; run `digest prepare`.")
    elif sys.stdout.isatty():
        from rich.console import Console

        Console(highlight=False).print(_drawn(found, app.clock(), zone))
    else:
        for status in found:
            say("\n".join([headline(status), *lines(status, app.clock(), zone)]))


def _list(app: App, number: int, state: DeliveryState, limit: int, as_json: bool) -> None:
    with app.database.read() as connection:
        get_edition(connection, number)
        found = deliveries_in(connection, number, state, limit)
    if as_json:
        print_json({"edition": number, "state": state, "deliveries": [dict(row._mapping) for row in found]})
        return
    rows = [(row.email, row.reason, row.attempts, row.reply) for row in found]
    print_table(("Address", "Reason", "Attempts", "Answer"), rows, empty=f"Nobody is {state}.")


def _watch(app: App, number: int | None, newsletter: str, zone: ZoneInfo) -> None:
    from rich.console import Console
    from rich.live import Live

    with Live(console=Console(highlight=False), auto_refresh=False) as screen:
        while True:
            screen.update(_drawn(app.sending_status(number, newsletter), app.clock(), zone), refresh=True)
            time.sleep(_SECONDS_BETWEEN_LOOKS)


def _drawn(found: Sequence[EditionStatus], now: datetime, zone: ZoneInfo) -> RenderableType:
    """A table per edition, its headline above and what is to be said below."""
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    parts: list[RenderableType] = []
    for status in found:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for column in ("State", "Reason"):
            table.add_column(column, overflow="fold")
        table.add_column("Count", justify="right")
        for state, count in status.deliveries.items():
            if count:
                table.add_row(Text(state), Text(""), Text(f"{count:,}"))
            for reason, of_reason in status.reasons.get(state, {}).items():
                table.add_row(Text(""), Text(reason), Text(f"{of_reason:,}"))
        # As Text: what a server said is never markup.
        parts += [Text(headline(status), style="bold"), *([table] if table.row_count else [])]
        parts += [Text(line) for line in _remarks(status, now, zone)] + [Text("")]
    return Group(*parts)


def headline(status: EditionStatus) -> str:
    """Which edition, and its state."""
    kind = "" if status.kind is EditionKind.REGULAR else f" {status.kind}"
    reason = f": {status.reason}" if status.reason else ""
    return f"Edition {status.edition} of {status.newsletter}{kind}, {status.date}: {status.state}{reason}"


def lines(status: EditionStatus, now: datetime, zone: ZoneInfo) -> list[str]:
    """The counts and all that is to be said, each in a line."""
    counts = []
    for state, count in status.deliveries.items():
        by_reason = ", ".join(f"{of_reason} {reason}" for reason, of_reason in status.reasons.get(state, {}).items())
        if count:
            counts.append(f"  {state}: {count}" + (f" ({by_reason})" if by_reason else ""))
    return [*counts, *(f"  {remark}" for remark in _remarks(status, now, zone))]


def _remarks(status: EditionStatus, now: datetime, zone: ZoneInfo) -> Iterator[str]:
    """Rate, time left, what is waited for, what is to be done: a sentence each."""
    if status.senders and not status.total:
        yield "Its recipients are being frozen."
    elif status.senders:
        rate = f"{status.rate:,.1f} messages/s, " if status.rate else ""
        senders = f" by {counted(status.senders, 'sender')}" if status.senders > 1 else ""
        yield f"{rate}{status.left:,} left{senders}{_ending(status, now, zone)}."
    if status.waiting_until:
        because = f" because {status.waiting_why}" if status.waiting_why else ""
        yield f"Waits until {_clock(status.waiting_until, now, zone)}{because}."
    if status.note:
        since = f" (last heard of at {_clock(status.heard_at, now, zone)})" if status.heard_at else ""
        yield f"{status.note[:1].upper()}{status.note[1:]}{since}."


def _ending(status: EditionStatus, now: datetime, zone: ZoneInfo) -> str:
    if status.done_at is None or status.seconds_left is None:
        return ""
    return f"; done in about {duration(status.seconds_left)}, at {_clock(status.done_at, now, zone)}"


def _clock(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """ "14:05:09", with the day before it where that is another one."""
    there = moment.astimezone(zone)
    same_day = there.date() == now.astimezone(zone).date()
    return f"{there:%H:%M:%S}" if same_day else f"{there:%Y-%m-%d %H:%M:%S}"


def duration(seconds: float) -> str:
    """ "40 s", "12 min", "3 h 20 min", "2 d 4 h"."""
    minutes, hours = round(seconds / 60), round(seconds / 3600)
    if seconds < 100:
        return f"{round(seconds)} s"
    if minutes < 100:
        return f"{minutes} min"
    if hours < 48:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{hours // 24} d {hours % 24} h"
