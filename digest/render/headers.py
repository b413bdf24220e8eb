"""Header fields as they go over the wire: folded, encoded, and never more of them than were meant.

Python's own folding is not used: it turns long addresses of List-* fields into encoded-words, which nobody can read.
"""

from __future__ import annotations

import base64
import re
from email.utils import format_datetime
from functools import lru_cache
from typing import Final

#: C0, DEL, C1, the line and paragraph separators, bidi overrides, surrogates: nothing that a header may carry.
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]+")
_ATOMS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LINE: Final = 78  # RFC 5322, 2.1.1
_WORD: Final = 75  # RFC 2047, 2
_FRAME: Final = len("=?utf-8?q??=")
#: What may stand as it is in an encoded-word, in phrases too (RFC 2047, 5).
_PLAIN: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_Q: Final = ["_" if octet == 32 else chr(octet) if octet in _PLAIN else f"={octet:02X}" for octet in range(256)]
date_time = lru_cache(maxsize=256)(format_datetime)


def one_line(text: str) -> str:
    """`text` with every run of control characters and line ends as one space, none at its ends; no more is lost."""
    return (text if text.isprintable() else _CONTROLS.sub(" ", text)).strip()


@lru_cache(maxsize=256)
def unstructured(name: str, value: str) -> bytes:
    """`Name: value` with RFC 2047 encoded-words where needed, folded, without a line end after it."""
    value = one_line(value)
    if value.isascii() and "=?" not in value and all(len(word) < _LINE - len(name) - 1 for word in value.split(" ")):
        return f"{name}: {_fold(value, len(name) + 2)}".encode("ascii")
    return f"{name}: {_encoded_words(value, len(name) + 2)}".encode("ascii")


def structured(name: str, value: str) -> bytes:
    """`Name: value` for what is never encoded, on a line of its own where it is long."""
    gap = " " if len(name) + 2 + len(value) <= _LINE else "\r\n "
    return f"{name}:{gap}{value}".encode("ascii")


def mailbox(name: str, display_name: str, address: str) -> bytes:
    """`Name: display-name <address>` (RFC 5322, 3.4). `address` is ASCII, or UTF-8 where SMTPUTF8 is needed."""
    address = one_line(address).replace(" ", "")
    phrase = _phrase(one_line(display_name), len(name) + 2)
    if not phrase:
        gap = " " if len(name) + 2 + len(address) <= _LINE else "\r\n "
        return f"{name}:{gap}{address}".encode()
    last_line = len(phrase.rsplit("\r\n", 1)[-1]) + (0 if "\r\n" in phrase else len(name) + 2)
    gap = " " if last_line + len(address) + 3 <= _LINE else "\r\n "
    return f"{name}: {phrase}{gap}<{address}>".encode()


def list_id(display_name: str, identifier: str) -> bytes:
    """`List-Id: phrase <identifier>` (RFC 2919); the identifier is never encoded."""
    if one_line(display_name):
        return mailbox("List-Id", display_name, identifier)
    return structured("List-Id", f"<{identifier}>")


def urls(name: str, *links: str) -> bytes:
    """`Name: <link>, <link>` (RFC 2369), one to a line where they do not fit; links are never encoded."""
    bracketed = [f"<{link}>" for link in links]
    if len(name) + 2 + len(", ".join(bracketed)) <= _LINE:
        return f"{name}: {', '.join(bracketed)}".encode("ascii")
    return structured(name, bracketed[0]) + "".join(f",\r\n {link}" for link in bracketed[1:]).encode("ascii")


def _fold(value: str, used: int) -> str:
    """`value` with line breaks before spaces, so that no line is longer than it must be (RFC 5322, 2.2.3)."""
    out: list[str] = []
    column = used
    for number, word in enumerate(re.split("(?<=[^ ])(?= )", value)):
        if number and column + len(word) > _LINE:
            out.append("\r\n")
            column = 0
        out.append(word)
        column += len(word)
    return "".join(out)


def _phrase(text: str, used: int) -> str:
    if _ATOMS.fullmatch(text) and "=?" not in text and len(text) + used <= _LINE:
        return text
    if text.isascii() and "=?" not in text:
        quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        if len(quoted) + used <= _LINE:
            return quoted if text else ""
    return _encoded_words(text, used) if text else ""


def _encoded_words(text: str, used: int) -> str:
    """`text` as encoded-words of whole characters, one to a line, the first on a line with `used` columns taken."""
    raw = text.encode("utf-8")
    quoted_size, base64_size = sum([len(_Q[octet]) for octet in raw]), (len(raw) + 2) // 3 * 4
    quoted = quoted_size <= base64_size
    words: list[str] = []
    room = _WORD + 1 - used - _FRAME
    if min(quoted_size, base64_size) <= room:
        return _encoded_word(raw, quoted)
    chunk: list[bytes] = []
    length = 0
    for sign in text:
        octets = sign.encode("utf-8")
        size = sum(len(_Q[octet]) for octet in octets) if quoted else len(octets)
        if length + size > (room if quoted else room // 4 * 3):
            words.append(_encoded_word(b"".join(chunk), quoted))
            chunk, length, room = [], 0, _WORD - _FRAME
        chunk.append(octets)
        length += size
    words.append(_encoded_word(b"".join(chunk), quoted))
    return "\r\n ".join(words)


def _encoded_word(raw: bytes, quoted: bool) -> str:
    if quoted:
        return f"=?utf-8?q?{''.join([_Q[octet] for octet in raw])}?="
    return f"=?utf-8?b?{base64.b64encode(raw).decode('ascii')}?="
