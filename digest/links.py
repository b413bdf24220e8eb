"""Every public URL and the signed tokens in them. Pure: same input, same link.

A mail token is 32 letters and digits: the subscriber's handle (8 octets), the edition's number (4) and, of an HMAC over
both, the octets that belong to the purpose (8), in base32. It is deterministic, so a second copy of a message is
byte-equal; case-folding does not hurt it, so it may stand in an address's local part (RFC 5321, 4.5.3.1.1: at most 64
octets).

The link of a letter ends at a time that is part of what is signed (5 octets, seconds since 1970), so its token has 40
letters and digits. The time is derived from the letter's planned time: that token is deterministic, too.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal, NamedTuple

Purpose = Literal["unsubscribe", "settings", "browser", "message", "bounce"]
#: What the link of a letter is good for: confirming a sign-up, undoing a departure, all of one's own settings, a new
#: address.
LetterPurpose = Literal["confirm", "undo", "account", "address"]

_HANDLE_OCTETS = 8
_NUMBER_OCTETS = 4
_TIME_OCTETS = 5
_MAC_OCTETS = 8
#: Where a purpose's own octets stand in the MAC that the tokens of one message share.
_PLACES: dict[str, int] = {"unsubscribe": 0, "settings": 1, "browser": 2, "message": 3, "bounce": 4}
_LETTER_PATHS: dict[LetterPurpose, str] = {
    "confirm": "anmeldung-bestaetigen",
    "undo": "abmeldung-zuruecknehmen",
    "account": "meine-daten",
    "address": "adresse-bestaetigen",
}


_DIGITS = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = [first + second for first in _DIGITS for second in _DIGITS]


class TokenFacts(NamedTuple):
    """What a valid token says."""

    handle: str
    edition: int


@lru_cache(maxsize=64)
def make_token(secret: bytes, purpose: Purpose, handle: str, edition: int) -> str:
    """The token of one subscriber (`handle`, 16 hex digits) and one edition for one purpose."""
    return _signed(secret, purpose, bytes.fromhex(handle) + edition.to_bytes(_NUMBER_OCTETS, "big"))


def read_token(secret: bytes, purpose: Purpose, token: str) -> TokenFacts | None:
    """What `token` says if it is genuine and made for `purpose`, else None. Letter case does not matter."""
    payload = _payload(secret, purpose, token, _HANDLE_OCTETS + _NUMBER_OCTETS)
    return _facts(payload) if payload else None


def make_letter_token(secret: bytes, purpose: LetterPurpose, handle: str, edition: int, expires: datetime) -> str:
    """The token of one subscriber and one letter; good until `expires` (aware, rounded down to a second)."""
    payload = bytes.fromhex(handle) + edition.to_bytes(_NUMBER_OCTETS, "big")
    return _signed(secret, purpose, payload + int(expires.timestamp()).to_bytes(_TIME_OCTETS, "big"))


def read_letter_token(secret: bytes, purpose: LetterPurpose, token: str, now: datetime) -> TokenFacts | None:
    """What `token` says if it is genuine, made for `purpose` and not expired at `now` (aware), else None."""
    expires = letter_token_expiry(secret, purpose, token)
    if expires is None or now >= expires:
        return None
    return _facts(base64.b32decode(token, casefold=True))


def letter_token_expiry(secret: bytes, purpose: LetterPurpose, token: str) -> datetime | None:
    """When a genuine token ends or ended, in UTC, for a page that tells an old link from a wrong one; else None."""
    payload = _payload(secret, purpose, token, _HANDLE_OCTETS + _NUMBER_OCTETS + _TIME_OCTETS)
    if payload is None:
        return None
    return datetime.fromtimestamp(int.from_bytes(payload[-_TIME_OCTETS:], "big"), UTC)


def _signed(secret: bytes, purpose: Purpose | LetterPurpose, payload: bytes) -> str:
    if purpose in _PLACES:
        start = _PLACES[purpose] * _MAC_OCTETS
        return _base32(payload + _mail_macs(secret, payload)[start : start + _MAC_OCTETS])
    mac = hmac.digest(secret, purpose.encode() + b"\0" + payload, "sha256")[:_MAC_OCTETS]
    return _base32(payload + mac)


@lru_cache(maxsize=64)
def _mail_macs(secret: bytes, payload: bytes) -> bytes:
    """One HMAC-SHA512 for all the tokens of a message: each purpose has octets of its own, which tell of no other's."""
    return hmac.digest(secret, b"mail\0" + payload, "sha512")


def _base32(raw: bytes) -> str:
    """RFC 4648, 6, in small letters, of a multiple of 5 octets: the standard library's takes three times as long."""
    bits = int.from_bytes(raw, "big")
    return "".join([_PAIRS[bits >> shift & 1023] for shift in range(len(raw) * 8 - 10, -1, -10)])


def _payload(secret: bytes, purpose: Purpose | LetterPurpose, token: str, octets: int) -> bytes | None:
    """The `octets` that were signed into a genuine token for `purpose`, else None."""
    try:
        raw = base64.b32decode(token, casefold=True)
    except (binascii.Error, ValueError):
        return None
    if len(raw) != octets + _MAC_OCTETS:
        return None
    genuine = _signed(secret, purpose, raw[:octets])
    return raw[:octets] if hmac.compare_digest(genuine, token.lower()) else None


def _facts(payload: bytes) -> TokenFacts:
    edition = payload[_HANDLE_OCTETS : _HANDLE_OCTETS + _NUMBER_OCTETS]
    return TokenFacts(payload[:_HANDLE_OCTETS].hex(), int.from_bytes(edition, "big"))


def sign_up_url(base_url: str, newsletter: str) -> str:
    """Where anybody may sign up for the newsletter of that slug; names nobody, so it may be forwarded."""
    return f"{base_url}/anmelden/{newsletter}"


def newsroom_edition_url(base_url: str, number: int) -> str:
    """Where editors see, change and approve the edition of that number."""
    return f"{base_url}/redaktion/ausgaben/{number}"


def masked_token(_secret: bytes, _purpose: Purpose, _handle: str, _edition: int) -> str:
    """As long as a token and as easily encoded, and good for nothing: for messages that are only looked at."""
    return "x" * ((_HANDLE_OCTETS + _NUMBER_OCTETS + _MAC_OCTETS) * 8 // 5)


class Links:
    """The links of one site. `base_url` has no slash at its end; `token` makes the tokens of mails."""

    def __init__(
        self, base_url: str, secret: bytes, token: Callable[[bytes, Purpose, str, int], str] = make_token
    ) -> None:
        self._base_url = base_url
        self._secret = secret
        self._token = token

    def unsubscribe(self, handle: str, edition: int) -> str:
        """Both the page behind the visible link and the target of a one-click POST (RFC 8058)."""
        return f"{self._base_url}/abmelden/{self._token(self._secret, 'unsubscribe', handle, edition)}"

    def settings(self, handle: str, edition: int) -> str:
        return f"{self._base_url}/einstellungen/{self._token(self._secret, 'settings', handle, edition)}"

    def browser(self, handle: str, edition: int) -> str:
        """Where the reader sees their own message as a page ("Im Browser ansehen")."""
        return f"{self._base_url}/ausgabe/{self._token(self._secret, 'browser', handle, edition)}"

    def letter(self, purpose: LetterPurpose, handle: str, edition: int, expires: datetime) -> str:
        """The one link that a letter is about."""
        token = make_letter_token(self._secret, purpose, handle, edition, expires)
        return f"{self._base_url}/{_LETTER_PATHS[purpose]}/{token}"

    def picture_url(self, name: str) -> str:
        """Where a picture is served that was kept under `name` ("<sha256>.jpg")."""
        return f"{self._base_url}/bilder/{name}"

    def unsubscribe_mailto(self, mailbox: str, handle: str, edition: int) -> str:
        """The mailto of List-Unsubscribe (RFC 2369, 3.2); the token in the subject names who leaves what."""
        return f"mailto:{mailbox}?subject=Abmelden%20{self._token(self._secret, 'unsubscribe', handle, edition)}"

    def message_id(self, domain: str, handle: str, edition: int) -> str:
        """The same for the same edition and subscriber, always (RFC 5322, 3.6.4); with its angle brackets."""
        return f"<{self._token(self._secret, 'message', handle, edition)}@{domain}>"

    def bounce_address(self, domain: str, handle: str, edition: int) -> str:
        """A variable envelope sender (VERP), so that a bounce names its delivery."""
        return f"b-{self._token(self._secret, 'bounce', handle, edition)}@{domain}"
