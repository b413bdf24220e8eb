"""Reading the phrase books that lie beside this file: sections of patterns, one to a line."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

#: Whom servers call the owner of an address.
_WHO = (
    "(user|mail ?box|account|recipient|address|addressee|alias|person|mail ?drop|customer|subscriber|login|inbox|"
    "local[- ]?part|destinataire|konto|postfach|benutzer|empfänger|nutzer|adresse|adressat)"
)
_GAP = r"[^\n]{0,60}"
_GROUP = re.compile(r"(?<!\\)\((?!\?)")


@cache
def phrasebook(name: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The sections of a book in their order: (name, patterns). A name may come twice."""
    sections: list[tuple[str, list[str]]] = []
    for line in files(__package__).joinpath(f"{name}.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            sections.append((line.strip("[]"), []))
        elif line and not line.startswith("#"):
            sections[-1][1].append(_GROUP.sub("(?:", line.replace("WHO", _WHO).replace("…", _GAP)))
    return tuple((section, tuple(patterns)) for section, patterns in sections)


@cache
def said(section: str) -> re.Pattern[str]:
    """One pattern for a section of the book on subjects and first lines ("wording")."""
    patterns = next(patterns for name, patterns in phrasebook("wording") if name == section)
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


def begins_line(section: str) -> re.Pattern[str]:
    """The same for what has to stand at the beginning of a line."""
    return re.compile(rf"^[ \t]*(?:{said(section).pattern})", re.IGNORECASE | re.MULTILINE)
