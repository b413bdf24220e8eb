"""Two whole messages, byte by byte.

After a change that is meant: UPDATE_GOLDEN=1 make test, and look at the difference.
"""

from __future__ import annotations

import os
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from digest.links import Links
from digest.model.article import Article
from digest.model.delivery import Message, Recipient
from digest.model.edition import EditionContent, EditionKind
from digest.model.market import Quote, Snapshot
from digest.model.newsletter import Newsletter
from digest.model.site import Site
from digest.render.assemble import Assembler
from digest.render.compiling import compile_edition, compile_subject
from digest.render.environment import read_templates

HERE = Path(__file__).parent
AT = datetime(2025, 10, 17, 6, 30, tzinfo=ZoneInfo("Europe/Berlin"))
ARTICLES = (
    Article(
        title="Bundestag streitet über die Reform der Netzentgelte",
        source="kurier",
        kicker="Energiepolitik",
        lead="Die Koalition will Stromkunden im Norden entlasten. Wer am Ende zahlt, ist offen.",
        body=("Wort " * 700,),
        author="Johanna Brandt",
        published=AT.replace(hour=5, minute=5),
        url="https://kurier.example/politik/netzentgelte?utm=ä&b=2",
        image_credit="Michaela Groß/dpa",
        picture=f"https://kurier.example/bilder/{'0f' * 32}.jpg",
        picture_alt="Strommasten bei Nacht",
        picture_width=552,
        related=("Kleine Brauereien schließen sich zusammen", "Was ein Netzentgelt ist"),
        site="Kurier.example",
    ),
    Article(
        title="Kleine Brauereien schließen sich zusammen",
        source="kurier",
        kicker="Mittelstand",
        lead="Sieben Betriebe aus Franken kaufen künftig gemeinsam ein – und hoffen auf 2,4\u00a0Prozent mehr Umsatz.",
        body=("Wort " * 200,),
        author="Tobias Lindner, Mehmet Aydın",
        published=AT.replace(hour=0, minute=0),
        date_only=True,
        url="https://kurier.example/wirtschaft/brauereien",
        site="Kurier.example",
        paid=True,
    ),
    Article(title="Eine Meldung, von der wir nur die Überschrift haben: „{{ 7*7 }}“ & <b>", source="agentur"),
)
CONTENT = EditionContent(
    site=Site(
        name="Kurier",
        base_url="https://kurier.example",
        sender="morgen@news.kurier.example",
        sender_name="Kurier am Morgen",
        reply_to="leser@kurier.example",
        imprint="Kurier Verlag GmbH, Gasse 1, 10115 Berlin\nGeschäftsführung: Erika Beispiel, HRB 12345 B",
        responsible="Erika Beispiel, Gasse 1, 10115 Berlin",
        privacy_url="https://kurier.example/datenschutz",
    ),
    newsletter=Newsletter(slug="morgen", name="Kurier für den Morgen", lists=("morgen",)),
    kind=EditionKind.REGULAR,
    date=date(2025, 10, 17),
    at=AT,
    subject="",
    articles=ARTICLES,
    coins=("BTC", "ETH", "LTC"),
    currency="EUR",
    templates={},
)
PRICES = Snapshot(
    taken_at=AT.replace(minute=10),
    provider="CoinGecko",
    quotes=tuple(
        Quote(
            coin=coin,
            price=Decimal(price),
            currency="EUR",
            provider="CoinGecko",
            at=AT.replace(minute=10),
            change_24h=Decimal(change) if change else None,
            change_7d=Decimal(week) if week else None,
            series=(Decimal(first), Decimal(price)) if first else (),
            sparkline=(HERE / f"{coin}.png").read_bytes() if first else b"",
        )
        for coin, price, change, week, first in (
            ("BTC", "63412.49", "2.44", "4.9", "60449.95"),
            ("ETH", "2184.5", "-1.26", "-5.99", "2323.6"),
            ("LTC", "84.2", "", "", ""),
        )
    ),
)
PEOPLE = {
    "sie": Recipient(
        address="c.weber@leser.example",
        handle="00112233445566ff",
        name="Dr. Clara Weber-Groß",
        form="Sie",
        greeting="Guten Morgen, Frau Dr. Weber-Groß,",
        subject="",
        choice=b"\0\1\2",
        coins=("BTC", "ETH", "LTC"),
    ),
    "du": Recipient(
        address="anna@leser.example",
        handle="ffeeddccbbaa9900",
        name="Anna",
        form="du",
        greeting="Guten Morgen!",
        subject="Eigener Betreff – 😀",
        choice=b"\1\0",
        coins=("LTC",),
    ),
}


def golden_message(name: str) -> Message:
    content = msgspec.structs.replace(CONTENT, templates=read_templates("daily", None))
    content = msgspec.structs.replace(content, subject=compile_subject(content))
    assembler = Assembler(compile_edition(content), content, 7, PRICES, Links("https://kurier.example", b"golden" * 6))
    person = PEOPLE[name]
    return assembler.message(msgspec.structs.replace(person, subject=person.subject or content.subject), AT)


@pytest.mark.parametrize("name", PEOPLE)
def test_the_message_is_the_golden_one(name: str) -> None:
    file = HERE / f"{name}.eml"
    made = golden_message(name).data
    if os.environ.get("UPDATE_GOLDEN") == "1":
        file.write_bytes(made)
    assert made == file.read_bytes()
