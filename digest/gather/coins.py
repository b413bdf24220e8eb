"""Which coins a text names: by the labels of a ticker, or by name."""

from __future__ import annotations

import re

#: Symbol -> what the coin is called in German texts. A name that is also a common word is left out.
KNOWN = {
    "BTC": ("Bitcoin", "Bitcoins"),
    "ETH": ("Ethereum", "Ether"),
    "LTC": ("Litecoin",),
    "XRP": ("Ripple",),
    "SOL": ("Solana",),
    "ADA": ("Cardano",),
    "DOGE": ("Dogecoin",),
    "DOT": ("Polkadot",),
    "BNB": ("Binance Coin",),
    "BCH": ("Bitcoin Cash",),
    "TRX": ("Tron",),
    "AVAX": ("Avalanche",),
    "LINK": ("Chainlink",),
    "XLM": ("Stellar Lumens",),
    "XMR": ("Monero",),
    "USDT": ("Tether",),
    "USDC": ("USD Coin",),
    "SHIB": ("Shiba Inu",),
    "UNI": ("Uniswap",),
    "ATOM": ("Cosmos Hub",),
}
#: Symbols that mean nothing else when they stand alone in capitals.
_UNMISTAKABLE = frozenset(
    {"BTC", "ETH", "LTC", "XRP", "DOGE", "BNB", "BCH", "TRX", "AVAX", "XLM", "XMR", "USDT", "USDC", "SHIB"}
)

_NUMBER = r"[+−-]?[$€]?\s?\d[\d.,']*\s?(?:%|€|\$|EUR|USD|Euro|Dollar)?"
#: A line of a ticker and nothing else: "(BTC)", "Bitcoin (BTC) 63.412 € +2,4 %", "ETH/EUR", "BTC: 63.412,00 $".
_LABEL = re.compile(
    rf"(?:[A-Z][\w ]{{1,24}}\s)?\((?P<bracketed>[A-Z][A-Z0-9]{{1,5}})\)(?:\s*:)?(?:[\s▲▼↑↓|/()]*{_NUMBER})*[\s▲▼↑↓()]*"
    rf"|\$?(?P<bare>[A-Z]{{3,5}})(?:[/-](?:EUR|USD|USDT))?(?:\s*:)?(?:[\s▲▼↑↓|/()]*{_NUMBER})*[\s▲▼↑↓()]*"
)
_BETWEEN_LABELS = re.compile(r"(?<=\))\s*[|·•,/]?\s*(?=\()|\s*[|·•,]\s*(?=\(?[A-Z])")


def ticker_coins(line: str) -> tuple[str, ...]:
    """The coins of a line that is nothing but ticker labels, such as "(BTC)" or "BTC | ETH"; empty for any other."""
    coins: list[str] = []
    if len(line) > 200:
        return ()
    for label in _BETWEEN_LABELS.split(line.strip()):
        found = _LABEL.fullmatch(label.strip())
        coin = (found["bracketed"] or found["bare"]) if found else None
        if coin is None or (found and not found["bracketed"] and coin not in KNOWN):
            return ()
        coins.append(coin)
    return tuple(dict.fromkeys(coins))


_NAMES = {name: coin for coin, names in KNOWN.items() for name in (*names, f"({coin})", f"${coin}")}
_NAMES |= {coin: coin for coin in _UNMISTAKABLE}
_NAMED = re.compile(
    r"(?<!\w)(?:" + "|".join(re.escape(name) for name in sorted(_NAMES, key=len, reverse=True)) + r")(?:s|-\w+)?(?!\w)"
)
_BARE = re.compile(r"(?<=\w)(?:s|-\w+)$")


def coins_in(text: str) -> tuple[str, ...]:
    """The known coins that `text` names, in the order in which they first appear."""
    found = (match[0] for match in _NAMED.finditer(text))
    return tuple(dict.fromkeys(_NAMES.get(name) or _NAMES[_BARE.sub("", name)] for name in found))
