"""What every message on the wire must be, read from its bytes."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from digest.links import read_token
from digest.model.market import Quote, Snapshot
from digest.render.assemble import Envelope
from tests.unit.render.made_up import (
    NOW,
    article,
    assembler,
    content,
    newsletter,
    parse,
    parts,
    recipient,
    site,
    snapshot,
)

MAKER = assembler(content(3), snapshot())
PREHEADER = re.compile(r'<div style="display:none[^>]*>(.*?)</div>')
ONCE = ("From", "To", "Date", "Subject", "Message-ID", "MIME-Version", "Content-Type", "List-Unsubscribe", "List-Id")


def without_preheader(page: str) -> str:
    return PREHEADER.sub("", page)


def test_each_header_comes_once_and_the_text_part_comes_first() -> None:
    parsed = parse(MAKER.message(recipient(name="Änne Groß-Müller", subject="Grüße 😀 " * 20), NOW))
    assert {name: len(parsed.get_all(name)) for name in ONCE} == dict.fromkeys(ONCE, 1)
    assert parsed.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in parsed.iter_parts()] == ["text/plain", "text/html"]
    for part in parsed.iter_parts():
        assert part.get_content_charset() == "utf-8"
        assert part["Content-Transfer-Encoding"] == "quoted-printable"
    assert [part.defects for part in parsed.walk()] == [[], [], []]


def test_the_bytes_are_fit_for_the_wire() -> None:
    data = MAKER.message(recipient(name="Änne", subject="Ü" * 300), NOW).data
    assert data.isascii()
    assert data.count(b"\r\n") == data.count(b"\r") == data.count(b"\n")
    # A link is one word, which nothing can fold.
    assert all(len(line) <= 78 for line in data.split(b"\r\n") if not line.startswith((b" <https:", b" <mailto:")))
    # No dot to stuff, and already in the relaxed form that DKIM signs (RFC 6376, 3.4.4).
    assert not re.search(rb"\r\n\.|[ \t]\r\n|  |\t", data.partition(b"\r\n\r\n")[2])


def test_one_click_unsubscribe_says_the_same_as_the_visible_link() -> None:
    message = MAKER.message(recipient(), NOW)
    parsed = parse(message)
    web, mailto = re.findall("<([^>]+)>", str(parsed["List-Unsubscribe"]))
    assert parsed["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mailto.startswith("mailto:digest@news.example?subject=Abmelden%20")
    assert read_token(b"k" * 32, "unsubscribe", web.rpartition("/")[2]) == ("0123456789abcdef", 1)
    for part in parts(message):
        assert web in part
    assert b"=?" not in message.data.partition(b"List-Unsubscribe:")[2].partition(b"List-Id")[0]


def test_the_same_delivery_gives_the_same_bytes_and_another_does_not() -> None:
    first = MAKER.message(recipient(), NOW)
    again = assembler(content(3), snapshot()).message(recipient(), NOW.astimezone(UTC))
    assert first == again
    later = MAKER.message(recipient(), NOW + timedelta(days=1))
    other = MAKER.message(recipient(handle="0123456789abcdee"), NOW)
    assert later.message_id == first.message_id
    assert later.data != first.data
    assert other.message_id != first.message_id


def test_the_date_is_the_given_one_in_the_sites_zone() -> None:
    assert parse(MAKER.message(recipient(), datetime(2025, 12, 1, 5, 0, tzinfo=UTC)))["Date"] == (
        "Mon, 01 Dec 2025 06:00:00 +0100"
    )


def test_no_text_but_the_chosen_articles_in_the_chosen_order() -> None:
    for part in map(without_preheader, parts(MAKER.message(recipient(choice=b"\2\0"), NOW))):
        places = [part.find(article(number).title) for number in (2, 0)]
        assert 0 <= places[0] < places[1]
        assert article(1).title not in part


def test_articles_are_numbered_in_the_readers_own_order() -> None:
    text, _ = parts(MAKER.message(recipient(choice=b"\2\0\1"), NOW))
    assert re.findall(r"^\[(\d+)\] (.*)$", text, re.MULTILINE) == [
        (str(place + 1), article(number).title) for place, number in enumerate((2, 0, 1))
    ]


def test_coins_come_in_the_readers_own_order_with_sign_arrow_and_word() -> None:
    text, html = parts(MAKER.message(recipient(coins=("LTC", "BTC")), NOW))
    assert re.findall(r"^(Bitcoin|Ether|Litecoin)", text, re.MULTILINE) == ["Litecoin", "Bitcoin"]
    assert re.findall(r">(Bitcoin|Ether|Litecoin)<", html) == ["Litecoin", "Bitcoin"]
    assert "Litecoin         84,20\u00a0€      0,0\u00a0% unverändert\n" in text
    assert "Bitcoin         63.412\u00a0€     +2,4\u00a0% gestiegen\n" in text
    assert "Stand: 6.10 Uhr, Quelle: CoinGecko\n" in text
    assert "▲</span> +2,4\u00a0%" in html


def test_the_figures_of_the_text_part_stand_under_their_headings() -> None:
    text, _ = parts(MAKER.message(recipient(), NOW))
    head, *rows = [line for line in text.splitlines() if re.match("Coin|Bitcoin|Ether|Litecoin", line)]
    assert len(rows) == 3
    for row in rows:
        assert row.index("€") == head.index("Kurs") + 3
        assert row.index("%") == len(head) - 1


NO_PRICES = [
    None,
    Snapshot(taken_at=NOW, provider="kraken"),
]


@pytest.mark.parametrize("prices", NO_PRICES)
def test_without_prices_there_is_no_market_block(prices: Snapshot | None) -> None:
    text, html = parts(assembler(content(2), prices).message(recipient(choice=b"\0\1"), NOW))
    for part in (text, html):
        assert not re.search("kurse|gewähr|bitcoin|quelle:", part, re.IGNORECASE)
        assert article(1).title in part


@pytest.mark.parametrize("coins", [(), ("DOGE",), ("ETH",)])
def test_without_a_quote_for_any_of_their_coins_there_is_no_market_block(coins: tuple[str, ...]) -> None:
    prices = Snapshot(taken_at=NOW, provider="kraken", quotes=snapshot().quotes[:1])
    for part in parts(assembler(content(1), prices).message(recipient(choice=b"\0", coins=coins), NOW)):
        assert not re.search("kurse|gewähr|bitcoin|ether|quelle:", part, re.IGNORECASE)


def test_a_coin_that_only_the_snapshot_has_is_left_out() -> None:
    quote = Quote(coin="DOGE", price=Decimal("0.1"), currency="EUR", provider="kraken", at=NOW)
    prices = Snapshot(taken_at=NOW, provider="kraken", quotes=(*snapshot().quotes, quote))
    text, _ = parts(assembler(content(1), prices).message(recipient(choice=b"\0", coins=("DOGE", "BTC")), NOW))
    assert "Bitcoin" in text
    assert "DOGE" not in text


def test_prices_of_another_day_say_so() -> None:
    old = tuple(msgspec.structs.replace(quote, at=NOW - timedelta(days=1)) for quote in snapshot().quotes)
    prices = Snapshot(taken_at=NOW, provider="kraken", quotes=old)
    for part in parts(assembler(content(1), prices).message(recipient(choice=b"\0"), NOW)):
        assert "Stand: 16. Oktober 2025, 6.10 Uhr, Quelle: " in part


@pytest.mark.parametrize(
    ("greeting", "choice", "sentence"),
    [
        ("Guten Morgen, Frau Weber,", b"\0", "hier ist"),
        ("Guten Morgen!", b"\0", "Hier ist"),
        ("Guten Morgen, Frau Weber,", b"", "heute gibt es keine neuen Artikel."),
        ("Guten Morgen!", b"", "Heute gibt es keine neuen Artikel."),
    ],
)
def test_the_sentence_after_the_greeting_goes_on_as_german_does(greeting: str, choice: bytes, sentence: str) -> None:
    text, html = map(without_preheader, parts(MAKER.message(recipient(greeting=greeting, choice=choice), NOW)))
    assert f"{greeting}\n\n{sentence}" in text
    assert len(re.findall(r">(?:[Hh]ier ist|[Hh]eute gibt es)", html)) == 1
    assert f">{sentence}" in html


def test_an_edition_without_articles_is_still_a_mail() -> None:
    message = assembler(content(0)).message(recipient(choice=b""), NOW)
    assert not parse(message).defects
    for part in parts(message):
        assert "heute gibt es keine neuen Artikel" in part
        assert "Newsletter abbestellen" in part


@pytest.mark.parametrize(
    ("choice", "preheader"),
    [
        (b"\0\1\2", " · ".join(article(number).title for number in (1, 2))),
        (b"\1", article(1).lead[:85]),
        (b"", "Heute gibt es keine neuen Artikel."),
    ],
)
def test_the_preheader_says_what_the_subject_does_not(choice: bytes, preheader: str) -> None:
    _, html = parts(MAKER.message(recipient(choice=choice), NOW))
    shown = PREHEADER.search(html)
    assert shown
    assert shown[1].startswith(preheader.rsplit(" ", 1)[0])
    assert len(shown[1]) <= 90


def test_sender_names_and_domains_come_from_newsletter_then_site() -> None:
    plain = Envelope(content(0))
    assert (plain.sender, plain.sender_name, plain.reply_to) == ("digest@news.example", "Kurier am Morgen", "")
    own = newsletter(sender="post@straße.example", sender_name="Die Redaktion", reply_to="leser@müller.example")
    edition = content(1, newsletter=own, site=site(sender_name="Kurier", reply_to="x@y.example"))
    message = assembler(edition, bounce_domain="b.news.example").message(recipient(choice=b"\0"), NOW)
    parsed = parse(message)
    assert parsed["From"] == "Die Redaktion <post@xn--strae-oqa.example>"
    assert parsed["Reply-To"] == "leser@xn--mller-kva.example"
    assert message.message_id.endswith("@xn--strae-oqa.example>")
    assert parsed["Message-ID"] == message.message_id
    assert re.fullmatch(r"b-[a-z2-7]{32}@b\.news\.example", message.mail_from)


def test_a_readers_domain_with_umlauts_goes_out_as_a_labels() -> None:
    message = MAKER.message(recipient(address="anna@müller.example"), NOW)
    assert message.rcpt_to == "anna@xn--mller-kva.example"
    assert parse(message)["To"].addresses[0].addr_spec == "anna@xn--mller-kva.example"
    assert "anna@müller.example" in parts(message)[0]


def test_an_article_shows_what_belongs_to_it() -> None:
    shown = article(
        title="Trump und Putin telefonieren",
        author="James Whitmore",
        site="RENEWZ.de",
        image_credit="Kevin Lamarque/Reuters",
        related=("ZDF ändert Programm",),
        date_only=True,
        paid=True,
    )
    text, html = parts(assembler(content((shown,))).message(recipient(choice=b"\0"), NOW))
    plain = re.sub(r"\s+", " ", re.sub("<[^>]+>", "", html))
    for part in (text, plain):
        for wanted in (
            "Trump und Putin telefonieren (Plus)",
            "Von James Whitmore · 17. Oktober 2025 · RENEWZ.de",
            "Foto: Kevin Lamarque/Reuters",
            "Lesen Sie auch: ZDF ändert Programm",
            "Dachzeile 0",
        ):
            assert wanted in part
    assert "Weiterlesen (3\u00a0Min.)" in re.sub(r"[ \n]+", " ", re.sub("<[^>]+>", "", html))


@pytest.mark.parametrize("field", ["kicker", "lead", "author", "image_credit", "site", "url", "published", "related"])
def test_what_an_article_lacks_leaves_no_trace(field: str) -> None:
    empty = {"url": None, "published": None, "related": ()}.get(field, "")
    for part in parts(assembler(content((article(0, **{field: empty}),))).message(recipient(choice=b"\0"), NOW)):
        assert not re.search(r"None|\(\)|· ·|Von\s+·|Foto:\s*(\n|<)|auch:\s*(\n|</p)|<p[^>]*>\s*</p>|\n\n\n", part)
