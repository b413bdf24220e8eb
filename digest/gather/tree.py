"""A page as a tree: parsed within bounds, and the small things that every reader of it asks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from digest.gather.address import clean_url
from digest.gather.lines import decode, one_line
from digest.gather.markup import MAX_MARKUP, blocks_of, plain

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
