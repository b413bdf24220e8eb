"""digest keys."""

from __future__ import annotations

from datetime import datetime

import click

from digest.app import App
from digest.cli.options import confirm, json_option, operator, with_app, yes_option
from digest.cli.output import print_json, print_table, say
from digest.model.api_key import Scope
from digest.storage.keys import create_key, list_keys, revoke_key
from subscribers.audit import record_change


@click.group("keys")
def command() -> None:
    """Keys for the API."""


@command.command("create")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="What the key may do; may be given several times.",
)
@json_option
@with_app
def create(app: App, name: str, scopes: tuple[str, ...], as_json: bool) -> None:
    """Create a key. It is shown this once: only its hash is kept."""
    now = app.clock()
    with app.database.write() as connection:
        key, text = create_key(connection, name, map(Scope, scopes), now=now)
        detail = {"scopes": " ".join(key.scopes)}
        record_change(connection, who=operator(), what="key.create", subject=key.name, at=now, detail=detail)
    if as_json:
        print_json({"name": key.name, "prefix": key.prefix, "scopes": key.scopes, "key": text})
        return
    say(text)
    say(f"This is key {key.name}; it is not shown again. It may do {', '.join(key.scopes)}.")


@command.command("list")
@json_option
@with_app
def list_(app: App, as_json: bool) -> None:
    """List the keys, the revoked ones too."""
    with app.database.read() as connection:
        found = list_keys(connection)
    if as_json:
        print_json(found)
        return
    rows = [
        (
            each.name,
            f"digest_{each.prefix}_…",
            " ".join(each.scopes),
            _moment(each.created_at),
            _moment(each.last_used_at),
            f"revoked {_moment(each.revoked_at)}" if each.revoked_at else "",
        )
        for each in found
    ]
    columns = ("Key", "Begins with", "May", "Created (UTC)", "Last used (UTC)", "")
    print_table(columns, rows, empty="There are no keys yet; run `digest keys create NAME --scope ...`.")


@command.command("revoke")
@click.argument("name")
@yes_option
@json_option
@with_app
def revoke(app: App, name: str, yes: bool, as_json: bool) -> None:
    """Revoke a key for good; the next call with it is refused."""
    with app.database.read() as connection:
        known = next((each for each in list_keys(connection) if each.name == name), None)
    if known is not None and known.revoked_at is None:
        confirm(f"Revoke key {name} ({' '.join(known.scopes)})?", yes=yes)
    now = app.clock()
    with app.database.write() as connection:
        key, was_good = revoke_key(connection, name, now=now)
        if was_good:
            record_change(connection, who=operator(), what="key.revoke", subject=name, at=now)
    if as_json:
        print_json(key)
    else:
        say(f"Key {name} is revoked." if was_good else f"Key {name} was revoked already.")


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else ""
