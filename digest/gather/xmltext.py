"""Bytes that claim to be XML -> text that a feed parser can take: decoded, sound characters, no entity bombs."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

#: Where a feed's first element must begin; what comes before is searched by expressions that take quadratic time.
MAX_PROLOGUE = 32_000
#: How many characters all uses of the document's own entities may come to.
MAX_EXPANSION = 1_000_000
#: Byte order marks, then how "<?xm" looks in encodings that are not like ASCII (XML 1.0, appendix F).
_MARKS = (
    (codecs.BOM_UTF32_BE, "utf-32-be", 4),
    (codecs.BOM_UTF32_LE, "utf-32-le", 4),
    (codecs.BOM_UTF8, "utf-8", 3),
    (codecs.BOM_UTF16_BE, "utf-16-be", 2),
    (codecs.BOM_UTF16_LE, "utf-16-le", 2),
    (b"\x00\x00\x00<", "utf-32-be", 0),
    (b"<\x00\x00\x00", "utf-32-le", 0),
    (b"\x00<\x00?", "utf-16-be", 0),
    (b"<\x00?\x00", "utf-16-le", 0),
    (b"\x4c\x6f\xa7\x94", "cp037", 0),
)
_DECLARATION = re.compile(r"\s*<\?xml\b(?P<inside>[^<>]{0,400}?)\?>")
_ENCODING = re.compile(r"""encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
#: Labels that are read as the larger code page that they are mistaken for (WHATWG Encoding).
_SUPERSETS = {"iso8859-1": "cp1252", "ascii": "cp1252", "gb2312": "gb18030", "iso8859-9": "cp1254"}
#: Codecs for something else than documents, some of them slow on purpose.
_NO_CHARSETS = frozenset({"punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})
#: What XML 1.0 (2.2) does not allow, and what would end a line in a header.
_UNSOUND = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_BLANKS = re.compile(r"\s{2,}")
_ENTITY = re.compile(r"""<!ENTITY\s+(?:%\s+)?([\w.-]{1,100})\s+["']([^"']*)["']""")


class UnsoundError(Exception):
    """The content is nothing that may be parsed; the message says why, as part of a sentence."""


class XmlText(NamedTuple):
    """`note` is empty, or says how the content differs from what it was declared as."""

    text: str
    note: str


def read_xml(content: bytes, content_type: str = "") -> XmlText:
    """The document's text without its XML declaration. Raises UnsoundError.

    A byte order mark wins, then valid UTF-8, then the server's charset, then the declared encoding, then Windows-1252.
    """
    text, note = _decode(content, content_type)
    declaration = _DECLARATION.match(text[:1000])
    text = _UNSOUND.sub(" ", text[declaration.end() if declaration else 0 :])
    start = re.search(r"<\w", text[:MAX_PROLOGUE])
    if start is None:
        raise UnsoundError("is neither RSS, Atom nor JSON Feed")
    prologue, document = _BLANKS.sub("\n", text[: start.start()]), text[start.start() :]
    _check_entities(prologue, document)
    return XmlText(prologue.lstrip() + document, note)


def _decode(content: bytes, content_type: str) -> tuple[str, str]:
    for mark, encoding, length in _MARKS:
        if content.startswith(mark):
            declared = _declared(content[:2000].decode(encoding, "replace")) if encoding == "cp037" else ""
            return content[length:].decode(declared or encoding, "replace"), ""
    declared = _declared(content[:2000].decode("latin-1"))
    served = _CHARSET.search(content_type)
    candidates = [name for name in (_codec(served[1]) if served else "", declared) if name]
    if not content.isascii():
        candidates.insert(0, "utf-8")
    for encoding in (*candidates, "utf-8"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return text, ""
    return _damaged(content, declared or "utf-8")


def _damaged(content: bytes, declared: str) -> tuple[str, str]:
    """Content that is not what it says: UTF-8 with a few broken letters, or a German's Windows-1252."""
    text = content.decode("utf-8", "replace")
    broken, sound = text.count("\ufffd"), sum(1 for byte in content if 0xC2 <= byte <= 0xF4)
    if broken * 3 < sound:
        return text, f"is not valid {declared}: {broken} letters could not be read"
    return content.decode("cp1252", "replace"), f"is not valid {declared} and was read as Windows-1252"


def _declared(head: str) -> str:
    declaration = _DECLARATION.match(head)
    found = _ENCODING.search(declaration["inside"]) if declaration else None
    return _codec(found[1]) if found else ""


def _codec(label: str) -> str:
    """Python's name for a label; "" where it is no charset, or one that these bytes cannot be in."""
    try:
        name = codecs.lookup(label).name
        b"".decode(name)
    except (LookupError, UnicodeError):
        return ""
    if name in _NO_CHARSETS or name.startswith(("utf-16", "utf-32")):
        return ""
    return _SUPERSETS.get(name, name)


def _check_entities(prologue: str, document: str) -> None:
    """Refuse a document whose own entities make it many times as long ("quadratic blow-up")."""
    expansion = 0
    for name, value in _ENTITY.findall(prologue)[:200]:
        expansion += len(value) * document.count(f"&{name};")
        if expansion > MAX_EXPANSION:
            raise UnsoundError("has entities that make it too long to be read")
