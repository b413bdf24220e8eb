"""digest check."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from digest.app import App
from digest.cli.options import edition_option, json_option, newsletter_option, with_app
from digest.cli.output import counted, print_json, print_table, say
from digest.errors import HeldBackError

if TYPE_CHECKING:
    from digest.render.lint.findings import Finding


@click.command("check")
@edition_option
@newsletter_option
@json_option
@with_app
def command(app: App, number: int | None, newsletter: str, as_json: bool) -> int:
    """Check templates and the edition; says what must be mended, and where.

    Without --edition: the look of every newsletter, with made-up articles, the letters, and the newest edition. With
    it: that edition alone, as it is frozen. Exits 3 where there are errors; warnings hold nothing up.
    """
    from digest.render.lint.findings import in_order
    from digest.tasks.check_edition import check_frozen, check_letters, check_newsletters

    chosen = app.newsletters(newsletter)
    findings: list[Finding] = []
    if number is None:
        findings += check_newsletters(chosen, app.recipe, app.today(), str(app.path))
        findings += check_letters(chosen[0], app.recipe, app.today())
    max_age = timedelta(minutes=app.settings.market.max_age_minutes)
    findings += check_frozen(app.database, number, newsletter, app.clock(), max_age)
    findings = in_order(findings)
    errors = sum(finding.level == "error" for finding in findings)
    if as_json:
        print_json(findings)
    else:
        _show(findings, errors)
    return HeldBackError.exit_code if errors else 0


def _show(findings: list[Finding], errors: int) -> None:
    if not findings:
        say("Nothing to mend.")
        return
    rows = [
        (
            finding.level,
            f"{finding.file}:{finding.line}" if finding.line else finding.file,
            f"{finding.problem}\n{finding.text}".rstrip(),
            finding.remedy,
            finding.about,
        )
        for finding in findings
    ]
    print_table(("Level", "Place", "What is wrong", "Remedy", "In"), rows, empty="")
    say(f"{counted(errors, 'error')}, {counted(len(findings) - errors, 'warning')}.")
