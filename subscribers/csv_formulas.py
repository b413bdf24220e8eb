"""Cells that a spreadsheet would run as formulas: made harmless in an export, whole again after an import.

A spreadsheet takes a cell for a formula by its first sign (OWASP, "CSV Injection"), and an apostrophe before it for
"this is text". One that stood there already gets another, so that nothing is lost.
"""

from __future__ import annotations

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


def neutralise(cell: str) -> str:
    """The cell with an apostrophe before what could begin a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def restore(cell: str) -> str:
    """What `neutralise` was given."""
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell) else cell
