"""Mails in files: single ones, folders of them, Maildirs, mboxes, and what comes in by a pipe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from digest.errors import MailboxError, UsageError
from digest.tasks.bounce_mailboxes.base import MAX_OCTETS, Waiting

#: Of an mbox, no more is read at once.
_MBOX_OCTETS = 512 * 1024 * 1024
#: What divides the mails of an mbox (RFC 4155): a line of its own behind an empty one, with a date, before a header.
_DIVIDER = re.compile(rb"(?m)(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\n]{1,300}\d{4}[^\n]{0,40}\n(?=[A-Za-z][A-Za-z0-9-]*:)")


def mails_in(path: Path) -> Iterator[Waiting]:
    """Every mail in a file or a folder, subfolders included, in the order of the names.

    Raises UsageError where there is nothing of that name, MailboxError for what cannot be read.
    """
    if path.is_dir():
        for file in sorted(each for each in path.rglob("*") if each.is_file() and not _is_hidden(each, path)):
            yield from _mails_of(file, str(file.relative_to(path)))
    elif path.exists():
        yield from _mails_of(path, path.name)
    else:
        raise UsageError(f"There is no file or folder {path}; name one, or - for what is piped in.")


def mails_from(stream: BinaryIO, name: str = "-") -> Iterator[Waiting]:
    """The mail, or the mbox, that comes in by a pipe."""
    yield from _divide(stream.read(_MBOX_OCTETS), name)


def _mails_of(file: Path, name: str) -> Iterator[Waiting]:
    try:
        with file.open("rb") as opened:
            raw = opened.read(_MBOX_OCTETS if _is_mbox(file) else MAX_OCTETS)
    except OSError as fault:
        raise MailboxError(f"{file} cannot be read: {fault.strerror or fault}.") from fault
    yield from _divide(raw, name, mbox=_is_mbox(file))


def _divide(raw: bytes, name: str, *, mbox: bool | None = None) -> Iterator[Waiting]:
    starts = [found.start() for found in _DIVIDER.finditer(raw)] if mbox is not False and raw[:5] == b"From " else []
    if len(starts) < 2:
        yield Waiting(name=name, raw=raw)
        return
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(raw)], strict=True), 1):
        yield Waiting(name=f"{name}#{number}", raw=raw[start : min(end, start + MAX_OCTETS)])


def _is_mbox(file: Path) -> bool:
    return file.suffix.lower() in ("", ".mbox", ".mbx")


def _is_hidden(file: Path, top: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(top).parts)
