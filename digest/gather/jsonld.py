"""What a page says of itself in JSON-LD (https://schema.org/NewsArticle); broken JSON is read as far as it goes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from lxml.html import HtmlElement

from digest.gather.html_text import plain
from digest.gather.urls import url_key

#: Bounds for hostile pages: characters of one script, nodes of all of them.
MAX_SCRIPT = 1_000_000
MAX_NODES = 5_000

_ARTICLES = re.compile(r"(?:\w*Article|BlogPosting|LiveBlogPosting|Report|Review|SocialMediaPosting)")
#: What may stand between two values.
_GAP = re.compile(r"[ \t\r\n;,]*")
_LISTS = frozenset({"ItemList", "CollectionPage"})

Node = dict[str, Any]


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, as plain text; empty where the page says nothing. `paid` is None where it does not say.

    `articles` counts the articles that the page claims to be, `listed` holds the URLs of its ItemLists.
    """

    articles: int = 0
    listed: tuple[str, ...] = ()
    is_list: bool = False
    title: str = ""
    description: str = ""
    names: tuple[str, ...] = ()
    published: str = ""
    image_url: str = ""
    image_credit: str = ""
    topics: tuple[str, ...] = ()
    site: str = ""
    slogans: tuple[str, ...] = ()
    language: str = ""
    paid: bool | None = None


def read_jsonld(tree: HtmlElement, url: str | None) -> Facts:
    """The facts of the page at `url` (which tells its article from others on it)."""
    nodes = list(_nodes(tree))
    by_id = {node["@id"]: node for node in nodes if isinstance(node.get("@id"), str) and len(node) > 1}
    articles = [node for node in nodes if any(_ARTICLES.fullmatch(kind) for kind in _kinds(node))]
    articles = [node for node in articles if _text(node, "headline", "name")]
    lists = [node for node in nodes if _LISTS.intersection(_kinds(node))]
    listed = tuple(dict.fromkeys(address for node in lists for address in _listed(node)))
    slogans = tuple(
        text
        for node in nodes
        if {"WebSite", "Organization", "NewsMediaOrganization"}.intersection(_kinds(node))
        for text in (_text(node, "description"), _text(node, "slogan"))
        if text
    )
    pages = [node for node in nodes if {"WebPage", "ItemPage"}.intersection(_kinds(node))]
    page = pages[0] if pages else {}
    own = _own(articles, url)
    if own is None:
        date = _text(page, "datePublished")
        return Facts(listed=listed, is_list=bool(lists), slogans=slogans, published=date)
    image = _resolved(own.get("image"), by_id)
    return Facts(
        articles=len(articles),
        listed=listed,
        is_list=bool(lists),
        title=_text(own, "headline", "name"),
        description=_text(own, "description"),
        names=_names(own.get("author") or own.get("creator"), by_id),
        published=_text(own, "datePublished") or _text(page, "datePublished") or _text(own, "dateCreated"),
        image_url=_text(image, "url", "contentUrl") or _text(own, "thumbnailUrl"),
        image_credit=_text(image, "creditText") or next(iter(_names(image.get("copyrightHolder"), by_id)), ""),
        topics=_topics(own),
        site=next(iter(_names(own.get("publisher"), by_id)), ""),
        slogans=slogans,
        language=_text(own, "inLanguage"),
        paid=_paid(own),
    )


def _nodes(tree: HtmlElement) -> Iterator[Node]:
    """Every typed object at the top, in a @graph or as a main entity, in document order; parts of others are not."""
    left = MAX_NODES
    for script in tree.iter("script"):
        if "ld+json" not in (script.get("type") or "").lower():
            continue
        waiting: list[Any] = [*_parsed((script.text or "")[:MAX_SCRIPT])]
        while waiting and left:
            left -= 1
            node = waiting.pop(0)
            if isinstance(node, list):
                waiting[:0] = node[:MAX_NODES]
            elif isinstance(node, dict):
                yield node
                waiting[:0] = [node[name] for name in ("@graph", "mainEntity", "mainEntityOfPage") if name in node]


def _parsed(script: str) -> Iterator[Any]:
    """The JSON values of a script; comments around them, trailing commas and raw line ends are forgiven."""
    text = (
        re.sub(r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?://\s*)?(?:-->|\]\]>)\s*$", "", script).strip().rstrip(";")
    )
    decoder = json.JSONDecoder(strict=False)
    for attempt in (text, re.sub(r",(\s*[}\]])", r"\1", text)):
        values: list[Any] = []
        at = 0
        try:
            while at < len(attempt):
                value, at = decoder.raw_decode(attempt, at)
                values.append(value)
                at = _GAP.match(attempt, at).end()  # type: ignore[union-attr]
        except (ValueError, RecursionError):
            if not values:
                continue
        yield from values
        return


def _kinds(node: Node) -> frozenset[str]:
    kinds = node.get("@type")
    named = kinds if isinstance(kinds, list) else [kinds]
    return frozenset(kind.rpartition("/")[2].rpartition(":")[2] for kind in named if isinstance(kind, str))


def _text(node: Node, *names: str) -> str:
    """The first of `names` that holds a text, as plain text."""
    for name in names:
        value = node.get(name)
        value = value[0] if isinstance(value, list) and value else value
        if isinstance(value, str) and (text := plain(value)):
            return text
    return ""


def _own(articles: list[Node], url: str | None) -> Node | None:
    """The page's own article: the one with its address, else the first that has a date, else the first."""
    if url:
        for node in articles:
            page = node.get("mainEntityOfPage")
            address = node.get("url") or (page.get("@id") if isinstance(page, dict) else page) or node.get("@id")
            if isinstance(address, str) and url_key(address.partition("#")[0]) == url_key(url):
                return node
    return next((node for node in articles if node.get("datePublished")), articles[0] if articles else None)


def _resolved(value: Any, by_id: dict[str, Node]) -> Node:
    """A value that may be a list, a URL or a reference, as one object."""
    first = value[0] if isinstance(value, list) and value else value
    if isinstance(first, str):
        return {"url": first, "name": first}
    if isinstance(first, dict):
        identity = first.get("@id")
        return by_id.get(identity, first) if isinstance(identity, str) and len(first) <= 2 else first
    return {}


def _names(value: Any, by_id: dict[str, Node]) -> tuple[str, ...]:
    """The names of persons or organisations, each once; a bare URL is no name."""
    found = (_text(_resolved(item, by_id), "name") for item in (value if isinstance(value, list) else [value])[:20])
    return tuple(dict.fromkeys(name for name in found if name and not name.startswith(("http://", "https://"))))


def _topics(node: Node) -> tuple[str, ...]:
    """articleSection, then keywords; a prefix such as "tag:" is not part of one."""
    found: list[str] = []
    for name in ("articleSection", "keywords"):
        value = node.get(name)
        for item in value if isinstance(value, list) else [value]:
            text = plain(item) if isinstance(item, str) else _text(item, "name") if isinstance(item, dict) else ""
            found.extend(re.sub(r"^\w+:", "", part).strip() for part in re.split(r"[,;|]", text))
    return tuple(dict.fromkeys(topic for topic in found if 1 < len(topic) <= 60))[:15]


def _paid(node: Node) -> bool | None:
    """isAccessibleForFree of the article, or of a part of it that stands behind the wall."""
    parts = node.get("hasPart")
    said: Iterable[Any] = [node, *(parts if isinstance(parts, list) else [parts])]
    values = [str(part["isAccessibleForFree"]).rpartition("/")[2].lower() for part in said if _says_free(part)]
    return any(value in {"false", "no", "0"} for value in values) if values else None


def _says_free(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("isAccessibleForFree"), str | bool | int)


def _listed(node: Node) -> Iterator[str]:
    items = node.get("itemListElement")
    for item in items if isinstance(items, list) else []:
        inner = item.get("item", item) if isinstance(item, dict) else item
        address = _text(inner, "url", "@id") if isinstance(inner, dict) else inner
        if isinstance(address, str) and address:
            yield address
