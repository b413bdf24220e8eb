"""Decide which picture readers are shown with each article, and fetch those that the site serves itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec.structs import replace

from digest.errors import FetchError
from digest.model.article import Article
from digest.render.weblinks import web_link

if TYPE_CHECKING:
    from digest.gather.hosted_pictures import HostedPicture

Mode = Literal["none", "hosted", "remote"]
#: Width of a lead's picture in CSS pixels.
SHOWN_WIDTH = 552
#: Pictures that are fetched at a time.
_AT_ONCE = 4


class ShownPicture(msgspec.Struct, frozen=True, kw_only=True):
    """`url` is what mail programs load; `width` in CSS pixels, 0 where nobody knows."""

    url: str
    width: int = 0


class PicturesReport(msgspec.Struct, frozen=True, kw_only=True):
    """By the address that the article's source named; and a sentence for each that could not be had."""

    shown: Mapping[str, ShownPicture] = {}
    warnings: tuple[str, ...] = ()


def fetch_pictures(
    articles: Sequence[Article],
    images: Mapping[str, Mode],
    earlier: Iterable[Article],
    host: Callable[[str], HostedPicture],
    picture_url: Callable[[str], str],
) -> PicturesReport:
    """The pictures of `articles`, by what `images` says of their sources (by name; no word is "none").

    What `earlier` articles were shown with is not fetched again. `host` fetches and keeps one, or raises FetchError;
    `picture_url` is where it is served then. An article whose picture fails goes without it.
    """
    shown = {
        article.image_url: ShownPicture(url=article.picture, width=article.picture_width)
        for article in earlier
        if article.image_url and article.picture.startswith(picture_url(""))
    }
    titles: dict[str, str] = {}
    warnings: list[str] = []
    for article in articles:
        url, mode = article.image_url or "", images.get(article.source, "none")
        if not url or mode == "none":
            continue
        link = web_link(url)
        if link is None:
            warnings.append(_without(article.title, f"{url[:100]} is no web address"))
        elif mode == "remote":
            shown[url] = ShownPicture(url=link)
        elif url not in shown:
            titles.setdefault(url, article.title)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for url, fetched in zip(titles, pool.map(lambda url: _try(host, url), titles), strict=True):
            if isinstance(fetched, FetchError):
                warnings.append(_without(titles[url], str(fetched)))
            else:
                shown[url] = ShownPicture(url=picture_url(fetched.name), width=min(fetched.width, SHOWN_WIDTH))
    return PicturesReport(shown=shown, warnings=tuple(warnings))


def with_pictures(articles: Iterable[Article], images: Mapping[str, Mode], pictures: PicturesReport) -> list[Article]:
    """The articles as readers are shown them: with their pictures, and with none but those of `pictures`."""
    done = []
    for article in articles:
        wanted = images.get(article.source, "none") != "none"
        shown = pictures.shown.get(article.image_url or "") if wanted else None
        if shown is None:
            done.append(replace(article, picture="", picture_width=0))
        else:
            alt = article.picture_alt or _default_alt(article)
            done.append(replace(article, picture=shown.url, picture_width=shown.width, picture_alt=alt))
    return done


def is_default_alt(article: Article) -> bool:
    """Whether nobody has said what is on its picture."""
    return article.picture_alt in ("", _default_alt(article))


def _default_alt(article: Article) -> str:
    return f"Bild zum Artikel: {article.title}"


def _try(host: Callable[[str], HostedPicture], url: str) -> HostedPicture | FetchError:
    try:
        return host(url)
    except FetchError as problem:
        return problem


def _without(title: str, problem: str) -> str:
    return f"The article {title!r} goes without its picture: {problem}"
