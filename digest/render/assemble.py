"""Shell -> the bytes for one recipient: choosing pieces, escaping a few values, joining. The hot path of the product.

Everything in a message derives from edition, subscriber and the time of the first claim, so a second copy is
byte-equal, and a preview is the very message.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from digest.german import continues_lower
from digest.links import Links
from digest.model.delivery import Message, Recipient
from digest.model.edition import EditionContent
from digest.model.market import Snapshot
from digest.render import headers
from digest.render.flow import NUMBERS, append_flow, encode_value, make_flows
from digest.render.prices import coin_blocks
from digest.render.shell import Shell
from digest.render.weblinks import ascii_address
from digest.render.wording import shorten

_CRLF = b"\r\n"
#: RFC 2046, 5.1.1. No encoded line can hold it: quoted-printable writes "=" as "=3D".
_BOUNDARY = "=_{}"
_PREHEADER = 90
_NOTHING = "Heute gibt es keine neuen Artikel."


class Envelope:
    """Whom messages come from: the header sender, and the envelope sender, one per delivery with `bounce_domain`."""

    def __init__(self, content: EditionContent, bounce_domain: str = "") -> None:
        newsletter, site = content.newsletter, content.site
        reply_to = newsletter.reply_to or site.reply_to
        self.sender = ascii_address(newsletter.sender or site.sender)
        self.sender_name = newsletter.sender_name or site.sender_name or newsletter.name
        self.reply_to = ascii_address(reply_to) if reply_to else ""
        self.domain = self.sender.rpartition("@")[2]
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
        self._number, self._links, self._zone = number, links, content.site.zone
        self._articles = content.articles
        self._envelope = Envelope(content, bounce_domain)
        self._text = make_flows(shell.text, content, snapshot, text=True)
        self._html = make_flows(shell.html, content, snapshot, text=False)
        known = frozenset[str]().union(*(blocks for _, blocks in self._html.values()))
        self._has_lead = "lead:0" in known
        self._coins = lru_cache(maxsize=1024)(
            lambda coins: tuple(key for key in coin_blocks(snapshot, coins) if key in known)
        )
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
            headers.structured("Feedback-ID", f"{number}:{newsletter.slug}:{content.kind}:{envelope.domain}"),
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
        """The message for `recipient`, with `dated` (aware) as its Date."""
        envelope, links, number, handle = self._envelope, self._links, self._number, recipient.handle
        address = ascii_address(recipient.address)
        unsubscribe = links.unsubscribe(handle, number)
        message_id = links.message_id(envelope.domain, handle, number)
        mailto = links.unsubscribe_mailto(envelope.reply_to or envelope.sender, handle, number)
        preheader = self._preheader(recipient.choice)
        in_text, in_html = {"preheader": preheader[0]}, {"preheader": preheader[1]}
        for name, value in (
            ("greeting", headers.one_line(recipient.greeting)),
            ("unsubscribe_url", unsubscribe),
            ("settings_url", links.settings(handle, number)),
            ("address", headers.one_line(recipient.address)),
        ):
            in_text[name], in_html[name] = encode_value(value)
        chosen = self._choose(recipient)
        out = [
            self._from,
            _CRLF,
            headers.mailbox("To", recipient.name, address),
            _CRLF,
            headers.unstructured("Subject", recipient.subject),
            b"\r\nDate: ",
            headers.date_time(dated.astimezone(self._zone)).encode("ascii"),
            _CRLF,
            headers.structured("Message-ID", message_id),
            _CRLF,
            headers.urls("List-Unsubscribe", unsubscribe, mailto),
            _CRLF,
            self._fixed,
            self._open_text,
        ]
        flow, blocks = self._text[recipient.form]
        append_flow(flow, blocks, in_text, chosen, iter(NUMBERS), out)
        out.append(self._open_html)
        flow, blocks = self._html[recipient.form]
        append_flow(flow, blocks, in_html, chosen, iter(NUMBERS), out)
        out.append(self._close)
        mail_from = links.bounce_address(envelope.bounce_domain, handle, number) if envelope.bounce_domain else None
        return Message(
            mail_from=mail_from or envelope.sender,
            rcpt_to=address,
            message_id=message_id,
            data=b"".join(out),
        )

    def _choose(self, recipient: Recipient) -> dict[str, tuple[str, ...]]:
        """Group -> the keys of the blocks that this recipient gets, in order; a group not named here is whole."""
        choice = recipient.choice
        leads = 1 if self._has_lead else 0
        sentence = "lower" if continues_lower(recipient.greeting) else "upper"
        coins = self._coins(recipient.coins)
        chosen = {
            "lead": tuple([f"lead:{article}" for article in choice[:leads]]),
            "card": tuple([f"card:{article}" for article in choice[leads:]]),
            "intro": (f"intro:{sentence}",) if choice else (),
            "nothing": () if choice else (f"nothing:{sentence}",),
            "coin": coins,
        }
        if not coins:
            chosen["market"] = ()
        return chosen

    def _make_preheader(self, choice: bytes) -> tuple[bytes, bytes]:
        """What mail programs show beside the subject: the headlines after the first, or what the only one is about."""
        chosen = [self._articles[article] for article in choice[:4]]
        text = " · ".join([article.title for article in chosen[1:]])
        if not text:
            text = chosen[0].lead or chosen[0].title if chosen else _NOTHING
        return encode_value(shorten(text, _PREHEADER))
