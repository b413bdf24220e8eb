"""The last step before an article is ours: every field sound, or left out."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import msgspec

from digest.gather.lines import one_line
from digest.gather.urls import clean_url
from digest.model.article import Article

TITLE_CHARS = 300
LEAD_CHARS = 1_000
NAME_CHARS = 200
PARAGRAPH_CHARS = 5_000
MAX_PARAGRAPHS = 200
#: Clocks differ; what lies further ahead is a false date.
FUTURE = timedelta(hours=1)
#: Zero of many clocks is 1970: no newsroom's feed is older than this.
FIRST_YEAR = 1990
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_].*)?", re.IGNORECASE)


def clean_article(article: Article, now: datetime) -> Article | None:
    """The article with every text on one line and within bounds, only web addresses, and no false date.

    None where it has no title. Texts are taken as plain: turning markup into text is the source's part.
    """
    title = cut(one_line(article.title), TITLE_CHARS)
    if not any(letter.isalnum() for letter in title):
        return None
    published = article.published
    if published is not None and (published > now + FUTURE or published.year < FIRST_YEAR):
        published = None
    language = _LANGUAGE.fullmatch(article.language.strip())
    body = [cut(line, PARAGRAPH_CHARS) for paragraph in article.body[:MAX_PARAGRAPHS] if (line := one_line(paragraph))]
    return msgspec.structs.replace(
        article,
        title=title,
        kicker=cut(one_line(article.kicker), NAME_CHARS),
        lead=cut(one_line(article.lead), LEAD_CHARS),
        body=tuple(body),
        author=cut(one_line(article.author), NAME_CHARS),
        published=published,
        date_only=article.date_only and published is not None,
        url=clean_url(article.url) if article.url else None,
        image_url=clean_url(article.image_url) if article.image_url else None,
        image_credit=cut(one_line(article.image_credit), NAME_CHARS),
        picture_alt=cut(one_line(article.picture_alt), TITLE_CHARS),
        topics=_once(article.topics),
        related=_once(article.related),
        site=cut(one_line(article.site), NAME_CHARS),
        coins=_once(article.coins),
        language=language[1].lower() if language else "de",
    )


def cut(text: str, limit: int) -> str:
    """`text`, or as many of its words as go into `limit` characters with an ellipsis."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    if not text[limit - 1].isspace() and " " in head[limit // 2 :]:
        head = head.rpartition(" ")[0]
    return head.rstrip(" ,;:–-") + "…"


def _once(texts: tuple[str, ...]) -> tuple[str, ...]:
    lines = (cut(one_line(text), TITLE_CHARS) for text in texts)
    return tuple(dict.fromkeys(line for line in lines if line))
