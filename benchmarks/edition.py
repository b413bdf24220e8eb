"""The edition that the benchmarks send: articles of an ordinary length, made by rule."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from digest.market.sparkline import draw_sparkline
from digest.model.article import Article
from digest.model.delivery import Recipient
from digest.model.edition import EditionContent, EditionKind
from digest.model.market import Quote, Snapshot
from digest.model.newsletter import Newsletter
from digest.model.site import Site
from digest.render.compiling import compile_subject
from digest.render.environment import read_templates

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2025, 10, 17, 6, 10, tzinfo=ZONE)
_TOPICS = ("politik", "wirtschaft", "krypto", "technik", "kultur")
_SENTENCE = (
    "Der Stadtrat hat am Abend über den Haushalt beraten und die Gebühren für das kommende Jahr "
    "unverändert gelassen, obwohl die Kämmerin vor steigenden Ausgaben gewarnt hatte"
)
_WORDS = _SENTENCE.split()
COINS = ("BTC", "ETH", "LTC")


def make_content(articles: int) -> EditionContent:
    """An edition with that many articles."""
    content = EditionContent(
        site=Site(name="Messstelle", base_url="https://messung.example", imprint="Beispiel-Verlag, Berlin"),
        newsletter=Newsletter(slug="morgen", name="Der Morgen", lists=("morgen",), max_articles=60),
        kind=EditionKind.REGULAR,
        date=date(2025, 10, 17),
        at=NOW,
        subject="",
        articles=tuple(_article(number) for number in range(articles)),
        coins=COINS,
        currency="EUR",
        templates=read_templates("daily", None),
    )
    return replace(content, subject=compile_subject(content))


def _article(number: int) -> Article:
    turned = _WORDS[number % len(_WORDS) :] + _WORDS[: number % len(_WORDS)]
    return Article(
        title=f"Meldung {number}: {' '.join(turned[:7])}",
        kicker="Haushalt",
        source="Stadt",
        lead=f"{' '.join(turned)}. {' '.join(reversed(turned))}.",
        body=(" ".join(turned * 4),),
        author="Erika Beispiel",
        published=NOW,
        url=f"https://messung.example/2025/10/17/meldung-{number}",
        image_credit="Max Muster/Bildstelle",
        topics=(_TOPICS[number % len(_TOPICS)],),
        related=("Was die Gebühren für Familien bedeuten",),
        site="Messstelle",
    )


def _series(price: Decimal) -> tuple[Decimal, ...]:
    return (*(price * (950 + step * step % 97) / 1000 for step in range(28)), price)


SNAPSHOT = Snapshot(
    taken_at=NOW,
    provider="CoinGecko",
    quotes=tuple(
        Quote(
            coin=coin,
            price=Decimal(price),
            currency="EUR",
            provider="CoinGecko",
            at=NOW,
            change_24h=Decimal(change),
            change_7d=Decimal(change) * 2,
            series=(series := _series(Decimal(price))),
            sparkline=draw_sparkline(series),
        )
        for coin, price, change in (("BTC", "63412", "2.4"), ("ETH", "2318.6", "-1.3"), ("LTC", "84.2", "0.3"))
    ),
)


def make_recipient(number: int, articles: int, chosen: int = 10) -> Recipient:
    """Somebody who gets `chosen` of the articles, in an order of their own."""
    start = number % articles
    order = [(start + step * 7) % articles for step in range(articles)]
    return Recipient(
        address=f"person{number}@empfang.example",
        handle=f"{number:016x}",
        name=f"Änne Nummer {number}",
        form="Sie" if number % 2 else "du",
        greeting=f"Guten Morgen, Frau Dr. Nummer {number},",
        subject=f"Meldung für {number}",
        choice=bytes(dict.fromkeys(order))[:chosen],
        coins=COINS[number % 3 :],
        topics=("kultur", "technik"),
    )
