"""Pages that lead to articles: which they are, and where they lead. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from digest.gather.jsonld import read_jsonld
from digest.gather.page_tree import is_outside, metadata, text_of, with_class
from digest.gather.urls import clean_url, url_key

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_TEASER = re.compile(r"teaser|article|story|entry|post|card|headline|title|news|item|meldung|beitrag", re.IGNORECASE)
#: First or any path segments that lead to no article.
_ELSEWHERE = frozenset(
    {
        *("tag", "tags", "thema", "themen", "schlagwort", "kategorie", "category", "categories", "ressort", "rubrik"),
        *("autor", "autoren", "author", "authors", "profil", "user", "suche", "search", "login", "logout", "anmelden"),
        *("registrieren", "register", "abo", "abonnement", "shop", "newsletter", "impressum", "datenschutz", "agb"),
        *("kontakt", "ueber-uns", "about", "contact", "privacy", "jobs", "karriere", "feed", "rss", "page", "seite"),
        *("wp-admin", "wp-login.php", "wp-content", "cart", "warenkorb", "werbung", "mediadaten", "hilfe", "faq"),
    }
)
_FILES = re.compile(r"\.(?:jpe?g|png|gif|webp|svg|pdf|zip|mp[34]|css|js|xml|json|ics|rss)$", re.IGNORECASE)
_DATED = re.compile(r"/(?:19|20)\d\d/\d{1,2}(?:/|$)|(?:19|20)\d\d-\d\d-\d\d")
_SECTION_WORDS = re.compile(
    r"/(?:artikel|article|articles|news|nachrichten|meldung(?:en)?|beitrag|story|politik|wirtschaft)/"
)
#: How sure a link must be to count as one to an article.
_SURE = 2
MAX_LINKS = 2_000


def is_overview(tree: HtmlElement, url: str | None) -> bool:
    """Whether the page leads to articles rather than being one. What speaks of an article itself wins."""
    facts, meta = read_jsonld(tree, url), metadata(tree)
    if facts.articles == 1 or (facts.articles == 0 and meta.get("og:type", "").lower() == "article"):
        return False
    links = article_links(tree, url or "https://page.invalid/")
    headed = sum(1 for link in tree.iter("a") if _is_headed(link) and not is_outside(link))
    home = url is not None and urlsplit(url).path in {"", "/"}
    allowed = 1_500 if facts.is_list else 800 if home else 250
    running = _running_text(tree)
    return len(links) >= (1 if facts.listed or running < 80 else 2) and running < allowed + 50 * headed


def _running_text(tree: HtmlElement) -> int:
    """The longest run of text in one place, in characters: paragraphs that stand together, without linked teasers."""
    longest = 0
    for parent in {paragraph.getparent() for paragraph in tree.iter("p")} - {None}:
        if is_outside(parent):
            continue
        texts = [text_of(child) for child in parent.iterchildren("p")]
        titles = sum(1 for child in parent.iterchildren(*_HEADINGS) if next(child.iter("a"), None) is not None)
        long = [len(text) for text in texts if len(text) >= 60]
        if len(long) > 1 and titles * 2 < len(long):
            longest = max(longest, sum(long))
        elif long and not titles:
            longest = max(longest, *long)
    return longest


def article_links(tree: HtmlElement, base: str) -> tuple[str, ...]:
    """The page's links to articles on its own site, each once, in document order; what its ItemList names is first.

    `base` is the page's address; a <base href> counts.
    """
    stated = next((clean_url(element.get("href") or "", base) for element in tree.iter("base")), None)
    root = stated or base
    listed = [address for item in read_jsonld(tree, base).listed if (address := _own(item, root, base))]
    rated = list(_rated(tree, root, base))
    sure = [address for address, rating in rated if rating >= _SURE]
    likely = sure or [address for address, rating in rated if rating >= 1]
    found: dict[str, str] = {}
    for address in (*listed, *likely):
        found.setdefault(url_key(address), address)
    return tuple(found.values())


def _rated(tree: HtmlElement, root: str, base: str) -> Iterator[tuple[str, int]]:
    """Addresses in document order, each with all that speaks for it on the page."""
    ratings: dict[str, int] = {}
    for count, link in enumerate(tree.iter("a")):
        address = _own(link.get("href") or "", root, base)
        if count >= MAX_LINKS:
            break
        if address:
            ratings[address] = max(ratings.get(address, -9), _rate(link, address))
    yield from ratings.items()


def _own(href: str, root: str, base: str) -> str | None:
    """The address of a page of the same site that could be an article, without its fragment; else None."""
    if not href or href.lstrip().startswith(("#", "mailto:", "javascript:", "tel:", "data:")):
        return None
    address = clean_url(href.strip().partition("#")[0], root)
    if address is None or url_key(address) == url_key(base):
        return None
    parts, own = urlsplit(address), urlsplit(base)
    segments = [segment for segment in parts.path.lower().split("/") if segment]
    other = _site(parts.hostname or "") != _site(own.hostname or "") or parts.port != own.port
    if other or not segments or _FILES.search(parts.path) or _ELSEWHERE.intersection(segments):
        return None
    return address


def _site(host: str) -> str:
    """What two hosts of one publisher share: the last two labels, or the whole of an IP address."""
    return host if re.fullmatch(r"[\d.]+|.*:.*", host) else ".".join(host.split(".")[-2:])


def _is_headed(link: HtmlElement) -> bool:
    """Whether the link is a headline's, from inside or outside."""
    above = any(parent.tag in _HEADINGS for parent in list(link.iterancestors())[:4])
    return above or next(link.iter(*_HEADINGS), None) is not None


def _rate(link: HtmlElement, address: str) -> int:
    """How much speaks for an article behind a link."""
    path, text = urlsplit(address).path.lower(), text_of(link)
    last = path.rstrip("/").rpartition("/")[2]
    rating = 2 * _is_headed(link)
    rating += 2 * (last.count("-") >= 2 or bool(re.search(r"\d{4,}", last)) or bool(_DATED.search(path)))
    rating += path.endswith((".html", ".htm", ".php", ".aspx")) or last[-1:].isdigit()
    rating += bool(_SECTION_WORDS.search(path))
    rating += len(text) >= 25 or len(text.split()) >= 4
    rating += any(parent.tag == "article" for parent in link.iterancestors())
    rating += next(with_class(iter([link, *list(link.iterancestors())[:3]]), _TEASER), None) is not None
    return rating - 4 * is_outside(link) - 2 * (not text)
