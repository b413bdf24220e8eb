"""Which style an element of the compiled page has, by the rules of CSS as far as colours and sizes need them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Literal

import lxml.html
from cssselect import SelectorError, parse
from lxml.cssselect import CSSSelector

from digest.render.lint.css import parse_declarations, parse_sheet

Scheme = Literal["light", "dark"]
#: Importance, whether inline, specificity, order: the greatest wins (CSS Cascade, 6.1).
_Weight = tuple[bool, bool, tuple[int, int, int], int]
_PROPERTIES = frozenset(
    {"color", "background", "background-color", "display", "visibility", "font-size", "font-weight", "opacity", "font"}
)
_EVERYWHERE = re.compile(r"@media\s+(?:only\s+)?(?:screen|all)\s*", re.IGNORECASE)
_SCHEME = re.compile(
    r"@media\s+(?:(?:only\s+)?(?:screen|all)\s+and\s+)?\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)\s*",
    re.IGNORECASE,
)


class Cascade:
    """The declared values of every element of a page for one colour scheme."""

    def __init__(self, page: Any, scheme: Scheme) -> None:
        self._declared: dict[Any, dict[str, tuple[_Weight, str]]] = {}
        self.has_scheme_rules = False
        order = 0
        for style in page.iter("style"):
            for rule in parse_sheet(style.text or "").rules:
                if rule.selector.startswith("@") or not self._applies(rule.around, scheme):
                    continue
                values = [each for each in rule.declarations if each.name in _PROPERTIES]
                order += 1
                for selector in rule.selector.split(",") if values else ():
                    self._add_rule(page, selector.strip(), values, order)
        for element in page.iter():
            if isinstance(element.tag, str) and element.get("style"):
                for number, each in enumerate(parse_declarations(element.get("style"))):
                    if each.name in _PROPERTIES:
                        self._add(element, each.name, each.value, (each.important, True, (0, 0, 0), number))

    def value(self, element: Any, name: str) -> str | None:
        """The declared value, lower case, or None where nothing is declared."""
        entry = self._declared.get(element, {}).get(name)
        return entry[1].lower() if entry else None

    def latest(self, element: Any, names: Iterable[str]) -> list[str]:
        """The declared values of several properties that set the same, the strongest first."""
        entries = [self._declared[element][name] for name in names if name in self._declared.get(element, {})]
        return [value.lower() for _, value in sorted(entries, key=lambda entry: entry[0], reverse=True)]

    def _applies(self, around: tuple[str, ...], scheme: Scheme) -> bool:
        for at_rule in around:
            wanted = _SCHEME.fullmatch(at_rule)
            self.has_scheme_rules |= wanted is not None
            if not (wanted[1].lower() == scheme if wanted else _EVERYWHERE.fullmatch(at_rule)):
                return False
        # Outside of @media every rule stands in the elements already, where it could be written into them.
        return bool(around)

    def _add_rule(self, page: Any, selector: str, values: list[Any], order: int) -> None:
        try:
            compiled = CSSSelector(selector, translator="html")
            specificity = _specificity(selector)
        except (SelectorError, ValueError):
            return  # :hover and the like: nothing that a page at rest shows
        for element in compiled(page):
            for each in values:
                self._add(element, each.name, each.value, (each.important, False, specificity, order))

    def _add(self, element: Any, name: str, value: str, weight: _Weight) -> None:
        declared = self._declared.setdefault(element, {})
        if name not in declared or declared[name][0] <= weight:
            declared[name] = (weight, value)


def _specificity(selector: str) -> tuple[int, int, int]:
    a, b, c = parse(selector)[0].specificity()
    return a, b, c


def parse_page(html: str) -> Any:
    """The compiled page as lxml sees it."""
    return lxml.html.document_fromstring(html)
