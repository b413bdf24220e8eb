"""Taking a mail apart in bounded time and memory, whatever is in it.

The standard library's parser does the work, but some of its steps grow with the square of a header or with the depth of
nesting: so it is shown no more than a report ever needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.policy import Compat32
from html.parser import HTMLParser
from itertools import islice

#: Of a mail, so much is read: reports come first, and of what they quote only the header counts.
MAX_OCTETS, MAX_LINES = 512 * 1024, 12_000
_MAX_NESTING = 40
#: Below the number of digits that int() refuses, since parameters are numbered (RFC 2231).
_MAX_HEADER = 4_000
_MAX_TEXT = 60_000
_NESTING = re.compile(rb"(?i)boundary|message/(?!delivery-status)")
_LINE_END = re.compile(rb"\n")
_FROM_LINE = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*(?:>?From [^\r\n]*\r?\n)?")
#: Codecs that are no charsets, or slow.
_CHARSET = re.compile(r"(?i)(?:utf|us-ascii|ascii|iso|windows|cp|koi8|gb|big5|shift|sjis|euc|latin|mac|unicode-1-1-)")
#: What MIME names that Python does not know: charset -> codec.
_CODECS = {"unicode-1-1-utf-7": "utf-7", "iso-8859-8-i": "iso-8859-8", "cp-850": "cp850"}


class _BoundedPolicy(Compat32):
    """Header fields as readable text of bounded length."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, _, value = "".join(sourcelines)[:_MAX_HEADER].partition(":")
        return name, value.strip()

    def header_fetch_parse(self, name: str, value: str) -> str:  # noqa: ARG002, the standard library's shape
        return value if value.isascii() else _guess(value.encode("utf-8", "surrogateescape"))


def parse_mail(raw: bytes) -> Message:
    """The mail in `raw`, cut off where it is far longer or deeper than a report; a leading mbox line is left out."""
    raw = raw[_FROM_LINE.match(raw).end() : MAX_OCTETS] if raw else raw  # type: ignore[union-attr]
    for pattern, most in ((_LINE_END, MAX_LINES), (_NESTING, _MAX_NESTING)):
        beyond = next(islice(pattern.finditer(raw), most, None), None)
        raw = raw[: beyond.start()] if beyond else raw
    return BytesParser(policy=_BoundedPolicy()).parsebytes(raw)


def header(message: Message, name: str) -> str:
    """The first field of that name on one line, its encoded-words decoded; "" where there is none."""
    return decoded(str(message.get(name, "")))


def headers(message: Message, name: str) -> list[str]:
    """Every field of that name, as `header` gives it."""
    return [decoded(str(value)) for value in message.get_all(name, [])]


def decoded(value: str) -> str:
    """`value` with RFC 2047 encoded-words decoded, on one line."""
    if "=?" in value:
        try:
            pieces = [
                text if isinstance(text, str) else _decode(text, charset or "")
                for text, charset in decode_header(value)
            ]
            value = "".join(pieces)
        except (HeaderParseError, ValueError):  # broken base64: shown as it came
            pass
    return " ".join(value.split())


def text_of(part: Message) -> str:
    """A leaf's text; of HTML what a person would read, a line for each block."""
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    text = _decode(payload[: 4 * _MAX_TEXT], str(part.get_content_charset() or ""))[:_MAX_TEXT]
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _Visible.read(text) if part.get_content_type() == "text/html" else text


def walk_notice(message: Message) -> Iterator[Message]:
    """The parts of a mail in order, without going into mails that it encloses."""
    yield message
    if message.is_multipart() and message.get_content_maintype() != "message":
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from walk_notice(part)


def enclosed(part: Message) -> Message | None:
    """The mail (or its header alone) that a part of type message/* or text/rfc822-headers encloses."""
    if part.get_content_type() in ("text/rfc822-headers", "message/rfc822-headers", "message/global-headers"):
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes) and payload:
            return parse_mail(payload)
    inner = part.get_payload()
    if isinstance(inner, list):
        return inner[0] if inner and isinstance(inner[0], Message) else None
    payload = part.get_payload(decode=True)
    return parse_mail(payload) if isinstance(payload, bytes) and payload else None


def _decode(octets: bytes, charset: str) -> str:
    charset = _CODECS.get(charset.lower(), charset)
    if _CHARSET.match(charset):
        try:
            return octets.decode(charset, "replace")
        except (LookupError, UnicodeError):
            pass
    return _guess(octets)


def _guess(octets: bytes) -> str:
    if b"\x1b$" in octets:
        return octets.decode("iso-2022-jp", "replace")
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("windows-1252", "replace")


class _Visible(HTMLParser):
    """Collects what a page shows."""

    _HIDDEN = frozenset({"style", "script", "head", "title"})
    _BLOCKS = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "pre", "table", "hr"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._pieces: list[str] = []
        self._hidden = 0

    @classmethod
    def read(cls, html: str) -> str:
        parser = cls()
        parser.feed(html)
        parser.close()
        lines = ("".join(parser._pieces)).splitlines()
        return "\n".join(" ".join(line.split()) for line in lines)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._hidden += tag in self._HIDDEN
        if tag in self._BLOCKS:
            self._pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._HIDDEN and self._hidden:
            self._hidden -= 1
        if tag in self._BLOCKS:
            self._pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._pieces.append(" ".join(data.split("\n")))
