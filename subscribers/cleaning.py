"""Text from outside, made fit for one line of a header, a page or a column; nothing else of it is lost."""

from __future__ import annotations

import re
import unicodedata

_NOT_TEXT = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff]+")
#: Blanks are only tried where a run of them begins: else a long run takes quadratic time.
_BREAKS = re.compile("(?<! ) *[\t-\r\x1c-\x1f\x85\u2028\u2029][\t-\r\x1c-\x1f\x85\u2028\u2029 ]*")
#: More signs in a row than a letter ever carries (Unicode Standard Annex 15, Stream-Safe Text Format).
_MARKS_MAX = 30
#: They decompose into such marks, though they do not count as one.
_MADE_OF_MARKS = "\u0f73\u0f75\u0f81"
_MANY_MARKS = re.compile(rf"[^\w\s\x00-\x7f]{{{_MARKS_MAX + 1},}}")

#: How much of a wrong value an error message repeats, in characters.
_SHOWN = 80


def clean_line(text: str) -> str:
    """NFC on one line: breaks and tabs become one space, other control characters and lone surrogates go."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return nfc(_BREAKS.sub(" ", _NOT_TEXT.sub("", text))).strip()


def nfc(text: str) -> str:
    """NFC. Of the marks on one letter at most 30 are kept: sorting them takes quadratic time, a day for a megabyte."""
    return text if text.isascii() else unicodedata.normalize("NFC", _MANY_MARKS.sub(_fewer_marks, text))


def _fewer_marks(run: re.Match[str]) -> str:
    kept: list[str] = []
    marks = 0
    for sign in run[0]:
        marks = marks + 1 if unicodedata.combining(sign) or sign in _MADE_OF_MARKS else 0
        if marks <= _MARKS_MAX:
            kept.append(sign)
    return "".join(kept)


def show(text: str) -> str:
    """`text` for an error message: quoted, shortened, printable."""
    return repr(text[:_SHOWN]) + ("…" if len(text) > _SHOWN else "")
