"""Made-up editions for the tests of this room. The same arguments give the same edition."""

from __future__ import annotations

import email
import email.policy
from datetime import date, datetime
from decimal import Decimal
from email.message import EmailMessage
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from digest.links import Links
from digest.market.sparkline import draw_sparkline
from digest.model.article import Article
from digest.model.delivery import Message, Recipient
from digest.model.edition import EditionContent, EditionKind
from digest.model.market import Quote, Snapshot
from digest.model.newsletter import Newsletter
from digest.model.site import Site
from digest.render.assemble import Assembler
from digest.render.compiling import compile_edition
from digest.render.environment import read_templates
from digest.render.shell import Shell

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2025, 10, 17, 6, 10, tzinfo=BERLIN)
LINKS = Links("https://kurier.example", b"k" * 32)
CHANGES = {"BTC": ("63412.1", "2.4"), "ETH": ("2184.20", "-1.3"), "LTC": ("84.2", "0.01")}
WEEKS = {
    "BTC": ("4.9", ("60449.95", "61711.62", "60348.23", "63412.1")),
    "ETH": ("-6.0", ("2323.6", "2250", "2184.20")),
    "LTC": ("0.0", ("84.2", "85.1", "84.2")),
}


def article(number: int = 0, **changes: Any) -> Article:
    told = {
        "title": f"Überschrift Nummer {number} über die Straße",
        "source": "kurier",
        "kicker": f"Dachzeile {number}",
        "lead": f"Der Vorspann {number} sagt, worum es geht, und ist länger als eine Zeile im Textteil der Mail.",
        "author": "Jana Größer",
        "published": NOW,
        "url": f"https://kurier.example/artikel/{number}?a=1&b=2",
        "image_credit": "Ole Groß/dpa",
        "related": (f"Ein verwandter Artikel {number}",),
        "site": "Kurier.example",
        "body": ("Wort " * 450,),
    }
    return Article(**(told | changes))


def site(**changes: Any) -> Site:
    told = {
        "name": "Kurier",
        "base_url": "https://kurier.example",
        "sender": "digest@news.example",
        "imprint": "Kurier Verlag, Gasse 1, 10115 Berlin",
        "responsible": "Erika Beispiel, Gasse 1, 10115 Berlin",
        "privacy_url": "https://kurier.example/datenschutz",
    }
    return Site(**(told | changes))


def newsletter(**changes: Any) -> Newsletter:
    return Newsletter(**({"slug": "morgen", "name": "Kurier am Morgen", "lists": ("morgen",)} | changes))


@lru_cache(maxsize=1)
def shipped() -> dict[str, str]:
    return read_templates("daily", None)


def content(articles: tuple[Article, ...] | int = 3, **changes: Any) -> EditionContent:
    told = {
        "site": site(),
        "newsletter": newsletter(),
        "kind": EditionKind.REGULAR,
        "date": date(2025, 10, 17),
        "at": NOW,
        "subject": "Der Betreff",
        "articles": tuple(map(article, range(articles))) if isinstance(articles, int) else articles,
        "coins": ("BTC", "ETH", "LTC"),
        "currency": "EUR",
        "templates": shipped(),
    }
    return EditionContent(**(told | changes))


def drawn(quote: Quote) -> Quote:
    """The quote with its seven days and their picture."""
    change, series = WEEKS[quote.coin]
    points = tuple(map(Decimal, series))
    return msgspec.structs.replace(quote, change_7d=Decimal(change), series=points, sparkline=draw_sparkline(points))


def full_snapshot(*coins: str) -> Snapshot:
    """All that a provider can give, with pictures for `coins` (all of them where none is named)."""
    plain = snapshot()
    quotes = tuple(drawn(quote) if quote.coin in (coins or WEEKS) else quote for quote in plain.quotes)
    return msgspec.structs.replace(plain, quotes=quotes)


def snapshot(provider: str = "CoinGecko") -> Snapshot:
    quotes = tuple(
        Quote(
            coin=coin,
            price=Decimal(price),
            currency="EUR",
            provider=provider,
            at=NOW,
            change_24h=Decimal(change),
        )
        for coin, (price, change) in CHANGES.items()
    )
    return Snapshot(taken_at=NOW, provider=provider, quotes=quotes)


def recipient(**changes: Any) -> Recipient:
    told = {
        "address": "anna@leser.example",
        "handle": "0123456789abcdef",
        "name": "Anna Weber",
        "form": "Sie",
        "greeting": "Guten Morgen, Frau Dr. Weber,",
        "subject": "Der Betreff",
        "choice": b"\x00\x01\x02",
        "coins": ("BTC", "ETH", "LTC"),
    }
    return Recipient(**(told | changes))


@lru_cache(maxsize=64)
def _compiled(stored: bytes) -> Shell:
    return compile_edition(msgspec.json.decode(stored, type=EditionContent))


def assembler(edition: EditionContent, prices: Snapshot | None = None, **options: Any) -> Assembler:
    return Assembler(_compiled(edition.to_json()), edition, 1, prices, LINKS, **options)


def parse(message: Message) -> EmailMessage:
    parsed = email.message_from_bytes(message.data, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def parts(message: Message) -> tuple[str, str]:
    """The decoded text and HTML, with \\n as line end."""
    bodies = [part for part in parse(message).walk() if part.get_content_maintype() == "text"]
    text, html = (part.get_content().replace("\r\n", "\n") for part in bodies)
    return text, html
