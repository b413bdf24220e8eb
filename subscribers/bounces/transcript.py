"""Bounces in free text: who did not get the message, and what was said of each."""

from __future__ import annotations

import re
from collections.abc import Collection

from subscribers.bounces.addresses_in import ADDRESS, is_machine, tidied

_MAX_BLOCKS = 200
_MAX_BLOCK = 4_000
#: A line that begins with an address, maybe behind a reply's numbers or a name, says something of that address.
_AT_START = re.compile(
    rf"^[ \t>*•|-]{{0,12}}(?:[245]\d\d[ -](?:[245]\.\d{{1,3}}\.\d{{1,3}} )?)?"
    rf"(?:(?:(?:final |failed )?recipient(?:'s)?(?: address)?|empfänger|add?ress?e?|e-?mail|user|benutzer)\s*:\s*|"
    rf"[\w.-]{{1,64}}:\d{{1,9}}:|{ADDRESS} (?=<))?"
    rf"[<(\[\"']?(?:mailto:)?(?P<address>{ADDRESS})",
    re.IGNORECASE,
)
_RCPT = re.compile(rf"RCPT TO:\s{{0,3}}<?(?P<address>{ADDRESS})>?", re.IGNORECASE)
_INLINE = re.compile(
    rf"\b(?:to|for|recipients?|address(?:es)?|user|an|empfänger|adresse|zustellung|mailbox|account)\b\s{{0,3}}:?\s{{0,3}}"
    rf"[<(\[\"'„]?(?P<address>{ADDRESS})",
    re.IGNORECASE,
)
_ANY = re.compile(rf"(?P<address>{ADDRESS})")
_SERVER_REPLY = re.compile(r"^\s*<<<")
_NEW_SERVER = re.compile(r"(?i)^[\s.]*while talking to")
_SENDMAIL = re.compile(rf"^\s*[245]\d\d (?:[245]\.\d\.\d )?<?{ADDRESS}>?\.\.\. ")
_SENDMAIL_NOTE = re.compile(r"^[245]\d\d [\w.-]{1,200} \(\w+\)\.\.\. ")
_OTHER_FIELD = re.compile(r"(?i)^\s*(?:from|von|sender|absender|cc|reply-to|subject|betreff|message-id)\s*:")


def said_of_each(text: str, not_recipients: Collection[str]) -> dict[str, str]:
    """Address -> what `text` says of it, in order; the first way of looking that finds anybody is the answer.

    `not_recipients` are those who take part otherwise: the sender of the message, the writer of the report.
    """
    others = {address.lower() for address in not_recipients}
    ways = (_blocks(text), _near(text, _RCPT), _near(text, _INLINE), _near(text, _ANY))
    for only_people in (True, False):
        for found in ways:
            wanted = {
                address: said
                for address, said in found.items()
                if address.lower() not in others and not (only_people and is_machine(address))
            }
            if wanted:
                return wanted
    return {}


def _blocks(text: str) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    replies: list[str] = []
    current: list[str] | None = None
    blank = 0
    for line in text.splitlines():
        if _NEW_SERVER.match(line):
            current, replies = None, []
        if _SERVER_REPLY.match(line) or _SENDMAIL_NOTE.match(line):
            replies.append(line)
            continue
        match = None if _OTHER_FIELD.match(line) else _AT_START.match(line)
        if match:
            current = found.setdefault(tidied(match["address"]), [])
            if _SENDMAIL.match(line):
                current += replies
                replies = []
            current.append(line.strip())
            blank = 0
            if len(found) > _MAX_BLOCKS:
                break
        elif not line.strip():
            blank += 1
        elif current is not None and blank < 2 and not line.startswith("   -----"):
            current.append(line.strip())
    return {address: "\n".join(lines)[:_MAX_BLOCK] for address, lines in found.items()}


def _near(text: str, pattern: re.Pattern[str]) -> dict[str, str]:
    """Each address with the text that follows it, up to the next."""
    matches = list(pattern.finditer(text[:40_000]))[:_MAX_BLOCKS]
    found: dict[str, str] = {}
    for number, match in enumerate(matches):
        end = matches[number + 1].start() if number + 1 < len(matches) else match.end() + _MAX_BLOCK
        found.setdefault(tidied(match["address"]), text[match.end() : min(end, match.end() + _MAX_BLOCK)])
    return found
