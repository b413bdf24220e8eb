"""How reports are shown to people, in one place for every command that has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from digest import german
from digest.cli.output import counted, print_table, say, warn

if TYPE_CHECKING:
    from digest.app import App
    from digest.model.market import Snapshot
    from digest.tasks.gather_articles import SourceReport
    from digest.tasks.prepare_edition import PrepareReport
    from digest.tasks.send_report import SendReport
    from digest.tasks.take_snapshot import SnapshotReport


def show_sources(reports: Sequence[SourceReport]) -> None:
    """Articles per source; what went wrong, on stderr."""
    print_table(
        ("Source", "Articles", "New"),
        [(report.source, report.found, report.new) for report in reports],
        empty="There are no sources in the settings; add a [[sources]] table.",
    )
    warn_of_sources(reports)


def warn_of_sources(reports: Sequence[SourceReport]) -> None:
    """What went wrong, on stderr."""
    for report in reports:
        if report.warning:
            warn(report.warning)


def warn_of_prices(report: SnapshotReport) -> None:
    """What each provider did wrong, on stderr."""
    for warning in report.warnings:
        warn(warning)


def snapshot_json(snapshot: Snapshot | None) -> dict[str, Any] | None:
    """A snapshot for scripts: figures, no pictures."""
    if snapshot is None:
        return None
    plain: dict[str, Any] = msgspec.to_builtins(snapshot)
    for quote in plain["quotes"]:
        del quote["sparkline"]
    return plain


def show_snapshot(app: App, report: SnapshotReport) -> None:
    """Prices with their time and provider."""
    warn_of_prices(report)
    if report.snapshot is None:
        say("Prices: none; the market block is left out.")
        return
    zone = app.settings.site.zone
    rows = [
        (
            quote.coin,
            german.price(quote.price, quote.currency),
            german.percent(quote.change_24h),
            german.time_of_day(quote.at.astimezone(zone)),
            quote.provider,
        )
        for quote in report.snapshot.quotes
    ]
    print_table(("Coin", "Price", "24 h", "Time", "Provider"), rows, empty="Prices: none.")


def warn_of_pictures(report: PrepareReport) -> None:
    """What pictures could not be had, on stderr."""
    for warning in report.warnings:
        warn(warning)


def show_prepared(report: PrepareReport) -> None:
    warn_of_pictures(report)
    edition = report.edition
    line = f"Edition {edition.number} of {edition.newsletter}, {edition.date}"
    if report.note:
        say(f"{line} {report.note}.")
    else:
        subject = edition.content.subject if edition.content else ""
        say(f"{line}: {edition.state} with {counted(len(report.articles), 'article')}. Subject: {subject}")


def show_sent(report: SendReport) -> None:
    line = f"Edition {report.edition} of {report.newsletter}"
    if report.note and not report.sent_now:
        say(f"{line} {report.note}.")
        return
    reasons = "".join(f", {count} skipped ({reason})" for reason, count in sorted(report.skipped.items()))
    counts = "".join(
        f", {count} {name}"
        for name, count in (
            ("deferred", report.deferred),
            ("rejected", report.rejected),
            ("unknown", report.unknown),
            ("queued", report.queued),
        )
        if count
    )
    say(
        f"{line}: {report.state}, {report.submitted} submitted{counts}{reasons}; "
        f"{report.sent_now} of them now, in {report.seconds:.1f} s ({report.messages_per_second:.0f} messages/s)."
    )
    if report.in_doubt:
        warn(f"{report.in_doubt} messages were in doubt after an interruption.")
    if report.note:
        say(f"{report.note}.")
