"""Limits as settings write them: "500/hour", and whom they bind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise

import msgspec

#: Period -> its length in seconds.
PERIODS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
#: The name, among domains, of all that are not named.
OTHERS = "*"

_LIMIT = re.compile(rf"\s*([0-9]{{1,9}})\s*/\s*({'|'.join(PERIODS)})\s*")
_DOMAIN = re.compile(r"(?=.{1,253}\Z)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*")


class Limit(msgspec.Struct, frozen=True):
    """At most `count` messages in any `period` seconds, wherever that begins."""

    count: int
    period: int

    def __str__(self) -> str:
        return f"{self.count}/{next(name for name, seconds in PERIODS.items() if seconds == self.period)}"


def read_limit(text: str) -> Limit:
    """ "500/hour" as a limit; ValueError otherwise."""
    found = _LIMIT.fullmatch(text)
    if found is None or not int(found[1]):
        raise ValueError(f'{text!r} is not a limit such as "500/hour"; the periods are {", ".join(PERIODS)}')
    return Limit(int(found[1]), PERIODS[found[2]])


def read_limits(texts: Iterable[str]) -> tuple[Limit, ...]:
    """All limits of one relay or domain, the shortest period first; ValueError where two are for the same period."""
    limits = tuple(sorted(map(read_limit, texts), key=lambda limit: limit.period))
    for first, second in pairwise(limits):
        if first.period == second.period:
            raise ValueError(f"{first} and {second} are for the same period; keep one of them")
    return limits


def read_domain_limits(settings: Mapping[str, str]) -> dict[tuple[str, ...], tuple[Limit, ...]]:
    """The families of domains that share limits: {"gmx.de, web.de": "100/minute, 2000/hour", "*": "500/hour"}.

    Domains come back as sorted A-labels in small letters; ("*",) stands for each other domain by itself. ValueError
    where a domain or a limit cannot be read, or a domain stands in two places.
    """
    families: dict[tuple[str, ...], tuple[Limit, ...]] = {}
    seen: set[str] = set()
    for names, limits in settings.items():
        family = sorted(OTHERS if name.strip() == OTHERS else _read_domain(name) for name in names.split(","))
        if OTHERS in family and len(family) > 1:
            raise ValueError(f'{names!r}: "{OTHERS}" means every other domain and stands alone')
        for domain in family:
            if domain in seen:
                raise ValueError(f"{domain} stands there twice; keep it in one place")
            seen.add(domain)
        try:
            families[tuple(family)] = read_limits(limits.split(","))
        except ValueError as wrong:
            raise ValueError(f"{names}: {wrong}") from None
    return families


def _read_domain(text: str) -> str:
    name = text.strip().removeprefix("@").removesuffix(".").lower()
    if name and not name.isascii():
        import idna

        try:
            name = idna.encode(name, uts46=True).decode("ascii")
        except idna.IDNAError:
            name = ""
    if not _DOMAIN.fullmatch(name):
        raise ValueError(f'{text.strip()!r} is not a domain such as gmx.de; write several as "gmx.de, web.de"')
    return name
