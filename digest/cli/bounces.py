"""digest bounces."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.options import json_option, with_app

if TYPE_CHECKING:
    from digest.app import App
    from digest.model.bounces import IngestReport, MailReport

#: Mails that are named on the terminal; --json names them all.
_SHOWN = 200


@click.group("bounces")
def command() -> None:
    """What comes back: bounces, complaints, wishes to leave, replies."""


@command.command("ingest")
@click.argument("path", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--dry-run", is_flag=True, help="Say what would follow, and change nothing.")
@json_option
@with_app
def ingest(app: App, path: Path, dry_run: bool, as_json: bool) -> None:
    """Take in the mails of a file, a folder (or Maildir), an mbox, or - for what is piped in.

    A second copy of a mail has no second effect; what names none of our messages has none at all.
    """
    from digest.cli.output import print_json, progress_bar
    from digest.model.bounces import sum_up
    from digest.tasks.bounce_mailboxes.files import mails_from, mails_in

    mails = mails_from(sys.stdin.buffer) if str(path) == "-" else mails_in(path)
    reports: list[MailReport] = []
    with progress_bar("Reading") as update:
        for mail in mails:
            reports.append(app.ingest_bounce(mail.raw, mail.name, dry_run=dry_run))
            update(f"Reading, {len(reports)} mails", len(reports), 0)
    report = sum_up(reports, dry_run=dry_run)
    if as_json:
        print_json(report)
    else:
        _show(report)
    _warn(report)


@command.command("watch")
@click.option("--once", is_flag=True, help="Take in what waits now, and end.")
@json_option
@with_app
def watch(app: App, once: bool, as_json: bool) -> None:
    """Take mail in from the mailbox of [bounces] as it comes, until stopped by SIGTERM or SIGINT.

    With --json a line for each mail, or with --once one document.
    """
    from digest.cli.output import print_json, warn
    from digest.tasks.watch_bounces import ingest_waiting, watch_mailbox

    mailbox = app.bounce_mailbox()
    on_mail = (lambda _report: None) if once and as_json else _line_of_json if as_json else _line
    if once:
        try:
            report = ingest_waiting(mailbox, app.ingest_bounce, on_mail=on_mail)
        finally:
            mailbox.close()
        if as_json:
            print_json(report)
        _warn(report)
        return
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    click.echo(f"Watching {mailbox.where()}.", err=True)
    watch_mailbox(
        mailbox,
        app.ingest_bounce,
        stop,
        poll_seconds=app.settings.bounces.poll_seconds,
        on_mail=on_mail,
        on_fault=warn,
    )


def _line(report: MailReport) -> None:
    from digest.cli.output import say

    told = ", ".join(f"{each.address} {each.bounce_class} ({each.reason})" for each in report.recipients)
    say(f"{report.file}: {told or report.kind}: {report.effect}{f'. {report.note}' if report.note else ''}")


def _line_of_json(report: MailReport) -> None:
    import msgspec

    click.echo(msgspec.json.encode(report))


def _show(report: IngestReport) -> None:
    from digest.cli.output import print_table, say

    columns = ("File", "Recipient", "Class", "Reason", "Status", "Delivery", "Effect")
    print_table(columns, list(_rows(report.files))[:_SHOWN], empty="No mails.")
    hidden = len(report.files) - _SHOWN
    if hidden > 0:
        say(f"And {hidden} more; --json names them all.")
    said = ", ".join(f"{count} {name}" for name, count in sorted(report.effects.items())) or "nothing"
    say(f"{'Would follow' if report.dry_run else 'Followed'}: {said}.")


def _rows(files: Iterable[MailReport]) -> Iterable[tuple[object, ...]]:
    for mail in files:
        if not mail.recipients:
            yield (mail.file, "", mail.kind, mail.note, "", "", mail.effect)
        for each in mail.recipients:
            about = f"{each.delivery.newsletter} {each.delivery.date}" if each.delivery else ""
            yield (mail.file, each.address, each.bounce_class, each.reason, each.status, about, mail.effect)


def _warn(report: IngestReport) -> None:
    from digest.cli.output import counted, warn

    if report.faults:
        causes = ", ".join(f"{reason} {count}" for reason, count in sorted(report.faults.items()))
        number = sum(report.faults.values())
        warn(f"{counted(number, 'message')} came back because of us, not of the readers ({causes}); nobody was marked.")
    for mail in report.files:
        if mail.note:
            warn(f"{mail.file}: {mail.note}")
