"""Letters without regard to case, umlauts among them; one sign for one, so that places in a text stay.

SQLite's own lower() and LIKE know A to Z only, and PostgreSQL's depends on its locale.
"""

from __future__ import annotations

#: The capital whose small letter does not lead back to it.
_SHARP_S = {"ẞ": "ß"}


def fold(text: str) -> str:
    """`text` in small letters, where a small letter and its capital are one sign each."""
    return text.lower() if text.isascii() else "".join(map(_small, text))


def cases_of(sign: str) -> str:
    """Every sign that folds to the same as `sign`."""
    small = _small(sign)
    capitals = {small.upper(), *(large for large, own in _SHARP_S.items() if own == small)}
    return "".join(sorted({small, *(large for large in capitals if _small(large) == small)}))


def _small(sign: str) -> str:
    small = sign.lower()
    if len(small) == 1 and small != sign and small.upper() == sign:
        return small
    return _SHARP_S.get(sign, sign)
