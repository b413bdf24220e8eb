"""Text from outside, made fit for one line of a header, a page or a column; nothing else of it is lost."""

from __future__ import annotations

import re
import unicodedata

_NOT_TEXT = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff]+")
_BREAKS = re.compile(" *[\t-\r\x1c-\x1f\x85\u2028\u2029][\t-\r\x1c-\x1f\x85\u2028\u2029 ]*")

#: How much of a wrong value an error message repeats, in characters.
_SHOWN = 80


def clean_line(text: str) -> str:
    """NFC on one line: breaks and tabs become one space, other control characters and lone surrogates go."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return unicodedata.normalize("NFC", _BREAKS.sub(" ", _NOT_TEXT.sub("", text))).strip()


def show(text: str) -> str:
    """`text` for an error message: quoted, shortened, printable."""
    return repr(text[:_SHOWN]) + ("…" if len(text) > _SHOWN else "")
