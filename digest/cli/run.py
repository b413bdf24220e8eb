"""digest run: the main job, once."""

from __future__ import annotations

from datetime import date

import click

from digest.app import App
from digest.cli.gather import gather_with_progress
from digest.cli.options import date_option, json_option, newsletter_option, with_app
from digest.cli.output import counted, print_json, program, say, warn
from digest.cli.prepare import prepared_json
from digest.cli.send import exit_code_of, say_where, send_each, send_with_progress, waiting
from digest.cli.shows import (
    show_prepared,
    show_sent,
    show_snapshot,
    show_sources,
    snapshot_json,
    warn_of_pictures,
    warn_of_prices,
    warn_of_sources,
)
from digest.errors import DigestError
from digest.model.newsletter import Newsletter
from digest.tasks.send_report import SendReport
from subscribers.errors import SubscribersError


@click.command("run")
@newsletter_option
@date_option
@click.option("--dry-run", is_flag=True, help="Gather and choose, but freeze and send nothing.")
@json_option
@with_app
def command(app: App, newsletter: str, day: date | None, dry_run: bool, as_json: bool) -> int:
    """Gather, snapshot, prepare and send: the main job, once. A second run on the same day sends no second copy."""
    newsletters = app.newsletters(newsletter)
    day = day or app.today()
    if not dry_run:
        app.check_backend()
    sources = gather_with_progress(app, newsletter, day)
    if as_json:
        warn_of_sources(sources)
    else:
        show_sources(sources)
    snapshot = app.snapshot()
    if as_json:
        warn_of_prices(snapshot)
    else:
        show_snapshot(app, snapshot)
    exit_code = 0
    editions: list[dict[str, object]] = []
    for each in newsletters:
        entry: dict[str, object] = {"newsletter": each.slug, "date": day}
        editions.append(entry)
        try:
            make = _draft if dry_run else _send
            code = make(app, each, day, entry, quiet=as_json)
        except (DigestError, SubscribersError) as problem:
            # One newsletter that is held back must not keep the others from going out.
            entry["note"] = str(problem)
            warn(str(problem))
            code = problem.exit_code
        exit_code = max(exit_code, code)
    letters: list[SendReport] = []
    if not dry_run and not newsletter:
        numbers, late = waiting(app)
        code, letters = send_each(app, [*numbers, *late], late, quiet=as_json)
        exit_code = max(exit_code, code)
    if as_json:
        print_json(
            {
                "date": day,
                "dry_run": dry_run,
                "sources": sources,
                "snapshot": snapshot_json(snapshot.snapshot),
                "warnings": [*(each.warning for each in sources if each.warning), *snapshot.warnings],
                "editions": editions,
                "letters": letters,
            }
        )
    elif any(entry.get("submitted") for entry in editions):
        say_where(app)
        say(f"Preview: {program()} preview --format text, with --as ADDRESS for one of them")
    return exit_code


def _send(app: App, newsletter: Newsletter, day: date, entry: dict[str, object], *, quiet: bool) -> int:
    """Prepare and send one newsletter, told into `entry` as it goes; the exit code."""
    prepared = app.prepare(newsletter, day)
    entry |= prepared_json(prepared)
    if quiet or prepared.note:
        warn_of_pictures(prepared)  # why it was left alone is said when it comes to sending
    else:
        show_prepared(prepared)
    try:
        sent = send_with_progress(app, prepared.edition.number)
    except (DigestError, SubscribersError):
        edition = app.regular_edition(newsletter, day)
        entry["state"] = edition.state if edition else entry["state"]
        raise
    entry |= {name: getattr(sent, name) for name in sent.__struct_fields__ if name not in ("edition", "newsletter")}
    if not quiet:
        show_sent(sent)
    return exit_code_of(sent)


def _draft(app: App, newsletter: Newsletter, day: date, entry: dict[str, object], *, quiet: bool) -> int:
    """Choose for one newsletter without freezing anything, told into `entry`; the exit code."""
    draft, recipients = app.draft(newsletter, day), app.count_recipients(newsletter)
    titles = [article.title for article in draft.articles]
    entry |= {"subject": draft.subject, "articles": titles, "recipients": recipients}
    if not quiet:
        count = f"{counted(len(titles), 'article')} for {counted(recipients, 'recipient')}"
        say(f"{newsletter.slug}, {day}: {count}; nothing was sent.")
        for title in titles:
            say(f"  {title}")
    return 0
