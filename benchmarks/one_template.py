"""The second reference: HTML and text as one compiled Jinja template each, and the standard library's message."""

from __future__ import annotations

import quopri

from jinja2 import DictLoader, Environment, Template

from benchmarks.reference import chosen_blocks, recipient_values, write_message
from digest.model.delivery import Recipient
from digest.model.edition import EditionContent
from digest.render.flow import WHY
from digest.render.shell import Group, Part, Piece, Shell, Slot


class OneTemplate:
    """The same blocks and slots as ours, chosen and filled by Jinja instead."""

    def __init__(self, shell: Shell, content: EditionContent) -> None:
        self._content = content
        self._html = {form: _template(part, autoescape=True) for form, part in shell.html.items()}
        self._text = {form: _template(part, autoescape=False) for form, part in shell.text.items()}

    def message(self, recipient: Recipient) -> bytes:
        content, form = self._content, recipient.form
        parts = {"text": self._text[form], "html": self._html[form]}
        written = {
            part: template.render(v=recipient_values(recipient, content, part), chosen=chosen_blocks(recipient, known))
            for part, (template, known) in parts.items()
        }
        return write_message(recipient, content, written["text"], written["html"])


def _template(part: Part, *, autoescape: bool) -> tuple[Template, frozenset[str]]:
    """The part as a template, and the keys of its blocks."""
    sources = {key: _source(pieces) for key, pieces in part.blocks.items()}
    sources["message"] = _source(part.pieces)
    environment = Environment(loader=DictLoader(sources), autoescape=autoescape)  # noqa: S701, text is not HTML
    return environment.get_template("message"), frozenset(part.blocks)


def _source(pieces: tuple[Piece, ...]) -> str:
    out = []
    for piece in pieces:
        if isinstance(piece, Slot):
            out.append(f'{{{{ v["{piece.name}"] }}}}')
        elif isinstance(piece, Group):
            every = "" if piece.name.startswith(WHY) else ", ".join(f'"{key}"' for key in piece.blocks)
            out.append(f'{{% for key in chosen.get("{piece.name}", [{every}]) %}}{{% include key %}}{{% endfor %}}')
        else:
            out.append("{% raw %}" + quopri.decodestring(piece.encoded).decode() + "{% endraw %}")
    return "".join(out)
