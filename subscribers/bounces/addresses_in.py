"""Finding e-mail addresses in what servers write."""

from __future__ import annotations

import re

_LOCAL = r"(?:\"[^\"\n]{1,64}\"|[^\s<>()\[\]\\,;:\"@'|]{1,80}(?:'[^\s<>()\[\]\\,;:\"@'|]{1,80})?)"
_DOMAIN = r"[\w](?:[\w.-]{0,250}[\w])?"
ADDRESS = rf"{_LOCAL}@{_DOMAIN}"
_FOUND = re.compile(ADDRESS)
_TYPED = re.compile(r"\s*(?:rfc-?822|utf-?8|smtp|internet|dns|x-[\w-]+|local|unknown)\s*;\s*", re.IGNORECASE)
#: Nobody reads a newsletter there.
_MACHINES = re.compile(r"(?i)(?:mailer-?daemon|postmaster|no-?reply|do-?not-?reply|bounces?|abuse|mail-daemon)\b")


def addresses_in(text: str) -> list[str]:
    """The addresses in `text`, each once, in order; the domain in small letters."""
    return list(dict.fromkeys(tidied(found[0]) for found in _FOUND.finditer(text[:20_000])))


def tidied(address: str) -> str:
    local, _, domain = address.strip(".'`").rpartition("@")
    local = local.removeprefix("mailto:").removeprefix("MAILTO:").lstrip("=*-")
    return f"{local}@{domain.lower().strip('.')}"


def address_of_field(value: str) -> str:
    """The address of a report's field such as "rfc822; <a@b.example>", or empty."""
    bare = value[match.end() :] if (match := _TYPED.match(value)) else value
    found = addresses_in(bare)
    return found[-1] if found else ""


def is_machine(address: str) -> bool:
    return _MACHINES.match(address) is not None
