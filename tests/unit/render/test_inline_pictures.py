"""Messages with pictures in them, read from their bytes."""

from __future__ import annotations

import base64
import email
import email.policy
import re
from email.message import EmailMessage

import lxml.html
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import TemplateError
from digest.model.delivery import Message
from digest.render.compiling import compile_edition
from digest.render.inline_pictures import html_with_pictures, inline_pictures
from tests.unit.render.made_up import (
    NOW,
    assembler,
    content,
    full_snapshot,
    parse,
    parts,
    recipient,
    shipped,
    snapshot,
)

EDITION = content(3)
PRICES = full_snapshot()
MAKER = assembler(EDITION, PRICES)


def pictures(message: Message) -> dict[str, EmailMessage]:
    """Content-ID -> part, of everything that is no text."""
    found = [part for part in parse(message).walk() if part.get_content_maintype() == "image"]
    assert len({part["Content-ID"] for part in found}) == len(found)
    return {str(part["Content-ID"]).strip("<>"): part for part in found}


def referenced(message: Message) -> list[str]:
    page = lxml.html.fromstring(parts(message)[1])
    return [src.removeprefix("cid:") for src in page.xpath("//img/@src") if src.startswith("cid:")]


def shape(part: EmailMessage) -> object:
    if part.is_multipart():
        return part.get_content_subtype(), [shape(inner) for inner in part.iter_parts()]
    return part.get_content_type()


def test_pictures_stand_around_the_html_and_text_comes_first() -> None:
    message = MAKER.message(recipient(coins=("LTC", "BTC")), NOW)
    parsed = parse(message)
    related = ["text/html", "image/png", "image/png"]
    assert shape(parsed) == ("alternative", ["text/plain", ("related", related)])
    assert [part.defects for part in parsed.walk()] == [[]] * 6
    inner = list(parsed.iter_parts())[1]
    assert inner.get_param("type") == "text/html"
    assert inner.get_boundary()
    # Neither boundary begins like the other: a reader that looks at the beginning of a line only is not misled.
    outer, within = str(parsed.get_boundary()), str(inner.get_boundary())
    assert not within.startswith(outer)
    assert not outer.startswith(within)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.sampled_from(["BTC", "ETH", "LTC", "DOGE"]), max_size=4).map(tuple),
    st.sampled_from([(), ("BTC",), ("ETH", "LTC")]),
    st.sampled_from(["Sie", "du"]),
)
def test_exactly_the_readers_own_pictures_are_attached(
    coins: tuple[str, ...], drawn: tuple[str, ...], form: str
) -> None:
    prices = full_snapshot(*drawn) if drawn else snapshot()
    message = assembler(EDITION, prices).message(recipient(coins=coins, form=form), NOW)
    assert not parse(message).defects
    assert set(referenced(message)) == set(pictures(message))
    assert {part.get_filename() for part in pictures(message).values()} == {
        f"{coin.lower()}.png" for coin in set(coins) & set(drawn)
    }
    if not set(coins) & set(drawn):
        assert shape(parse(message)) == ("alternative", ["text/plain", "text/html"])


def test_a_picture_comes_out_as_it_went_in() -> None:
    message = MAKER.message(recipient(coins=("ETH",)), NOW)
    (part,) = pictures(message).values()
    quote = PRICES.quote("ETH")
    assert quote is not None
    assert part.get_content() == quote.sparkline
    assert part["Content-Transfer-Encoding"] == "base64"
    assert part.get_content_disposition() == "inline"
    assert str(part["Content-ID"]).endswith("@news.example>")


def test_its_bytes_are_fit_for_the_wire_and_the_same_again() -> None:
    data = MAKER.message(recipient(), NOW).data
    assert data == assembler(EDITION, full_snapshot()).message(recipient(), NOW).data
    assert data.isascii()
    assert data.count(b"\r\n") == data.count(b"\r") == data.count(b"\n")
    assert all(len(line) <= 78 for line in data.split(b"\r\n") if not line.startswith((b" <https:", b" <mailto:")))
    assert not re.search(rb"\r\n\.|[ \t]\r\n|  |\t", data.partition(b"\r\n\r\n")[2])
    encoded = [block for block in data.split(b"\r\n\r\n") if block.startswith(b"iVBOR")]
    assert len(encoded) == 3
    for block in encoded:
        *lines, last = block.split(b"\r\n--")[0].split(b"\r\n")
        assert {len(line) for line in lines} == {76}
        assert 0 < len(last) <= 76


def test_another_edition_or_picture_has_another_content_id() -> None:
    ids = {inline_pictures(PRICES, number, "news.example")["BTC"].url for number in (1, 2)}
    quote = PRICES.quotes[0]
    other = msgspec.structs.replace(PRICES, quotes=(msgspec.structs.replace(quote, sparkline=b"\x89PNG other"),))
    ids.add(inline_pictures(other, 1, "news.example")["BTC"].url)
    assert len(ids) == 3


@pytest.mark.parametrize("coin", ["", "B T<C>\r\n", "ÄÖ", "x" * 300, "../../etc"])
def test_a_strange_coin_does_not_get_into_headers(coin: str) -> None:
    prices = msgspec.structs.replace(PRICES, quotes=(msgspec.structs.replace(PRICES.quotes[0], coin=coin),))
    (picture,) = inline_pictures(prices, 1, "news.example").values()
    part = email.message_from_bytes(picture.entity, policy=email.policy.default)
    assert not part.defects
    assert re.fullmatch(r"<[a-z0-9]{1,16}\.0\.1\.[0-9a-f]{16}@news\.example>", str(part["Content-ID"]))
    assert re.fullmatch(r"[a-z0-9]{1,16}\.png", str(part.get_filename()))


def test_the_picture_is_told_in_words_and_both_directions_have_arrow_and_word() -> None:
    text, html = parts(MAKER.message(recipient(coins=("BTC", "ETH", "LTC")), NOW))
    page = lxml.html.fromstring(html)
    assert page.xpath('//img[@class="spark"]/@alt') == [
        "Bitcoin, 7 Tage, gestiegen von 60.450\u00a0€ auf 63.412\u00a0€",
        "Ether, 7 Tage, gefallen von 2.324\u00a0€ auf 2.184\u00a0€",
        "Litecoin, 7 Tage, unverändert bei 84,20\u00a0€",
    ]
    assert page.xpath('//span[@role="img"]/@aria-label') == [
        *("gestiegen", "gestiegen", "gefallen", "gefallen", "unverändert", "unverändert"),
    ]
    shown = [" ".join(cell.text_content().split(" ")) for cell in page.xpath('//td[contains(@class, "change")]')]
    assert shown[:4] == [
        *("24\u00a0Std. ▲ +2,4\u00a0%", "7\u00a0Tage ▲ +4,9\u00a0%"),
        *("24\u00a0Std. ▼ −1,3\u00a0%", "7\u00a0Tage ▼ −6,0\u00a0%"),
    ]
    assert (
        "Bitcoin         63.412\u00a0€     +2,4\u00a0% gestiegen\n  7 Tage                     +4,9\u00a0% gestiegen\n"
        in text
    )
    assert "  7 Tage                     −6,0\u00a0% gefallen\n" in text


@pytest.mark.parametrize("stale", [False, True])
def test_old_prices_say_so_in_both_parts(stale: bool) -> None:
    prices = msgspec.structs.replace(PRICES, stale=stale)
    for part in parts(assembler(EDITION, prices).message(recipient(), NOW)):
        assert ("Kurse von 6.10 Uhr: älter als üblich" in part) is stale


def test_a_look_without_sparklines_attaches_none() -> None:
    templates = dict(shipped())
    templates["parts/market.mjml.j2"] = templates["parts/market.mjml.j2"].replace(
        "{% for row in weeks %}", "{% for row in [] %}"
    )
    message = assembler(content(3, templates=templates), PRICES).message(recipient(), NOW)
    assert shape(parse(message)) == ("alternative", ["text/plain", "text/html"])
    assert "+4,9\u00a0%" in parts(message)[0]


def test_a_sparkline_outside_its_row_is_refused() -> None:
    templates = dict(shipped())
    market = templates["parts/market.mjml.j2"]
    templates["parts/market.mjml.j2"] = (
        f'<mj-text><img src="{{{{ weeks[0].sparkline_url }}}}" alt="" /></mj-text>{market}'
    )
    with pytest.raises(TemplateError, match="the sparkline of BTC has a value only inside its own"):
        compile_edition(content(1, templates=templates))


def test_a_preview_has_the_pictures_in_it() -> None:
    message = MAKER.message(recipient(coins=("BTC", "LTC")), NOW)
    page = lxml.html.fromstring(html_with_pictures(message.data))
    sources = page.xpath("//img/@src")
    assert [source.partition(",")[0] for source in sources] == ["data:image/png;base64"] * 2
    quote = PRICES.quote("BTC")
    assert quote is not None
    assert base64.b64decode(sources[0].partition(",")[2]) == quote.sparkline
    plain = assembler(EDITION, snapshot()).message(recipient(), NOW)
    assert html_with_pictures(plain.data).replace("\r\n", "\n") == parts(plain)[1]
