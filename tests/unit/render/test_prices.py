from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from digest.model.market import Snapshot
from digest.render.prices import coin_blocks, describe_week, direction, edition_blocks, price_values
from tests.unit.render.made_up import NOW, content, drawn, snapshot

BTC = snapshot().quotes[0]


@pytest.mark.parametrize(
    ("change", "way"),
    [
        ("2.4", "up"),
        ("0.05", "up"),
        ("0.04", "flat"),
        ("0", "flat"),
        ("-0.04", "flat"),
        ("-0.05", "down"),
        ("NaN", "none"),
        ("Infinity", "none"),
        (None, "none"),
    ],
)
def test_the_arrow_always_agrees_with_the_figure(change: str | None, way: str) -> None:
    quote = msgspec.structs.replace(BTC, change_24h=None if change is None else Decimal(change))
    values = price_values(Snapshot(taken_at=NOW, provider="kraken", quotes=(quote,)), content(0), text=False)
    assert direction(quote.change_24h) == way
    sign = {"+": "up", "−": "down", "–": "none"}.get(values["change:BTC"][0], "flat")
    assert sign == way


def test_an_unknown_provider_is_named_as_it_is_and_links_home() -> None:
    values = price_values(snapshot("eigener"), content(0), text=False)
    assert values["market:provider"] == "eigener"
    assert values["market:provider_url"] == "https://kurier.example"


def test_rows_come_in_the_order_asked_for_and_only_where_there_is_a_quote() -> None:
    known = {"coin:LTC:flat", "coin:BTC:up", "coin:ETH:down"}
    assert coin_blocks(snapshot(), ("LTC", "XRP", "BTC"), known) == ("coin:LTC:flat", "coin:BTC:up")
    assert coin_blocks(None, ("BTC",), known) == ()
    assert coin_blocks(snapshot(), ("BTC",), ()) == ()


@pytest.mark.parametrize(
    ("changes", "known", "rows"),
    [
        ({}, "up week:up sparkline:up", "up sparkline:up"),
        ({}, "up week:up", "up week:up"),
        ({}, "up", "up"),
        ({"sparkline": b""}, "up week:up sparkline:up", "up week:up"),
        ({"series": ()}, "up week:up sparkline:up", "up week:up"),
        ({"change_7d": Decimal("-0.1")}, "up week:down sparkline:down", "up sparkline:down"),
        ({"change_7d": None}, "up week:none sparkline:none", "up sparkline:none"),
        ({"change_7d": None, "sparkline": b""}, "up week:none sparkline:none", "up"),
        ({"change_24h": None}, "none week:up sparkline:up", "none sparkline:up"),
    ],
)
def test_seven_days_have_a_row_of_their_own_with_a_picture_where_there_is_one(
    changes: dict[str, Any], known: str, rows: str
) -> None:
    prices = Snapshot(taken_at=NOW, provider="x", quotes=(msgspec.structs.replace(drawn(BTC), **changes),))
    keys = coin_blocks(prices, ("BTC",), {f"coin:BTC:{name}" for name in known.split()})
    assert keys == tuple(f"coin:BTC:{name}" for name in rows.split())


@pytest.mark.parametrize(
    ("series", "price", "words"),
    [
        (("60449.95", "63000"), "63412.1", "Bitcoin, 7 Tage, gestiegen von 60.450\u00a0€ auf 63.412\u00a0€"),
        (("64000", "63000"), "63412.1", "Bitcoin, 7 Tage, gefallen von 64.000\u00a0€ auf 63.412\u00a0€"),
        (("63412.4", "60000"), "63411.9", "Bitcoin, 7 Tage, unverändert bei 63.412\u00a0€"),
        (("0.0012", "0.002"), "0.0024", "Bitcoin, 7 Tage, gestiegen von 0,0012\u00a0€ auf 0,0024\u00a0€"),
    ],
)
def test_a_sparkline_is_told_in_words(series: tuple[str, ...], price: str, words: str) -> None:
    quote = msgspec.structs.replace(BTC, series=tuple(map(Decimal, series)), price=Decimal(price))
    assert describe_week(quote) == words


def test_prices_that_are_old_say_since_when() -> None:
    today = price_values(snapshot(), content(0), text=True)
    assert today["market:since"] == "von 6.10 Uhr"
    other_day = msgspec.structs.replace(BTC, at=NOW.replace(day=16, hour=3))
    values = price_values(Snapshot(taken_at=NOW, provider="x", quotes=(other_day,)), content(0), text=True)
    assert values["market:since"] == "vom 16. Oktober 2025, 3.10 Uhr"


def test_what_everybody_gets_depends_on_the_prices() -> None:
    assert edition_blocks(None) == edition_blocks(Snapshot(taken_at=NOW, provider="x")) == {"market": (), "stale": ()}
    assert edition_blocks(snapshot()) == {"stale": ()}
    assert edition_blocks(msgspec.structs.replace(snapshot(), stale=True)) == {"stale": ("stale:0",)}
