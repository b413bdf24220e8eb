from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from digest.errors import MarketError
from digest.market.base import Provider
from digest.market.coingecko import CoinGeckoProvider
from digest.market.kraken import KrakenProvider
from digest.market.providers import PROVIDERS, make_providers
from digest.market.sample import SampleProvider
from digest.market.settings import MarketSettings
from digest.market.snapshot import take_snapshot
from digest.model.market import Quote, Snapshot

NOW = datetime(2026, 3, 2, 6, 10, tzinfo=UTC)
COINS = ("BTC", "ETH", "LTC")


class Fixed:
    """A provider with given figures: coin -> (price, change in 24 hours); none at all: it is down."""

    max_age = timedelta(hours=1)

    def __init__(self, name: str, figures: dict[str, tuple[str, str]], at: datetime = NOW) -> None:
        self.name, self.figures, self.at = name, figures, at
        self.asked: list[tuple[str, ...]] = []

    def quotes(self, coins: tuple[str, ...], currency: str, now: datetime) -> tuple[Quote, ...]:  # noqa: ARG002
        self.asked.append(coins)
        if not self.figures:
            raise MarketError(self.name, "HTTP 500")
        return tuple(
            Quote(
                coin=coin,
                price=Decimal(price),
                currency=currency,
                provider=self.name,
                at=self.at,
                change_24h=Decimal(change),
            )
            for coin, (price, change) in self.figures.items()
        )


GOOD = {"LTC": ("84.2", "0.1"), "BTC": ("63412", "2.4"), "ETH": ("2300", "-1.3")}


def take(*providers: Provider) -> tuple[Snapshot | None, list[str]]:
    snapshot, problems = take_snapshot(providers, COINS, "EUR", NOW)
    return snapshot, [str(problem) for problem in problems]


def coins(snapshot: Snapshot | None) -> Sequence[str]:
    return [quote.coin for quote in snapshot.quotes] if snapshot else []


def test_the_first_wins_and_no_other_is_asked() -> None:
    second = Fixed("Zweiter", GOOD)
    snapshot, problems = take(Fixed("Erster", GOOD), second)
    assert snapshot is not None
    assert (snapshot.provider, snapshot.taken_at, coins(snapshot)) == ("Erster", NOW, ["BTC", "ETH", "LTC"])
    assert (problems, second.asked) == ([], [])


def test_one_that_is_down_is_named_and_the_next_asked() -> None:
    snapshot, problems = take(Fixed("Erster", {}), Fixed("Zweiter", GOOD))
    assert snapshot is not None
    assert snapshot.provider == "Zweiter"
    assert problems == ["Prices from Erster: HTTP 500"]


def test_one_without_any_sane_figure_counts_as_down() -> None:
    stale = Fixed("Erster", GOOD, at=NOW - timedelta(hours=5))
    snapshot, problems = take(stale, Fixed("Zweiter", GOOD))
    assert snapshot is not None
    assert snapshot.provider == "Zweiter"
    assert problems[0] == "Prices from Erster: BTC is older than 60 minutes"
    assert len(problems) == 3


def test_a_missing_coin_and_an_insane_one_are_left_out_and_said() -> None:
    snapshot, problems = take(Fixed("Erster", {"BTC": ("63412", "2.4"), "ETH": ("-1", "0")}), Fixed("Zweiter", GOOD))
    assert coins(snapshot) == ["BTC"]
    assert problems == ["Prices from Erster: ETH at -1 EUR is no price", "Prices from Erster: LTC is missing"]


def test_nobody_has_anything() -> None:
    assert take(Fixed("Erster", {})) == (None, ["Prices from Erster: HTTP 500"])
    assert take() == (None, [])
    assert take_snapshot([Fixed("Erster", GOOD)], (), "EUR", NOW) == (None, [])


def test_figures_in_another_currency_are_not_taken() -> None:
    class Dollars(Fixed):
        def quotes(self, coins: tuple[str, ...], currency: str, now: datetime) -> tuple[Quote, ...]:  # noqa: ARG002
            return super().quotes(coins, "USD", now)

    snapshot, problems = take(Dollars("Erster", GOOD))
    assert snapshot is None
    assert problems[0] == "Prices from Erster: BTC is missing"


JUMP = {**GOOD, "BTC": ("99000", "55")}


def test_a_jump_that_the_next_confirms_stays() -> None:
    second = Fixed("Zweiter", {"BTC": ("98000", "54")})
    snapshot, problems = take(Fixed("Erster", JUMP), second)
    assert coins(snapshot) == ["BTC", "ETH", "LTC"]
    assert (problems, second.asked) == ([], [("BTC",)])


def test_a_jump_that_the_next_contradicts_is_left_out() -> None:
    snapshot, problems = take(Fixed("Erster", JUMP), Fixed("Zweiter", GOOD))
    assert coins(snapshot) == ["ETH", "LTC"]
    assert problems == ["Prices from Erster: BTC at 99000 EUR is far from 63412 at Zweiter"]


def test_nothing_is_left_when_all_is_contradicted() -> None:
    snapshot, problems = take(Fixed("Erster", {"BTC": ("99000", "55")}), Fixed("Zweiter", GOOD))
    assert snapshot is None
    assert "far from" in problems[-1]


def test_a_jump_that_nobody_can_confirm_stays_and_the_sample_is_not_asked() -> None:
    snapshot, problems = take(Fixed("Erster", JUMP), Fixed("Zweiter", {}), SampleProvider())
    assert coins(snapshot) == ["BTC", "ETH", "LTC"]
    assert problems == ["Prices from Zweiter: HTTP 500"]


def test_providers_come_in_the_order_of_the_settings() -> None:
    made = make_providers(MarketSettings(providers=("kraken", "sample", "coingecko"), max_age_minutes=20), {})
    assert [type(provider) for provider in made] == [KrakenProvider, SampleProvider, CoinGeckoProvider]
    assert [provider.name for provider in made] == ["Kraken", "Muster", "CoinGecko"]
    assert [provider.max_age for provider in made] == [timedelta(minutes=minutes) for minutes in (20, 1, 20)]
    assert set(PROVIDERS) == {"kraken", "sample", "coingecko"}
