"""digest run: the main job, once."""

from __future__ import annotations

from datetime import date

import click

from digest.app import App
from digest.cli.gather import gather_with_progress
from digest.cli.options import date_option, json_option, newsletter_option, with_app
from digest.cli.output import print_json, say, warn
from digest.cli.prepare import prepared_json
from digest.cli.send import say_where, send_with_progress
from digest.cli.shows import show_prepared, show_sent, show_snapshot, show_sources
from digest.errors import HeldBackError, PausedError


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
    sources = gather_with_progress(app, newsletter, day)
    if not as_json:
        show_sources(sources)
    snapshot = app.snapshot()
    if not as_json:
        show_snapshot(app, snapshot)
    exit_code = 0
    editions: list[dict[str, object]] = []
    for each in newsletters:
        if dry_run:
            draft = app.draft(each, day)
            recipients = app.count_recipients(each)
            titles = [article.title for article in draft.articles]
            editions.append(
                {"newsletter": each.slug, "subject": draft.subject, "articles": titles, "recipients": recipients}
            )
            if not as_json:
                say(f"{each.slug}, {day}: {len(titles)} articles for {recipients} recipients; nothing was sent.")
                say("".join(f"  {title}\n" for title in titles))
            continue
        prepared = app.prepare(each, day)
        entry = prepared_json(prepared)
        editions.append(entry)
        if not as_json:
            show_prepared(prepared)
        try:
            sent = send_with_progress(app, prepared.edition.number)
        except (HeldBackError, PausedError) as problem:
            # One newsletter that is held back must not keep the others from going out.
            entry["note"] = str(problem)
            exit_code = max(exit_code, problem.exit_code)
            warn(str(problem))
            continue
        entry |= {name: getattr(sent, name) for name in sent.__struct_fields__ if name not in ("edition", "newsletter")}
        if not as_json:
            show_sent(sent)
    if as_json:
        print_json(
            {
                "date": day,
                "dry_run": dry_run,
                "sources": sources,
                "snapshot": snapshot.snapshot,
                "warnings": [*(each.warning for each in sources if each.warning), *snapshot.warnings],
                "editions": editions,
            }
        )
    elif not dry_run:
        say_where(app)
        say("Preview: digest preview --as ADDRESS --format text")
    return exit_code
