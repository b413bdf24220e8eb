"""digest sources."""

from __future__ import annotations

import json
import shutil

import click
from msgspec.structs import replace

from digest.app import App
from digest.cli.options import json_option, with_app
from digest.cli.output import print_json, print_table, say
from digest.config import load_settings
from digest.errors import SettingsError, UsageError


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
@click.argument("name")
@json_option
@with_app
def test(app: App, name: str, as_json: bool) -> None:
    """Read one source and show what it gives; nothing is kept."""
    found = app.try_source(app.sources(name)[0])
    if as_json:
        print_json(found)
        return
    for article in found:
        say(f"{article.published or 'no date'}  {article.title}")
        say(f"    {article.lead or '(no lead)'}")
        say(f"    {len(article.body)} paragraphs, by {article.author or 'nobody named'}, {article.url or 'no address'}")


@command.command("add")
@click.argument("name")
@click.option(
    "--type", "kind", type=click.Choice(["feed", "page", "textfile", "sample"]), default="feed", show_default=True
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
