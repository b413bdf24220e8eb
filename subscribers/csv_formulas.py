"""Cells that a spreadsheet would run as formulas: made harmless in an export, whole again after an import.

A spreadsheet takes a cell for a formula by its first sign (OWASP, "CSV Injection"), and an apostrophe before it for
"this is text". One that stood there already gets another, so that nothing is lost. What follows a delimiter counts as a
first sign, too: a German spreadsheet cuts a file with commas at every semicolon, quoted or not, and others do the same
the other way round.
"""

from __future__ import annotations

import re

_SIGNS = r"[=+\-@\t\r\n＝＋－＠]"
_DELIMITERS = r"[;,\t\r\n]"
_PLACE = rf"(?:^|(?<={_DELIMITERS})|(?<={_DELIMITERS}\"))"
_FORMULA = re.compile(rf"{_PLACE}(?='*{_SIGNS})")
_NEUTRAL = re.compile(rf"{_PLACE}'(?='*{_SIGNS})")


def neutralise(cell: str) -> str:
    """The cell with an apostrophe before what could begin a formula."""
    return _FORMULA.sub("'", cell)


def restore(cell: str) -> str:
    """What `neutralise` was given."""
    return _NEUTRAL.sub("", cell) if "'" in cell else cell
