"""What a template sees. `docs/templates.md` is the list for designers; keep both alike."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import msgspec
from markupsafe import Markup
from msgspec.structs import replace

from digest import german
from digest.links import sign_up_url
from digest.model.article import Article
from digest.model.edition import EditionContent
from digest.model.extras import Extras
from digest.model.market import COIN_NAMES
from digest.model.site import Form
from digest.render.letterhead import find_letterhead, letter_variables
from digest.render.marks import RECIPIENT_SLOTS, Marks, SlotNames, words_for
from digest.render.weblinks import web_link, with_params

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


class WeekRow(msgspec.Struct, frozen=True, kw_only=True):
    """One coin's row for one direction of its price in seven days, with or without its sparkline.

    `change`, `sparkline_url` and `sparkline_alt` are edition slots; without a sparkline the last two are empty.
    """

    key: str
    coin: str
    name: str
    direction: str
    arrow: str
    word: str
    change: Markup
    sparkline_url: Markup | str = ""
    sparkline_alt: Markup | str = ""


class RelatedTitle(msgspec.Struct, frozen=True, kw_only=True):
    """ "Lesen Sie auch": `url` only where the same edition carries that article."""

    title: str
    url: str | None


class ArticleView(msgspec.Struct, frozen=True, kw_only=True):
    """An article as a template sees it: its number in the edition, its date in words, its link fit for mail."""

    number: int
    article: Article
    dated: str
    day: str
    minutes: int
    url: str | None
    related: tuple[RelatedTitle, ...]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.article, name)


def view_articles(content: EditionContent) -> list[ArticleView]:
    """Every article's view; `dated` is "17. Oktober 2025" or "17. Oktober 2025, 14.05 Uhr", or empty.

    `day` is "Freitag, 17. Oktober", or empty.
    """
    links = {article.title: _article_link(article, number, content) for number, article in enumerate(content.articles)}
    views = []
    for number, article in enumerate(content.articles):
        dated = day = ""
        if article.published is not None:
            local = article.published.astimezone(content.site.zone)
            dated, day = german.short_date(local.date()), german.weekday_date(local.date())
            if not article.date_only:
                dated = f"{dated}, {german.time_of_day(local)}"
        words = sum(len(paragraph.split()) for paragraph in article.body)
        views.append(
            ArticleView(
                number=number,
                article=article,
                dated=dated,
                day=day,
                minutes=german.reading_minutes(words) if words else 0,
                url=_article_link(article, number, content),
                related=tuple(
                    RelatedTitle(title=title, url=links.get(title))
                    for title in article.related
                    if title != article.title
                ),
            )
        )
    return views


def _article_link(article: Article, number: int, content: EditionContent) -> str | None:
    """The article's address, with the newsletter's `link_params` where it is the site's own."""
    link = web_link(article.url)
    newsletter = content.newsletter
    if link is None or not newsletter.link_params:
        return link
    values = {"newsletter": newsletter.slug, "date": content.date.isoformat(), "position": str(number + 1)}
    params = newsletter.link_params.lstrip("?&")
    for name, value in values.items():
        params = params.replace(f"{{{name}}}", value)
    return with_params(link, params, content.site.base_url)


def view_extras(extras: Extras) -> Extras:
    """The same with every address fit for mail; what is no web address is none."""
    letter = extras.letter and replace(extras.letter, portrait=web_link(extras.letter.portrait) or "")
    return replace(
        extras,
        letter=letter,
        dates=tuple(replace(each, url=web_link(each.url) or "") for each in extras.dates),
        advertisements=tuple(replace(each, url=web_link(each.url) or "") for each in extras.advertisements),
    )


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


def week_rows(coins: Iterable[str], marks: Marks, *, pictures: bool) -> list[WeekRow]:
    """Every coin in every direction of seven days; with `pictures`, each also with its sparkline."""
    return [
        WeekRow(
            key=f"{coin}:{kind}:{direction}",
            coin=coin,
            name=COIN_NAMES.get(coin, coin),
            direction=direction,
            arrow=arrow,
            word=word,
            change=marks.slot(f"week:{coin}"),
            sparkline_url=marks.slot(f"coin:{coin}:sparkline_url") if kind == "sparkline" else "",
            sparkline_alt=marks.slot(f"coin:{coin}:sparkline_alt") if kind == "sparkline" else "",
        )
        for coin in coins
        for kind in (("sparkline", "week") if pictures else ("week",))
        for direction, (arrow, word) in DIRECTIONS.items()
    ]


def days_looked_back(content: EditionContent) -> tuple[date, date]:
    """The first and the last day that an edition looks back on: its own day is the last one, as readers count.

    On a Monday morning a newsletter of several days looks back on those that ended with Sunday.
    """
    count = max(1, round(content.newsletter.lookback_hours / 24))
    at = content.at.astimezone(content.site.zone)
    monday_morning = content.date.weekday() == 0 and at.hour < 12
    last = content.date - timedelta(days=1) if count > 1 and monday_morning else content.date
    return last - timedelta(days=count - 1), last


def subject_variables(content: EditionContent) -> dict[str, Any]:
    """What `subject.txt.j2` sees: nothing of a recipient."""
    return {
        "site": content.site,
        "newsletter": content.newsletter,
        "brand": content.newsletter.brand,
        "brand_name": content.newsletter.brand.name or content.newsletter.name,
        "date": content.date,
        "period": german.date_range(*days_looked_back(content)),
        "articles": view_articles(content),
        "extras": view_extras(content.extras),
        "sections": content.newsletter.sections,
        "sign_up_url": sign_up_url(content.site.base_url, content.newsletter.slug),
    }


def edition_variables(content: EditionContent, form: Form, part: str, marks: Marks) -> dict[str, Any]:
    """What the two edition templates see; `part` is "html" or "text"."""
    letterhead = find_letterhead(content)
    return {
        **subject_variables(content),
        **letter_variables(content),
        "subject": content.subject,
        "form": form,
        "sie_du": words_for(form),
        "slot": SlotNames(marks, letterhead.slots if letterhead else RECIPIENT_SLOTS),
        "coins": coin_rows(content.coins, marks),
        "weeks": week_rows(content.coins, marks, pictures=part == "html"),
        "currency": content.currency,
        "market": {
            "time": marks.slot("market:time"),
            "since": marks.slot("market:since"),
            "provider": marks.slot("market:provider"),
            "provider_url": marks.slot("market:provider_url"),
        },
        "_marks": marks,
        "_part": part,
    }
