"""A page's bytes -> what is on it: an article, or an overview and where it leads. It runs in read_apart.py."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec

from digest.gather.overview import article_links, is_overview
from digest.gather.page_article import extract_tree
from digest.gather.page_tree import page_url, parse_page
from digest.model.article import Article

#: Stands for the address of a local page that names none; nobody can have it (RFC 2606).
NOWHERE = "https://local.invalid/overview.html"


class PageBytes(msgspec.Struct, frozen=True, kw_only=True):
    """A page as it was read. `url` is where from, `zone` a zone's name; `leads` asks for an overview's links, too."""

    content: bytes
    content_type: str
    url: str
    source: str
    zone: str
    leads: bool = False


class PageFound(msgspec.Struct, frozen=True, kw_only=True):
    """`is_page` is False for what is no HTML. An overview has `links` on the web, or `beside` under NOWHERE."""

    is_page: bool = True
    is_overview: bool = False
    links: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    article: Article | None = None


def read_page(page: PageBytes) -> PageFound:
    """What is on the page. Takes much time and memory for some hostile content."""
    tree = parse_page(page.content, page.content_type)
    if tree is None:
        return PageFound(is_page=False)
    address = page_url(tree, page.url) if page.leads else None
    if page.leads and is_overview(tree, address):
        links = article_links(tree, address) if address else ()
        return PageFound(is_overview=True, links=links, beside=() if links else article_links(tree, NOWHERE))
    return PageFound(article=extract_tree(tree, page.url, source=page.source, zone=ZoneInfo(page.zone)))
