"""Fences where the compiled HTML can be cut, and sections that have none."""

from __future__ import annotations

from collections.abc import Iterator

from digest.render.lint.findings import Finding, found
from digest.render.lint.rendition import Rendition
from digest.render.lint.tree import Element, Fence

#: Element -> what of it a fence may stand around, and how its marks must be written there.
_ALLOWED = {
    "mj-body": ("raw", frozenset({"mj-section", "mj-wrapper", "mj-hero", "mj-raw"})),
    "mj-column": ("raw", None),
    "mj-table": ("comment", frozenset({"tr", "tbody"})),
    "tbody": ("comment", frozenset({"tr"})),
    "ul": ("comment", frozenset({"li"})),
    "ol": ("comment", frozenset({"li"})),
}
_WHY = {
    "mj-wrapper": "inside <mj-wrapper> it lands in an Outlook comment and breaks the HTML",
    "mj-group": "inside <mj-group> it lands in an Outlook comment and breaks the HTML",
    "mj-section": "between the columns of one section it breaks the table that Outlook gets",
    "mj-hero": "inside <mj-hero> it breaks the table that Outlook gets",
    "mj-head": "what stands in <mj-head> is the same for everybody",
}
_SECTIONS = frozenset({"mj-section", "mj-wrapper", "mj-hero"})


def check_fences(rendition: Rendition) -> Iterator[Finding]:
    for element in (rendition.tree.root, *rendition.tree):
        open_fences: list[Fence] = []
        for item in element.items:
            if isinstance(item, Fence):
                if item.opens:
                    open_fences.append(item)
                    yield from _check_place(rendition, element, item)
                elif open_fences and open_fences[-1].number == item.number:
                    open_fences.pop()
                else:
                    yield _finding(rendition, item, f"it does not begin and end in the same <{element.name}>")
                continue
            if open_fences:
                yield from _check_content(rendition, element, item, open_fences[-1])
            elif element.name == "mj-body" and item.name in _SECTIONS:
                problem = f"<{item.name}> stands in <mj-body> without a fence."
                yield rendition.finding("unfenced-section", item, problem)
        for fence in open_fences:
            yield _finding(rendition, fence, f"it does not begin and end in the same <{element.name}>")
    yield from _check_lost(rendition)


def _check_place(rendition: Rendition, element: Element, fence: Fence) -> Iterator[Finding]:
    form, _ = _ALLOWED.get(element.name, ("", None))
    inside = next((name for name in ("mj-wrapper", "mj-group") if element.within(name)), element.name)
    if not form or inside in ("mj-wrapper", "mj-group"):
        yield _finding(rendition, fence, _WHY.get(inside, f"it may not stand in <{inside}>"))
    elif form != fence.form:
        wanted = 'it needs within="table" here' if form == "comment" else 'it may not have within="table" here'
        yield _finding(rendition, fence, wanted)


def _check_content(rendition: Rendition, element: Element, item: Element, fence: Fence) -> Iterator[Finding]:
    _, allowed = _ALLOWED.get(element.name, ("", None))
    if allowed is not None and item.name not in allowed:
        held = ", ".join(f"<{name}>" for name in sorted(allowed))
        yield _finding(rendition, fence, f"in <{element.name}> it may hold {held} only, not <{item.name}>")


def _check_lost(rendition: Rendition) -> Iterator[Finding]:
    """Fences whose marks stand in an attribute, a comment or a style."""
    marks = rendition.html_marks
    seen = {
        item.number
        for element in (rendition.tree.root, *rendition.tree)
        for item in element.items
        if isinstance(item, Fence)
    }
    for mark in marks.mark.finditer(rendition.html.text):
        if mark[1] == "o" and int(mark[2]) not in seen:
            fence = Fence(int(mark[2]), True, "", mark.start())
            yield _finding(rendition, fence, "it stands in an attribute, a comment, a style or text")


def _finding(rendition: Rendition, fence: Fence, why: str) -> Finding:
    group, name = rendition.html_marks.fences[fence.number]
    shown = f'{{% fence "{group}", {name} %}}'
    return found("fence-place", rendition.html.at(fence.start), shown, f'The fence "{group}" stands wrong: {why}.')
