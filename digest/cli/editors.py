"""digest editors."""

from __future__ import annotations

import sys
from datetime import datetime

import click

from digest.app import App
from digest.cli.options import confirm, json_option, operator, with_app, yes_option
from digest.cli.output import counted, print_json, print_table, say
from digest.errors import UsageError
from digest.model.editor import Editor, Role
from digest.storage.editors import get_editor, list_editors
from digest.tasks.change_editor import add_editor, remove_editor, reset_password
from digest.tasks.sign_in_editor import LINK_LIFETIME, account_address

_SIGN_IN = "/redaktion/anmelden"

password_option = click.option(
    "--password", "asks", is_flag=True, help="Ask for a password instead of printing a link to sign in with."
)


@click.group("editors")
def command() -> None:
    """Who may sign in to the newsroom."""


@command.command("add")
@click.argument("email")
@click.option("--name", default="", help="How the newsroom calls them.  [default: the address]")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.EDITOR.value,
    show_default=True,
    help="An admin changes people and lists as well.",
)
@password_option
@json_option
@with_app
def add(app: App, email: str, name: str, role: str, asks: bool, as_json: bool) -> None:
    """Add an account, and print a link that lets its owner in once."""
    password = _ask() if asks else None
    editor, link = add_editor(app.database, email, name, Role(role), password, who=operator(), now=app.clock())
    _tell(app, editor, link, as_json, f"{editor.email} has an account as {editor.role}.")


@command.command("list")
@json_option
@with_app
def list_(app: App, as_json: bool) -> None:
    """List the accounts."""
    with app.database.read() as connection:
        found = list_editors(connection)
    if as_json:
        print_json(found)
        return
    rows = [
        (each.email, each.name, each.role, "password" if each.has_password else "link only", _moment(each.created_at))
        for each in found
    ]
    columns = ("Address", "Name", "Role", "Signs in by", "Added (UTC)")
    print_table(columns, rows, empty="Nobody has an account yet; run `digest editors add ADDRESS`.")


@command.command("passwd")
@click.argument("email")
@password_option
@json_option
@with_app
def passwd(app: App, email: str, asks: bool, as_json: bool) -> None:
    """Take an account's password away, sign its owner out everywhere, and print a link to sign in with."""
    with app.database.read() as connection:
        get_editor(connection, account_address(email))  # nobody is asked for the password of somebody who is not there
    password = _ask() if asks else None
    editor, link, ended = reset_password(app.database, email, password, who=operator(), now=app.clock())
    done = "has a new password" if asks else "has no password now"
    _tell(app, editor, link, as_json, f"{editor.email} {done}; {counted(ended, 'session')} ended.")


@command.command("remove")
@click.argument("email")
@yes_option
@json_option
@with_app
def remove(app: App, email: str, yes: bool, as_json: bool) -> None:
    """Remove an account; its owner is signed out at once. What they did stays in the audit trail."""
    with app.database.read() as connection:
        known = get_editor(connection, account_address(email))
    confirm(f"Remove the account of {known.email} ({known.role})?", yes=yes)
    editor = remove_editor(app.database, email, who=operator(), now=app.clock())
    if as_json:
        print_json(editor)
    else:
        say(f"The account of {editor.email} is removed.")


def _ask() -> str:
    """A password, twice on a terminal, else the first line of what is piped in."""
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise UsageError("There is no terminal to ask for a password; give it as the first line of the input.")
    return password


def _tell(app: App, editor: Editor, link: str, as_json: bool, said: str) -> None:
    public = f"{app.settings.site.base_url}{_SIGN_IN}/{link}"
    web = app.settings.web
    host = f"[{web.host}]" if ":" in web.host else web.host
    local = f"http://{host}:{web.port}{_SIGN_IN}/{link}"
    if as_json:
        links = {"link": public, "local_link": local} if link else {}
        print_json({"editor": editor, **links})
        return
    say(said)
    if link:
        say(f"While `digest serve` runs, this link signs in once, within {LINK_LIFETIME.total_seconds() / 3600:.0f} h:")
        say(f"  on this machine  {local}")
        say(f"  elsewhere        {public}")


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
