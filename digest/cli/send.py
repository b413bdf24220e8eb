"""digest send."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

import click

from digest.app import App
from digest.cli.options import edition_option, json_option, newsletter_option, with_app
from digest.cli.output import print_json, progress_bar, say, warn
from digest.cli.shows import show_sent
from digest.errors import DigestError, NotFoundError
from digest.model.delivery import DeliveryState
from digest.model.edition import EditionState
from digest.storage.editions import get_edition
from digest.tasks.send_report import Progress, SendReport, report_sending
from digest.tasks.source_changes import source_warnings
from subscribers.errors import SubscribersError

_LABELS = {"plan": "Freezing recipients", "send": "Sending"}


def send_with_progress(app: App, number: int, *, resume: bool = False, late: bool = False) -> SendReport:
    """Send one edition, with a bar on a terminal; `late` to those who were entered after it was sent."""
    with progress_bar("Sending", "messages") as update:

        def on_progress(progress: Progress) -> None:
            update(progress.note or _LABELS[progress.step], progress.done, progress.total)

        sender = app.sender()
        if late:
            return sender.send_late(number, on_progress)
        return sender.send(number, app.prices, resume=resume, on_progress=on_progress)


@click.command("send")
@edition_option
@newsletter_option
@click.option("--resume", is_flag=True, help="Go on with an edition that was paused.")
@click.option("--test", metavar="ADDRESS,...", help="Only to these, marked as a test, and in no ledger.")
@click.option("--to", metavar="ADDRESS", help="A sent edition once more to this subscriber, counted in the ledger.")
@json_option
@with_app
def command(
    app: App, number: int | None, newsletter: str, resume: bool, test: str | None, to: str | None, as_json: bool
) -> int:
    """Send what is prepared and may be sent, now: the newest edition of each newsletter, and the letters that wait.

    Nobody gets a second copy.
    """
    if test is not None:
        return _send_test(app, _wanted(app, number, newsletter), test, as_json)
    late: set[int] = set()
    if to is not None:
        wanted = _only_one(app, _wanted(app, number, newsletter))
        app.queue_again(wanted[0], to)
        late = set(wanted)
    elif number is None and not newsletter:
        letters, late = waiting(app)
        wanted = _wanted(app, number, newsletter, or_none=bool(letters or late))
        wanted = [*letters, *late, *(each for each in wanted if each not in late)]
    else:
        wanted = _wanted(app, number, newsletter)
    exit_code, reports = send_each(app, wanted, late, resume=resume, quiet=as_json)
    if as_json:
        print_json({"editions": reports} | _sums(reports))
    elif any(report.sent_now for report in reports):
        say_where(app)
    return exit_code


def waiting(app: App) -> tuple[list[int], set[int]]:
    """The numbers of letters that somebody waits for, those to people nobody has asked yet among them; and of sent
    editions that somebody was entered into afterwards.
    """
    app.ask_pending()
    return app.waiting_letters(), set(app.waiting_late())


def send_each(
    app: App, wanted: Iterable[int], late: Collection[int] = (), *, resume: bool = False, quiet: bool = False
) -> tuple[int, list[SendReport]]:
    """Send these editions, and tell of each unless `quiet`; the highest exit code and what became of them."""
    exit_code = 0
    reports: list[SendReport] = []
    for each in wanted:
        if each not in late:
            for sentence in source_warnings(app.database, each):
                warn(sentence)
        try:
            report = send_with_progress(app, each, resume=resume, late=each in late)
        except (DigestError, SubscribersError) as problem:
            # One newsletter that is held back must not keep the others from going out.
            exit_code = max(exit_code, problem.exit_code)
            report = report_sending(app.database, each, note=str(problem))
            warn(str(problem))
        else:
            exit_code = max(exit_code, exit_code_of(report))
            if not quiet:
                show_sent(report)
        reports.append(report)
    return exit_code, reports


def _send_test(app: App, wanted: list[int], test: str, as_json: bool) -> int:
    addresses = [address.strip() for address in test.split(",") if address.strip()]
    if not addresses:
        raise click.UsageError("--test needs an address.")
    reports = app.send_test(_only_one(app, wanted)[0], addresses)
    if as_json:
        print_json({"edition": wanted[0], "tests": reports})
    else:
        for each in reports:
            say(f"{each.address}: {each.outcome.state} {each.outcome.reply}".rstrip())
        say_where(app)
    return 0 if all(each.outcome.state is DeliveryState.SUBMITTED for each in reports) else 1


def _only_one(app: App, wanted: list[int]) -> list[int]:
    if len(wanted) > 1:
        slugs = ", ".join(each.slug for each in app.newsletters())
        raise click.UsageError(f"There are several newsletters ({slugs}); name one by --newsletter, or use --edition.")
    return wanted


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


def _wanted(app: App, number: int | None, newsletter: str, *, or_none: bool = False) -> list[int]:
    newsletters = app.newsletters(newsletter)
    if number is not None:
        with app.database.read() as connection:
            edition = get_edition(connection, number)
        if newsletter and edition.newsletter != newsletter:
            raise NotFoundError("edition", number, f"of newsletter {newsletter} in the database")
        return [number]
    found = [newest for each in newsletters if (newest := app.newest_edition(each)) is not None]
    if not found and not or_none:
        whose = f"of newsletter {newsletter} " if newsletter else ""
        raise NotFoundError("edition", "at all", f"{whose}in the database; run `digest prepare` first")
    return found


def exit_code_of(report: SendReport) -> int:
    """1 where somebody paused or cancelled it meanwhile, else 0."""
    stopped = report.state is EditionState.PAUSED or (report.state is EditionState.CANCELLED and report.sent_now > 0)
    return 1 if stopped else 0


def say_where(app: App) -> None:
    """Where the messages went."""
    say(f"Messages: {app.backend().where()}")
