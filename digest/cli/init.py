"""digest init."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.options import confirm, json_option, opened, operator, yes_option
from digest.cli.output import print_json, program, say, warn

if TYPE_CHECKING:
    from digest.app import App
    from digest.tasks.write_config import Answers

CONFIG_NAME = "config.toml"
_SAMPLE = "sample"


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="DIGEST_CONFIG",
    help=f"The settings file to write. [default: {CONFIG_NAME} in FOLDER]",
)
@click.option("--name", help="What the publication is called.")
@click.option("--base-url", help="Where the pages will be reached from outside, such as https://digest.news.example.")
@click.option("--sender", help="The address that mails come from.")
@click.option("--imprint", help="Publisher, address and contact, for every footer.")
@click.option("--responsible", help="Who answers for the content (§ 18 Abs. 2 MStV).")
@click.option("--privacy-url", help="The privacy statement.")
@click.option("--source", help=f"A feed or page of yours, or {_SAMPLE!r} for sample articles.")
@click.option("--newsletter", help="What the newsletter is called.")
@click.option("--slug", help="Its short name, and that of its list. [default: made from its name]")
@click.option("--at", help="When it is sent, such as 06:30.")
@yes_option
@json_option
def command(folder: Path | None, config_path: Path | None, yes: bool, as_json: bool, **given: str | None) -> None:
    """Set up a new installation: settings with comments, database, secret, and the newsletter's list.

    On a terminal it asks for what no option gives; everything has a default. Nothing is overwritten: with --yes, a
    settings file that is there is put aside first.
    """
    from digest.config import load_settings
    from digest.errors import SettingsError
    from digest.tasks.write_config import settings_text, write_config

    path = _where(folder, config_path)
    if path.exists():
        confirm(f"{path} is there already. Put it aside and write a new one?", yes=yes)
    answers = _answers(given, ask=not yes and not as_json and sys.stdin.isatty())
    try:
        earlier = write_config(path, settings_text(answers), lambda draft: load_settings(draft, {}), replace=True)
    except SettingsError as wrong:
        raise click.UsageError(f"Nothing was written: {wrong.key}: {wrong.problem}.") from wrong
    with opened(path) as app:
        slug = _make_list(app)
    _say_what_is_next(path, earlier, slug, as_json)


def _where(folder: Path | None, config_path: Path | None) -> Path:
    said = click.get_current_context().get_parameter_source("config_path")
    if folder is not None and said is click.core.ParameterSource.COMMANDLINE:
        raise click.UsageError("Name a folder or --config, not both.")
    return folder / CONFIG_NAME if folder is not None else config_path or Path(CONFIG_NAME)


def _answers(given: Mapping[str, str | None], *, ask: bool) -> Answers:
    """What options say, what the person says, and for the rest the defaults."""
    from digest.tasks.write_config import Answers, short_name

    defaults = Answers()
    said: dict[str, str] = {}
    for key, (question, check) in _questions().items():
        default = short_name(said["newsletter"]) if key == "slug" else getattr(defaults, key)
        answer = given[key]
        if answer is not None:
            said[key] = check(answer)
        elif ask and question:
            said[key] = click.prompt(question, default=default, value_proc=_asked(check), err=True)
        else:
            said[key] = default
    wanted = given["source"]
    if wanted is None and ask:
        wanted = click.prompt("A feed or page of yours, or sample", default=_SAMPLE, err=True)
    return Answers(**said, source=_find_source(wanted, ask=ask))


def _asked(check: Callable[[str], str]) -> Callable[[str], str]:
    """For click, which asks again where an answer is refused."""

    def checked(answer: str) -> str:
        try:
            return check(answer)
        except click.UsageError as wrong:
            raise click.BadParameter(wrong.message) from wrong

    return checked


def _questions() -> dict[str, tuple[str, Callable[[str], str]]]:
    """Key of the settings -> the question, empty where only an option says it, and how an answer is read."""
    from digest.model.newsletter import SLUG, Newsletter
    from digest.model.site import Site

    def checked(make: Callable[[str], object], tidy: Callable[[str], str] = str.strip) -> Callable[[str], str]:
        def read(answer: str) -> str:
            answer = tidy(answer)
            if not answer.isprintable():
                raise click.UsageError("One line without control characters, please.")
            try:
                make(answer)
            except ValueError as wrong:
                raise click.UsageError(f"{str(wrong).rstrip('.')}.") from wrong
            return answer

        return read

    def web_address(answer: str) -> str:
        answer = answer.strip().rstrip("/")
        return answer if "://" in answer or not answer else f"https://{answer}"

    def named(answer: str) -> None:
        if not answer:
            raise ValueError("it needs a name")

    def slug(answer: str) -> None:
        if not SLUG.fullmatch(answer):
            raise ValueError(f"{answer!r} must be small letters, digits and hyphens, 64 at most")

    any_text = checked(str)
    return {
        "name": ("The publication's name", checked(named)),
        "base_url": ("Its address for readers", checked(lambda url: Site(base_url=url), web_address)),
        "sender": ("The sender's address", checked(lambda address: Site(sender=address))),
        "imprint": ("Imprint: publisher, address, contact", any_text),
        "responsible": ("Responsible for the content", any_text),
        "privacy_url": ("", checked(str, web_address)),
        "newsletter": ("The newsletter's name", checked(named)),
        "slug": ("", checked(slug)),
        "at": ("Sent at", checked(lambda at: Newsletter(slug="x", name="x", lists=("x",), at=at))),
    }


def _find_source(wanted: str | None, *, ask: bool) -> str:
    """The [[sources]] table for what somebody named; empty for the samples."""
    if wanted is None or wanted.strip().lower() in ("", _SAMPLE):
        return ""
    from digest.errors import DigestError
    from digest.tasks.first_source import first_source, guessed_source

    url = wanted.strip() if "://" in wanted else f"https://{wanted.strip()}"
    try:
        return first_source(url)
    except DigestError as problem:
        warn(f"{problem} It is written down as a feed; try it with `digest sources test {shlex.quote(url)}`.")
        if ask and not click.confirm("Keep it?", default=True, err=True):
            return ""
        return guessed_source(url)


def _make_list(app: App) -> str:
    """The database and the secret, and the list of the first newsletter, unless it is there; its slug."""
    from digest.storage.secret import read_secret
    from subscribers.errors import ListExistsError
    from subscribers.lists import create_list

    newsletter = app.settings.newsletters[0]
    slug = newsletter.lists[0]
    try:
        with app.database.write() as connection:
            create_list(connection, slug, newsletter.name, who=operator(), now=app.clock())
    except ListExistsError:
        warn(f"There was a list {slug} already; it is used as it is.")
    read_secret(Path(app.settings.site.secret_file))  # made where there is none
    return slug


def _say_what_is_next(path: Path, earlier: Path | None, slug: str, as_json: bool) -> None:
    option = "" if path == Path(CONFIG_NAME) else f" --config {shlex.quote(str(path))}"
    steps = [
        f"{program()} subscribers add you@example.org --list {slug} --consent 'own test'{option}",
        f"{program()} run{option}",
    ]
    if as_json:
        print_json({"config": str(path), "earlier": earlier and str(earlier), "list": slug, "next": steps})
        return
    if earlier is not None:
        say(f"The earlier settings are in {earlier}.")
    say(f"Written: {path}, with the database and a list {slug}. Now:\n")
    for step in steps:
        say(f"    {step}")
    say(
        f"\nThe messages are files until `delivery.backend` says otherwise. What is missing: {program()} doctor{option}"
    )
