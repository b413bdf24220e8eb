"""Where a WordPress site's REST API is, and the addresses of its posts (developer.wordpress.org/rest-api). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit, urlunsplit

from digest.gather.feed_links import feed_links, head_links
from digest.gather.fetch import Fetched
from digest.gather.urls import clean_url

#: What a site calls the link to its API, in its head and in the header Link.
API_REL = "https://api.w.org/"
_FIELDS = (
    "id,date,date_gmt,guid,link,status,title,excerpt,content,class_list,meta,acf,authors,lang,"
    "jetpack_featured_media_url,yoast_head_json,_links,_embedded"
)
#: What we ask for, whatever the operator's address says.
_OURS = {"_embed": "author,wp:featuredmedia,wp:term", "_fields": _FIELDS, "orderby": "date", "order": "desc"}
#: What an archive page calls its own address in the API -> how posts are limited to those of the archive.
_ARCHIVES = {"categories": "categories", "tags": "tags", "users": "author"}
_ARCHIVE = re.compile(r"/wp/v2/(?P<kind>categories|tags|users)/(?P<id>\d{1,10})/?(?:$|[?&])")
#: A list of posts, of any type, or one of them; WordPress.com has all sites under one address.
_POSTS = re.compile(r"/wp/v2/(?:sites/[^/]+/)?[\w-]+(?:/\d+)?/?")
_ROOT = re.compile(r"/wp-json/?$")
_LINK = re.compile(r'<([^<>]{1,2000})>((?:\s{0,9};\s{0,9}[\w*-]{1,40}\s?=\s?(?:"[^"]{0,500}"|[^\s",;]{1,500}))*)')
_PARAMETER = re.compile(r'([\w*-]{1,40})\s?=\s?(?:"([^"]*)"|([^\s",;]+))')
#: Longer than any Link header that a site sends.
_HEADER_CHARS = 16_000


def named_posts(url: str) -> str | None:
    """The list of posts that the operator's `url` itself names, as the API's root or as a list; None for a page."""
    route = _route(url)
    if route is None:
        return None
    return url if _POSTS.fullmatch(route) else _under(url) if route.strip("/") == "" else None


def announced_posts(page: Fetched) -> str | None:
    """The list of posts at the API that a page announces; those of the archive alone where the page is one."""
    links = [(rels, url) for rels, _, url in _linked(page)]
    root = next((url for rels, url in links if API_REL in rels), None)
    if root is None:
        return None
    about = (_ARCHIVE.search(unquote(url)) for rels, url in links if "alternate" in rels)
    archive = next((found for found in about if found), None)
    only = ((_ARCHIVES[archive["kind"]], archive["id"]),) if archive else ()
    return _with(_under(root), only)


def guessed_posts(url: str) -> tuple[str, ...]:
    """Where the list of posts usually is, for a site that announces nothing: below `url`, then at the host's root."""
    places = dict.fromkeys((site_of(url), urljoin(url, "/")))
    return tuple(_under(root) for place in places for root in (f"{place}wp-json/", f"{place}?rest_route=/"))


def posts_page(posts: str, size: int, number: int) -> str:
    """The address of page `number` (from 1) of a list of posts, `size` on a page, the newest first."""
    paging = {"per_page": str(size)} | ({"page": str(number)} if number > 1 else {})
    return _with(posts, tuple((_OURS | paging).items()))


def feed_of(page: Fetched | None, url: str) -> str:
    """The feed to read instead: the first that the page names on its own host, else where WordPress has it."""
    links = feed_links(page.content, page.url) if page else []
    return next((link.url for link in links if same_host(link.url, url)), f"{site_of(url)}feed/")


def site_title(page: Fetched | None) -> str:
    """The site's name, from the feed that every WordPress page names ("Tagblatt » Feed"); "" for unknown."""
    links = feed_links(page.content, page.url) if page else []
    return next((title for link in links if (title := link.title.partition(" » ")[0]) != link.title), "")


def site_of(url: str) -> str:
    """The address of the site, or of the part of it, that `url` belongs to; ends in a slash."""
    parts = urlsplit(url)
    path = re.sub(r"/wp-json(?:/.*)?$|/[^/]*\.(?:php|html?)$", "/", parts.path)
    return urlunsplit((parts.scheme, parts.netloc, f"{path.rstrip('/')}/", "", ""))


def same_host(url: str, named: str) -> bool:
    """Whether both are the same server: scheme, name and port."""
    return _server(url) == _server(named)


def as_named(url: str, named: str) -> str:
    """`url` with the credentials of the operator's `named` address, where it is on the same host."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=urlsplit(named).netloc)) if same_host(url, named) else url


def _server(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _linked(page: Fetched) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Relations, type and address of what a page links to: in its header Link (RFC 8288), then in its head."""
    for href, parameters in _LINK.findall(page.headers.get("link", "")[:_HEADER_CHARS]):
        given = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(parameters)}
        if url := clean_url(href, page.url):
            yield tuple(given.get("rel", "").lower().split()), given.get("type", ""), url
    for link in head_links(page.content, page.url):
        if url := clean_url(link.url):
            yield link.rels, link.type, url


def _route(url: str) -> str | None:
    """The part of an address that the API reads; None where it is no address of an API."""
    parts = urlsplit(url)
    for name, value in parse_qsl(parts.query):
        if name == "rest_route":
            return value
    if _ROOT.search(parts.path):
        return ""
    start = parts.path.find("/wp/v2/")
    return parts.path[start:] if start >= 0 else None


def _under(root: str) -> str:
    """The list of posts of the API at `root`, which may be a path or a parameter (?rest_route=/)."""
    parts = urlsplit(root)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    if any(name == "rest_route" for name, _ in pairs):
        pairs = [(name, "/wp/v2/posts" if name == "rest_route" else value) for name, value in pairs]
        return urlunsplit(parts._replace(query=_query(pairs), fragment=""))
    below = "posts" if "/wp/v2/" in parts.path else "wp/v2/posts"
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{below}", fragment=""))


def _with(url: str, pairs: tuple[tuple[str, str], ...]) -> str:
    """`url` with these parameters in place of its own of the same names."""
    parts = urlsplit(url)
    ours = {name for name, _ in pairs} | ({"page", "offset"} if pairs else set())
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in ours]
    return urlunsplit(parts._replace(query=_query([*kept, *pairs]), fragment=""))


def _query(pairs: list[tuple[str, str]]) -> str:
    return urlencode(pairs, quote_via=quote, safe="/,:[]")
