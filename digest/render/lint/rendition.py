"""A look rendered with one content in one form of address, ready to be looked through."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import msgspec

from digest.model.edition import EditionContent
from digest.model.site import Form
from digest.render.flow import WHY
from digest.render.lint.findings import Finding, Place, found
from digest.render.lint.places import Rendered, render_with_places
from digest.render.lint.tree import Element, Tree
from digest.render.marks import Marks
from digest.render.variables import edition_variables

#: Blocks that some readers do not get: what everybody must find cannot stand in them.
OPTIONAL = frozenset({"lead", "card", "cards", "intro", "nothing", "coin", "market", "stale"})


def is_optional(group: str) -> bool:
    """Whether some readers do not get the blocks of `group`."""
    return group in OPTIONAL or group.startswith(WHY)


class KnownMarks(Marks):
    """Marks that remember what they stand for, by number."""

    def __init__(self, nonce: str) -> None:
        super().__init__(nonce)
        self.slots: list[str] = []
        self.fences: list[tuple[str, str]] = []
        self.mark = re.compile(rf"{nonce}([soc])(\d+)e")
        self.fence_mark = re.compile(rf"<!--{nonce}([oc])(\d+)e-->")

    def slot(self, name: str) -> str:  # type: ignore[override]  # Markup is a str
        self.slots.append(name)
        return super().slot(name)

    def fence(self, group: str, name: object, content: str, *, comment: str) -> str:
        self.fences.append((group, str(name)))
        return super().fence(group, name, content, comment=comment)


class SlotPlace(msgspec.Struct, frozen=True):
    """A slot in rendered output, and the groups of the blocks around it."""

    name: str
    start: int
    groups: tuple[str, ...]


class Rendition:
    """`html` is the MJML before it is compiled, `tree` the same as a tree; `text` is the text part."""

    def __init__(self, content: EditionContent, form: Form) -> None:
        """Raises TemplateError where a template does not render."""
        self.content, self.form = content, form
        look = content.newsletter.template
        self.html, self.html_marks = _rendered(content, form, "html", f"{look}/edition.mjml.j2")
        self.text, self.text_marks = _rendered(content, form, "text", f"{look}/edition.txt.j2")
        self.tree = Tree(self.html.text, self.html_marks.fence_mark)

    def finding(self, rule: str, element: Element, problem: str, *, start: int | None = None) -> Finding:
        """A finding about an element; `start` is the offset of what is wrong in it, else of the element."""
        place = self.html.at(element.tag.start if start is None else start)
        return found(rule, place, self.shown(element), problem)

    def shown(self, element: Element) -> str:
        """The element's tag with slots and fences as people know them."""
        return self.readable(self.tree.source(element))

    def readable(self, text: str) -> str:
        """`text` of the MJML with its marks as what they stand for."""
        marks = self.html_marks

        def name(mark: re.Match[str]) -> str:
            number = int(mark[2])
            return (
                f"{{{{ {in_template(marks.slots[number])} }}}}"
                if mark[1] == "s"
                else f"fence {marks.fences[number][0]}"
            )

        return marks.mark.sub(name, text)


Check = Callable[[Rendition], Iterator[Finding]]


def _rendered(content: EditionContent, form: Form, part: str, name: str) -> tuple[Rendered, KnownMarks]:
    made: list[KnownMarks] = []

    def variables() -> dict[str, object]:
        made.append(KnownMarks(f"x{content.hash[:12]}"))
        return edition_variables(content, form, part, made[-1])

    return render_with_places(content.templates, name, variables), made[0]


def in_template(slot: str) -> str:
    """A slot's name as a template writes it."""
    return slot.replace(":", ".") if ":" in slot else f"slot.{slot}"


def slots_in(text: str, marks: KnownMarks) -> list[SlotPlace]:
    """Every slot of a rendered part, in order."""
    slots: list[SlotPlace] = []
    groups: list[str] = []
    for mark in marks.mark.finditer(text):
        number = int(mark[2])
        if mark[1] == "s":
            slots.append(SlotPlace(marks.slots[number], mark.start(), tuple(groups)))
        elif mark[1] == "o":
            groups.append(marks.fences[number][0])
        elif groups:
            groups.pop()
    return slots


def outside_optional(text: str, marks: KnownMarks) -> str:
    """What of a rendered part everybody gets: without the blocks that somebody may not get."""
    kept: list[str] = []
    place = depth = 0
    for mark in marks.mark.finditer(text):
        number = int(mark[2])
        if mark[1] == "s" or not is_optional(marks.fences[number][0]):
            continue
        if mark[1] == "o":
            if not depth:
                kept.append(text[place : mark.start()])
            depth += 1
        else:
            depth = max(depth - 1, 0)
            place = mark.end()
    return "".join((*kept, "" if depth else text[place:]))


def whole(rendered: Rendered) -> Place:
    """The file as such, for what is missing from it."""
    return Place(rendered.name)
