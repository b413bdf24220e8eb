"""Elements and attributes that MJML 4 does not have, values of the wrong kind, elements where they may not stand."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from digest.render.lint.findings import Finding, found
from digest.render.lint.rendition import Rendition
from digest.render.lint.spec import NOT_COMPILED, fits, in_words, mjml_spec
from digest.render.lint.tree import Element

#: HTML elements that run or load something and have no place in a mail.
_ACTIVE = frozenset({"script", "iframe", "object", "embed", "applet", "frame", "frameset", "base"})


def check_vocabulary(rendition: Rendition) -> Iterator[Finding]:
    for mistake in rendition.tree.mistakes:
        text = rendition.readable(rendition.html.text[mistake.start : mistake.end])
        yield _malformed(rendition, mistake.start, text, mistake.problem)
    classes = _classes(rendition)
    for element in rendition.tree:
        if element.name.startswith("mj"):
            yield from _check_element(rendition, element)
            yield from _check_classes(rendition, element, classes)
        elif element.name in _ACTIVE:
            yield rendition.finding("active-content", element, f"<{element.name}> does not belong in a mail.")
        yield from _check_nesting(rendition, element)
        for attribute in element.tag.attributes:
            if attribute.name.lower().startswith("on") or attribute.value.strip().lower().startswith("javascript:"):
                problem = f"{attribute.name} in <{element.name}> would run a script."
                yield rendition.finding("active-content", element, problem, start=attribute.start)


def _malformed(rendition: Rendition, start: int, text: str, problem: str) -> Finding:
    return found("malformed", rendition.html.at(start), text, f"{problem[:1].upper()}{problem[1:]}.")


def _check_element(rendition: Rendition, element: Element) -> Iterator[Finding]:
    spec = mjml_spec()
    if element.name == "mj-include":
        return  # found in the template's own text
    if element.name not in spec.elements:
        hint = _near(element.name, spec.elements)
        yield rendition.finding("unknown-tag", element, f"MJML has no element <{element.name}>{hint}.")
        return
    if element.name in NOT_COMPILED:
        yield rendition.finding("unknown-tag", element, f"<{element.name}> has no effect: MRML does not know it.")
    for attribute in element.tag.attributes:
        kind = spec.kind(element.name, attribute.name)
        if kind is None:
            hint = _near(attribute.name, spec.elements[element.name].attributes)
            problem = f"<{element.name}> has no attribute {attribute.name}{hint}."
            yield rendition.finding("unknown-attribute", element, problem, start=attribute.start)
        elif not fits(attribute.value, kind):
            value = rendition.readable(attribute.value)
            problem = f"{attribute.name} of <{element.name}> is {value!r}, but takes {in_words(kind)}."
            yield rendition.finding("attribute-value", element, problem, start=attribute.start)


def _check_nesting(rendition: Rendition, element: Element) -> Iterator[Finding]:
    spec = mjml_spec()
    parent = element.parent
    around = parent.name if parent and parent.name else ""
    if not element.name.startswith("mj"):
        if around in spec.elements and around not in spec.texts:
            problem = f"<{element.name}> stands in <{around}>, which holds MJML only; it would be lost or misplaced."
            yield rendition.finding("nesting", element, problem)
        elif not around:
            yield rendition.finding("nesting", element, f"<{element.name}> stands outside <mjml>.")
        return
    if element.name not in spec.elements or around == "mj-attributes":
        return
    if not around:
        if element.name != "mjml":
            yield rendition.finding("nesting", element, f"<{element.name}> stands outside <mjml>.")
    elif around not in spec.elements:
        text = next((each for each in _ancestors(element) if each in spec.texts), "")
        where = f"<{around}> in <{text}>" if text else f"<{around}>"
        if text or not around.startswith("mj"):
            yield rendition.finding("nesting", element, f"<{element.name}> stands in {where}, where MJML is not read.")
    elif element.name not in spec.elements[around].children:
        places = ", ".join(f"<{name}>" for name in spec.parents(element.name)) or "no other element"
        problem = f"<{element.name}> may not stand in <{around}>, only in {places}."
        yield rendition.finding("nesting", element, problem)


def _ancestors(element: Element) -> Iterator[str]:
    parent = element.parent
    while parent is not None:
        yield parent.name
        parent = parent.parent


def _classes(rendition: Rendition) -> frozenset[str]:
    named = (element.get("name") for element in rendition.tree if element.name == "mj-class")
    return frozenset(attribute.value for attribute in named if attribute)


def _check_classes(rendition: Rendition, element: Element, known: frozenset[str]) -> Iterator[Finding]:
    used = element.get("mj-class")
    for name in used.value.split() if used else []:
        if name not in known:
            hint = _near(name, known)
            problem = f"there is no <mj-class name={name!r}>{hint}."
            yield rendition.finding(
                "unknown-class", element, problem[:1].upper() + problem[1:], start=used.start if used else None
            )


def _near(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; do you mean {close[0]}?" if close else ""
