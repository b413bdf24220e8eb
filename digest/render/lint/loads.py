"""Whatever opening the mail would fetch: only from the site's own host, and never to count readers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlsplit

import lxml.html

from digest.model.edition import EditionContent
from digest.render.lint.css import addresses
from digest.render.lint.findings import Finding, found
from digest.render.lint.rendition import Rendition, whole
from digest.render.lint.styles import inline_declarations, sheets
from digest.render.lint.tree import Element

#: Attributes of MJML and HTML elements whose address is fetched, not followed.
_FETCHED = frozenset(
    {
        "src",
        "srcset",
        "background",
        "background-url",
        "poster",
        "data",
        "thumbnails-src",
        "left-icon",
        "right-icon",
        "icon-wrapped-url",
        "icon-unwrapped-url",
    }
)
_PICTURES = frozenset({"img", "mj-image"})


def own_hosts(content: EditionContent) -> frozenset[str]:
    """The hosts that a mail may load from: the site's, and those of the brand's logos."""
    brand = content.newsletter.brand
    named = (content.site.base_url, brand.logo, brand.logo_dark)
    return frozenset(host for url in named if url and (host := _host(url)))


def check_loads(rendition: Rendition) -> Iterator[Finding]:
    hosts = own_hosts(rendition.content)
    remote = {article.image_url for article in rendition.content.articles if article.image_url}
    for element in rendition.tree:
        if element.name in _PICTURES and _is_pixel(element):
            problem = f"<{element.name}> is a picture of one pixel, which only counts who opens the mail."
            yield rendition.finding("tracking-pixel", element, problem)
        yield from _check_fonts(rendition, element, hosts)
        for attribute in element.tag.attributes:
            if attribute.name not in _FETCHED:
                continue
            for url in _urls(attribute.name, unescape(attribute.value)):
                yield from _check_url(rendition, url, attribute.start, hosts, remote)
            if element.name in _PICTURES and attribute.name == "src":
                yield from _check_address(rendition, element, unescape(attribute.value), attribute.start)
    for sheet in sheets(rendition):
        for rule in sheet.at_rules:
            if rule.selector.lower().startswith("@import"):
                problem = "@import loads another style sheet when the mail is opened."
                yield found("third-party", rendition.html.at(rule.start), rule.selector, problem)
        for rule in sheet.rules:
            for declaration in rule.declarations:
                for url in addresses(declaration.value):
                    yield from _check_url(rendition, url, declaration.start, hosts, remote)
    for declaration in inline_declarations(rendition):
        if declaration.name != "background-url":
            for url in addresses(declaration.value):
                yield from _check_url(rendition, unescape(url), declaration.start, hosts, remote)


def check_compiled_loads(rendition: Rendition, html: str) -> Iterator[Finding]:
    """What is loaded although the template does not say so, such as the default icons of mj-social."""
    hosts = own_hosts(rendition.content)
    source = unescape(rendition.html.text)
    for element in lxml.html.document_fromstring(html).iter(
        "img", "link", "script", "iframe", "video", "audio", "source"
    ):
        url = element.get("src") or (element.get("href") if element.tag == "link" else "") or ""
        if _is_foreign(url, hosts) and url not in source:
            problem = f"MJML's own default for an element loads {url} when the mail is opened."
            yield found(
                "third-party",
                whole(rendition.html),
                url,
                problem,
                remedy="Give the element an own src, or do without it.",
            )


def _check_fonts(rendition: Rendition, element: Element, hosts: frozenset[str]) -> Iterator[Finding]:
    if element.name == "mj-font":
        href = element.get("href")
        foreign = href is None or _is_foreign(unescape(href.value), hosts)
        problem = "<mj-font> loads a font when the mail is opened" + (", from somebody else." if foreign else ".")
        yield rendition.finding("third-party", element, problem)
    rel, href = element.get("rel"), element.get("href")
    if element.name == "link" and href and rel and {"stylesheet", "preload", "icon"} & set(rel.value.lower().split()):
        yield rendition.finding("third-party", element, f"<link> loads {href.value} when the mail is opened.")


def _check_url(
    rendition: Rendition, url: str, start: int, hosts: frozenset[str], remote: set[str]
) -> Iterator[Finding]:
    if not _is_foreign(url, hosts):
        return
    own = " or ".join(sorted(hosts))
    problem = f"Opening the mail would load this from {_host(url)}, not from {own}."
    if url in remote:
        remedy = 'Set images = "hosted" for the source, so that the site serves its pictures itself.'
        yield found("third-party", rendition.html.at(start), url, problem, level="warning", remedy=remedy)
    else:
        yield found("third-party", rendition.html.at(start), url, problem)


def _check_address(rendition: Rendition, element: Element, url: str, start: int) -> Iterator[Finding]:
    if rendition.html_marks.mark.search(url) or url.startswith(("http://", "https://", "cid:", "data:", "//")):
        return
    problem = f"The picture's address {url!r} is no whole address, so nothing will be shown."
    yield rendition.finding("picture-address", element, problem, start=start)


def _urls(attribute: str, value: str) -> list[str]:
    if attribute == "srcset":
        return [entry.split()[0] for entry in value.split(",") if entry.split()]
    return [value.strip()]


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _is_foreign(url: str, hosts: frozenset[str]) -> bool:
    return url.startswith(("http://", "https://", "//", "ftp://")) and _host(url) not in hosts


def _is_pixel(element: Element) -> bool:
    style = element.get("style")
    sizes = []
    for name in ("width", "height"):
        attribute = element.get(name)
        written = [attribute.value] if attribute else []
        if style:
            written += re.findall(rf"(?<![\w-]){name}\s*:\s*([\d.]+)(?:px)?\s*(?:;|$)", style.value)
        sizes.append(any(re.fullmatch(r"[01](?:\.\d+)?(?:px)?", value.strip()) for value in written))
    return any(sizes) if element.name == "mj-image" else all(sizes)
