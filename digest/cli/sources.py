"""digest sources."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from digest.app import App
from digest.cli.options import json_option, with_app
from digest.cli.output import counted, print_json, print_table, say
from digest.config import load_settings
from digest.errors import SettingsError, UsageError

if TYPE_CHECKING:
    from digest.tasks.try_url import Candidate


@click.group("sources")
def command() -> None:
    """The sources in the settings."""


@command.command("list")
@json_option
@with_app
def list_(app: App, as_json: bool) -> None:
    """List the sources, without the credentials in their addresses."""
    from digest.gather.fetch import shown_url

    sources = app.sources()
    if as_json:
        print_json([replace(each, url=shown_url(each.url)) for each in sources])
        return
    rows = [
        (each.name, each.type, shown_url(each.url) or each.path, ", ".join(each.topics), each.max_items)
        for each in sources
    ]
    print_table(("Name", "Type", "From", "Topics", "At most"), rows, empty="There are no sources in the settings.")


@command.command("test")
@click.argument("name", metavar="NAME|URL")
@json_option
@with_app
def test(app: App, name: str, as_json: bool) -> int:
    """Read one source of the settings, or any web address, and show what it gives; nothing is kept.

    Of an address it says what is there (a feed, a page with feeds, an overview, an article), what readers would miss,
    and the table for the settings. Exits 1 where nothing can be read.
    """
    if name.lower().startswith(("http://", "https://")):
        return _test_url(app, name, as_json)
    found = app.try_source(app.sources(name)[0])
    if as_json:
        print_json(found)
        return 0
    for article in found:
        say(f"{article.published or 'no date'}  {article.title}")
        say(f"    {article.lead or '(no lead)'}")
        say(f"    {len(article.body)} paragraphs, by {article.author or 'nobody named'}, {article.url or 'no address'}")
    return 0


def _test_url(app: App, url: str, as_json: bool) -> int:
    tried = app.try_url(url)
    if as_json:
        print_json(tried)
    else:
        say(f"{tried.url} is {tried.what}.")
        for candidate in tried.candidates:
            _show_candidate(candidate)
    return 0 if tried.works else 1


def _show_candidate(candidate: Candidate) -> None:
    say(f"\nAs a {candidate.type}, {candidate.url}:")
    if candidate.articles:
        span = f", from {candidate.oldest:%Y-%m-%d} to {candidate.newest:%Y-%m-%d %H:%M}" if candidate.newest else ""
        say(f"  {counted(candidate.articles, 'article')}{span}")
        having = {"a date": candidate.dated, "a teaser or text": candidate.leads, "an author": candidate.authors}
        having |= {"a picture": candidate.pictures, "a paywall": candidate.paid}
        say("  " + ", ".join(f"{number} with {what}" for what, number in having.items()))
        if candidate.topics:
            say(f"  topics: {', '.join(candidate.topics)}")
    for title in candidate.titles:
        say(f"  - {title}")
    for problem in candidate.problems:
        say(f"  ! {problem}")
    if candidate.table:
        say(f"\n{candidate.table}")


@command.command("add")
@click.argument("name")
@click.option(
    "--type",
    "kind",
    type=click.Choice(["feed", "page", "wordpress", "textfile", "sample"]),
    default="feed",
    show_default=True,
)
@click.option("--url", default="", help="Where it is.")
@click.option("--path", default="", help="A local file or folder instead.")
@click.option("--topic", "topics", multiple=True, help="A topic for every article of it; may be given more than once.")
@json_option
@with_app
def add(app: App, name: str, kind: str, url: str, path: str, topics: tuple[str, ...], as_json: bool) -> None:
    """Add a source at the end of the settings file; then try it with `digest sources test NAME`."""
    values = {"name": name, "type": kind, "url": url, "path": path, "topics": list(topics)}
    # A JSON string or list of strings is a TOML one as well.
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items() if value]
    before = app.path.read_text("utf-8")
    draft = app.path.with_name(f".{app.path.name}.new")
    try:
        draft.write_text("\n".join([before.rstrip("\n"), "", "[[sources]]", *lines, ""]), "utf-8")
        load_settings(draft, app.environ)
        shutil.copymode(app.path, draft)
        draft.replace(app.path)
    except SettingsError as problem:
        raise SettingsError(problem.key, problem.problem, str(app.path)) from None
    except OSError as problem:
        raise UsageError(f"{app.path} cannot be written: {problem.strerror}.") from problem
    finally:
        draft.unlink(missing_ok=True)
    if as_json:
        print_json(values)
    else:
        say(f"Source {name} is in {app.path}. Try it: digest sources test {json.dumps(name, ensure_ascii=False)}")
