"""digest preview."""

from __future__ import annotations

import re
import sys
from email import message_from_bytes, policy
from pathlib import Path

import click

from digest.app import App
from digest.cli.options import edition_option, json_option, with_app
from digest.cli.output import print_json
from digest.errors import UsageError
from digest.model.delivery import Message
from digest.tasks.review_edition import find_edition


@click.command("preview")
@edition_option
@click.option("--as", "address", metavar="ADDRESS", default="", help="As this subscriber. [default: the first one]")
@click.option("--format", "form", type=click.Choice(["html", "text", "eml", "png"]), default="text", show_default=True)
@click.option("--width", type=click.IntRange(320, 1200), default=640, show_default=True, help="Of the png, in pixels.")
@click.option("--dark", is_flag=True, help="The png as a reader with dark mode sees it.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A file instead of stdout.")
@json_option
@with_app
def command(
    app: App, number: int | None, address: str, form: str, width: int, dark: bool, out: Path | None, as_json: bool
) -> None:
    """Show the very message that somebody would get; nothing is sent."""
    edition, _ = find_edition(app.database, number)
    message = app.preview(edition.number, address)
    if as_json:
        print_json(
            {
                "edition": edition.number,
                "to": message.rcpt_to,
                "message_id": message.message_id,
                "subject": str(message_from_bytes(message.data, policy=policy.default)["Subject"]),
                "text": _text(message).decode(),
                "html": _html(app, message),
                "eml": message.data.decode(),
            }
        )
        return
    if form in ("html", "png"):
        html = _html(app, message)
        shown = _png(html, width, dark=dark) if form == "png" else html.encode()
    else:
        shown = _text(message) if form == "text" else message.data
    if out is not None:
        try:
            out.write_bytes(shown)
        except OSError as problem:
            raise UsageError(f"{out} cannot be written: {problem.strerror}.") from problem
        click.echo(f"Written to {out}.", err=True)
        return
    if form == "png" and sys.stdout.isatty():
        raise UsageError("A picture does not go onto a terminal; name a file by --out.")
    sys.stdout.buffer.write(shown)


def _text(message: Message) -> bytes:
    body = message_from_bytes(message.data, policy=policy.default).get_body(("plain",))
    content: str = body.get_content() if body is not None else ""
    return content.encode()


def _html(app: App, message: Message) -> str:
    """The HTML with its pictures in it: those that came with the message, and those that the site will serve."""
    from digest.render.inline_pictures import as_data, html_with_pictures

    def kept(found: re.Match[str]) -> str:
        file = app.pictures_folder / found[1]
        return as_data("image/jpeg", file.read_bytes()) if file.is_file() else found[0]

    address = re.escape(app.links.picture_url(""))
    return re.sub(rf"{address}([0-9a-f]{{64}}\.jpg)", kept, html_with_pictures(message.data))


def _png(html: str, width: int, *, dark: bool) -> bytes:
    from digest.render.screenshot import screenshot

    return screenshot(html, width, dark=dark)
