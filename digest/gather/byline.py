"""Who wrote it: lines and names as they stand under a headline -> "Anna Muster und Max Beispiel"."""

from __future__ import annotations

import re
from collections.abc import Iterable

_LABEL = re.compile(
    r"(?:(?:ein(?:e)?\s+)?(?:(?:gast)?(?:beitrag|kommentar|kolumne|analyse|reportage|bericht|interview)\s+)?(?:von|by)"
    r"|(?:autor(?:in|innen|en)?|text|verfasst von|geschrieben von|redaktion|bericht|verfasser(?:in)?)\s*:)\s+",
    re.IGNORECASE,
)
_CUT = re.compile(r"\s*(?:[,;/&|]|\bund\b|\bsowie\b|\band\b|\bmit\b)\s*")
_WORD = re.compile(r"(?:[^\W\d_a-zß-öø-ÿ][\w.'’]*(?:-[\w.'’]+)*|[^\W\d_]['’][^\W\d_]\w+)")
_PARTICLES = frozenset(
    [
        "von",
        "van",
        "vom",
        "zu",
        "zur",
        "zum",
        "der",
        "den",
        "de",
        "del",
        "della",
        "di",
        "da",
        "dos",
        "du",
        "la",
        "le",
        "al",
        "el",
        "bin",
        "ibn",
        "ben",
        "ten",
        "ter",
        "y",
        "e",
    ]
)
_TITLES = frozenset(["Dr.", "Prof.", "Dipl.-Ing.", "Mag.", "Dr", "Prof", "jun.", "sen.", "jr."])
#: Agencies and desks that sign instead of a person, in small letters.
AGENCIES = frozenset(
    [
        "dpa",
        "afp",
        "ap",
        "reuters",
        "epd",
        "kna",
        "sid",
        "apa",
        "dts",
        "sda",
        "ots",
        "dapd",
        "ddp",
        "tass",
        "bbc",
        "ard",
        "zdf",
        "ndr",
        "wdr",
        "mdr",
        "red",
        "redaktion",
        "dpa-afx",
        "afx",
        "awp",
    ]
)
_ENDS_SENTENCE = re.compile(r"[!?…:]$|\w{4,}\.$")


def read_byline(line: str) -> tuple[str, ...]:
    """The names of a line that is nothing but a byline; empty for any other line.

    "Von Anna Muster und Max Beispiel", "Dr. Eva von der Au, dpa", "Redaktion"; never a sentence or a headline.
    """
    bare = line.strip(" ,;|·•–-")
    label = _LABEL.match(bare)
    bare = bare[label.end() :] if label else bare
    if not bare or len(bare) > 160 or any(letter.isdigit() for letter in bare) or _ENDS_SENTENCE.search(bare):
        return ()
    bare = re.sub(r"\s*\((?P<desk>[^()]{2,20})\)$", r", \g<desk>", bare)
    names = tuple(part for part in _CUT.split(bare) if part)
    if not names or not all(map(_is_name, names)):
        return (bare,) if label and label[0].rstrip().endswith(":") and len(bare) <= 60 else ()
    people = tuple(name for name in names if " " in name or name.lower() in AGENCIES)
    # "James Whitmore, Washington": the one word after a full name is where it was written.
    return people or names


def _is_name(text: str) -> bool:
    """Whether it could be one person, place or desk: capitals, titles and particles, six words at most."""
    words = text.split()
    if text.lower() in AGENCIES or text.lower().endswith(("redaktion", "-desk")):
        return len(words) <= 3
    fitting = [word in _TITLES or word in _PARTICLES or bool(_WORD.fullmatch(word)) for word in words]
    return len(words) <= 6 and all(fitting) and words[-1] not in _PARTICLES


def join_names(names: Iterable[str]) -> str:
    """Names as a German byline has them: "A", "A und B", "A, B und C"; each once."""
    kept = list(dict.fromkeys(name.strip() for name in names if name.strip()))
    return " und ".join(filter(None, (", ".join(kept[:-1]), *kept[-1:])))
