"""The marks that a template leaves in its output, so that the compiled result can be cut into blocks and slots.

Jinja side:  {% fence "card", article.number %}...{% endfence %}     a block, between sections or elements of a column
             {% fence "coin", coin.key, within="table" %}...         a block between <tr> of an mj-table or <li>
             {{ slot.greeting }}                                     a place for one value
Every mark is one word of ASCII letters and digits that begins with a nonce made from the edition's content, so that
nothing a source or an editor wrote can look like one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from jinja2 import TemplateRuntimeError, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from markupsafe import Markup

from digest.model.site import Form
from digest.render.quoted import encode_piece
from digest.render.shell import Group, Part, Piece, Slot, Text

#: The slots that take a recipient's own value; a letter has others, see its letterhead.
RECIPIENT_SLOTS = frozenset(
    {"greeting", "preheader", "unsubscribe_url", "settings_url", "browser_url", "address", "number"}
)


class Marks:
    """Hands out the marks of one compilation and reads them back.

    A mark is the nonce, a letter (s for a slot, o where a fence opens, c where it closes), a number and "e".
    """

    def __init__(self, nonce: str) -> None:
        self.nonce = nonce
        self._slots: list[str] = []
        self._fences: list[tuple[str, str]] = []

    def group_of(self, fence: int) -> str:
        """The group of the fence with that number."""
        return self._fences[fence][0]

    def slot(self, name: str) -> Markup:
        self._slots.append(name)
        return Markup(f"{self.nonce}s{len(self._slots) - 1}e")  # noqa: S704, letters and digits only

    def fence(self, group: str, name: object, content: str, *, comment: str) -> str:
        """`content` between two marks; `comment` is a pattern such as "<!--{}-->" for how a mark is written."""
        self._fences.append((group, f"{group}:{name}"))
        number = len(self._fences) - 1
        opening, closing = (comment.format(f"{self.nonce}{kind}{number}e") for kind in "oc")
        return f"{opening}{content}{closing}"

    def cut(self, text: str, encode: Callable[[str], bytes] = encode_piece) -> Part:
        """`text` as a part. Raises TemplateRuntimeError where blocks are not properly nested or a key comes twice."""
        mark = re.compile(rf"<!--{self.nonce}([oc])(\d+)e-->|{self.nonce}([soc])(\d+)e")
        blocks: dict[str, tuple[Piece, ...]] = {}
        open_keys: list[str] = []
        levels: list[list[str | Slot | Group]] = [[]]

        def encoded(level: list[str | Slot | Group]) -> tuple[Piece, ...]:
            return tuple(Text(encode(piece)) if isinstance(piece, str) else piece for piece in level)

        place = 0
        for found in mark.finditer(text):
            if found.start() > place:
                levels[-1].append(text[place : found.start()])
            place = found.end()
            kind, number = found[1] or found[3], int(found[2] or found[4])
            if kind == "s":
                levels[-1].append(Slot(self._slots[number]))
                continue
            group, key = self._fences[number]
            if kind == "o":
                open_keys.append(key)
                levels.append([])
                continue
            if not open_keys or open_keys.pop() != key:
                raise TemplateRuntimeError(f"the block {key} is not closed where it was opened")
            if key in blocks:
                raise TemplateRuntimeError(f"the block {key} stands in the template twice")
            blocks[key] = encoded(levels.pop())
            _join_group(levels[-1], group, key)
        if open_keys:
            raise TemplateRuntimeError(f"the block {open_keys[-1]} is not closed")
        levels[0].append(text[place:])
        return Part(pieces=encoded(levels[0]), blocks=blocks)


def _join_group(level: list[str | Slot | Group], group: str, key: str) -> None:
    """Put the block into its group. White space between two blocks of one group belongs to neither and goes."""
    neighbour = -2 if len(level) > 1 and isinstance(level[-1], str) and level[-1].isspace() else -1
    last = level[neighbour] if level else None
    if isinstance(last, Group) and last.name == group:
        level[neighbour:] = [Group(group, (*last.blocks, key))]
    elif any(isinstance(piece, Group) and piece.name == group for piece in level):
        raise TemplateRuntimeError(f"the blocks of group {group} must stand together, without anything between them")
    else:
        level.append(Group(group, (key,)))


class SlotNames:
    """`slot` in a template: `{{ slot.greeting }}`. A name that does not exist is an error, not an empty string."""

    def __init__(self, marks: Marks, names: frozenset[str] = RECIPIENT_SLOTS) -> None:
        self._marks, self._names = marks, names

    def __getattr__(self, name: str) -> Markup:
        if name not in self._names:
            known = ", ".join(sorted(self._names))
            raise TemplateRuntimeError(f"there is no slot {name!r}; the slots are {known}")
        return self._marks.slot(name)


#: Where a fence may stand -> how its marks are written there.
_COMMENTS = {"body": "<mj-raw><!--{}--></mj-raw>", "table": "<!--{}-->", "text": "{}"}


class FenceExtension(Extension):
    """`{% fence GROUP, NAME [, within="table"] %}...{% endfence %}`."""

    tags = {"fence"}  # noqa: RUF012, Jinja's own way

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        arguments: list[nodes.Expr] = [parser.parse_expression()]
        keywords: list[nodes.Keyword] = []
        while parser.stream.skip_if("comma"):
            if parser.stream.current.test("name:within") and parser.stream.look().type == "assign":
                parser.stream.skip(2)
                keywords.append(nodes.Keyword("within", parser.parse_expression()))
            else:
                arguments.append(parser.parse_expression())
        if len(arguments) == 1:
            arguments.append(nodes.Const("0"))
        body = parser.parse_statements(("name:endfence",), drop_needle=True)
        call = self.call_method("_fence", [nodes.ContextReference(), *arguments], keywords)
        return nodes.CallBlock(call, [], [], body).set_lineno(line)

    def _fence(self, context: Any, group: str, name: object, within: str = "", *, caller: Callable[[], str]) -> Markup:
        marks: Marks = context["_marks"]
        where = "text" if context["_part"] == "text" else (within or "body")
        if where not in _COMMENTS:
            raise TemplateRuntimeError(
                f'a fence stands within "table" or, without the word, in the body, not {where!r}'
            )
        # The content was escaped when it was made; the marks are ours.
        return Markup(marks.fence(group, name, caller(), comment=_COMMENTS[where]))  # noqa: S704


def words_for(form: Form) -> Callable[[str, str], str]:
    """`sie_du("Ihre", "deine")` in a template: the words for the form of address that is being compiled."""

    def sie_du(sie: str, du: str) -> str:
        return sie if form == "Sie" else du

    return sie_du
