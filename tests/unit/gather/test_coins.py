"""Coins by a ticker's labels and by their names."""

from __future__ import annotations

import pytest

from digest.gather.coins import coins_in, ticker_coins


@pytest.mark.parametrize(
    ("line", "coins"),
    [
        ("(BTC)", ("BTC",)),
        ("(BTC) (ETH) (LTC)", ("BTC", "ETH", "LTC")),
        ("BTC | ETH", ("BTC", "ETH")),
        ("Bitcoin (BTC) 63.412 € +2,4 %", ("BTC",)),
        ("ETH/EUR", ("ETH",)),
        ("(PEPE)", ("PEPE",)),
        ("USA", ()),
        ("(dpa)", ()),
        ("Der Kurs von Bitcoin (BTC) steigt", ()),
        ("", ()),
    ],
)
def test_ticker_labels(line: str, coins: tuple[str, ...]) -> None:
    assert ticker_coins(line) == coins


@pytest.mark.parametrize(
    ("text", "coins"),
    [
        ("Der Bitcoin-Kurs steigt, Ether fällt, der Bitcoin bleibt.", ("BTC", "ETH")),
        ("Bitcoin Cash ist nicht Bitcoin.", ("BCH", "BTC")),
        ("Solana (SOL) und XRP", ("SOL", "XRP")),
        ("Der Äther und die Kathedrale", ()),
        ("ADA ist ein Vorname, DOT ein Punkt.", ()),
    ],
)
def test_names_in_a_text(text: str, coins: tuple[str, ...]) -> None:
    assert coins_in(text) == coins
