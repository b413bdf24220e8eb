"""Pictures that travel in the message (RFC 2387): each encoded once per edition, attached for whoever is shown it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import NamedTuple

from digest.model.market import Snapshot
from digest.render.shell import Group, Part, Slot

#: How the slot for the address of a coin's sparkline is named: "coin:BTC:sparkline_url".
_SLOT = re.compile(r"coin:(.+):sparkline_url")


class InlinePicture(NamedTuple):
    """`url` is what the HTML says (RFC 2392); `entity` is the body part, headers and all, without a last line end."""

    url: str
    entity: bytes


def inline_pictures(snapshot: Snapshot | None, number: int, domain: str) -> dict[str, InlinePicture]:
    """Coin -> its sparkline. `number` is the edition's and `domain` the sender's, for a Content-ID that is unique."""
    return {
        quote.coin: _picture(f"{_name(quote.coin)}.{place}.{number}", domain, quote.sparkline, _name(quote.coin))
        for place, quote in enumerate(snapshot.quotes if snapshot else ())
        if quote.sparkline and quote.series
    }


def picture_slots(pictures: Mapping[str, InlinePicture]) -> dict[str, str]:
    """Slot name -> the picture's address."""
    return {f"coin:{coin}:sparkline_url": picture.url for coin, picture in pictures.items()}


def pictured_coins(part: Part) -> dict[str, str]:
    """Block key -> the coin whose sparkline stands in that block."""

    def coins(key: str) -> Iterator[str]:
        for piece in part.blocks[key]:
            if isinstance(piece, Slot) and (found := _SLOT.fullmatch(piece.name)):
                yield found[1]
            elif isinstance(piece, Group):
                for inner in piece.blocks:
                    yield from coins(inner)

    shown = {key: next(coins(key), "") for group, keys in part.groups().items() if group == "coin" for key in keys}
    return {key: coin for key, coin in shown.items() if coin}


def html_with_pictures(message: bytes | EmailMessage) -> str:
    """The HTML of a message as a browser shows it by itself: pictures that came with it stand in it as data."""
    parsed = message_from_bytes(message, policy=policy.default) if isinstance(message, bytes) else message
    body = parsed.get_body(("html",))
    html: str = body.get_content() if body is not None else ""
    for part in parsed.walk():
        content_id = str(part["Content-ID"] or "").strip("<> ")
        if content_id and isinstance(part, EmailMessage) and part.get_content_maintype() == "image":
            html = html.replace(f'"cid:{content_id}"', f'"{as_data(part.get_content_type(), part.get_content())}"')
    return html


def as_data(kind: str, octets: bytes) -> str:
    """A picture as an address that holds it (RFC 2397); `kind` is such as "image/png"."""
    return f"data:{kind};base64,{base64.b64encode(octets).decode('ascii')}"


def _picture(start: str, domain: str, png: bytes, name: str) -> InlinePicture:
    content_id = f"{start}.{hashlib.sha256(png).hexdigest()[:16]}@{domain}"
    headers = (
        "Content-Type: image/png",
        "Content-Transfer-Encoding: base64",
        f"Content-ID: <{content_id}>",
        f'Content-Disposition: inline; filename="{name}.png"',
    )
    encoded = base64.encodebytes(png).rstrip(b"\n").replace(b"\n", b"\r\n")
    return InlinePicture(f"cid:{content_id}", "\r\n".join((*headers, "", "")).encode("ascii") + encoded)


def _name(coin: str) -> str:
    """Letters and digits alone: fit for a Content-ID and for a file."""
    return re.sub("[^a-z0-9]", "", coin.lower())[:16] or "coin"
