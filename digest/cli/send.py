"""digest send."""

from __future__ import annotations

from collections import Counter

import click

from digest.app import App
from digest.cli.options import edition_option, json_option, newsletter_option, with_app
from digest.cli.output import print_json, progress_bar, say, warn
from digest.cli.shows import show_sent
from digest.errors import DigestError, NotFoundError
from digest.model.edition import EditionState
from digest.storage.editions import get_edition
from digest.tasks.send_report import Progress, SendReport, report_sending
from subscribers.errors import SubscribersError

_LABELS = {"plan": "Freezing recipients", "send": "Sending"}


def send_with_progress(app: App, number: int, *, resume: bool = False) -> SendReport:
    """Send one edition, with a bar on a terminal."""
    with progress_bar("Sending") as update:

        def on_progress(progress: Progress) -> None:
            update(progress.note or _LABELS[progress.step], progress.done, progress.total)

        return app.sender().send(number, app.prices, resume=resume, on_progress=on_progress)


@click.command("send")
@edition_option
@newsletter_option
@click.option("--resume", is_flag=True, help="Go on with an edition that was paused.")
@json_option
@with_app
def command(app: App, number: int | None, newsletter: str, resume: bool, as_json: bool) -> int:
    """Send what is prepared and may be sent, now: the newest edition of each newsletter. Nobody gets a second copy."""
    exit_code = 0
    reports: list[SendReport] = []
    for each in _wanted(app, number, newsletter):
        try:
            report = send_with_progress(app, each, resume=resume)
        except (DigestError, SubscribersError) as problem:
            # One newsletter that is held back must not keep the others from going out.
            exit_code = max(exit_code, problem.exit_code)
            report = report_sending(app.database, each, note=str(problem))
            warn(str(problem))
        else:
            exit_code = max(exit_code, exit_code_of(report))
            if not as_json:
                show_sent(report)
        reports.append(report)
    if as_json:
        print_json({"editions": reports} | _sums(reports))
    elif any(report.sent_now for report in reports):
        say_where(app)
    return exit_code


def _sums(reports: list[SendReport]) -> dict[str, object]:
    """The counts of all editions together, in the words of one."""
    seconds = sum(report.seconds for report in reports)
    skipped: Counter[str] = Counter()
    for report in reports:
        skipped.update(report.skipped)
    counted = ("submitted", "deferred", "rejected", "unknown", "queued", "sent_now")
    counts = {name: sum(getattr(report, name) for report in reports) for name in counted}
    rate = round(counts["sent_now"] / seconds, 1) if seconds else 0.0
    return {**counts, "skipped": skipped, "seconds": round(seconds, 3), "messages_per_second": rate}


def _wanted(app: App, number: int | None, newsletter: str) -> list[int]:
    newsletters = app.newsletters(newsletter)
    if number is not None:
        with app.database.read() as connection:
            edition = get_edition(connection, number)
        if newsletter and edition.newsletter != newsletter:
            raise NotFoundError("edition", number, f"of newsletter {newsletter} in the database")
        return [number]
    found = [newest for each in newsletters if (newest := app.newest_edition(each)) is not None]
    if not found:
        whose = f"of newsletter {newsletter} " if newsletter else ""
        raise NotFoundError("edition", "at all", f"{whose}in the database; run `digest prepare` first")
    return found


def exit_code_of(report: SendReport) -> int:
    """1 where somebody paused it meanwhile, else 0."""
    return 1 if report.state is EditionState.PAUSED else 0


def say_where(app: App) -> None:
    """Where the messages went."""
    say(f"Messages: {app.backend().where()}")
