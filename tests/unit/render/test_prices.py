from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from digest.model.market import Snapshot
from digest.render.prices import coin_blocks, direction, price_values
from tests.unit.render.made_up import NOW, content, snapshot

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
    assert direction(quote) == way
    sign = {"+": "up", "−": "down", "–": "none"}.get(values["change:BTC"][0], "flat")
    assert sign == way


def test_an_unknown_provider_is_named_as_it_is_and_links_home() -> None:
    values = price_values(snapshot("eigener"), content(0), text=False)
    assert values["market:provider"] == "eigener"
    assert values["market:provider_url"] == "https://kurier.example"


def test_rows_come_in_the_order_asked_for_and_only_where_there_is_a_quote() -> None:
    assert coin_blocks(snapshot(), ("LTC", "XRP", "BTC")) == ("coin:LTC:flat", "coin:BTC:up")
    assert coin_blocks(None, ("BTC",)) == ()
