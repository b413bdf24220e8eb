"""Markup from feeds and pages -> plain text, in one line or in paragraphs."""

from __future__ import annotations

from html import unescape

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from digest.gather.lines import one_line

#: Longer texts are cut here, in characters, before anything is parsed.
MAX_MARKUP = 3_000_000
#: Elements whose content nobody reads.
_UNSEEN = frozenset(
    {"script", "style", "noscript", "template", "svg", "iframe", "head", "textarea", "button", "select"}
)
#: Elements that end a paragraph before and after themselves.
_BLOCKS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "dd", "div", "dl", "dt", "figcaption", "figure", "footer"),
        *("form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre"),
        *("section", "table", "td", "th", "tr", "ul"),
    }
)


def plain(markup: str) -> str:
    """The text of `markup` on one line; text without markup stays as it is, entities become letters."""
    return one_line(" ".join(paragraphs(markup)))


def paragraphs(markup: str) -> tuple[str, ...]:
    """The text of `markup`, one string per paragraph; scripts, styles and empty paragraphs are left out."""
    if "<" not in markup:
        line = one_line(unescape(markup[:MAX_MARKUP]))
        return (line,) if line else ()
    parser = HTMLParser(remove_comments=True, remove_pis=True, encoding="utf-8", no_network=True, huge_tree=False)
    wrapped = f"<html><body><div>{markup[:MAX_MARKUP]}</div></body></html>".replace("\0", "")
    try:
        root = document_fromstring(wrapped.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return ()
    return blocks_of(root)


def blocks_of(root: HtmlElement) -> tuple[str, ...]:
    """The shown text under `root`, cut where a block element or two line breaks in a row stand."""
    found: list[list[str]] = [[]]
    breaks = 0
    walk = etree.iterwalk(root, events=("start", "end"))
    for action, node in walk:
        tag = node.tag
        if action == "start" and tag in _UNSEEN:
            walk.skip_subtree()
        elif tag in _BLOCKS:
            found.append([])
        elif tag == "br" and action == "start":
            found[-1].append(" ")
            breaks += 1
            if breaks == 2:
                found.append([])
        text = node.text if action == "start" and tag not in _UNSEEN else node.tail if action == "end" else None
        if (text and node is not root) or (text and action == "start"):
            found[-1].append(text)
            breaks = breaks if not text.strip() else 0
    return tuple(line for pieces in found if (line := one_line("".join(pieces))))
