"""Reading a server's replies: pure tables, from (phase, code, enhanced status, text) to what is to be done."""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec

from digest.errors import PausedError
from digest.model.delivery import DeliveryState, Outcome, SkipReason


class Phase(StrEnum):
    """The step of a session that a reply answers, in words for people."""

    GREETING = "the greeting"
    EHLO = "EHLO"
    TLS = "STARTTLS"
    AUTH = "the login"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    BODY = "the message"


class Reason(StrEnum):
    """The word that an outcome carries when a message was not taken."""

    TEMPORARY = "temporary"  # a 4xx: tried again
    CONNECTION = "connection"  # broken before the final dot: tried again
    MAILBOX_FULL = "mailbox_full"  # soft: this edition is lost to the reader, the address is fine
    BAD_ADDRESS = "bad_address"  # a hard bounce
    REFUSED = "refused"  # a 5xx at RCPT that blames neither the address nor us
    CONTENT = "content"  # a 5xx for the message itself
    BROKEN_OFF = "broken_off"  # between the final dot and its reply: unknown
    DOMAIN_LIMIT = "domain_limit"  # our own limit for the domain: waits for its turn
    DOMAIN_REST = "domain_rest"  # the domain is in trouble, and left alone for a while
    TOO_LATE = "too_late"  # still not taken at the deadline: given up, the address is fine


class Verdict(StrEnum):
    TAKEN = "taken"
    AGAIN = "again"
    FULL_AGAIN = "full_again"
    FULL = "full"
    HARD = "hard"
    REFUSED = "refused"
    CONTENT = "content"
    NEEDS_UTF8 = "needs_utf8"
    PAUSE = "pause"
    NONSENSE = "nonsense"  # no reply that this phase allows: as good as a broken connection


class Reply(msgspec.Struct, frozen=True):
    """A whole reply: `code` as a number, `text` without the codes, its lines joined by line feeds."""

    code: int
    text: str

    @property
    def status(self) -> str:
        """The enhanced status code such as "5.1.1" (RFC 3463), or "" where there is none of the code's class."""
        found = re.match(r"([245]\.\d{1,3}\.\d{1,3})(?!\S)", self.text)
        return found[1] if found and found[1][0] == str(self.code)[0] else ""

    def __str__(self) -> str:
        """One printable line of at most 300 characters: what a server says is not to be trusted."""
        return printable(f"{self.code} {self.text}")


def printable(said: str) -> str:
    """What a server said, or an error that repeats it, on one line of at most 300 printable characters."""
    if len(said) <= 300 and said.isprintable() and "  " not in said:
        return said.strip()
    readable = said[:5000].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return " ".join("".join(letter if letter.isprintable() else " " for letter in readable).split())[:300]


_OPENING = frozenset({Phase.GREETING, Phase.EHLO, Phase.TLS, Phase.AUTH})
_MESSAGE = frozenset({Phase.DATA, Phase.BODY})
_ANY = frozenset(Phase)

#: What a plain 550 at RCPT says when it means our host or our mail, not the address.
_POLICY = r"(?i)spam|block|black|deny|denied|relay|reputation|policy|authenti|not allowed|listed|banned|prohibited"


class Rule(msgspec.Struct, frozen=True):
    """Matches a reply by phase and by patterns that have to fit the whole code and status, and somewhere the text."""

    phases: frozenset[Phase]
    code: str
    verdict: Verdict
    status: str = ".*"
    text: str = ""

    def matches(self, phase: Phase, reply: Reply) -> bool:
        return (
            phase in self.phases
            and re.fullmatch(self.code, str(reply.code)) is not None
            and re.fullmatch(self.status, reply.status) is not None
            and re.search(self.text, reply.text) is not None
        )


#: The first rule that fits is the answer. Classes of codes: RFC 5321, 4.2; enhanced status: RFC 3463; AUTH: RFC 4954.
RULES: tuple[Rule, ...] = (
    Rule(frozenset({Phase.BODY}), r"2..", Verdict.TAKEN),
    # A refused STARTTLS, even for the moment, must never tempt anybody into plain text.
    Rule(frozenset({Phase.TLS}), r"[45]..", Verdict.PAUSE),
    Rule(_OPENING, r"4..", Verdict.AGAIN),
    Rule(_OPENING, r"5..", Verdict.PAUSE),
    Rule(_ANY, r"4..", Verdict.FULL_AGAIN, status=r"4\.2\.2"),
    Rule(_ANY, r"4..", Verdict.AGAIN),
    Rule(_ANY, r"5..", Verdict.PAUSE, status=r"5\.7\..*"),
    Rule(_ANY, r"53[0458]", Verdict.PAUSE),
    # 5.6.7: somebody further on cannot take a non-ASCII address (RFC 6531, 3.5).
    Rule(_ANY, r"5..", Verdict.NEEDS_UTF8, status=r"5\.6\.7"),
    Rule(_ANY, r"5..", Verdict.CONTENT, status=r"5\.2\.3|5\.3\.4|5\.6\..*"),
    Rule(_ANY, r"5..", Verdict.FULL, status=r"5\.2\.2"),
    # At MAIL a 552 answers the declared SIZE (RFC 1870, 6.1); later it is a full mailbox.
    Rule(frozenset({Phase.MAIL}), r"552", Verdict.CONTENT),
    Rule(frozenset({Phase.MAIL}), r"5..", Verdict.PAUSE),
    # 5.1.7 and 5.1.8 are about the sender's address, though they come at RCPT.
    Rule(frozenset({Phase.RCPT}), r"5..", Verdict.PAUSE, status=r"5\.1\.[78]"),
    Rule(frozenset({Phase.RCPT}), r"5..", Verdict.HARD, status=r"5\.1\..*"),
    Rule(_ANY, r"552", Verdict.FULL, status=r""),
    Rule(frozenset({Phase.RCPT}), r"55[013]", Verdict.REFUSED, status=r"", text=_POLICY),
    Rule(frozenset({Phase.RCPT}), r"55[013]", Verdict.HARD, status=r""),
    Rule(frozenset({Phase.RCPT}), r"5..", Verdict.REFUSED),
    Rule(_MESSAGE, r"5..", Verdict.CONTENT),
)

_OUTCOMES: dict[Verdict, tuple[DeliveryState, str]] = {
    Verdict.TAKEN: (DeliveryState.SUBMITTED, ""),
    Verdict.AGAIN: (DeliveryState.DEFERRED, Reason.TEMPORARY),
    Verdict.FULL_AGAIN: (DeliveryState.DEFERRED, Reason.MAILBOX_FULL),
    Verdict.FULL: (DeliveryState.REJECTED, Reason.MAILBOX_FULL),
    Verdict.HARD: (DeliveryState.REJECTED, Reason.BAD_ADDRESS),
    Verdict.REFUSED: (DeliveryState.REJECTED, Reason.REFUSED),
    Verdict.CONTENT: (DeliveryState.REJECTED, Reason.CONTENT),
    Verdict.NEEDS_UTF8: (DeliveryState.SKIPPED, SkipReason.NEEDS_SMTPUTF8),
}


def judge(phase: Phase, reply: Reply) -> Verdict:
    """What `reply` in `phase` means. A reply that moves the session on is not asked about, but for BODY's 2xx."""
    return next((rule.verdict for rule in RULES if rule.matches(phase, reply)), Verdict.NONSENSE)


def outcome_of(phase: Phase, reply: Reply, server: str) -> Outcome:
    """The outcome that `reply` in `phase` means for its message; PausedError where the sender is at fault.

    A full mailbox (5.2.2, 552) is rejected as "mailbox_full": a 5xx is not asked again (RFC 5321, 4.2.1), and only a
    "bad_address" speaks against the address. Nonsense after the final dot is unknown, before it a broken connection.
    """
    verdict = judge(phase, reply)
    if verdict is Verdict.PAUSE:
        raise paused(phase, reply, server)
    if verdict is Verdict.NONSENSE:
        return broken(phase, str(reply))
    state, reason = _OUTCOMES[verdict]
    return Outcome(state=state, reason=str(reason), reply=str(reply))


def broken(phase: Phase, problem: str) -> Outcome:
    """The outcome of a connection that broke, stalled or talked nonsense in `phase`."""
    if phase is Phase.BODY:
        return Outcome(state=DeliveryState.UNKNOWN, reason=Reason.BROKEN_OFF, reply=problem)
    return Outcome(state=DeliveryState.DEFERRED, reason=Reason.CONNECTION, reply=f"{phase}: {problem}")


def paused(phase: Phase, reply: Reply, server: str) -> PausedError:
    """The sender's fault, in a sentence."""
    return PausedError(
        f"{server} answered {str(reply)!r} to {phase}: that is about us, not about a recipient, so nobody was marked. "
        "Mend it, then run `digest send --resume`."
    )
