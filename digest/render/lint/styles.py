"""The author's own CSS: !important where it harms, what mail programs do not know, what cannot be read."""

from __future__ import annotations

from collections.abc import Iterator

from digest.render.lint.css import Declaration, Sheet, parse_declarations, parse_sheet
from digest.render.lint.findings import Finding, found
from digest.render.lint.rendition import Rendition
from digest.render.lint.spec import mjml_spec
from digest.render.lint.support import (
    DEGRADES,
    Lack,
    clients,
    is_known_property,
    lacking_at_rule,
    lacking_element,
    lacking_property,
    lacking_pseudo,
    lacking_values,
)

#: At-rules that are judged elsewhere, or that every program may skip without harm.
_FREE_AT_RULES = ("@media", "@charset", "@import", "@font-face")

#: MJML writes these as attributes too, which every program reads.
_ATTRIBUTES_TOO = frozenset({"width", "height", "direction"})


def sheets(rendition: Rendition) -> Iterator[Sheet]:
    """The style sheets of the template, places counted in its MJML."""
    for element in rendition.tree:
        if element.name in ("mj-style", "style"):
            for run in element.texts:
                yield parse_sheet(rendition.html.text[run.start : run.end], run.start)


def inline_declarations(rendition: Rendition) -> Iterator[Declaration]:
    """What stands in style attributes, and the attributes of MJML elements that become CSS of the same name."""
    spec = mjml_spec()
    for element in rendition.tree:
        is_mjml = element.name in spec.elements
        for attribute in element.tag.attributes:
            if attribute.name == "style":
                yield from parse_declarations(attribute.value, attribute.at)
            elif is_mjml and attribute.value and attribute.name in clients().properties.keys() - _ATTRIBUTES_TOO:
                yield Declaration(attribute.name, attribute.value, False, attribute.start)


def check_styles(rendition: Rendition) -> Iterator[Finding]:
    for element in rendition.tree:
        inline = element.get("inline")
        if element.name == "mj-style" and inline:
            problem = 'MRML does not apply <mj-style inline="inline">: the rules would not be there at all.'
            yield rendition.finding("inlined-style", element, problem, start=inline.start)
        if lack := lacking_element(element.name):
            yield _lacking(rendition, lack, element.tag.start, rendition.shown(element))
    for sheet in sheets(rendition):
        yield from _check_sheet(rendition, sheet)
    for declaration in inline_declarations(rendition):
        yield from _check_declaration(rendition, declaration)


def _check_sheet(rendition: Rendition, sheet: Sheet) -> Iterator[Finding]:
    for broken in sheet.broken:
        text = rendition.readable(broken.text)
        yield found("css", rendition.html.at(broken.start), text, f"{text[:60]!r} {broken.problem}.")
    for at_rule in sheet.at_rules:
        name = at_rule.selector.split()[0]
        lack = lacking_at_rule(at_rule.selector)
        if lack and not name.startswith(_FREE_AT_RULES):
            yield _lacking(rendition, lack, at_rule.start, at_rule.selector)
    for rule in sheet.rules:
        if rule.in_media:
            continue
        for lack in lacking_pseudo(rule.selector):
            yield _lacking(rendition, lack, rule.start, rule.selector)
        if not rule.selector.startswith("@"):
            for declaration in rule.declarations:
                yield from _check_declaration(rendition, declaration, rule.selector)


def _check_declaration(rendition: Rendition, declaration: Declaration, selector: str = "") -> Iterator[Finding]:
    name = declaration.name
    shown = f"{selector} {{ {name}: {declaration.value} }}" if selector else f"{name}: {declaration.value}"
    shown = rendition.readable(shown)
    if declaration.important:
        problem = f"!important at {name} outside @media is written into the elements and beats dark mode."
        yield found("important", rendition.html.at(declaration.start), shown, problem)
    if not is_known_property(name):
        yield found(
            "unknown-css", rendition.html.at(declaration.start), shown, f"No mail program is known to read {name}."
        )
    elif lack := lacking_property(name):
        yield _lacking(rendition, lack, declaration.start, shown)
    for lack in lacking_values(name, declaration.value):
        yield _lacking(rendition, lack, declaration.start, shown)


def _lacking(rendition: Rendition, lack: Lack, start: int, shown: str) -> Finding:
    if lack.key in DEGRADES:
        # The same text every time: `once_each` keeps the first place of it.
        problem = f"{lack.piece} is not known to {lack.programs}; there {DEGRADES[lack.key]}."
        return found(
            "client-support", rendition.html.at(start), lack.piece, problem, remedy="Nothing, if that is all right."
        )
    return found("client-support", rendition.html.at(start), shown, f"{lack.piece} is not known to {lack.programs}.")


def once_each(findings: Iterator[Finding]) -> Iterator[Finding]:
    """Of what degrades well only the first place per property."""
    seen: set[str] = set()
    for finding in findings:
        if finding.rule == "client-support" and finding.text in DEGRADES:
            if finding.text in seen:
                continue
            seen.add(finding.text)
        yield finding
