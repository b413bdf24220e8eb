"""Every public URL and the signed tokens in them. Pure: same input, same link.

A mail token is 32 letters and digits: the subscriber's handle (8 octets), the edition's number (4) and a truncated
HMAC-SHA256 over both and the purpose (8), in base32. It is deterministic, so a second copy of a message is byte-equal;
case-folding does not hurt it, so it may stand in an address's local part (RFC 5321, 4.5.3.1.1: at most 64 octets).
"""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Literal, NamedTuple

Purpose = Literal["unsubscribe", "settings", "message", "bounce"]

_HANDLE_OCTETS = 8
_NUMBER_OCTETS = 4
_MAC_OCTETS = 8


class TokenFacts(NamedTuple):
    """What a valid token says."""

    handle: str
    edition: int


def make_token(secret: bytes, purpose: Purpose, handle: str, edition: int) -> str:
    """The token of one subscriber (`handle`, 16 hex digits) and one edition for one purpose."""
    payload = bytes.fromhex(handle) + edition.to_bytes(_NUMBER_OCTETS, "big")
    mac = hmac.digest(secret, purpose.encode() + b"\0" + payload, "sha256")[:_MAC_OCTETS]
    return base64.b32encode(payload + mac).decode("ascii").lower()


def read_token(secret: bytes, purpose: Purpose, token: str) -> TokenFacts | None:
    """What `token` says if it is genuine and made for `purpose`, else None. Letter case does not matter."""
    try:
        raw = base64.b32decode(token, casefold=True)
    except (binascii.Error, ValueError):
        return None
    if len(raw) != _HANDLE_OCTETS + _NUMBER_OCTETS + _MAC_OCTETS:
        return None
    handle = raw[:_HANDLE_OCTETS].hex()
    edition = int.from_bytes(raw[_HANDLE_OCTETS:-_MAC_OCTETS], "big")
    genuine = make_token(secret, purpose, handle, edition)
    return TokenFacts(handle, edition) if hmac.compare_digest(genuine, token.lower()) else None


class Links:
    """The links of one site. `base_url` has no slash at its end."""

    def __init__(self, base_url: str, secret: bytes) -> None:
        self._base_url = base_url
        self._secret = secret

    def unsubscribe(self, handle: str, edition: int) -> str:
        """Both the page behind the visible link and the target of a one-click POST (RFC 8058)."""
        return f"{self._base_url}/abmelden/{make_token(self._secret, 'unsubscribe', handle, edition)}"

    def settings(self, handle: str, edition: int) -> str:
        return f"{self._base_url}/einstellungen/{make_token(self._secret, 'settings', handle, edition)}"

    def unsubscribe_mailto(self, mailbox: str, handle: str, edition: int) -> str:
        """The mailto of List-Unsubscribe (RFC 2369, 3.2); the token in the subject names who leaves what."""
        return f"mailto:{mailbox}?subject=Abmelden%20{make_token(self._secret, 'unsubscribe', handle, edition)}"

    def message_id(self, domain: str, handle: str, edition: int) -> str:
        """The same for the same edition and subscriber, always (RFC 5322, 3.6.4); with its angle brackets."""
        return f"<{make_token(self._secret, 'message', handle, edition)}@{domain}>"

    def bounce_address(self, domain: str, handle: str, edition: int) -> str:
        """A variable envelope sender (VERP), so that a bounce names its delivery."""
        return f"b-{make_token(self._secret, 'bounce', handle, edition)}@{domain}"
