"""Addresses as they stand on the wire: no markup, no injected commands, domains as A-labels (RFC 5321, 4.1.2)."""

from __future__ import annotations

import re

_DOT_STRING = r"[^\s\x00-\x1f\x7f<>()\[\]\\,;:\"@.]+(?:\.[^\s\x00-\x1f\x7f<>()\[\]\\,;:\"@.]+)*"
_QUOTED = r'"(?:[^"\\\x00-\x1f\x7f]|\\[ -~])*"'
_DOMAIN = r"[^\s\x00-\x1f\x7f<>()\[\]\\,;:\"@]+|\[[0-9A-Za-z.:-]+\]"
_MAILBOX = re.compile(rf"({_DOT_STRING}|{_QUOTED})@({_DOMAIN})")


def wire_address(address: str) -> str:
    """`address` as MAIL and RCPT carry it, without angle brackets; a domain with umlauts becomes A-labels.

    Raises ValueError for what is no single mailbox, such as one with a space, a bracket or a line end in it.
    """
    match = _MAILBOX.fullmatch(address)
    if match is None or not address.isprintable():
        raise ValueError(f"{address!r} is not an address that can be put into an envelope")
    local, domain = match.groups()
    if domain.isascii():
        return address
    import idna

    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode('ascii')}"
    except idna.IDNAError as wrong:
        raise ValueError(f"{address!r} has a domain that does not exist: {wrong}") from wrong


def needs_smtputf8(address: str, head: bytes) -> bool:
    """Whether a message to this wire address needs SMTPUTF8: by its local part or by its header (RFC 6531, 3.2)."""
    return not (address.isascii() and head.isascii())


def has_bare_line_end(data: bytes) -> bool:
    """Whether a CR or LF stands alone: servers read that in different ways, which is how mail is smuggled in."""
    pairs = data.count(b"\r\n")
    return data.count(b"\n") != pairs or data.count(b"\r") != pairs


def stuffed(data: bytes) -> bytes:
    """`data` (CRLF only) as it follows DATA: leading dots doubled, ended by CRLF dot CRLF (RFC 5321, 4.5.2)."""
    body = data.replace(b"\r\n.", b"\r\n..")
    if body.startswith(b"."):
        body = b"." + body
    return body + (b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n")
