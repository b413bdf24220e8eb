"""A mail laid out for reading: what it says in words, its machine-readable parts, and what it quotes of the message."""

from __future__ import annotations

import re
from email.message import Message

import msgspec

from subscribers.bounces.mime import enclosed, header, headers, parse_mail, text_of, walk_notice
from subscribers.bounces.phrasebook import begins_line

_MAX_TEXT = 40_000
_MAX_PARTS = 60
_QUOTED = begins_line("quoted")
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,40}:(?:\s|$)")
_QUOTED_FIELD = re.compile(r"(?i)(?:received|return-path|message-id|mime-version|dkim-signature|x-[\w-]+):")
#: Fields that stand in no message but in a report (RFC 3464, 2.3).
_REPORT_FIELD = re.compile(r"(?im)^\s*(?:final|original)-recipient:")


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """`text` is what it says without what it quotes; `quoted` is the header of each message that it quotes, the nearest
    first; `statuses` and `feedback` are the texts of its machine-readable parts.
    """

    mail: Message
    text: str
    quoted: tuple[Message, ...] = ()
    statuses: tuple[str, ...] = ()
    feedback: tuple[str, ...] = ()
    is_receipt: bool = False

    def field(self, name: str) -> str:
        return header(self.mail, name)

    def fields(self, *names: str) -> list[str]:
        return [value for name in names for value in headers(self.mail, name)]


def lay_out(raw: bytes) -> Notice:
    """The mail in `raw`, laid out. Bounded time and memory; never raises."""
    mail = parse_mail(raw)
    plain: list[str] = []
    pages: list[str] = []
    quoted: list[Message] = []
    statuses: list[str] = []
    feedback: list[str] = []
    is_receipt = False
    for number, part in enumerate(walk_notice(mail)):
        kind = part.get_content_type()
        if number >= _MAX_PARTS:
            break
        if kind in ("message/delivery-status", "message/global-delivery-status"):
            statuses.append(_fields_text(part))
        elif kind == "message/feedback-report":
            feedback.append(_fields_text(part))
        elif kind in ("message/disposition-notification", "message/global-disposition-notification"):
            is_receipt = True
        elif kind.startswith("message/") or kind == "text/rfc822-headers":
            inner = enclosed(part)
            quoted += [] if inner is None else [inner]
        elif kind == "text/html":
            pages.append(text_of(part))
        elif kind.startswith("text/") and part.get_content_disposition() != "attachment":
            plain.append(text_of(part))
    text = "\n".join(plain if any(each.strip() for each in plain) else pages)[:_MAX_TEXT]
    if not statuses and _REPORT_FIELD.search(text):
        statuses.append(text)
    words, rest = _divide(text)
    if rest:
        quoted.append(parse_mail(rest.lstrip().encode("utf-8", "replace")))
    return Notice(
        mail=mail,
        text=words,
        quoted=tuple(quoted),
        statuses=tuple(statuses),
        feedback=tuple(feedback),
        is_receipt=is_receipt,
    )


def _fields_text(part: Message) -> str:
    """The blocks of fields of a message/* part, divided by blank lines."""
    payload = part.get_payload()
    if not isinstance(payload, list):
        return text_of(part)
    blocks = []
    for inner in payload:
        if isinstance(inner, Message):
            own = "\n".join(f"{name}: {value}" for name, value in inner.items())
            rest = inner.get_payload()
            blocks.append(f"{own}\n\n{rest}" if isinstance(rest, str) and rest.strip() else own)
    return "\n\n".join(blocks)


def _divide(text: str) -> tuple[str, str]:
    """The words, and the quoted message behind them: after a line that announces it, or where a header begins."""
    found = _QUOTED.search(text)
    cut = found.start() if found else len(text)
    rest = found.end() if found else len(text)
    position = run = start = 0
    tells = False
    for line in text.splitlines(keepends=True):
        if position >= cut:
            break
        if _FIELD.match(line):
            start = start if run else position
            run += 1
            tells = tells or _QUOTED_FIELD.match(line) is not None
        elif not (run and line[:1] in " \t" and line.strip()):
            run, tells = 0, False
        if run >= 3 and tells and not _REPORT_FIELD.search(text[start : position + len(line)]):
            return text[:start], text[start:]
        position += len(line)
    return text[:cut], text[rest:]
