"""The second reference: HTML and text as one compiled Jinja template each, and the standard library's message."""

from __future__ import annotations

import quopri
from email.message import EmailMessage
from email.utils import format_datetime

from jinja2 import DictLoader, Environment, Template

from benchmarks.edition import NOW, PICTURES, ROWS, SNAPSHOT, attach_pictures
from digest.links import Links
from digest.model.delivery import Recipient
from digest.model.edition import EditionContent
from digest.render.prices import coin_blocks, price_values
from digest.render.related import picture_slots
from digest.render.shell import Group, Part, Piece, Shell, Slot

_LINKS = Links("https://messung.example", bytes(32))


class OneTemplate:
    """The same blocks and slots as ours, chosen and filled by Jinja instead."""

    def __init__(self, shell: Shell, content: EditionContent) -> None:
        self._content = content
        self._prices = {part: price_values(SNAPSHOT, content, text=part == "text") for part in ("text", "html")}
        self._prices["html"] |= picture_slots(PICTURES)
        self._html = {form: _template(part, autoescape=True) for form, part in shell.html.items()}
        self._text = {form: _template(part, autoescape=False) for form, part in shell.text.items()}

    def message(self, recipient: Recipient) -> bytes:
        handle = recipient.handle
        values = {
            "greeting": recipient.greeting,
            "preheader": self._content.articles[recipient.choice[0]].title,
            "unsubscribe_url": _LINKS.unsubscribe(handle, 1),
            "settings_url": _LINKS.settings(handle, 1),
            "address": recipient.address,
            "number": "1",
        }
        chosen: dict[str, tuple[str, ...]] = {
            "stale": (),
            "lead": (f"lead:{recipient.choice[0]}",),
            "card": tuple(f"card:{article}" for article in recipient.choice[1:]),
            "intro": ("intro:lower",),
            "nothing": (),
        }
        message = EmailMessage()
        message["From"], message["To"] = self._content.site.sender, recipient.address
        message["Subject"], message["Date"] = recipient.subject, format_datetime(NOW)
        rows = {part: {"coin": coin_blocks(SNAPSHOT, recipient.coins, ROWS[part])} for part in ("text", "html")}
        text = self._text[recipient.form].render(v=values | self._prices["text"], chosen=chosen | rows["text"])
        html = self._html[recipient.form].render(v=values | self._prices["html"], chosen=chosen | rows["html"])
        message.set_content(text)
        message.add_alternative(html, subtype="html")
        attach_pictures(message, recipient)
        return message.as_bytes()


def _template(part: Part, *, autoescape: bool) -> Template:
    sources = {key: _source(pieces) for key, pieces in part.blocks.items()}
    sources["message"] = _source(part.pieces)
    environment = Environment(loader=DictLoader(sources), autoescape=autoescape)  # noqa: S701, text is not HTML
    return environment.get_template("message")


def _source(pieces: tuple[Piece, ...]) -> str:
    out = []
    for piece in pieces:
        if isinstance(piece, Slot):
            out.append(f'{{{{ v["{piece.name}"] }}}}')
        elif isinstance(piece, Group):
            every = ", ".join(f'"{key}"' for key in piece.blocks)
            out.append(f'{{% for key in chosen.get("{piece.name}", [{every}]) %}}{{% include key %}}{{% endfor %}}')
        else:
            out.append("{% raw %}" + quopri.decodestring(piece.encoded).decode() + "{% endraw %}")
    return "".join(out)
