from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from digest.market.sample import SampleProvider
from digest.market.sanity import HIGHEST_PRICE, LOWEST_PRICE
from digest.market.snapshot import take_snapshot
from digest.market.sparkline import HEIGHT, WIDTH, draw_sparkline
from digest.model.market import Quote

NOW = datetime(2026, 3, 2, 6, 10, tzinfo=UTC)
PRICES = st.decimals(LOWEST_PRICE, HIGHEST_PRICE, allow_nan=False, allow_infinity=False)


def prices(*figures: str) -> list[Decimal]:
    return list(map(Decimal, figures))


def opacity(png: bytes) -> Image.Image:
    with Image.open(BytesIO(png)) as picture:
        assert picture.format == "PNG"
        assert picture.size == (2 * WIDTH, 2 * HEIGHT)
        return picture.convert("RGBA").getchannel("A")


@settings(max_examples=40, deadline=None)
@given(st.lists(PRICES, min_size=2, max_size=400))
def test_any_series_is_a_small_picture_and_always_the_same_one(series: list[Decimal]) -> None:
    png = draw_sparkline(series)
    assert png == draw_sparkline(tuple(series))
    assert len(png) < 2_500
    assert opacity(png).getbbox() is not None


def test_a_flat_series_is_a_line_in_the_middle() -> None:
    left, top, right, bottom = opacity(draw_sparkline(prices("5", "5", "5"))).getbbox() or (0, 0, 0, 0)
    assert (top + bottom) / 2 == pytest.approx(HEIGHT, abs=2)
    assert bottom - top < 14
    assert right - left > 1.8 * WIDTH


@pytest.mark.parametrize(("series", "rises"), [(("1", "2"), True), (("2", "1"), False)])
def test_two_points_are_a_line_that_goes_where_the_price_went(series: Sequence[str], rises: bool) -> None:
    line = opacity(draw_sparkline(prices(*series)))
    half = WIDTH
    starts, ends = (line.crop((place, 0, place + half, 2 * HEIGHT)).getbbox() for place in (0, half))
    assert starts is not None
    assert ends is not None
    assert (starts[1] > ends[1]) is rises


@pytest.mark.parametrize(
    "series", [(), ("1",), ("1", "NaN", "2"), ("1", "Infinity"), ("1", "-Infinity", "3"), ("sNaN", "1")]
)
def test_what_is_no_line_is_no_picture(series: Sequence[str]) -> None:
    assert draw_sparkline(prices(*series)) == b""


def test_nothing_of_the_machine_is_in_it() -> None:
    png = draw_sparkline(prices("1", "3", "2"))
    kinds = []
    place = 8
    while place < len(png):
        length = int.from_bytes(png[place : place + 4])
        kinds.append(png[place + 4 : place + 8])
        place += length + 12
    assert set(kinds) == {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}


class Patchy:
    """The sample with one point of Bitcoin's series spoilt."""

    name, max_age = "Lückig", SampleProvider.max_age

    def quotes(self, coins: tuple[str, ...], currency: str, now: datetime) -> tuple[Quote, ...]:
        first, *others = SampleProvider().quotes(coins, currency, now)
        spoilt = (*first.series[:-3], Decimal("NaN"), *first.series[-2:])
        return (msgspec.structs.replace(first, provider=self.name, series=spoilt), *others)


def test_a_snapshot_brings_the_pictures_of_what_has_a_sane_series() -> None:
    snapshot, problems = take_snapshot([Patchy()], ("BTC", "ETH", "LTC"), "EUR", NOW)
    assert snapshot is not None
    assert problems == []
    assert [bool(quote.sparkline) for quote in snapshot.quotes] == [False, True, True]
    assert snapshot.quotes[1].sparkline == draw_sparkline(snapshot.quotes[1].series)
    assert msgspec.json.decode(msgspec.json.encode(snapshot), type=type(snapshot)) == snapshot
