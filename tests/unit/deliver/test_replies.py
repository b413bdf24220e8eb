"""What every kind of reply means; the cases are what servers say in the field."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.deliver.replies import Phase, Reply, Verdict, broken, judge, outcome_of
from digest.errors import PausedError
from digest.model.delivery import DeliveryState

GREETING, TLS, AUTH = Phase.GREETING, Phase.TLS, Phase.AUTH
MAIL, RCPT, DATA, BODY = Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.BODY

CASES = [
    (BODY, 250, "2.0.0 Ok: queued as 4F5A", Verdict.TAKEN),
    (BODY, 250, "", Verdict.TAKEN),
    (GREETING, 421, "4.3.2 Service not available", Verdict.AGAIN),
    (GREETING, 554, "IP=203.0.113.9 - A problem occurred (bad reputation)", Verdict.PAUSE),
    (TLS, 454, "4.7.0 TLS not available due to temporary reason", Verdict.PAUSE),
    (AUTH, 535, "5.7.8 Error: authentication failed", Verdict.PAUSE),
    (AUTH, 454, "4.7.0 Temporary authentication failure", Verdict.AGAIN),
    (MAIL, 451, "4.7.1 Try again later", Verdict.AGAIN),
    (MAIL, 530, "Authentication required", Verdict.PAUSE),
    (MAIL, 550, "5.1.0 Sender rejected", Verdict.PAUSE),
    (MAIL, 553, "sender address not owned by user", Verdict.PAUSE),
    (MAIL, 552, "5.3.4 Message size exceeds fixed limit", Verdict.CONTENT),
    (MAIL, 552, "too big", Verdict.CONTENT),
    (RCPT, 450, "4.2.0 Greylisted", Verdict.AGAIN),
    (RCPT, 421, "4.7.0 Too many connections", Verdict.AGAIN),
    (RCPT, 452, "4.2.2 Over quota", Verdict.FULL_AGAIN),
    (RCPT, 550, "5.1.1 User unknown", Verdict.HARD),
    (RCPT, 550, "5.1.1 User unknown\n5.1.1 see our help", Verdict.HARD),
    (RCPT, 554, "5.1.2 Bad destination system", Verdict.HARD),
    (RCPT, 550, "5.1.10 RESOLVER.ADR.RecipientNotFound", Verdict.HARD),
    (RCPT, 550, "5.1.8 <a@news.example>: Sender address rejected: Domain not found", Verdict.PAUSE),
    (RCPT, 550, "5.7.1 Access denied", Verdict.PAUSE),
    (RCPT, 550, "5.7.515 Access denied, sending domain does not meet the required level", Verdict.PAUSE),
    (RCPT, 550, "No such user here", Verdict.HARD),
    (RCPT, 550, "Requested action not taken: mailbox unavailable", Verdict.HARD),
    (RCPT, 550, "Blocked, see our blocklist", Verdict.REFUSED),
    (RCPT, 550, "Relaying denied", Verdict.REFUSED),
    (RCPT, 550, "4.1.1 a status of another class is none", Verdict.HARD),
    (RCPT, 500, "5.3.0 Error: command failed", Verdict.REFUSED),
    (RCPT, 550, "5.2.1 Mailbox disabled", Verdict.REFUSED),
    (RCPT, 552, "5.2.2 Mailbox full", Verdict.FULL),
    (RCPT, 552, "Requested mail action aborted", Verdict.FULL),
    (RCPT, 553, "5.6.7 Address does not support SMTPUTF8", Verdict.NEEDS_UTF8),
    (DATA, 451, "4.3.0 Try later", Verdict.AGAIN),
    (DATA, 554, "5.5.1 Error: no valid recipients", Verdict.CONTENT),
    (BODY, 552, "mailbox full", Verdict.FULL),
    (BODY, 552, "5.3.4 Message too big for system", Verdict.CONTENT),
    (BODY, 554, "5.6.0 Message content rejected", Verdict.CONTENT),
    (BODY, 550, "spam message rejected", Verdict.CONTENT),
    (BODY, 550, "5.1.1 said too late to tell whom it is about", Verdict.CONTENT),
    (BODY, 550, "5.7.1 DKIM missing", Verdict.PAUSE),
    (BODY, 354, "go on", Verdict.NONSENSE),
    (RCPT, 354, "go on", Verdict.NONSENSE),
    (MAIL, -1, "garbage", Verdict.NONSENSE),
]


@pytest.mark.parametrize(("phase", "code", "text", "verdict"), CASES)
def test_every_reply_of_the_field_has_its_verdict(phase: Phase, code: int, text: str, verdict: Verdict) -> None:
    assert judge(phase, Reply(code, text)) is verdict


@given(st.sampled_from(Phase), st.integers(400, 599), st.text())
def test_every_refusal_means_something_and_never_success(phase: Phase, code: int, text: str) -> None:
    verdict = judge(phase, Reply(code, text))
    assert verdict not in {Verdict.NONSENSE, Verdict.TAKEN}
    if code < 500 and phase is not TLS:
        assert verdict in {Verdict.AGAIN, Verdict.FULL_AGAIN}


@given(st.sampled_from([MAIL, DATA, BODY]), st.integers(400, 599), st.text())
def test_only_rcpt_speaks_against_an_address(phase: Phase, code: int, text: str) -> None:
    assert judge(phase, Reply(code, text)) is not Verdict.HARD


@pytest.mark.parametrize(
    ("phase", "code", "text", "state", "reason"),
    [
        (BODY, 250, "2.0.0 ok", DeliveryState.SUBMITTED, ""),
        (RCPT, 451, "4.7.1 later", DeliveryState.DEFERRED, "temporary"),
        (RCPT, 550, "5.1.1 unknown", DeliveryState.REJECTED, "bad_address"),
        (RCPT, 552, "5.2.2 full", DeliveryState.REJECTED, "mailbox_full"),
        (BODY, 554, "no", DeliveryState.REJECTED, "content"),
        (RCPT, 553, "5.6.7 ascii only", DeliveryState.SKIPPED, "needs_smtputf8"),
        (BODY, 354, "?", DeliveryState.UNKNOWN, "broken_off"),
        (MAIL, 250 + 104, "?", DeliveryState.DEFERRED, "connection"),
    ],
)
def test_outcomes_carry_state_reason_and_the_servers_words(
    phase: Phase, code: int, text: str, state: DeliveryState, reason: str
) -> None:
    outcome = outcome_of(phase, Reply(code, text), "mx.example:25")
    assert (outcome.state, outcome.reason) == (state, reason)
    assert f"{code} {text}" in outcome.reply


def test_a_pause_says_who_said_what_and_what_to_do() -> None:
    with pytest.raises(PausedError, match=r"mx\.example:25 answered '554 bad reputation' to the greeting.*--resume"):
        outcome_of(GREETING, Reply(554, "bad reputation"), "mx.example:25")


def test_broken_after_the_dot_is_unknown_and_before_it_is_deferred() -> None:
    assert broken(BODY, "gone").state is DeliveryState.UNKNOWN
    assert {broken(phase, "gone").state for phase in Phase if phase is not BODY} == {DeliveryState.DEFERRED}


@given(st.integers(-1, 999), st.binary())
def test_a_reply_is_one_printable_line_that_any_database_takes(code: int, octets: bytes) -> None:
    line = str(Reply(code, octets.decode("utf-8", "surrogateescape")))
    line.encode("utf-8")
    assert len(line) <= 300
    assert line.isprintable()
