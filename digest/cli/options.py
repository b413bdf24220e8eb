"""What every command has in common: --config, --json, and the app made from them."""

from __future__ import annotations

import functools
import getpass
import logging
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from digest.app import App

Command = Callable[..., Any]


config_option = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    default=Path("config.toml"),
    envvar="DIGEST_CONFIG",
    show_default=True,
    help="The settings file.",
)


def with_app(command: Command) -> Command:
    """Adds --config, and gives the command the App as its first argument; it is closed afterwards."""

    @config_option
    @functools.wraps(command)
    def wrapper(config_path: Path, *args: Any, **kwargs: Any) -> Any:
        logging.basicConfig(level=logging.ERROR, stream=sys.stderr, format="%(levelname)s: %(message)s")
        logging.getLogger("digest").setLevel(logging.WARNING)  # other packages' warnings are not for these readers
        with opened(config_path) as app:
            return command(app, *args, **kwargs)

    return wrapper


@contextmanager
def opened(path: Path) -> Iterator[App]:
    """The app for the settings at `path`, closed at the end."""
    from digest.app import open_app

    app = open_app(path)
    try:
        yield app
    finally:
        app.close()


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead.")

newsletter_option = click.option("--newsletter", metavar="SLUG", default="", help="Only this newsletter.")


class Day(click.ParamType[date]):
    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            day = date.fromisoformat(value) if re.fullmatch(r"[12]\d{3}-\d\d-\d\d", value, re.ASCII) else None
        except ValueError:
            day = None
        if day is None:
            self.fail(f"{value!r} is not a date such as 2026-01-31", param, ctx)
        return day


date_option = click.option("--date", "day", type=Day(), help="The edition's day. [default: today]")
edition_option = click.option("--edition", "number", metavar="ID", type=int, help="[default: the newest]")


def edition_argument(command: Command) -> Command:
    """The edition's number as --edition, or simply behind the command."""

    @click.argument("place", metavar="[ID]", type=int, required=False)
    @edition_option
    @functools.wraps(command)
    def wrapper(*args: Any, number: int | None, place: int | None, **kwargs: Any) -> Any:
        if number is not None and place is not None and number != place:
            raise click.UsageError(f"Two editions are named, {place} and {number}; name one.")
        return command(*args, number=number if place is None else place, **kwargs)

    return wrapper


yes_option = click.option("--yes", is_flag=True, help="Answer yes to what is asked.")


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something is destroyed. Without a terminal and without --yes nothing happens (exit 2)."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{question} Nothing was done; say --yes where there is no terminal.")
    if not click.confirm(question, err=True):
        click.echo("Nothing was done.", err=True)
        raise click.exceptions.Exit(1)


def operator() -> str:
    """Who the audit trail says it was: the account that the command runs under."""
    try:
        return f"cli:{getpass.getuser()}"
    except (OSError, KeyError):  # an account without a name, as in some containers
        return "cli"
