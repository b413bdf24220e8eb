"""Quoted-printable (RFC 2045, 6.7) in pieces that can be joined in any order.

Each piece starts at column 0 and ends either in a hard break or in a soft one, so joining never breaks a line or a
character. At the start of a line `.`, `-` and `F` are encoded: nothing needs dot-stuffing (RFC 5321, 4.5.2), looks like
a boundary or like an mbox "From". Of two spaces the second is encoded, and so are tabs and a space before a hard break:
the body is its own relaxed canonical form (RFC 6376, 3.4.4).
"""

from __future__ import annotations

import re

SOFT_BREAK = b"=\r\n"
_WIDTH = 75  # of 76, one is the soft break's "="
_CODE = [bytes([octet]) if 33 <= octet <= 126 and octet != 61 else b"=%02X" % octet for octet in range(256)]
_CODE[32] = b" "
_GUARDED = frozenset(b".-F")
#: What needs no encoding at all, from its first octet to its last.
_PLAIN = re.compile(rb"[!-,/-<>-EG-~](?: ?[!-<>-~]){0,70}")
#: The same in HTML, as text: a link without a query, a name in ASCII.
_PLAIN_VALUE = re.compile(r"[!#-%(-,/-;?-EG-~](?: ?[!#-%(-;?-~]){0,70}")
#: What needs more thought than a table of codes: line ends, runs of spaces, a guarded first octet.
_SPECIAL = re.compile(rb"[\r\n]|  |^[.\-F]| $")


def plain_piece(text: str) -> bytes | None:
    """`text` as one piece that is the same in text and in HTML; None for what needs any encoding or escaping."""
    return text.encode("ascii") + SOFT_BREAK if _PLAIN_VALUE.fullmatch(text) and len(text) <= _WIDTH else None


def encode_piece(text: str, *, last: bool = False) -> bytes:
    """`text` as one piece. Every line end in it becomes a hard break; `last` leaves out the final soft break.

    What is no text at all (a lone surrogate) becomes "?".
    """
    raw = text.encode("utf-8", "replace")
    end = b"" if last else SOFT_BREAK
    if len(raw) <= _WIDTH and not _SPECIAL.search(raw):
        simple = raw if _PLAIN.fullmatch(raw) else b"".join([_CODE[octet] for octet in raw])
        if simple and len(simple) <= _WIDTH:
            return simple + end
    lines = re.split(rb"\r\n|\r|\n", raw)
    out = [_encode_line(line, hard=True) + b"\r\n" for line in lines[:-1]]
    if lines[-1]:
        # At the very end of a part a space must be encoded too (RFC 2045, 6.7, rule 3).
        out += (_encode_line(lines[-1], hard=last), end)
    return b"".join(out)


def _encode_line(line: bytes, *, hard: bool) -> bytes:
    out: list[bytes] = []
    column = 0
    after_space = False
    end = len(line) - 1
    for place, octet in enumerate(line):
        if octet == 32 and (after_space or (hard and place == end)):
            code = b"=20"
        elif column == 0 and octet in _GUARDED:
            code = b"=%02X" % octet
        else:
            code = _CODE[octet]
        if column + len(code) > _WIDTH:
            out.append(SOFT_BREAK)
            column = 0
            code = b"=%02X" % octet if octet in _GUARDED else code
        out.append(code)
        column += len(code)
        after_space = code == b" "
    return b"".join(out)
