"""What the plug-in Yoast SEO adds to a post (`yoast_head_json`): help where WordPress itself says nothing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import msgspec

from digest.gather.html_text import plain
from digest.gather.wordpress_json import at, items, text

#: A graph has a few nodes; a hostile one has no end.
_MAX_NODES = 200
_ARTICLES = ("Article", "NewsArticle", "BlogPosting", "Report", "OpinionNewsArticle", "AnalysisNewsArticle")


class YoastHead(msgspec.Struct, frozen=True, kw_only=True):
    """Plain text; empty where it says nothing. `image_url` may be relative, `published` is as it was written."""

    author: str = ""
    description: str = ""
    published: str = ""
    image_url: str = ""
    site: str = ""
    language: str = ""
    topics: tuple[str, ...] = ()
    paid: bool = False


def read_yoast(head: object) -> YoastHead:
    """The facts of a post's `yoast_head_json`, whatever it is."""
    article = next(_articles(head), {})
    named = (text(at(head, "author")), text(at(article, "author", "name")))
    sections, keywords = at(article, "articleSection"), at(article, "keywords")
    return YoastHead(
        author=next((name for raw in named if (name := plain(raw))), ""),
        description=plain(text(at(head, "description")) or text(at(head, "og_description"))),
        published=text(at(head, "article_published_time")) or text(at(article, "datePublished")),
        image_url=text(at(head, "og_image", 0, "url")) or text(at(article, "thumbnailUrl")),
        site=plain(text(at(head, "og_site_name"))),
        language=text(at(article, "inLanguage")) or text(at(head, "og_locale")),
        topics=tuple(name for raw in (*_texts(sections), *_texts(keywords)) if (name := plain(raw))),
        paid=at(article, "isAccessibleForFree") in (False, "False", "false"),
    )


def _articles(head: object) -> Iterator[object]:
    for node in islice(items(at(head, "schema", "@graph")), _MAX_NODES):
        kinds = at(node, "@type")
        if any(kind in _ARTICLES for kind in (kinds if isinstance(kinds, list) else [kinds])):
            yield node


def _texts(value: object) -> list[str]:
    """A text, or the texts of a list."""
    return [each for each in (items(value) or [value]) if isinstance(each, str)]
