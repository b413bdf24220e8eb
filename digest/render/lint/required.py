"""What no mail may lack: alt texts, title, language, preheader, the ways out, the imprint."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from digest.model.edition import EditionKind
from digest.render.lint.findings import Finding, found
from digest.render.lint.places import Rendered
from digest.render.lint.rendition import KnownMarks, Rendition, is_optional, outside_optional, slots_in, whole

_PICTURES = frozenset({"img", "mj-image", "mj-carousel-image"})
_WAYS_OUT = {
    "unsubscribe_url": ("missing-unsubscribe", "unsubscribe link"),
    "settings_url": ("missing-settings", "link to the settings"),
}


def check_required(rendition: Rendition) -> Iterator[Finding]:
    tree = rendition.tree
    for element in tree:
        if element.name in _PICTURES and not element.within("mj-attributes") and element.get("alt") is None:
            yield rendition.finding("missing-alt", element, f"<{element.name}> has no alt text.")
    yield from _check_head(rendition)
    for rendered, marks in ((rendition.html, rendition.html_marks), (rendition.text, rendition.text_marks)):
        if rendition.content.kind is not EditionKind.LETTER:
            yield from _check_ways_out(rendered, marks)
        yield from _check_publisher(rendition, rendered, marks)


def _check_head(rendition: Rendition) -> Iterator[Finding]:
    tree = rendition.tree
    root = tree.first("mjml")
    lang = root.get("lang") if root else None
    if root is None:
        yield found("template", whole(rendition.html), "<mjml>", "The template writes no <mjml> element.")
    elif lang is None or not lang.value.strip():
        yield rendition.finding("missing-lang", root, "<mjml> names no language.")
    for name, rule, what in (
        ("mj-title", "missing-title", "title"),
        ("mj-preview", "missing-preheader", "preheader"),
    ):
        element = tree.first(name)
        if element is None:
            yield found(rule, whole(rendition.html), f"<{name}>", f"There is no <{name}>, so the mail has no {what}.")
        elif not tree.content(element).strip():
            yield rendition.finding(rule, element, f"<{name}> is empty, so the mail has no {what}.")


def _check_ways_out(rendered: Rendered, marks: KnownMarks) -> Iterator[Finding]:
    slots = slots_in(rendered.text, marks)
    for name, (rule, what) in _WAYS_OUT.items():
        own = [slot for slot in slots if slot.name == name]
        if not own:
            yield found(rule, whole(rendered), f"{{{{ slot.{name} }}}}", f"The {what} is missing.")
        elif all(any(is_optional(group) for group in slot.groups) for slot in own):
            problem = f"The {what} stands only in a block that not everybody gets."
            yield found(rule, rendered.at(own[0].start), f"{{{{ slot.{name} }}}}", problem)


def _check_publisher(rendition: Rendition, rendered: Rendered, marks: KnownMarks) -> Iterator[Finding]:
    shown = outside_optional(rendered.text, marks)
    shown = _words(unescape(re.sub(r"<[^>]*>", " ", shown)) if rendered is rendition.html else shown)
    site = rendition.content.site
    for rule, key, value in (
        ("missing-imprint", "imprint", site.imprint),
        ("missing-responsible", "responsible", site.responsible),
    ):
        if value.strip() and not all(_words(line) in shown for line in value.splitlines()):
            yield found(rule, whole(rendered), f"{{{{ site.{key} }}}}", f"site.{key} is not shown to everybody.")


def _words(text: str) -> str:
    """Letters and digits only, so that neither escaping nor wrapping makes a difference."""
    return re.sub(r"[\W_]+", "", text).casefold()
