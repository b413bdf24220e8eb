"""E-mail addresses: what is one (RFC 5321, 6531), and the keyed hash by which a person is found."""

from __future__ import annotations

import hmac
import re
import unicodedata
from functools import lru_cache

import msgspec

from subscribers.cleaning import show
from subscribers.errors import AddressError

_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9_!#$%&'*+/=?^`{|}~-]+(?:\.[A-Za-z0-9_!#$%&'*+/=?^`{|}~-]+)*")
#: RFC 5321, 4.5.3.1.1 and 4.5.3.1.3: octets before the @-sign, and altogether (256 with the angle brackets).
_LOCAL_MAX, _ADDRESS_MAX = 64, 254
#: Around an address these are slips of a keyboard or of copying; anywhere else they make it wrong.
_AROUND = " \u00a0\ufeff"


class Address(msgspec.Struct, frozen=True):
    """A valid address. `domain` is an A-label in small letters, `email` is `local`@`domain`.

    `smtputf8` says that only a server with that extension (RFC 6531) can take it.
    """

    email: str
    local: str
    domain: str
    smtputf8: bool = False


def parse_address(text: str) -> Address:
    """The address that `text` is. Nothing is looked up. Raises AddressError."""
    text = text.strip(_AROUND)
    local, _, domain = text.rpartition("@")
    if _PLAIN_LOCAL.fullmatch(local) and local.lower() not in _one_mailbox() and len(local) <= _LOCAL_MAX:
        a_label = _plain_domain(domain) if len(domain) < _ADDRESS_MAX else ""
        if a_label and len(local) + len(a_label) < _ADDRESS_MAX:
            return Address(f"{local}@{a_label}", local, a_label)
    return _parse_any(text)


def address_key(secret: bytes, email: str) -> str:
    """HMAC-SHA256 of the address without regard to case, as 64 hex digits; `secret` is the site's."""
    return hmac.digest(secret, email.casefold().encode(), "sha256").hex()


def parse_domain(text: str) -> str:
    """The domain that `text` is (with or without @ before it), as an A-label. Raises AddressError."""
    return parse_address(f"somebody@{text.strip(_AROUND).removeprefix('@')}").domain


@lru_cache
def _one_mailbox() -> frozenset[str]:
    """Local parts that name the same mailbox in any case, such as "postmaster"."""
    from email_validator.rfc_constants import CASE_INSENSITIVE_MAILBOX_NAMES

    return frozenset(CASE_INSENSITIVE_MAILBOX_NAMES)


@lru_cache(maxsize=20_000)
def _plain_domain(domain: str) -> str:
    """The A-label of a domain that is valid behind a plain local part, or empty."""
    try:
        return _parse_any(f"a@{domain}").domain
    except AddressError:
        return ""


def _parse_any(text: str) -> Address:
    from email_validator import EmailNotValidError, validate_email  # its tables of scripts are large

    if not text:
        raise AddressError("An empty text", "there is nothing before and after an @-sign.")
    if len(text) > 4 * _ADDRESS_MAX:
        raise AddressError(show(text), "it is too long.")
    if any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in text):
        raise AddressError(show(text), "it contains a line break or a control character.")
    try:
        # "test" (RFC 6761) is for testing, as this flag says; it never reaches anyone.
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as problem:
        raise AddressError(show(text), str(problem)) from None
    local, domain = found.local_part, found.ascii_domain
    email = f"{local}@{domain}"
    if len(local.encode()) > _LOCAL_MAX or len(email.encode()) > _ADDRESS_MAX:
        raise AddressError(show(text), "it is too long.")
    return Address(email, local, domain, found.smtputf8)
