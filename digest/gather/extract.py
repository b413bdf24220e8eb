"""One page -> one article: JSON-LD first, then what the page shows, then trafilatura's own findings."""

from __future__ import annotations

import re
from copy import deepcopy
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from lxml.html import HtmlElement
from trafilatura.core import bare_extraction

from digest.gather.address import clean_url
from digest.gather.bodytext import BodyText, read_body
from digest.gather.byline import join_names, read_byline
from digest.gather.coins import coins_in
from digest.gather.dates import parse_date
from digest.gather.headpart import HeadPart, read_headpart
from digest.gather.jsonld import Facts, read_jsonld
from digest.gather.lines import one_line
from digest.gather.tree import key_of, metadata, page_url, parse_page
from digest.model.article import Article

_SUFFIX = re.compile(r"\s+[|–—·•»:-]+\s+")
_SENTENCE = re.compile(r"^.*?[.!?…][“”\"»)]*(?=\s|$)")
_ENDS = re.compile(r"[.!?…:][“”\"»)’']*$")


def extract(content: bytes, url: str, *, source: str, zone: ZoneInfo) -> Article | None:
    """The article of the page `content`, read from `url` ("" where it came from a file); None where it has none.

    Never raises for bad markup or a wrong charset; sizes and depths are bounded.
    """
    tree = parse_page(content)
    return None if tree is None else extract_tree(tree, url, source=source, zone=zone)


def extract_tree(tree: HtmlElement, url: str, *, source: str, zone: ZoneInfo) -> Article | None:
    """As `extract`, for a page that is parsed already; `tree` stays as it is."""
    address = page_url(tree, url)
    facts, meta = read_jsonld(tree, address), metadata(tree)
    found = bare_extraction(deepcopy(tree), url=address, include_comments=False, with_metadata=True)
    if found is None:
        return None
    site = _site(facts, meta, found, address)
    titles = (facts.title, meta.get("og:title", ""), _without_site(one_line(found.title or ""), site, address))
    head = read_headpart(tree, titles)
    title = _title(head, titles, site, address)
    names = _names(facts, meta, found, site)
    body = read_body(found.body, tree, (title, f"{head.kicker} {title}", *titles), names, zone)
    lead, paragraphs = _lead(head, facts, meta, body, title)
    if not title or not (paragraphs or lead):
        return None
    published = _published(tree, facts, meta, found, zone)
    image = facts.image_url or meta.get("og:image", "") or meta.get("og:image:url", "") or (found.image or "")
    credit = head.credit or facts.image_credit or body.credit
    return Article(
        title=title,
        source=source,
        kicker="" if key_of(head.kicker) in {key_of(site), key_of(title)} else head.kicker,
        lead=lead,
        body=paragraphs,
        author=join_names(names),
        published=published[0] if published else None,
        date_only=bool(published and published[1]),
        url=address,
        image_url=clean_url(image, address) if image else None,
        image_credit=credit,
        topics=facts.topics or _topics(meta, found),
        related=body.related,
        site=site,
        coins=coins_in(" ".join((title, lead, *paragraphs))),
        language=_language(tree, facts, meta),
        paid=bool(facts.paid) or meta.get("article:content_tier", "").lower() in {"locked", "paid"},
    )


def _site(facts: Facts, meta: dict[str, str], found: Any, address: str | None) -> str:
    """The publisher's name; the host where the page names none."""
    host = (urlsplit(address).hostname or "").removeprefix("www.") if address else ""
    named = (facts.site, meta.get("og:site_name", ""), meta.get("application-name", ""), one_line(found.sitename or ""))
    return next((name for name in named if name and len(name) <= 60 and "://" not in name), host)


def _without_site(title: str, site: str, address: str | None) -> str:
    """The title without the site's name (and section) that a browser's title bar has after it."""
    host = key_of((urlsplit(address).hostname or "").removeprefix("www.").rpartition(".")[0]) if address else ""
    known = {key for key in (key_of(site), host) if len(key) >= 3}
    parts = _SUFFIX.split(title)
    for index in range(1, len(parts)):
        key = key_of(parts[-1])
        if any(name in key or (len(key) >= 3 and key in name) for name in known):
            start = title.find(parts[0]) + len(parts[0])
            for part in parts[1:-1]:
                start = title.find(part, start) + len(part)
            title = title[:start] if index else title
        break
    return title.strip()


def _title(head: HeadPart, titles: tuple[str, ...], site: str, address: str | None) -> str:
    """What JSON-LD says, where it is whole; the shown headline where JSON-LD's is cut off or missing."""
    said, og, bar = (_without_site(title, site, address) for title in titles)
    if said and head.title and (said.endswith(("…", "...")) or key_of(head.title).startswith(key_of(said))):
        said = head.title
    title = said or head.title or og or bar
    if head.kicker and title.casefold().startswith(head.kicker.casefold()):
        title = title[len(head.kicker) :].lstrip(" :|–-") or title
    return title


def _names(facts: Facts, meta: dict[str, str], found: Any, site: str) -> tuple[str, ...]:
    """The authors: persons and agencies; no logins, no site, no address of a profile."""
    for said in (facts.names, (meta.get("author", ""),), tuple(one_line(found.author or "").split("; "))):
        names: list[str] = []
        for name in said:
            names.extend(read_byline(name) or ((name,) if " " in name and len(name) <= 80 else ()))
        kept = [name for name in names if key_of(name) and not _is_login(name) and key_of(name) not in key_of(site)]
        if kept:
            return tuple(dict.fromkeys(kept))
    return ()


def _is_login(name: str) -> bool:
    return (
        "://" in name or "@" in name or "_" in name or name.lower() in {"admin", "administrator", "redaktion", "editor"}
    )


def _published(
    tree: HtmlElement, facts: Facts, meta: dict[str, str], found: Any, zone: ZoneInfo
) -> tuple[datetime, bool] | None:
    """The first date that can be read; one with a time goes before a mere day."""
    said = [facts.published, meta.get("article:published_time", ""), meta.get("datepublished", "")]
    said += [meta.get(name, "") for name in ("date", "dc.date", "dcterms.created", "dc.date.issued", "publish-date")]
    times = [element for element in tree.iter("time") if element.get("datetime")][:5]
    marked = [time for time in times if "publish" in f"{time.get('itemprop')} {time.get('class')}".lower()]
    said += [time.get("datetime") for time in marked] + [found.date or ""]
    dates = [date for text in said if text and (date := parse_date(text, zone))]
    if not dates:
        dates = [date for time in times if (date := parse_date(time.get("datetime"), zone))]
    exact = [date for date in dates if not date[1] and date[0].date() == dates[0][0].date()]
    return next(iter(exact or dates), None)


def _lead(
    head: HeadPart, facts: Facts, meta: dict[str, str], body: BodyText, title: str
) -> tuple[str, tuple[str, ...]]:
    """The lead and the body without it: the shown introduction, else the page's description of itself."""
    paragraphs = body.paragraphs
    first = paragraphs[0] if paragraphs else ""
    words = {word for word in re.findall(r"\w{4,}", " ".join((title, *paragraphs)).casefold())}
    slogans = {key_of(slogan) for slogan in facts.slogans}
    for text in (head.intro, facts.description, meta.get("og:description", ""), meta.get("description", "")):
        key = key_of(text)
        own = re.findall(r"\w{4,}", text.casefold())
        if len(text) < 30 or key in slogans or key == key_of(title) or not own:
            continue
        if sum(word in words for word in own) * 3 < len(own):
            continue
        if key_of(first) == key or (len(first) <= 500 and key_of(first).startswith(key[: max(len(key) - 3, 20)])):
            return first, paragraphs[1:]
        lead = text if _ENDS.search(text) or text == head.intro else _whole_sentences(text)
        if lead and key_of(lead) not in key_of(first):
            return lead, tuple(paragraph for paragraph in paragraphs if key_of(paragraph) != key_of(lead))
        if lead:
            return "", paragraphs
    return "", paragraphs


def _whole_sentences(text: str) -> str:
    """A description that was cut off, up to its last sentence's end; as it is where it is short enough to be whole."""
    text = re.sub(r"\s*(?:…|\.\.\.|\[…\]|\[\.\.\.\])\s*(?:weiterlesen|mehr)?\s*$", "", text, flags=re.IGNORECASE)
    ends = [match.end() for match in re.finditer(r"\w{3,}[.!?][“”\"»)]*(?=\s|$)", text)]
    return text[: ends[-1]] if ends else text if len(text) < 140 else ""


def _topics(meta: dict[str, str], found: Any) -> tuple[str, ...]:
    said = [meta.get("article:section", ""), *(found.categories or ()), *(found.tags or ())]
    parts = (one_line(part) for text in said for part in re.split(r"[,;|]", text))
    return tuple(dict.fromkeys(part for part in parts if 1 < len(part) <= 60))[:15]


def _language(tree: HtmlElement, facts: Facts, meta: dict[str, str]) -> str:
    for said in (facts.language, tree.get("lang") or "", meta.get("og:locale", ""), meta.get("content-language", "")):
        if found := re.match(r"[A-Za-z]{2,3}(?=$|[-_])", said.strip()):
            return found[0].lower()
    return "de"
