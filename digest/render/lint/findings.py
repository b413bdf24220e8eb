"""What a check has found: where, what, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec
from msgspec.structs import replace

from digest.render.lint.rules import RULES

Level = Literal["error", "warning"]
#: Longer offending texts are cut for people; nobody needs the whole of them.
_LONGEST = 120


class Place(msgspec.Struct, frozen=True):
    """A line (from 1) of a template or settings file, or None where there is no single one."""

    file: str
    line: int | None = None


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to mend (error) or to know (warning). `text` is the offending tag, attribute or words.

    `about` says what was being checked: newsletters by slug, or an edition.
    """

    level: Level
    rule: str
    file: str
    line: int | None
    text: str
    problem: str
    remedy: str
    about: str = ""


def found(rule: str, place: Place, text: str, problem: str, *, remedy: str = "", level: Level | None = None) -> Finding:
    """A finding of `rule`, with the rule's own level and remedy unless others are given."""
    known = RULES[rule]
    shown = " ".join(text.split())
    return Finding(
        level=level or known.level,
        rule=rule,
        file=place.file,
        line=place.line,
        text=shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…",
        problem=problem,
        remedy=remedy or known.remedy,
    )


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Errors first, then by place; the same finding once, however often its line was rendered."""
    unique: dict[Finding, dict[str, None]] = {}
    for finding in findings:
        unique.setdefault(replace(finding, about=""), {})[finding.about] = None
    joined = [replace(finding, about=", ".join(filter(None, about))) for finding, about in unique.items()]
    return sorted(joined, key=lambda each: (each.level, each.file, each.line or 0, each.rule, each.text))
