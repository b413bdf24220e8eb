"""digest editions."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import click
import msgspec

from digest.app import App
from digest.cli.options import (
    confirm,
    date_option,
    edition_argument,
    edition_option,
    json_option,
    newsletter_option,
    operator,
    with_app,
    yes_option,
)
from digest.cli.output import print_json, print_table, say
from digest.cli.prepare import prepared_json
from digest.cli.shows import show_prepared
from digest.errors import UsageError
from digest.model.edition import Edition
from digest.model.newsletter import Newsletter
from digest.tasks.review_edition import REVIEWS, find_edition, review_edition


@click.group("editions")
def command() -> None:
    """Editions and what may become of them."""


@command.command("list")
@newsletter_option
@json_option
@with_app
def list_(app: App, newsletter: str, as_json: bool) -> None:
    """List editions, the newest first."""
    from digest.storage.editions import list_editions

    if newsletter:
        app.newsletters(newsletter)
    with app.database.read() as connection:
        found = list_editions(connection, newsletter=newsletter)
    if as_json:
        print_json([_brief(edition) for edition in found])
        return
    rows = [(each.number, each.newsletter, each.date, each.kind, each.state, each.reason) for each in found]
    print_table(("ID", "Newsletter", "Date", "Kind", "State", "Reason"), rows, empty="There are no editions yet.")


@command.command("show")
@json_option
@with_app
@edition_argument
def show(app: App, number: int | None, as_json: bool) -> None:
    """Show one edition: its state, subject, articles and deliveries."""
    edition, counts = find_edition(app.database, number)
    articles = edition.content.articles if edition.content else ()
    if as_json:
        document = _brief(edition)
        document["subject"] = edition.content.subject if edition.content else ""
        document["articles"] = articles
        document["deliveries"] = [
            {"state": state, "reason": reason, "count": count} for (state, reason), count in counts.items()
        ]
        print_json(document)
        return
    say(f"Edition {edition.number} of {edition.newsletter}, {edition.date}: {edition.state} {edition.reason}".rstrip())
    if edition.content:
        say(f"Subject: {edition.content.subject}")
    print_table(
        ("No.", "Source", "Title"), [(n, a.source, a.title) for n, a in enumerate(articles)], empty="No articles."
    )
    rows = [(state, reason, count) for (state, reason), count in sorted(counts.items())]
    print_table(("Deliveries", "Reason", "Count"), rows, empty="No deliveries yet.")


@command.command("edit")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@newsletter_option
@date_option
@json_option
@with_app
def edit(app: App, file: Path, newsletter: str, day: date | None, as_json: bool) -> None:
    """Give an edition what editors write: a letter, dates, a list, advertisements, articles by hand, pins, a subject.

    FILE is TOML; docs/templates.md has an example. The edition is prepared again; an approval is void then.
    """
    chosen = _only(app, newsletter)
    try:
        raw = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise UsageError(f"{file} cannot be read as TOML: {problem}") from problem
    report = app.edit(chosen, day or app.today(), raw, str(file), who=operator())
    if as_json:
        print_json(prepared_json(report))
    else:
        show_prepared(report)


@command.command("extra")
@click.option("--article", "articles", multiple=True, metavar="NAME", required=True, help="Its address or title.")
@click.option("--subject", default="", help="Of the mail. [default: as the look's template has it]")
@newsletter_option
@json_option
@with_app
def extra(app: App, articles: tuple[str, ...], subject: str, newsletter: str, as_json: bool) -> None:
    """Prepare an extra edition with the articles that are named, in their order.

    They come from the pool; the page at an address that the pool does not know is read.
    """
    made = app.create_extra(_only(app, newsletter), articles, who=operator(), subject=subject)
    _show_created(made, as_json=as_json)


@command.command("correct")
@click.option("--article", type=click.IntRange(0), help="Its number in the edition. [default: what everybody got]")
@click.option("--title", default="", help="What it is about, where it is no article. [default: the edition's subject]")
@click.argument("text", metavar="TEXT")
@edition_option
@json_option
@with_app
def correct(app: App, number: int | None, text: str, article: int | None, title: str, as_json: bool) -> None:
    """Prepare a correction of a sent edition, to exactly those who received the fault.

    TEXT is what readers shall read; an empty line in it begins a paragraph. `digest editions show` has the articles'
    numbers.
    """
    faulty, _ = find_edition(app.database, number, content=False)
    made = app.create_correction(faulty.number, text.split("\n\n"), article=article, title=title, who=operator())
    _show_created(made, as_json=as_json)


def _only(app: App, newsletter: str) -> Newsletter:
    chosen = app.newsletters(newsletter)
    if len(chosen) > 1:
        raise click.UsageError("There is more than one newsletter; say which by --newsletter.")
    return chosen[0]


def _show_created(edition: Edition, *, as_json: bool) -> None:
    if as_json:
        print_json(_brief(edition))
        return
    subject = edition.content.subject if edition.content else ""
    say(f"Edition {edition.number} of {edition.newsletter}, {edition.date}, {edition.kind}: {edition.state}. {subject}")
    say(
        f"Look at it by `digest preview --edition {edition.number}`; `digest send --edition {edition.number}` sends it."
    )


def _brief(edition: Edition) -> dict[str, object]:
    document: dict[str, object] = msgspec.structs.asdict(edition)
    del document["content"]
    return document


def _add_review(name: str, help_line: str) -> None:
    @command.command(name, help=help_line)
    @yes_option
    @json_option
    @with_app
    @edition_argument
    def review(app: App, number: int | None, yes: bool, as_json: bool) -> None:
        edition, _ = find_edition(app.database, number, content=False)
        if name == "cancel":
            confirm(f"Cancel edition {edition.number} of {edition.newsletter}, {edition.date}?", yes=yes)
        changed = review_edition(app.database, edition, name, app.clock(), who=operator())
        if as_json:
            print_json(_brief(changed))
        else:
            say(f"Edition {changed.number} of {changed.newsletter}, {changed.date}: {changed.state}.")


for _name, _step in REVIEWS.items():
    _add_review(_name, _step.help_line)
