"""What a template sees. `docs/templates.md` is the list for designers; keep both alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from markupsafe import Markup

from digest import german
from digest.model.article import Article
from digest.model.edition import EditionContent
from digest.model.market import COIN_NAMES
from digest.model.site import Form
from digest.render.marks import Marks, SlotNames, only
from digest.render.weblinks import web_link

#: Direction of a price -> its arrow and its word, for readers who see no colours.
DIRECTIONS = {"up": ("▲", "gestiegen"), "down": ("▼", "gefallen"), "flat": ("►", "unverändert"), "none": ("", "")}


class CoinRow(msgspec.Struct, frozen=True, kw_only=True):
    """One coin's row for one direction of its price. `price` and `change` are edition slots."""

    key: str
    coin: str
    name: str
    direction: str
    arrow: str
    word: str
    price: Markup
    change: Markup


class RelatedTitle(msgspec.Struct, frozen=True, kw_only=True):
    """ "Lesen Sie auch": `url` only where the same edition carries that article."""

    title: str
    url: str | None


class ArticleView(msgspec.Struct, frozen=True, kw_only=True):
    """An article as a template sees it: its number in the edition, its date in words, its link fit for mail."""

    number: int
    article: Article
    dated: str
    minutes: int
    url: str | None
    related: tuple[RelatedTitle, ...]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.article, name)


def view_articles(content: EditionContent) -> list[ArticleView]:
    """Every article's view; `dated` is "17. Oktober 2025" or "17. Oktober 2025, 14.05 Uhr", or empty."""
    links = {article.title: web_link(article.url) for article in content.articles}
    views = []
    for number, article in enumerate(content.articles):
        dated = ""
        if article.published is not None:
            local = article.published.astimezone(content.site.zone)
            dated = german.short_date(local.date())
            if not article.date_only:
                dated = f"{dated}, {german.time_of_day(local)}"
        words = sum(len(paragraph.split()) for paragraph in article.body)
        views.append(
            ArticleView(
                number=number,
                article=article,
                dated=dated,
                minutes=german.reading_minutes(words) if words else 0,
                url=web_link(article.url),
                related=tuple(
                    RelatedTitle(title=title, url=links.get(title))
                    for title in article.related
                    if title != article.title
                ),
            )
        )
    return views


def coin_rows(coins: Iterable[str], marks: Marks) -> list[CoinRow]:
    """Every coin in every direction: which of them is shown is known only when sending begins."""
    return [
        CoinRow(
            key=f"{coin}:{direction}",
            coin=coin,
            name=COIN_NAMES.get(coin, coin),
            direction=direction,
            arrow=arrow,
            word=word,
            price=marks.slot(f"price:{coin}"),
            change=marks.slot(f"change:{coin}"),
        )
        for coin in coins
        for direction, (arrow, word) in DIRECTIONS.items()
    ]


def subject_variables(content: EditionContent) -> dict[str, Any]:
    """What `subject.txt.j2` sees: nothing of a recipient."""
    return {
        "site": content.site,
        "newsletter": content.newsletter,
        "brand": content.newsletter.brand,
        "brand_name": content.newsletter.brand.name or content.newsletter.name,
        "date": content.date,
        "articles": view_articles(content),
    }


def edition_variables(content: EditionContent, form: Form, part: str, marks: Marks) -> dict[str, Any]:
    """What the two edition templates see; `part` is "html" or "text"."""
    return subject_variables(content) | {
        "subject": content.subject,
        "form": form,
        "sie_du": only(form),
        "slot": SlotNames(marks),
        "coins": coin_rows(content.coins, marks),
        "currency": content.currency,
        "market": {
            "time": marks.slot("market:time"),
            "provider": marks.slot("market:provider"),
            "provider_url": marks.slot("market:provider_url"),
        },
        "_marks": marks,
        "_part": part,
    }
