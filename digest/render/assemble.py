"""Shell -> the bytes for one recipient: choosing pieces, escaping a few values, joining. The hot path of the product.

Everything in a message derives from edition, subscriber and the time of the first claim, so a second copy is
byte-equal, and a preview is the very message.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from digest.german import continues_lower
from digest.links import Links
from digest.model.delivery import Message, Recipient
from digest.model.edition import EditionContent
from digest.model.market import Snapshot
from digest.model.newsletter import section_index
from digest.model.site import Form
from digest.render import headers
from digest.render.flow import HEADING, NUMBERS, REASONED, WHY, append_flow, encode_value, make_flows
from digest.render.inline_pictures import inline_pictures, picture_slots, pictured_coins
from digest.render.letterhead import find_letterhead
from digest.render.outline import Hole, Outline, Outlines, outline_of
from digest.render.prices import coin_blocks
from digest.render.shell import Shell
from digest.render.weblinks import ascii_address
from digest.render.wording import shorten

_CRLF = b"\r\n"
#: RFC 2046, 5.1.1. No encoded line can hold one: quoted-printable writes "=" as "=3D", base64 has no hyphen. The
#: inner one must not begin like the outer one, which is followed by hexadecimal digits.
_BOUNDARY, _INNER = "=_{}", "=_r{}"
_NO_MARKET: dict[str, tuple[str, ...]] = {"market": ()}
_HTML = "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
_PREHEADER = 90
#: The slots of a person's own values; the preheader comes of the choice.
PERSONAL = ("greeting", "unsubscribe_url", "settings_url", "browser_url", "address", "action_url")
_FIRST = f"{HEADING}0"
_NOTHING = "Heute gibt es keine neuen Artikel."


class _Market(NamedTuple):
    """What the readers of some coins get: the choice of rows in both parts, and what stands around the HTML."""

    text: dict[str, tuple[str, ...]]
    html: dict[str, tuple[str, ...]]
    open_html: bytes
    close: bytes


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
        self._letter, self._expires = find_letterhead(content), content.expires
        self._on_list = self._letter is None or self._letter.on_list
        self._text = make_flows(shell.text, content, snapshot, text=True)
        self._snapshot = snapshot
        self._pictures = inline_pictures(snapshot, number, self._envelope.domain)
        self._pictured = {form: pictured_coins(part) for form, part in shell.html.items()}
        addresses = picture_slots(self._pictures)
        self._html = make_flows(shell.html, content, snapshot, text=False, pictures=addresses)
        known = frozenset[str]().union(*(blocks for _, blocks in self._html.values()))
        self._has_lead = "lead:0" in known
        self._in_browser = any("browser_url" in part.slots() for part in (*shell.html.values(), *shell.text.values()))
        self._headings = [key if key in known else "" for key in _heading_keys(content)] if _FIRST in known else []
        self._reasoned = any(key.startswith(WHY) for key in known)
        self._topics = [set(article.topics) for article in content.articles]
        self._market = lru_cache(maxsize=1024)(self._make_market)
        self._outlines = Outlines(self._make_outline)
        self._write_fixed_headers(content, number)

    def _write_fixed_headers(self, content: EditionContent, number: int) -> None:
        envelope, newsletter = self._envelope, content.newsletter
        boundary = _BOUNDARY.format(content.hash[:24])
        self._from = headers.mailbox("From", envelope.sender_name, envelope.sender)
        lines = [headers.mailbox("Reply-To", "", envelope.reply_to)] if envelope.reply_to else []
        if self._letter:
            lines.append(b"Auto-Submitted: auto-generated")  # RFC 3834, 5
        if self._on_list:
            lines.append(headers.list_id(newsletter.name, f"{newsletter.slug}.{envelope.domain}"))
            lines.append(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click")
        lines += [
            headers.structured("Feedback-ID", f"{number}:{newsletter.slug}:{content.kind}:{envelope.domain}"),
            b"MIME-Version: 1.0",
            f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"'.encode("ascii"),
        ]
        self._fixed = _CRLF.join(lines)
        self._open_text = f"\r\n\r\n--{boundary}\r\n{_HTML.replace('html', 'plain')}".encode("ascii")
        self._open_html = f"\r\n--{boundary}\r\n{_HTML}".encode("ascii")
        self._close = f"\r\n--{boundary}--\r\n".encode("ascii")
        inner = _INNER.format(content.hash[:24])
        related = f'Content-Type: multipart/related; type="text/html";\r\n boundary="{inner}"\r\n\r\n--{inner}\r\n'
        self._open_related = f"\r\n--{boundary}\r\n{related}{_HTML}".encode("ascii")
        self._inner = f"\r\n--{inner}".encode("ascii")

    def message(self, recipient: Recipient, dated: datetime) -> Message:
        """The message for `recipient`, with `dated` (aware) as its Date."""
        envelope, links, number, handle = self._envelope, self._links, self._number, recipient.handle
        address = ascii_address(recipient.address)
        unsubscribe = links.unsubscribe(handle, number)
        message_id = links.message_id(envelope.domain, handle, number)
        mailto = links.unsubscribe_mailto(envelope.reply_to or envelope.sender, handle, number)
        values = {
            "greeting": encode_value(headers.one_line(recipient.greeting)),
            "unsubscribe_url": encode_value(unsubscribe),
            "settings_url": encode_value(links.settings(handle, number)),
            "address": encode_value(headers.one_line(recipient.address)),
        }
        if self._in_browser:
            values["browser_url"] = encode_value(links.browser(handle, number))
        if self._letter and self._letter.purpose and self._expires:
            values["action_url"] = encode_value(links.letter(self._letter.purpose, handle, number, self._expires))
        outline = self._outlines.get(
            recipient.form,
            recipient.choice,
            recipient.coins,
            recipient.topics if self._reasoned else (),
            continues_lower(recipient.greeting),
        )
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
            *((headers.urls("List-Unsubscribe", unsubscribe, mailto), _CRLF) if self._on_list else ()),
            self._fixed,
            *outline.filled(values),
        ]
        mail_from = links.bounce_address(envelope.bounce_domain, handle, number) if envelope.bounce_domain else None
        return Message(
            mail_from=mail_from or envelope.sender,
            rcpt_to=address,
            message_id=message_id,
            data=b"".join(out),
            canonical=True,
        )

    def _make_outline(
        self, form: Form, choice: bytes, coins: tuple[str, ...], topics: tuple[str, ...], lower: bool
    ) -> Outline:
        """All but the personal values of both parts, for whoever made these choices."""
        chosen, market = self._choose(choice, topics, lower), self._market(form, coins)
        preheader = self._make_preheader(choice)
        out: list[bytes | Hole] = [self._open_text]
        for part, flows, rows in ((0, self._text, market.text), (1, self._html, market.html)):
            values: dict[str, bytes | Hole] = {slot: Hole(slot, part) for slot in PERSONAL}
            values["preheader"] = preheader[part]
            flow, blocks = flows[form]
            append_flow(flow, blocks, values, chosen | rows, iter(NUMBERS), out)
            out.append(market.close if part else market.open_html)
        return outline_of(out)

    def _choose(self, choice: bytes, topics: tuple[str, ...], lower: bool) -> dict[str, tuple[str, ...]]:
        """Group -> the keys of the blocks that this recipient gets, in order; a group not named here is whole.

        The market's groups are not among them: their rows are another matter in each part.
        """
        leads = 1 if self._has_lead else 0
        sentence = "lower" if lower else "upper"
        lead, cards = (
            [f"lead:{article}" for article in choice[:leads]],
            [f"card:{article}" for article in choice[leads:]],
        )
        reasons = self._explain(choice, topics, lead, cards) if topics else {}
        return {
            "lead": tuple(lead),
            "card": self._under_headings(choice[leads:], cards) if self._headings else tuple(cards),
            "cards": ("cards:0",) if cards else (),
            **reasons,
            "intro": (f"intro:{sentence}",) if choice or self._letter else (),
            "nothing": () if choice or self._letter else (f"nothing:{sentence}",),
        }

    def _under_headings(self, articles: bytes, cards: list[str]) -> tuple[str, ...]:
        """The cards' keys, with a section's heading before the first card of each section."""
        keys: list[str] = []
        for article, card in zip(articles, cards, strict=True):
            heading = self._headings[article]
            if heading and heading not in keys:
                keys.append(heading)
            keys.append(card)
        return tuple(keys)

    def _explain(
        self, choice: bytes, topics: tuple[str, ...], lead: list[str], cards: list[str]
    ) -> dict[str, tuple[str, ...]]:
        """The blocks that say why, for each article that an own topic brought in; its key becomes the one with reasons.

        Without any topics, as many articles would have been the first ones of the edition.
        """
        reasons: dict[str, tuple[str, ...]] = {}
        count = len(choice)
        for place, article in enumerate(choice):
            if article < count:
                continue
            own = [topic for topic in topics if topic in self._topics[article]]
            if own:
                kind, keys, at = ("lead", lead, place) if place < len(lead) else ("card", cards, place - len(lead))
                reasons[f"{WHY}{kind}-{article}"] = (f"{WHY}{kind}-{article}:{own[0]}",)
                keys[at] += REASONED
        return reasons

    def _make_market(self, form: Form, coins: tuple[str, ...]) -> _Market:
        rows = [coin_blocks(self._snapshot, coins, part[form][1]) for part in (self._text, self._html)]
        text, html = ({"coin": keys} | (_NO_MARKET if not keys else {}) for keys in rows)
        pictured = self._pictured[form]
        shown = dict.fromkeys(pictured[key] for key in rows[1] if key in pictured)
        if not shown:
            return _Market(text, html, self._open_html, self._close)
        entities = [b"%b\r\n%b" % (self._inner, self._pictures[coin].entity) for coin in shown]
        return _Market(text, html, self._open_related, b"".join((*entities, self._inner, b"--\r\n", self._close)))

    def _make_preheader(self, choice: bytes) -> tuple[bytes, bytes]:
        """What mail programs show beside the subject: the headlines after the first, or what the only one is about."""
        chosen = [self._articles[article] for article in choice[:4]]
        text = " · ".join([article.title for article in chosen[1:]])
        if not text:
            text = chosen[0].lead or chosen[0].title if chosen else _NOTHING
        return encode_value(shorten(text, _PREHEADER))


def _heading_keys(content: EditionContent) -> list[str]:
    """For each article, the key of its section's heading."""
    sections = content.newsletter.sections
    return [
        f"{HEADING}{section_index(article.topics, sections, article.section or '')}" for article in content.articles
    ]
