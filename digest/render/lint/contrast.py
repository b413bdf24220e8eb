"""Contrast of every text on its ground, in light and in dark, measured on the compiled page (WCAG 2.1, 1.4.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from digest.render.colours import AA, contrast
from digest.render.lint.cascade import Cascade, Scheme, parse_page
from digest.render.lint.findings import Finding, found
from digest.render.lint.paint import Colour, as_hex, colour_in, over, parse_colour
from digest.render.lint.rendition import Rendition, whole

_LARGE = 3.0
#: What a program paints where nothing is said: canvas, text, link. Dark as the large programs have it.
_DEFAULTS: dict[Scheme, tuple[Colour, Colour, Colour]] = {
    "light": ((255, 255, 255, 1), (0, 0, 0, 1), (0, 0, 238, 1)),
    "dark": ((18, 18, 18, 1), (255, 255, 255, 1), (158, 158, 255, 1)),
}
_SIZES = {"h1": 2.0, "h2": 1.5, "h3": 1.17, "h4": 1.0, "h5": 0.83, "h6": 0.67, "small": 0.83}
_KEYWORD_SIZES = {"xx-small": 9, "x-small": 10, "small": 13, "medium": 16, "large": 18, "x-large": 24, "xx-large": 32}
_BOLD = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "b", "strong", "th"})
_PIXELS = {"px": 1.0, "pt": 4 / 3, "in": 96.0, "cm": 37.8, "mm": 3.78, "pc": 16.0, "rem": 16.0}
#: Where texts of the MJML go into the page as text.
_SHOWN = (
    "mj-text",
    "mj-button",
    "mj-table",
    "mj-raw",
    "mj-navbar-link",
    "mj-social-element",
    "mj-accordion-title",
    "mj-accordion-text",
)


def with_text_marks(rendition: Rendition) -> tuple[str, list[int]]:
    """The MJML with a mark before every text, and the offset that each mark stands for: compiling loses places."""
    text = rendition.html.text
    offsets: list[int] = []
    out: list[str] = []
    end = 0
    for element in rendition.tree:
        if (element.name not in _SHOWN and not element.within(*_SHOWN)) or element.within("mj-head"):
            continue
        for run in element.texts:
            content = text[run.start : run.end]
            if run.kind == "text" and content.strip():
                offsets.append(run.start + len(content) - len(content.lstrip()))
    offsets.sort()
    for number, offset in enumerate(offsets):
        out += (text[end:offset], f"{_nonce(rendition)}p{number}e")
        end = offset
    return "".join((*out, text[end:])), offsets


def _nonce(rendition: Rendition) -> str:
    return f"x{rendition.content.hash[:12]}"


def check_contrast(rendition: Rendition, html: str, offsets: list[int]) -> Iterator[Finding]:
    """`html` is the compiled page with the marks of `with_text_marks`."""
    page = parse_page(html)
    dark = Cascade(page, "dark")
    if dark.has_scheme_rules:
        yield from _check_scheme(rendition, page, dark, "dark", offsets)
    else:
        problem = "There are no rules for dark mode: programs invert the colours as they like."
        yield found("dark-mode", whole(rendition.html), "prefers-color-scheme: dark", problem)
    yield from _check_scheme(rendition, page, Cascade(page, "light"), "light", offsets)


def _check_scheme(
    rendition: Rendition, page: Any, cascade: Cascade, scheme: Scheme, offsets: list[int]
) -> Iterator[Finding]:
    painted = _Painted(page, cascade, scheme)
    mark = re.compile(rf"{_nonce(rendition)}p(\d+)e")
    for element in page.find("body").iter():
        if not isinstance(element.tag, str) or element.tag in ("style", "script", "title"):
            continue
        for text in (element.text, *(child.tail for child in element)):
            if not text or not _words(rendition, mark.sub("", text)) or painted.is_hidden(element):
                continue
            colours = painted.colours(element)
            if colours is None:
                continue
            front, ground = colours
            ratio = contrast(front, ground)
            needed = _LARGE if painted.is_large(element) else AA
            if ratio < needed:
                number = mark.search(text)
                place = rendition.html.at(offsets[int(number[1])]) if number else whole(rendition.html)
                shown = _words(rendition, mark.sub("", text))
                problem = (
                    f"{front} on {ground} has a contrast of {ratio:.1f}:1 in {scheme} mode; {needed:.1f}:1 is needed."
                )
                yield found("contrast", place, shown, problem)


def _words(rendition: Rendition, text: str) -> str:
    """The text as people see it; nothing where there is nothing to read."""
    readable = rendition.readable(text).strip()
    return readable if re.search(r"\w|[^\s\u00a0\u200b-\u200f\u2060\ufeff\u034f\u00ad]", readable) else ""


class _Painted:
    """What one page shows in one scheme."""

    def __init__(self, page: Any, cascade: Cascade, scheme: Scheme) -> None:
        self._cascade = cascade
        metas = page.xpath("//meta[@name='color-scheme']/@content")
        # Only a page that says so gets a dark canvas under what it paints.
        knows_dark = scheme == "dark" and any("dark" in content for content in metas)
        self._canvas, self._ink, self._link = _DEFAULTS["dark" if knows_dark else "light"]

    def is_hidden(self, element: Any) -> bool:
        for each in _upwards(element):
            if self._cascade.value(each, "display") == "none":
                return True
        return (
            next(filter(None, (self._cascade.value(each, "visibility") for each in _upwards(element))), "") == "hidden"
        )

    def colours(self, element: Any) -> tuple[str, str] | None:
        """Text and ground; None where the ground is a picture without a colour."""
        layers: list[Colour] = []
        for each in _upwards(element):
            ground = self._ground(each)
            if ground is None:
                return None
            layers.append(ground)
            if ground[3] >= 1:
                break
        below = self._canvas
        for layer in reversed(layers):
            below = over(layer, below)
        red, green, blue, alpha = self._text(element)
        return as_hex(over((red, green, blue, alpha * self._opacity(element)), below)), as_hex(below)

    def _ground(self, element: Any) -> Colour | None:
        for value in self._cascade.latest(element, ("background", "background-color")):
            colour = colour_in(value)
            if colour is not None:
                return colour
            if "(" in value:
                return None
        attribute = element.get("bgcolor")
        return (parse_colour(attribute.lower()) if attribute else None) or (0, 0, 0, 0)

    def _text(self, element: Any) -> Colour:
        for each in _upwards(element):
            value = self._cascade.value(each, "color")
            colour = parse_colour(value) if value else None
            if colour is None and each.tag == "font" and each.get("color"):
                colour = parse_colour(each.get("color").lower())
            if colour is not None:
                return colour
            if each.tag == "a" and each.get("href") and value is None:
                return self._link
        return self._ink

    def _opacity(self, element: Any) -> float:
        opacity = 1.0
        for each in _upwards(element):
            value = self._cascade.value(each, "opacity")
            if value and re.fullmatch(r"\d*\.?\d+", value):
                opacity *= min(1.0, float(value))
        return opacity

    def is_large(self, element: Any) -> bool:
        """24 px, or 18.66 px and bold (WCAG 2.1, "large scale")."""
        size = self._size(element)
        return size >= 24 or (size >= 18.66 and self._is_bold(element))

    def _size(self, element: Any) -> float:
        if element is None:
            return 16.0
        value = self._cascade.value(element, "font-size") or ""
        number = re.fullmatch(r"(\d*\.?\d+)([a-z%]+)", value)
        if number and number[2] in _PIXELS:
            return float(number[1]) * _PIXELS[number[2]]
        if value in _KEYWORD_SIZES:
            return _KEYWORD_SIZES[value]
        around = self._size(element.getparent())
        if number:
            return float(number[1]) * around / (100 if number[2] == "%" else 1)
        return around * _SIZES.get(element.tag, 1.0)

    def _is_bold(self, element: Any) -> bool:
        for each in _upwards(element):
            value = self._cascade.value(each, "font-weight")
            if value and value != "inherit":
                return value in ("bold", "bolder") or (value.isdigit() and int(value) >= 700)
            if each.tag in _BOLD:
                return True
        return False


def _upwards(element: Any) -> Iterator[Any]:
    yield element
    yield from element.iterancestors()
