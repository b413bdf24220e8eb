"""Bytes of unknown origin -> text; text -> single clean lines."""

from __future__ import annotations

import codecs
import re

from subscribers.cleaning import nfc

#: What German text is made of, apart from ASCII: the code page that yields most of it is the right one.
_GERMAN = frozenset("äöüÄÖÜß„“”‚‘’–—…éè«»€©")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DECLARED = re.compile(rb"""(?:charset\s*=|encoding\s*=)\s*["']?\s*([A-Za-z0-9_:.-]{2,40})""", re.IGNORECASE)
#: Everything that ends a line somewhere (Unicode Standard Annex 14): DOS, old Mac, NEL, U+2028, U+2029, form feed.
_LINE_END = re.compile("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
#: Controls, soft hyphens, direction marks, byte order marks, lone surrogates; not the joiners that emoji need.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
#: What WHATWG browsers read these labels as.
_SUPERSETS = {"iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254", "gb2312": "gbk"}


def decode(content: bytes, declared: str = "") -> str:
    """The text of `content`. A byte order mark wins, then valid UTF-8, then what is declared, then the likeliest.

    `declared` is a charset from outside (a Content-Type); without it the first 4 KB are searched for a declaration.
    Never raises: what cannot be read becomes U+FFFD.
    """
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    found = _DECLARED.search(content[:4096])
    encoding = _codec(declared) or _codec(found[1].decode("ascii") if found else "")
    if encoding and encoding not in {"utf-8", "cp1252"}:
        return content.decode(encoding, "replace")
    damaged = content.decode("utf-8", "replace")
    if damaged.count("\ufffd") * 2 < sum(byte in (0xC2, 0xC3, 0xE2) for byte in content):
        return damaged
    candidates = [content.decode(encoding, "replace") for encoding in ("cp1252", "mac_roman", "cp850")]
    return max(candidates, key=lambda text: sum(letter in _GERMAN for letter in text))


def _codec(label: str) -> str:
    """Python's name for a label, "" where it is unknown or no charset for text. UTF-16 in ASCII bytes is a lie."""
    try:
        b"".decode(label.strip())
        name = codecs.lookup(label.strip()).name
    except (LookupError, ValueError):
        return ""
    return "" if name.startswith(("utf-16", "utf-32")) else _SUPERSETS.get(name, name)


def split_lines(text: str) -> list[str]:
    """The lines of `text`, each as `one_line` makes it; an empty line stays as ""."""
    return [one_line(line) for line in _LINE_END.split(text.removeprefix("\ufeff"))]


def one_line(text: str) -> str:
    """Plain text on one line: NFC, no control or invisible characters, single spaces, none at the ends."""
    return nfc(" ".join(_INVISIBLE.sub("", text).split()))


def key_of(text: str) -> str:
    """What makes two texts the same text: letters and digits, in small letters."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())
