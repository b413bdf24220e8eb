"""Header fields as they go over the wire: folded, encoded, and never more of them than were meant."""

from __future__ import annotations

import re
from email.header import Header
from email.headerregistry import Address

#: C0, DEL, C1, the line and paragraph separators and bidi overrides: nothing a header may carry.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]+")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_LINE = 78


def one_line(text: str) -> str:
    """`text` with every control character and line end as one space; nothing else is lost."""
    return " ".join(_CONTROLS.sub(" ", text).split(" ")).strip()


def unstructured(name: str, value: str) -> bytes:
    """`Name: value` with RFC 2047 encoded-words where needed, folded, without a line end after it."""
    value = one_line(value)
    if value.isascii() and "=?" not in value:
        if len(name) + 2 + len(value) <= _LINE:
            return f"{name}: {value}".encode("ascii")
        if all(len(word) < _LINE for word in value.split()):
            return (f"{name}: " + Header(value, "us-ascii", _LINE, name).encode(linesep="\r\n")).encode("ascii")
    # 75 is the most that one encoded-word may have (RFC 2047, 2).
    return (f"{name}: " + Header(value, "utf-8", 75, name).encode(linesep="\r\n")).encode("ascii")


def mailbox(name: str, display_name: str, address: str) -> bytes:
    """`Name: display-name <address>` (RFC 5322, 3.4). `address` is ASCII, or UTF-8 where SMTPUTF8 is needed."""
    phrase = _phrase(name, one_line(display_name))
    if not phrase:
        return f"{name}: {address}".encode()
    last_line = len(phrase.rsplit("\r\n", 1)[-1]) + (0 if "\r\n" in phrase else len(name) + 2)
    gap = " " if last_line + len(address) + 3 <= _LINE else "\r\n "
    return f"{name}: {phrase}{gap}<{address}>".encode()


def list_id(display_name: str, identifier: str) -> bytes:
    """`List-Id: phrase <identifier>` (RFC 2919); the identifier is never encoded."""
    return mailbox("List-Id", display_name, identifier)


def urls(name: str, *links: str) -> bytes:
    """`Name: <link>, <link>` (RFC 2369), one to a line where they do not fit; links are never encoded."""
    bracketed = [f"<{link}>" for link in links]
    line = f"{name}: {', '.join(bracketed)}"
    return (line if len(line) <= _LINE else f"{name}: " + ",\r\n ".join(bracketed)).encode("ascii")


def _phrase(name: str, text: str) -> str:
    if not text:
        return ""
    if text.isascii() and "=?" not in text:
        quoted = text if _ATOMS.fullmatch(text) else Address(display_name=text).__str__().removesuffix(" <>")
        if len(quoted) + len(name) + 2 <= _LINE:
            return quoted
    return Header(text, "utf-8", 75, name).encode(linesep="\r\n")
