"""Fitting text into lines and into a given length. Pure."""

from __future__ import annotations

import textwrap
import unicodedata

ELLIPSIS = "…"
_JOINERS = frozenset("\u200d\ufe0e\ufe0f")


def wrap(text: str, width: int = 72, *, taken: int = 0) -> str:
    """`text` in lines of at most `width` columns, `taken` of the first being in use; long words and links stay whole.

    U+00A0 and soft hyphens are no places to break.
    """
    lines = textwrap.wrap(
        text,
        width,
        initial_indent=" " * taken,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines)[taken:]


def shorten(text: str, length: int) -> str:
    """`text`, or as much of it as fits in `length` characters with " …" after it, cut at a word where there is one."""
    text = " ".join(text.split(" "))
    if len(text) <= length:
        return text
    room = length - len(ELLIPSIS) - 1
    kept = text[: room + 1].rsplit(" ", 1)[0] if " " in text[: room + 1] else ""
    if kept.strip():
        return f"{kept.rstrip(' ·,;:–-')} {ELLIPSIS}"
    end = room + 1
    while end > 1 and _belongs_to_previous(text, end):
        end -= 1
    return text[:end] + ELLIPSIS


def _belongs_to_previous(text: str, place: int) -> bool:
    """Whether cutting before `place` would tear an accent, a variation or a joined emoji off what it belongs to."""
    sign = text[place]
    return bool(unicodedata.combining(sign)) or sign in _JOINERS or text[place - 1] == "\u200d"
