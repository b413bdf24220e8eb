"""What an address would give as a source: a feed, a WordPress site, a page with feeds linked, an overview page or a
single article."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from digest.errors import FetchError, SourceError, UsageError
from digest.gather.base import Context
from digest.gather.collect import gather_source
from digest.gather.feed_links import FeedLink, feed_links, is_html
from digest.gather.fetch import Fetched, Fetcher, shown_url
from digest.gather.settings import SourceSettings
from digest.gather.wordpress_api import announced_posts, named_posts, posts_page, site_title
from digest.model.article import Article

#: Feeds of one page that are tried, and articles that are read of an overview page.
_MOST_FEEDS = 3
_MOST_PAGES = 8
_SHOWN = 5
_STALE = timedelta(days=7)
_SHORT = 40
_ONLY_ITSELF = "It is a page by itself, and would never bring another article: name a feed, or the overview it is on."


Kind = Literal["feed", "wordpress", "page"]


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One way to read the address. `articles` counts what it gave now; the others how many of them have that.

    `problems` are sentences about what readers would miss; `table` is the [[sources]] table to paste, empty where the
    address gives nothing this way.
    """

    type: Kind
    url: str
    name: str
    problems: tuple[str, ...]
    table: str = ""
    articles: int = 0
    newest: datetime | None = None
    oldest: datetime | None = None
    dated: int = 0
    authors: int = 0
    pictures: int = 0
    leads: int = 0
    paid: int = 0
    topics: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()


class TriedUrl(msgspec.Struct, frozen=True, kw_only=True):
    """What was found at `url`, the best way first; `what` says what is there in a few words."""

    url: str
    what: str
    candidates: tuple[Candidate, ...]

    @property
    def works(self) -> bool:
        return any(each.table for each in self.candidates)


def try_url(url: str, topics: Mapping[str, str], taken: Sequence[str], context: Context) -> TriedUrl:
    """Read the address and what it leads to, within the limits of [gather]; nothing is kept.

    `taken` are the names of sources that there are already. The address itself counts as named by the operator, what it
    leads to does not. Raises UsageError for what is no web address, SourceError where nothing is there.
    """
    try:
        named = urlsplit(url)
        usable = named.scheme in ("http", "https") and named.hostname
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(f"{shown_url(url)!r} is no web address such as https://www.news.example/feed.")
    try:
        fetched = context.fetcher.get(url, trusted=True)
    except FetchError as problem:
        raise SourceError(_host(url), str(problem)) from problem
    if named_posts(url):
        only = _try("wordpress", url, "", fetched, topics, taken, context)
        return TriedUrl(url=url, what="a WordPress site's REST API", candidates=(only,))
    if not is_html(fetched.content, fetched.content_type):
        return TriedUrl(url=url, what="a feed", candidates=(_try("feed", url, "", fetched, topics, taken, context),))
    links = feed_links(fetched.content, fetched.url)
    found = []
    if _gives_posts(fetched, context):
        found.append(_try("wordpress", url, site_title(fetched), fetched, topics, taken, context))
    found += [_try("feed", link.url, link.title, None, topics, taken, context) for link in links[:_MOST_FEEDS]]
    found.append(_try("page", url, "", fetched, topics, taken, context))
    # A stable sort: what gives something goes before what does not, a feed before the page.
    found.sort(key=lambda each: not each.table)
    return TriedUrl(url=url, what=_what(links, found), candidates=tuple(found))


def _gives_posts(page: Fetched, context: Context) -> bool:
    """Whether the page is of a WordPress site whose API answers us; else its feed is the better name for it."""
    posts = announced_posts(page)
    if posts is None:
        return False
    try:
        context.fetcher.get(posts_page(posts, 1, 1))
    except FetchError:
        return False
    return True


def _what(links: Sequence[FeedLink], found: Sequence[Candidate]) -> str:
    page = next(each for each in found if each.type == "page")
    kind = "an overview page" if page.table else "a single page" if page.articles else "a page without articles"
    if not links:
        return kind
    return f"{kind} that links to {'a feed' if len(links) == 1 else f'{len(links)} feeds'}"


def _try(
    kind: Kind,
    url: str,
    title: str,
    fetched: Fetched | None,
    topics: Mapping[str, str],
    taken: Sequence[str],
    context: Context,
) -> Candidate:
    name = _free(title or _host(url), taken)
    settings = SourceSettings(name=name, type=kind, url=url, max_items=_MOST_PAGES if kind == "page" else 30)
    try:
        fetched = fetched or context.fetcher.get(url)
        fetcher = _Prefetched(context.fetcher, url, fetched)
        articles = gather_source(settings, topics, msgspec.structs.replace(context, fetcher=fetcher))
    except (SourceError, FetchError) as problem:
        said = problem.problem if isinstance(problem, SourceError) else str(problem)
        return Candidate(type=kind, url=shown_url(url), name=name, problems=(_sentence(said),))
    only_itself = kind == "page" and [article.url or url for article in articles] in ([url], [fetched.url])
    dates = [article.published for article in articles if article.published]
    seen = Counter(topic for article in articles for topic in article.topics)
    return Candidate(
        type=kind,
        url=shown_url(url),
        name=name,
        problems=(_ONLY_ITSELF,) if only_itself else tuple(_problems(url, fetched, articles, context.now)),
        table="" if only_itself else source_table(settings),
        articles=len(articles),
        newest=max(dates, default=None),
        oldest=min(dates, default=None),
        dated=len(dates),
        authors=sum(bool(article.author) for article in articles),
        pictures=sum(bool(article.image_url) for article in articles),
        leads=sum(bool(article.lead or article.body) for article in articles),
        paid=sum(article.paid for article in articles),
        topics=tuple(topic for topic, _ in seen.most_common(12)),
        titles=tuple(article.title for article in articles[:_SHOWN]),
    )


class _Prefetched(Fetcher):
    """Answers one URL by what was fetched already. All others are asked for without trust: they stand in no settings,
    and a page may have named them."""

    def __init__(self, inner: Fetcher, url: str, fetched: Fetched) -> None:
        self.settings, self._inner, self._url, self._fetched = inner.settings, inner, url, fetched

    def get(self, url: str, *, trusted: bool = False) -> Fetched:  # noqa: ARG002, nothing is
        return self._fetched if url == self._url else self._inner.get(url)


def _problems(url: str, fetched: Fetched, articles: Sequence[Article], now: datetime) -> list[str]:
    """What an editor would want to know before the source is used."""
    count = len(articles)
    dates = [article.published for article in articles if article.published]
    lacking = {
        "have no date: they count as new when they are first seen": count - len(dates),
        "have no teaser and no text": sum(not (article.lead or article.body) for article in articles),
        "have no address of their own": sum(not article.url for article in articles),
        "have no picture": sum(not article.image_url for article in articles),
        "name no author": sum(not article.author for article in articles),
    }
    said = [
        f"{'All' if short == count else short} of {count} articles {what}." for what, short in lacking.items() if short
    ]
    if dates and now - max(dates) > _STALE:
        said.append(f"The newest article is {(now - max(dates)).days} days old: is this still kept up?")
    if any(date > now + timedelta(hours=1) for date in dates):
        said.append("Some articles are dated in the future.")
    if count and sum(len(article.lead) < _SHORT and not article.body for article in articles) * 2 > count:
        said.append("Most teasers are very short; readers would see little more than the titles.")
    if fetched.url.rstrip("/") != url.rstrip("/"):
        said.append(f"It answers from {shown_url(fetched.url)}; better name that address.")
    elif url.startswith("http://"):
        said.append("It is not https: whoever is on the way can change what your readers get.")
    return said


def source_table(settings: SourceSettings) -> str:
    """A source as it stands in the settings."""
    # A JSON string is a TOML one, too.
    values = {"name": settings.name, "type": settings.type, "url": settings.url}
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return "\n".join(["[[sources]]", *lines])


def _host(url: str) -> str:
    return (urlsplit(url).hostname or url).removeprefix("www.")


def _free(name: str, taken: Sequence[str]) -> str:
    if name not in taken:
        return name
    return next(other for number in range(2, len(taken) + 3) if (other := f"{name} {number}") not in taken)


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."
