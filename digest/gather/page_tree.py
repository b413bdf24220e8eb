"""A page as a tree: parsed within bounds, and the small things that every reader of it asks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from digest.gather.html_text import plain
from digest.gather.lines import decode, one_line
from digest.gather.urls import clean_url

#: Longer pages are cut here, in characters, before anything is parsed.
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
#: Parts of a page in which nothing of the article stands.
_OUTSIDE = frozenset({"nav", "footer", "aside", "form", "dialog"})


def parse_page(content: bytes, content_type: str = "") -> HtmlElement | None:
    """The tree of a page in any charset (`content_type` as a server said it), or None where there is no element in it.

    Depth is bounded by libxml2, length by MAX_MARKUP.
    """
    declared = re.search(r"charset\s*=\s*[\"']?([\w.:-]{2,40})", content_type, re.IGNORECASE)
    markup = decode(content, declared[1] if declared else "")[:MAX_MARKUP].replace("\0", "")
    if "<" not in markup:
        return None
    parser = HTMLParser(remove_comments=True, remove_pis=True, encoding="utf-8", no_network=True, huge_tree=False)
    try:
        return document_fromstring(markup.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None


def text_of(element: HtmlElement) -> str:
    """What an element shows, on one line."""
    return one_line(" ".join(blocks_of(element)))


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


def metadata(tree: HtmlElement) -> dict[str, str]:
    """The page's <meta> texts by property, name or itemprop, in small letters; of several the first."""
    found: dict[str, str] = {}
    for element in tree.iter("meta"):
        name = element.get("property") or element.get("name") or element.get("itemprop") or ""
        content = plain(element.get("content") or "")[:2_000]
        if name and content:
            found.setdefault(name.strip().lower(), content)
    return found


def page_url(tree: HtmlElement, url: str) -> str | None:
    """The page's own address: canonical, og:url, or the one that it was read from; None where none is on the web."""
    canonical = next(
        (link.get("href") for link in tree.iter("link") if "canonical" in (link.get("rel") or "").lower().split()), None
    )
    base = clean_url(url)
    for candidate in (canonical, metadata(tree).get("og:url"), url):
        address = clean_url(candidate, base) if candidate else None
        if address:
            return address
    return None


def is_outside(element: HtmlElement) -> bool:
    """Whether the element stands in navigation, foot or margin of the page."""
    return any(above.tag in _OUTSIDE for above in element.iterancestors())


def with_class(elements: Iterator[HtmlElement], names: re.Pattern[str]) -> Iterator[HtmlElement]:
    """Those of `elements` whose class, id or itemprop has a word that `names` finds."""
    for element in elements:
        if isinstance(element.tag, str):
            words = " ".join(element.get(name) or "" for name in ("class", "id", "itemprop", "data-testid"))
            if words.strip() and names.search(words):
                yield element
