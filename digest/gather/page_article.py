"""One page -> one article: JSON-LD first, then what the page shows, then trafilatura's own findings."""

from __future__ import annotations

import logging
import re
from copy import deepcopy
from datetime import datetime
from itertools import islice
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from lxml.html import HtmlElement
from trafilatura.core import bare_extraction
from trafilatura.settings import Document

from digest.gather.byline import join_names, read_byline
from digest.gather.coins import coins_in
from digest.gather.dates import parse_date
from digest.gather.feed_picture import clean_alt
from digest.gather.jsonld import Facts, read_jsonld
from digest.gather.lines import key_of, one_line
from digest.gather.page_body import BodyText, read_body
from digest.gather.page_head import HeadPart, read_headpart
from digest.gather.page_tree import is_outside, metadata, page_url, parse_page
from digest.gather.urls import clean_url
from digest.model.article import Article

#: On pages of more blocks trafilatura does without jusText, whose time grows with their square; or nothing is read.
MANY_BLOCKS, MAX_BLOCKS = 4_000, 30_000
#: They warn of what we report ourselves, with the source's name.
for _name in ("trafilatura", "htmldate"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)
_SUFFIX = re.compile(r"\s+[|–—·•»:-]+\s+")
_COMPANY = re.compile(r"\b(?:GmbH|AG|KG|Verlag|Redaktionsteam|Inc\.?|Ltd\.?)\b|://|@|_|^\w+ (?:De|Com|Net|Org|At|Ch)$")
_LOGIN = re.compile(r"^(?:admin\w*|editor|\S*[_@\d]\S*)$", re.IGNORECASE)
_CUT_OFF = re.compile(r"\s*[\[(]?(?:…|\.\.\.)[\])]?\s*(?:weiterlesen|mehr)?\s*$", re.IGNORECASE)
_ENDS = re.compile(r"[.!?:][“”\"»)’']*$")


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
    blocks = sum(1 for _ in islice(tree.iter("p", "div", "li", "td", "h1", "h2", "h3", "h4"), MAX_BLOCKS + 1))
    if blocks > MAX_BLOCKS:
        return None
    fast = blocks > MANY_BLOCKS
    found = bare_extraction(deepcopy(tree), url=address, include_comments=False, with_metadata=True, fast=fast)
    if not isinstance(found, Document):
        return None
    host = (urlsplit(address).hostname or "").removeprefix("www.") if address else ""
    site = _site(facts, meta, found, host)
    said = (facts.title, meta.get("og:title", ""), one_line(found.title or ""))
    titles = tuple(_without_site(title, site, host) for title in said)
    titles = tuple("" if key_of(title) == key_of(site) else title for title in titles)
    head = read_headpart(tree, titles)
    title = _title(head, titles)
    names = _names(facts, meta, found, site, host)
    body = read_body(found.body, tree, (title, head.title, f"{head.kicker} {title}", *titles), names, zone)
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
        picture_alt=clean_alt(meta.get("og:image:alt", "")) if image == meta.get("og:image") else "",
        topics=facts.topics or _topics(meta, found),
        related=body.related,
        site=site,
        coins=coins_in(" ".join((title, lead, *paragraphs))),
        language=_language(tree, facts, meta),
        paid=bool(facts.paid) or meta.get("article:content_tier", "").lower() in {"locked", "paid"},
    )


def _site(facts: Facts, meta: dict[str, str], found: Document, host: str) -> str:
    """The publisher's name; the host where the page names none."""
    named = (facts.site, meta.get("og:site_name", ""), meta.get("application-name", ""), one_line(found.sitename or ""))
    short = (name.partition(" | ")[0] for name in named)
    return next((name for name in short if name and len(name) <= 60 and "://" not in name), host)


def _without_site(title: str, site: str, host: str) -> str:
    """The title without the site's name, and a section before it, that a browser's title bar has at its end."""
    known = [key for key in (key_of(site), key_of(host.rpartition(".")[0])) if len(key) >= 3]
    cuts = list(_SUFFIX.finditer(title))
    last = key_of(title[cuts[-1].end() :]) if cuts else ""
    if not last or not any(name in last or (len(last) >= 3 and last in name) for name in known):
        return title.strip()
    section = len(cuts) > 1 and " " not in title[cuts[-2].end() : cuts[-1].start()].strip()
    return title[: cuts[-2 if section else -1].start()].strip()


def _title(head: HeadPart, titles: tuple[str, ...]) -> str:
    """What JSON-LD says, where it is whole; the shown headline where JSON-LD's is cut off or missing."""
    said, *others = titles
    if said and head.title and (said.endswith(("…", "...")) or key_of(head.title).startswith(key_of(said))):
        said = head.title
    title = next(filter(None, (said, head.title, *others)), "")
    if head.kicker and title.casefold().startswith(head.kicker.casefold()):
        title = title[len(head.kicker) :].lstrip(" :|–-") or title
    return title


def _names(facts: Facts, meta: dict[str, str], found: Document, site: str, host: str) -> tuple[str, ...]:
    """The authors: persons and agencies; no logins, no site or company, no address of a profile."""
    ours = {key_of(name.removesuffix(".de")) for name in (site, host, host.rpartition(".")[0])}
    for said in (facts.names, (meta.get("author", ""),), tuple(one_line(found.author or "").split("; "))):
        people = () if any(map(_COMPANY.search, said)) else said
        names = [name for text in people for name in read_byline(text) or ((text,) if " " in text else ())]
        kept = [name for name in names if len(name) <= 80 and key_of(name.removesuffix(".de")) not in ours]
        if kept:
            return tuple(dict.fromkeys(kept))
        if any(_LOGIN.search(text) for text in said):
            return ()
    return ()


def _published(
    tree: HtmlElement, facts: Facts, meta: dict[str, str], found: Document, zone: ZoneInfo
) -> tuple[datetime, bool] | None:
    """The first date that can be read; one with a time goes before a mere day."""
    said = [facts.published, meta.get("article:published_time", ""), meta.get("datepublished", "")]
    times = [time for time in tree.iter("time") if time.get("datetime") and not is_outside(time)][:5]
    marked = [time for time in times if "publish" in f"{time.get('itemprop')} {time.get('class')}".lower()]
    said += [time.get("datetime") for time in marked or times[:1]]
    said += [meta.get(name, "") for name in ("pubdate", "date", "dc.date.issued", "dc.date", "dcterms.created")]
    dates = [date for text in (*said, found.date or "") if text and (date := parse_date(text, zone))]
    exact = [date for date in dates if not date[1] and date[0].date() == dates[0][0].date()]
    return next(iter(exact or dates), None)


def _lead(
    head: HeadPart, facts: Facts, meta: dict[str, str], body: BodyText, title: str
) -> tuple[str, tuple[str, ...]]:
    """The lead and the body without it: the shown introduction, else the page's description of itself."""
    paragraphs = body.paragraphs
    said = [head.intro, facts.description, meta.get("og:description", ""), meta.get("description", "")]
    said = [max((other for other in said if _begins(other, text)), key=len) for text in said if len(text) >= 30]
    unwanted = {key_of(title), *map(key_of, facts.slogans)}
    text = next((text for text in said if key_of(text) not in unwanted and _is_about(text, title, paragraphs)), "")
    first = paragraphs[0] if paragraphs else ""
    if text and (_begins(first, text) or _begins(" ".join(paragraphs[:6]), text)):
        # The description is the text's own beginning: a short first paragraph is the lead, a long one has none.
        return (first, paragraphs[1:]) if len(first) <= 500 and len(paragraphs) > 1 else ("", paragraphs)
    lead = text if text == head.intro or _ENDS.search(text) else _whole_sentences(text)
    return lead, tuple(paragraph for paragraph in paragraphs if not lead or key_of(paragraph) != key_of(lead))


def _begins(text: str, start: str) -> bool:
    """Whether `text` begins as `start` does, but for the last letters of a start that was cut off."""
    key = key_of(start)
    return bool(key) and key_of(text[: len(start) * 2]).startswith(key[: max(len(key) - 8, 1)])


def _is_about(text: str, title: str, paragraphs: tuple[str, ...]) -> bool:
    """Whether a third of its words stand in the article too; a site's own slogan hardly has one."""
    words = set(re.findall(r"\w{4,}", " ".join((title, *paragraphs)).casefold()))
    own = re.findall(r"\w{4,}", text.casefold())
    return bool(own) and sum(word in words for word in own) * 3 >= len(own)


def _whole_sentences(text: str) -> str:
    """A description that was cut off, up to its last sentence's end; as it is where it may be whole."""
    bare = _CUT_OFF.sub("", text)
    ends = [match.end() for match in re.finditer(r"\w{3,}[.!?][“”\"»)]*(?=\s|$)", bare)]
    return bare[: ends[-1]] if ends else bare if bare == text and len(bare) < 140 else ""


def _topics(meta: dict[str, str], found: Document) -> tuple[str, ...]:
    said = [meta.get("article:section", ""), *(found.categories or ()), *(found.tags or ())]
    parts = (one_line(part) for text in said for part in re.split(r"[,;|]", text))
    return tuple(dict.fromkeys(part for part in parts if 1 < len(part) <= 60))[:15]


def _language(tree: HtmlElement, facts: Facts, meta: dict[str, str]) -> str:
    for said in (facts.language, tree.get("lang") or "", meta.get("og:locale", ""), meta.get("content-language", "")):
        if found := re.match(r"[A-Za-z]{2,3}(?=$|[-_])", said.strip()):
            return found[0].lower()
    return "de"
