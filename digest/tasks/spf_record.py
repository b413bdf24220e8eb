"""SPF records (RFC 7208): read, counted, and proposed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

import msgspec

#: RFC 7208, 4.6.4: terms that ask the domain name system, in all records together.
MOST_LOOKUPS = 10
_ASKING = ("include", "a", "mx", "ptr", "exists", "redirect")
_TERM = re.compile(r"([+\-~?]?)(all|include|a|mx|ptr|ip4|ip6|exists)(?:[:/].*)?", re.IGNORECASE | re.DOTALL)
_MODIFIER = re.compile(r"[a-z][a-z0-9\-_.]*=.*", re.IGNORECASE | re.DOTALL)
#: Which term lets a well-known relay send: the end of its host name -> the term that its operator documents.
_RELAYS = {
    "amazonaws.com": "include:amazonses.com",
    "google.com": "include:_spf.google.com",
    "gmail.com": "include:_spf.google.com",
    "mailbox.org": "include:mailbox.org",
    "mailgun.org": "include:mailgun.org",
    "mailjet.com": "include:spf.mailjet.com",
    "office365.com": "include:spf.protection.outlook.com",
    "postmarkapp.com": "include:spf.mtasv.net",
    "sendgrid.net": "include:sendgrid.net",
}


class SpfReading(msgspec.Struct, frozen=True, kw_only=True):
    """What an SPF record comes to. `all` is the qualifier of its last word, "" where it has none.

    `lookups` counts up to one more than are allowed, then the counting ends.
    """

    faults: tuple[str, ...]
    lookups: int
    all: str


def is_spf(text: str) -> bool:
    """RFC 7208, 4.5."""
    return text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")


def read_spf(record: str, texts: Callable[[str], list[str]]) -> SpfReading:
    """Read a record and what it includes; `texts` gives the TXT records of a name, and may raise."""
    faults: list[str] = []
    lookups, ending = 0, ""
    waiting = [(record, True)]
    while waiting and lookups <= MOST_LOOKUPS:
        current, outermost = waiting.pop()
        for term in current.split()[1:]:
            name, _, value = term.lstrip("+-~?").partition("=" if _MODIFIER.fullmatch(term) else ":")
            kind = name.lower().partition("/")[0]
            if not (_TERM.fullmatch(term) or _MODIFIER.fullmatch(term)):
                faults.append(f"{term[:60]!r} is no term of SPF")
                continue
            if outermost and kind == "all":
                ending = term[0] if term[0] in "+-~?" else "+"
            lookups += kind in _ASKING
            if lookups > MOST_LOOKUPS:
                break
            if kind not in ("include", "redirect") or "%" in value:
                continue
            found = [text for text in texts(value) if is_spf(text)]
            if len(found) == 1:
                waiting.append((found[0], outermost and kind == "redirect"))
            else:
                faults.append(f"{term[:60]} leads to {'no SPF record' if not found else 'several'}")
    return SpfReading(faults=tuple(faults), lookups=lookups, all=ending)


def merged_spf(records: Iterable[str]) -> str:
    """One record that says what several do, with the softest of their endings left to be tightened."""
    terms = dict.fromkeys(term for record in records for term in record.split()[1:])
    kept = [term for term in terms if not term.lower().endswith("all")]
    return " ".join(["v=spf1", *kept, "~all"])


def proposed_spf(relays: Sequence[str], own_name: str) -> str:
    """A record for mail that leaves by these hosts; an empty one stands for this machine."""
    terms = [] if relays else ["include:DOMAIN-OF-YOUR-RELAY"]
    for host in relays:
        known = [term for end, term in _RELAYS.items() if host == end or host.endswith(f".{end}")]
        if known:
            terms += known
        elif ":" in host:
            terms.append(f"ip6:{host}")
        elif host.replace(".", "").isdigit():
            terms.append(f"ip4:{host}")
        elif host or "." in own_name:
            terms.append(f"a:{host or own_name}")
        else:
            terms.append("ip4:ADDRESS-OF-THIS-SERVER")
    return " ".join(["v=spf1", *dict.fromkeys(terms), "-all"])
