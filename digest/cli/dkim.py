"""digest dkim."""

from __future__ import annotations

import json
from pathlib import Path

import click

from digest.app import App
from digest.cli.options import confirm, json_option, with_app, yes_option
from digest.cli.output import print_json, say
from digest.deliver.dkim import Signer
from digest.deliver.dkim_keys import check_alignment, create_key, dns_name, dns_record, load_signer
from digest.deliver.settings import DkimSettings
from digest.errors import SettingsError


@click.group("dkim")
def command() -> None:
    """The key that signs messages, and its DNS record."""


@command.command("create")
@click.option("--domain", default="", help="The domain that signs. [default: as configured, else that of site.sender]")
@click.option("--selector", default="", help="The key's name below it. [default: as configured, else digest]")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The new key's file. [default: as configured, else dkim.pem beside the site's secret]",
)
@yes_option
@json_option
@with_app
def create(app: App, domain: str, selector: str, out: Path | None, yes: bool, as_json: bool) -> None:
    """Make a key; print the DNS record to publish and the settings to write."""
    configured, site = app.settings.dkim, app.settings.site
    path = out or Path(configured.key_file or Path(site.secret_file).with_name("dkim.pem"))
    try:
        wanted = DkimSettings(
            domain=dns_name(domain or configured.domain or site.sender.rpartition("@")[2]),
            selector=selector or configured.selector or "digest",
            key_file=str(path.absolute()),
        )
    except ValueError as wrong:
        raise click.UsageError(f"The key cannot be named so: {wrong}.") from wrong
    check_alignment(wanted, app.header_senders, str(app.path))
    if path.exists():
        confirm(f"{path} holds a key already, without which nothing more can be signed by it. Overwrite it?", yes=yes)
    signer = Signer(wanted.domain, wanted.selector, create_key(path, overwrite=yes or path.exists()))
    _print(app, wanted, signer, as_json, f"A new key is in {path}.")


@command.command("show")
@json_option
@with_app
def show(app: App, as_json: bool) -> None:
    """Print the DNS record of the configured key."""
    settings, where = app.settings.dkim, str(app.path)
    signer = load_signer(settings, where)
    if signer is None:
        raise SettingsError("dkim.key_file", "is not set; run `digest dkim create` for a key", where)
    check_alignment(settings, app.header_senders, where)
    _print(app, settings, signer, as_json, f"Messages are signed with the key in {settings.key_file}.")


def _print(app: App, settings: DkimSettings, signer: Signer, as_json: bool, sentence: str) -> None:
    record = dns_record(signer)
    table = _table(app, settings)
    if as_json:
        answer = {"domain": signer.domain, "selector": signer.selector, "key_file": settings.key_file}
        print_json(answer | {"record": record, "zone_line": record.zone_line, "settings": table})
        return
    shown = (("name", record.name), ("type", record.type), ("value", record.value))
    rows = "\n".join([f"  {key:6} {value}" for key, value in shown])
    say(f"{sentence}\n\nPublish this record:\n\n{rows}\n")
    say(f"In a zone file:\n\n{record.zone_line}\n\nIn {app.path}:\n\n{table}")


def _table(app: App, settings: DkimSettings) -> str:
    """The [dkim] table as TOML; a file below the settings' own folder is named relative to it."""
    path, folder = Path(settings.key_file), app.path.absolute().parent
    key_file = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
    values = {"domain": settings.domain, "selector": settings.selector, "key_file": key_file}
    return "\n".join(("[dkim]", *(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items())))
