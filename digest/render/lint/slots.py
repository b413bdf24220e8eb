"""Slots where a recipient's value could not be escaped safely."""

from __future__ import annotations

from collections.abc import Iterator

from digest.render.lint.findings import Finding, found
from digest.render.lint.markup import Attribute, Run, Tag
from digest.render.lint.rendition import Rendition, in_template

#: Attributes that a program follows or loads: only a URL slot, and it whole.
ADDRESSES = frozenset(
    {
        "href",
        "src",
        "srcset",
        "background",
        "background-url",
        "action",
        "formaction",
        "data",
        "poster",
        "cite",
        "longdesc",
        "xlink:href",
        "base-url",
        "thumbnails-src",
        "left-icon",
        "right-icon",
        "icon-wrapped-url",
        "icon-unwrapped-url",
    }
)
#: Attributes of MJML elements that end as text; every other one ends in a style.
_MJML_TEXTS = frozenset({"alt", "title", "name", "icon-wrapped-alt", "icon-unwrapped-alt"})


def check_slots(rendition: Rendition) -> Iterator[Finding]:
    marks, text = rendition.html_marks, rendition.html.text
    for token in rendition.tree.tokens:
        for mark in marks.mark.finditer(text, token.start, token.end):
            if mark[1] != "s":
                continue
            name = marks.slots[int(mark[2])]
            problem = _in_run(token) if isinstance(token, Run) else _in_tag(token, name, mark.start())
            if problem:
                shown = rendition.readable(text[token.start : token.end])
                shown = shown if isinstance(token, Tag) else f"{{{{ {in_template(name)} }}}}"
                yield found("slot-place", rendition.html.at(mark.start()), shown, f"The slot {name} stands {problem}.")


def _in_run(run: Run) -> str:
    if run.kind == "raw":
        return "in a style or script, where its value could become code"
    if run.kind == "comment":
        return "in a comment, which its value could end"
    return ""


def _in_tag(tag: Tag, slot: str, start: int) -> str:
    attribute = next((each for each in tag.attributes if each.at <= start < each.at + len(each.value)), None)
    if attribute is None:
        return f"among the names in the tag <{tag.name}>, where its value could become an attribute"
    name = attribute.name.lower()
    if attribute.quote in ("", None):
        return f"in {name} without quotes, which any space would end"
    if name == "style":
        return "in style, where its value could become CSS"
    if name.startswith("on"):
        return f"in {name}, where its value would be run as a script"
    if name in ADDRESSES:
        return _in_address(attribute, slot, start)
    if tag.name.startswith("mj") and name not in _MJML_TEXTS and not name.startswith("aria-"):
        return f"in {name} of <{tag.name}>, which becomes CSS or markup"
    return ""


def _in_address(attribute: Attribute, slot: str, start: int) -> str:
    if not slot.endswith("_url"):
        return f"in {attribute.name}, where only a slot whose name ends in _url may stand"
    if start != attribute.at:
        return f"in the middle of {attribute.name}, where an address must begin with it"
    return ""
