"""A file of any usual encoding and line end as lines of text: streaming, each line decoded for itself.

Excel writes Windows-1252, UTF-8 with a BOM or UTF-16, by version and menu; and one odd line must not spoil the umlauts
of all others. So a line that is not valid UTF-8 is read as Windows-1252, unless a BOM says UTF-16.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO, TextIO

from subscribers.errors import CsvFileError

#: The longest line, and the longest row over several lines, in characters.
LINE_MAX = 100_000

_CHUNK = 1 << 16
_SIGNATURES = {
    b"PK\x03\x04": "it is a ZIP file or an Excel workbook; save it as CSV (UTF-8) first.",
    b"\xd0\xcf\x11\xe0": "it is an old Excel workbook; save it as CSV first.",
    b"\x1f\x8b": "it is compressed; unpack it first.",
}


class Lines:
    """Iterates over the lines with their ends. A line over LINE_MAX comes cut short, and longer than LINE_MAX.

    An octet that is in neither encoding comes as a lone surrogate.

    `read_bytes` is how far the file was read, `encoding` what it turned out to be so far. Raises CsvFileError when
    made from a file that is empty or no text.
    """

    def __init__(self, file: BinaryIO | TextIO, name: str) -> None:
        self.encoding = "utf-8"
        self.read_bytes = 0
        self._file = file
        first = self._read()
        problem = next((text for magic, text in _SIGNATURES.items() if first.startswith(magic)), "")
        if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            self.encoding = "utf-16"
            self._utf16 = codecs.getincrementaldecoder("utf-16")(errors="replace")
            first = self._transcoded(first)
        elif not problem and b"\0" in first:
            problem = "it is not a text file."
        if problem or not first.strip(b"\xef\xbb\xbf \t\r\n"):
            raise CsvFileError(name, problem or "it is empty.")
        self._first = first.removeprefix(codecs.BOM_UTF8)

    def __iter__(self) -> Iterator[str]:
        for line in _split(self._chunks()):
            try:
                yield line.decode()
            except UnicodeDecodeError:
                if len(line) <= LINE_MAX:
                    self.encoding = "windows-1252"
                yield line.decode("cp1252", "surrogateescape")

    def _chunks(self) -> Iterator[bytes]:
        chunk, self._first = self._first, b""
        while chunk:
            yield chunk
            chunk = self._read()
            if self.encoding == "utf-16":
                chunk = self._transcoded(chunk)

    def _read(self) -> bytes:
        chunk = self._file.read(_CHUNK)
        if isinstance(chunk, str):
            chunk = chunk.encode(errors="replace")
        self.read_bytes += len(chunk)
        return chunk

    def _transcoded(self, chunk: bytes) -> bytes:
        while chunk:
            if text := self._utf16.decode(chunk):
                return text.encode(errors="replace")
            chunk = self._read()
        return self._utf16.decode(b"", final=True).encode(errors="replace")


def _split(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Lines that end in LF, CRLF or CR, wherever the chunks were cut."""
    rest, cut = b"", False
    for chunk in chunks:
        lines = (rest + chunk).splitlines(keepends=True)
        rest = b"" if lines[-1].endswith(b"\n") else lines.pop()
        for line in lines:
            if not cut:
                yield line
            cut = False
        if len(rest) > 4 * LINE_MAX and not rest.endswith(b"\r"):
            if not cut:
                yield rest[: 4 * LINE_MAX + 1]
            rest, cut = b"", True
    if rest and not cut:
        yield rest
