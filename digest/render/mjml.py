"""MJML -> HTML with inlined styles, once per edition and form of address."""

from __future__ import annotations

import logging
import re
from collections import OrderedDict
from typing import Any, ClassVar

import mjml
from premailer import Premailer

from digest.errors import TemplateError

_STYLE = re.compile(r"(<mj-style\b[^>]*>.*?</mj-style>)", re.DOTALL)
_MOST_SHEETS = 32
_DOCTYPE = "<!doctype html>\n"
#: MRML's own reset. Written into every cell it would be a fifth of the page, and MJML itself leaves it in the head.
_RESET = '<style type="text/css">\n#outlook a'
#: What XML 1.0 has no place for (2.2): MRML would refuse the whole edition for one such sign. C1 means others in HTML.
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class _Inliner(Premailer):  # type: ignore[misc]
    """Parses each style sheet once: an edition has the same ones in every compilation, and parsing takes longest."""

    _parsed: ClassVar[OrderedDict[tuple[str, int], tuple[list[Any], list[Any]]]] = OrderedDict()

    def _parse_style_rules(self, css_body: str, ruleset_index: int) -> tuple[list[Any], list[Any]]:
        key = (css_body, ruleset_index)
        known = self._parsed.get(key) or super()._parse_style_rules(css_body, ruleset_index)
        self._parsed[key] = known
        while len(self._parsed) > _MOST_SHEETS:
            self._parsed.popitem(last=False)
        rules, leftover = known
        return list(rules), list(leftover)


def compile_mjml(source: str, file: str) -> str:
    """The finished HTML page of an MJML document; `file` names it in errors. Raises TemplateError."""
    if "<mj-include" in source:
        raise TemplateError(file, None, "mj-include is refused; use Jinja's include, which stays inside templates/")
    try:
        html = mjml.mjml2html(_ascii_references(source), fonts={}, include_loader=_refuse_include)
    except Exception as problem:  # mjml-python raises bare exceptions of several kinds
        raise TemplateError(file, None, f"MJML does not compile: {problem}") from problem
    inlined: str = _Inliner(
        html.replace(_RESET, _RESET.replace(">", ' data-premailer="ignore">', 1), 1),
        allow_network=False,
        keep_style_tags=True,
        remove_classes=False,
        strip_important=False,
        disable_validation=True,
        # To look for floats it parses the style of every picture again, which takes a third of the time.
        align_floating_images="float" in html,
        # Width in pixels is for Outlook, the style's 100% for the others: one must not become the other.
        disable_basic_attributes=["width", "height"],
        cssutils_logging_level=logging.CRITICAL,
    ).transform(pretty_print=False)
    return _DOCTYPE + inlined


def _ascii_references(source: str) -> str:
    """Non-ASCII and backslashes as numeric references, but in CSS: MRML would print some of them as debug escapes."""
    pieces = _STYLE.split(_NO_XML.sub("", source))
    pieces[::2] = [
        piece.replace("\\", "&#92;").encode("ascii", "xmlcharrefreplace").decode("ascii") for piece in pieces[::2]
    ]
    return "".join(pieces)


def _refuse_include(path: str) -> str:
    raise ValueError(f"mj-include of {path!r} is refused")
