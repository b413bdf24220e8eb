"""Shell -> the bytes for one recipient: choosing pieces, escaping a few values, joining. The hot path of the product.

Everything in a message derives from edition, subscriber and the time of the first claim, so a second copy is
byte-equal, and a preview is the very message.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from html import escape

from digest.german import continues_lower
from digest.links import Links
from digest.model.delivery import Message, Recipient
from digest.model.edition import EditionContent
from digest.model.market import Snapshot
from digest.render import headers
from digest.render.prices import coin_blocks, price_values
from digest.render.quoted import encode_piece
from digest.render.shell import Group, Part, Piece, Shell, Slot, Text

_CRLF = b"\r\n"
#: RFC 2046, 5.1.1. No encoded line can hold it: quoted-printable writes "=" as "=3D".
_BOUNDARY = "=_{}"
_PREHEADER = 90
_NUMBERED = ("lead", "card")


class Envelope:
    """Whom messages come from: the header sender, and the envelope sender, one per delivery with `bounce_domain`."""

    def __init__(self, content: EditionContent, bounce_domain: str = "") -> None:
        newsletter, site = content.newsletter, content.site
        self.sender = newsletter.sender or site.sender
        self.sender_name = newsletter.sender_name or site.sender_name or newsletter.name
        self.reply_to = newsletter.reply_to or site.reply_to
        self.domain = self.sender.rpartition("@")[2].encode("idna").decode("ascii")
        self.bounce_domain = bounce_domain


class Assembler:
    """Makes the messages of one edition. `number` is the edition's; `snapshot` None leaves the market block out."""

    def __init__(
        self,
        shell: Shell,
        content: EditionContent,
        number: int,
        snapshot: Snapshot | None,
        links: Links,
        bounce_domain: str = "",
    ) -> None:
        self._number, self._links, self._snapshot = number, links, snapshot
        self._titles = [article.title for article in content.articles]
        self._envelope = Envelope(content, bounce_domain)
        # Fixed for the edition: without prices there is no market block, and that is decided before any recipient.
        fixed: dict[str, tuple[str, ...]] = {} if snapshot and snapshot.quotes else {"market": ()}
        values = {text: price_values(snapshot, content, text=text) if snapshot else {} for text in (True, False)}
        in_html = {name: encode_piece(escape(value)) for name, value in values[False].items()}
        in_text = {name: encode_piece(value) for name, value in values[True].items()}
        self._html = {form: part.filled(in_html, fixed) for form, part in shell.html.items()}
        self._text = {form: part.filled(in_text, fixed) for form, part in shell.text.items()}
        self._coins = lru_cache(maxsize=1024)(lambda coins: coin_blocks(snapshot, coins))
        self._preheader = lru_cache(maxsize=4096)(self._make_preheader)
        self._write_fixed_headers(content, number)

    def _write_fixed_headers(self, content: EditionContent, number: int) -> None:
        envelope, newsletter = self._envelope, content.newsletter
        boundary = _BOUNDARY.format(content.hash[:24])
        self._from = headers.mailbox("From", envelope.sender_name, envelope.sender)
        lines = [headers.mailbox("Reply-To", "", envelope.reply_to)] if envelope.reply_to else []
        lines += [
            headers.list_id(newsletter.name, f"{newsletter.slug}.{envelope.domain}"),
            b"List-Unsubscribe-Post: List-Unsubscribe=One-Click",
            f"Feedback-ID: {number}:{newsletter.slug}:{content.kind}:{envelope.domain}".encode("ascii"),
            b"MIME-Version: 1.0",
            f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"'.encode("ascii"),
        ]
        self._fixed = _CRLF.join(lines)
        opening = (
            f"--{boundary}\r\nContent-Type: text/{{}}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable"
        )
        self._open_text = f"\r\n\r\n{opening.format('plain')}\r\n\r\n".encode("ascii")
        self._open_html = f"\r\n{opening.format('html')}\r\n\r\n".encode("ascii")
        self._close = f"\r\n--{boundary}--\r\n".encode("ascii")

    def message(self, recipient: Recipient, dated: datetime) -> Message:
        """The message for `recipient`, with `dated` as its Date."""
        envelope, links, number, handle = self._envelope, self._links, self._number, recipient.handle
        unsubscribe = links.unsubscribe(handle, number)
        message_id = links.message_id(envelope.domain, handle, number)
        mailto = links.unsubscribe_mailto(envelope.reply_to or envelope.sender, handle, number)
        values = {
            "greeting": recipient.greeting,
            "preheader": self._preheader(recipient.choice),
            "unsubscribe_url": unsubscribe,
            "settings_url": links.settings(handle, number),
            "address": recipient.address,
        }
        chosen = self._choose(recipient)
        in_text = {name: encode_piece(value) for name, value in values.items()}
        in_html = {name: encode_piece(escape(value)) for name, value in values.items()}
        head = _CRLF.join(
            (
                self._from,
                headers.mailbox("To", recipient.name, recipient.address),
                headers.unstructured("Subject", recipient.subject),
                b"Date: " + format_datetime(dated).encode("ascii"),
                b"Message-ID: " + message_id.encode("ascii"),
                headers.urls("List-Unsubscribe", unsubscribe, mailto),
                self._fixed,
            )
        )
        out = [head, self._open_text]
        _join(self._text[recipient.form], in_text, chosen, out)
        out.append(self._open_html)
        _join(self._html[recipient.form], in_html, chosen, out)
        out.append(self._close)
        mail_from = links.bounce_address(envelope.bounce_domain, handle, number) if envelope.bounce_domain else None
        return Message(
            mail_from=mail_from or envelope.sender,
            rcpt_to=recipient.address,
            message_id=message_id,
            data=b"".join(out),
        )

    def _choose(self, recipient: Recipient) -> dict[str, tuple[str, ...]]:
        choice = recipient.choice
        coins = self._coins(recipient.coins)
        chosen = {
            "lead": tuple(f"lead:{article}" for article in choice[:1]),
            "card": tuple(f"card:{article}" for article in choice[1:]),
            "intro": ("intro:lower" if continues_lower(recipient.greeting) else "intro:upper",),
            "coin": coins,
        }
        if not coins:
            chosen["market"] = ()
        return chosen

    def _make_preheader(self, choice: bytes) -> str:
        """What mail programs show beside the subject: the headlines after the first, cut at a word."""
        text = " · ".join(self._titles[article] for article in choice[1:4] or choice[:1])
        return text if len(text) <= _PREHEADER else text[:_PREHEADER].rsplit(" ", 1)[0].rstrip(" ·,–") + " …"


def _join(part: Part, values: Mapping[str, bytes], chosen: Mapping[str, tuple[str, ...]], out: list[bytes]) -> None:
    """Append the part's bytes to `out`. Articles are numbered in the order in which they come."""
    count = 0

    def walk(pieces: tuple[Piece, ...], numbered: bytes) -> None:
        nonlocal count
        for piece in pieces:
            if isinstance(piece, Text):
                out.append(piece.encoded)
            elif isinstance(piece, Slot):
                out.append(numbered if piece.name == "number" else values[piece.name])
            else:
                for key in chosen.get(piece.name, piece.blocks):
                    if piece.name in _NUMBERED:
                        count += 1
                        walk(part.blocks[key], encode_piece(str(count)))
                    else:
                        walk(part.blocks[key], numbered)

    walk(part.pieces, b"")
