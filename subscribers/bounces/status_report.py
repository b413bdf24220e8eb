"""Delivery status notifications (RFC 3464, 6533): one finding per recipient."""

from __future__ import annotations

import re
from collections.abc import Iterator

from subscribers.bounces.addresses_in import address_of_field
from subscribers.bounces.classify import reason_of, specific_status
from subscribers.bounces.model import Finding
from subscribers.bounces.reasons import CLASSES, Reason
from subscribers.model import BounceClass

_MAX_RECIPIENTS = 200
_FIELD = re.compile(r"\s*([A-Za-z][A-Za-z0-9-]{1,40})\s*:\s*(.*)")
_RECIPIENT = ("final-recipient", "original-recipient", "x-actual-recipient")
#: Action (RFC 3464, 2.3.3) -> what it says where nothing else does.
_GOOD = frozenset({"delivered", "relayed", "expanded"})
#: Statuses and words that only repeat that it failed.
_EMPTY_WORDS = re.compile(
    r"(?i)\A\W*(?:(?:smtp|x-[\w-]+|dns)\s*;)?\W*(?:[245]\d\d\b)?[\s-]*(?:[245]\.[05]\.0)?\W*"
    r"(?:service unavailable|temporary failure|permanent (?:failure|error)|unknown|failed|undelivered)?\W*\Z"
)


def read_status_report(text: str) -> list[dict[str, str]]:
    """The groups of fields that name a recipient; names in small letters, the first value of a name stays."""
    found: list[dict[str, str]] = []
    for block in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n")):
        group: dict[str, str] = {}
        for name, value in _fields(block):
            if name in group and name == "final-recipient":
                found.append(group)
                group = {}
            group.setdefault(name, value)
        found.append(group)
        if len(found) > 10 * _MAX_RECIPIENTS:
            break
    return [group for group in found if any(name in group for name in _RECIPIENT)][:_MAX_RECIPIENTS]


def finding_of(group: dict[str, str], said_of: dict[str, str], said: str) -> Finding | None:
    """What one group of fields says; None where it names nobody.

    `said_of` has what the words of the mail say of each address, `said` all of them: they count where the fields tell
    no cause.
    """
    final = next((found for name in _RECIPIENT if (found := address_of_field(group.get(name, "")))), "")
    original = address_of_field(group.get("original-recipient", ""))
    if not final:
        return None
    action = re.split(r"[\s(;]", group.get("action", "").strip().lower(), maxsplit=1)[0]
    diagnostic = group.get("diagnostic-code", "")
    own = group.get("status", "")
    words = said_of.get(final) or said_of.get(original) or ""
    if action in _GOOD:
        reason = Reason.DELIVERED
    else:
        reason = reason_of(f"{diagnostic} {_phase(words)}", own)
        if _EMPTY_WORDS.match(diagnostic) or reason is Reason.UNCLEAR:
            reason = _better(reason, reason_of(f"{diagnostic} {words}", own))
        if reason is Reason.UNCLEAR:
            reason = reason_of(said, own)
        if reason is Reason.UNCLEAR and action in ("delayed", "expired"):
            reason = Reason.EXPIRED
    waiting = action == "delayed"
    if waiting and CLASSES[reason] is BounceClass.HARD:
        reason = Reason.EXPIRED
    return Finding(
        address=final,
        original=original if original != final else "",
        reason=reason,
        status=specific_status(diagnostic or words, own),
        diagnostic=" ".join(diagnostic.split()) or " ".join(words.split()),
        waiting=waiting,
    )


def _better(by_fields: Reason, by_words: Reason) -> Reason:
    return by_words if by_words is not Reason.UNCLEAR else by_fields


def _phase(words: str) -> str:
    """The part of the words that says which command was refused (Postfix), for the fields never do."""
    found = re.search(r"\(in\s+reply\s+to\s+[^)\n]{1,40}(?:\n[^)\n]{1,40})?\)", words)
    return " ".join(found[0].split()) if found else ""


def _fields(block: str) -> Iterator[tuple[str, str]]:
    name, value = "", ""
    for line in block.splitlines():
        if name and line[:1] in " \t" and not line.strip().lower().startswith(_RECIPIENT):
            value = f"{value} {line.strip()}"[:4_000]
        elif match := _FIELD.match(line):
            if name:
                yield name, value
            name, value = match[1].lower(), match[2].strip()
    if name:
        yield name, value
