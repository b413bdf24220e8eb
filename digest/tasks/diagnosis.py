"""What `digest doctor` says: one sentence per thing looked at, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum

import msgspec

from digest.errors import DigestError
from subscribers.errors import SubscribersError


class Level(StrEnum):
    """`unknown` is what could not be looked at: nobody is blamed for it."""

    OK = "ok"
    UNKNOWN = "unknown"
    WARNING = "warning"
    ERROR = "error"


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """One finding. `record` is the DNS record to publish, as it stands in a zone file, where one is missing."""

    about: str
    level: Level
    sentence: str
    remedy: str = ""
    record: str = ""


Check = Callable[[], Iterable[Diagnosis]]


def examine(checks: Iterable[tuple[str, Check]]) -> Iterator[Diagnosis]:
    """Run every check; one that cannot even begin is a finding itself, named by what it is about."""
    for about, check in checks:
        try:
            yield from check()
        except (DigestError, SubscribersError) as problem:
            yield error(about, str(problem))


def ok(about: str, sentence: str) -> Diagnosis:
    return Diagnosis(about=about, level=Level.OK, sentence=sentence)


def unknown(about: str, sentence: str, remedy: str = "") -> Diagnosis:
    return Diagnosis(about=about, level=Level.UNKNOWN, sentence=sentence, remedy=remedy)


def warning(about: str, sentence: str, remedy: str = "", record: str = "") -> Diagnosis:
    return Diagnosis(about=about, level=Level.WARNING, sentence=sentence, remedy=remedy, record=record)


def error(about: str, sentence: str, remedy: str = "", record: str = "") -> Diagnosis:
    return Diagnosis(about=about, level=Level.ERROR, sentence=sentence, remedy=remedy, record=record)
