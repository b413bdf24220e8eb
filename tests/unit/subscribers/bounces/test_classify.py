"""What a server said -> whose matter it is."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.bounces.classify import code_in, reason_of, specific_status
from subscribers.bounces.reasons import CLASSES, NOT_THE_MAILBOX, Reason
from subscribers.model import BounceClass

HARD = """
550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking the recipient's address
550 5.1.1 <anna@probe.example>: Recipient address rejected: User unknown in virtual mailbox table
550 5.1.1 <anna@probe.example>: Recipient address rejected: User unknown in local recipient table
550 5.7.1 <anna@probe.example>: Recipient address rejected: User unknown
550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup
550 5.4.1 Recipient address rejected: Access denied. AS(201806281)
550 Requested action not taken: mailbox unavailable
550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302)
550 No such user here
550 No Such User Here"
550 unknown user
550 Unknown local part anna
550 Unrouteable address
550 Invalid recipient
550 Addressee unknown, relay=192.0.2.4
550 Address unknown
550 mailbox not found
550 Mailbox does not exist!
550 5.2.1 The email account that you tried to reach is disabled.
550 5.2.1 <anna@probe.example>: Mailbox is inactive
550 User account is suspended
554 delivery error: dd This user doesn't have a yahoo.com account (anna@probe.example) [0]
554 30 Sorry, your message to anna@probe.example cannot be delivered. This mailbox is disabled (554.30).
550 sorry, no mailbox here by that name. (#5.7.17)
511 sorry, no mailbox here by that name (#5.1.1 - chkuser)
550 5.1.1 unknown or illegal alias: anna@probe.example
550 RCPT TO:<anna@probe.example> User not known
550 Unknown recipient address
553 5.3.0 <anna@probe.example>... No such user
550-5.1.1 The email account does not exist
Recipient unknown
User anna@probe.example not listed in Domino Directory
550 Host unknown
Host or domain name not found. Name service error for name=nirgends.example type=AAAA: Host not found
Domain nirgends.example does not exist
550 5.1.2 Bad destination host 'DNS Hard Error looking up nirgends.example (MX): NXDOMAIN'
all relevant MX records point to non-existent hosts
Unrouteable mail domain "nirgends.example"
556 5.1.10 Recipient address has null MX
5.4.4 (unable to route: no mail hosts for domain)
550 5.1.6 recipient no longer on server: anna@probe.example
550 This account is not in use any more, account disabled
550 5.1.0 Address rejected
550 Benutzer unbekannt
550 Requested action not taken: mailbox unavailable For explanation visit https://postmaster.gmx.net/de/error-messages
Empfänger unbekannt
Die E-Mail-Adresse wurde nicht gefunden
Dieses Postfach existiert nicht
Der Empfänger existiert nicht auf diesem Server
Postfach ist deaktiviert
Das Konto des Empfängers wurde gesperrt
Unbekannte Domain
L'adresse du destinataire est inconnue
"""

SOFT = """
552 5.2.2 The email account that you tried to reach is over quota
550 5.2.2 <anna@probe.example>: mailbox full
452 4.2.2 Mailbox full
554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded
552 Requested mail action aborted: exceeded storage allocation
552 Quota exceeded
550 Mailquota exceeded
maildrop: maildir over quota.
The user's mailbox exceeded its size limit
Empfänger-Postfach ist voll
Das Postfach des Empfängers ist voll
Mailbox voll
Der Empfänger hat sein Speicherlimit überschritten, Quota überschritten
450 4.7.1 <anna@probe.example>: Recipient address rejected: Greylisted, see http://postgrey.example/
451 Greylisting in action, please try again later
421 Too many concurrent SMTP connections; please try again later.
450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages
452 4.5.3 Too many recipients
451 4.3.0 Temporary lookup failure
451 Temporary local problem - please try later
432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded
connect to mx.probe.example[192.0.2.4]:25: Connection timed out
connect to mx.probe.example[192.0.2.4]:25: Connection refused
delivery temporarily suspended: lost connection with mx.probe.example while receiving the initial server greeting
retry timeout exceeded
Message could not be delivered for 5 days
4.4.7 Message delayed
4.4.1 Operation timed out
554 5.4.6 Too many hops
mail for probe.example loops back to myself
452 4.3.1 Insufficient system storage
552 5.3.4 Message size exceeds fixed limit
552 message too large
Die Nachricht ist zu groß
Command died with status 1: "/usr/bin/procmail"
Can't create output
"""

SENDER = """
554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using zen.spamhaus.org
550 5.7.1 Messages from [192.0.2.7] weren't sent. Part of your provider's network is on our block list
554 IP=192.0.2.7 - A problem occurred. (Ask your postmaster for help or contact us.) bad reputation
554-No SMTP service Bad DNS PTR resource record
421 4.7.0 [TSS04] Messages from 192.0.2.7 temporarily deferred due to user complaints
550 5.7.26 Unauthenticated email from probe.example is not accepted due to domain's DMARC policy
550 5.7.515 Access denied, sending domain probe.example does not meet the required authentication level
550 5.7.1 [192.0.2.7] Our system has detected that this message is likely unsolicited mail
554 5.7.1 Message rejected as spam by Content Filtering
550 High probability of spam
550 5.7.1 Message contains spam or virus or sender is blocked
554 5.7.1 <anna@probe.example>: Relay access denied
550 5.7.1 Unable to relay
553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)
550 relay not permitted
550 5.1.8 <wir@probe.example>: Sender address rejected: Domain not found
450 4.1.8 <wir@probe.example>: Sender address rejected: Domain not found
550 5.1.7 <wir@probe.example>: Sender address rejected: undeliverable address
550 Sender verify failed
501 5.1.7 Bad sender address syntax
550 SPF check failed
550 5.7.23 The message was rejected because of Sender Policy Framework violation
550 5.7.1 Delivery not authorized, message refused
530 5.7.0 Must issue a STARTTLS command first
550 5.7.1 Message rejected due to local policy
550 Administrative prohibition
550 Access denied...
571 Message refused
554 5.6.1 Body type not supported by Remote Host
550 5.6.0 Invalid message content
552 5.7.0 This message was blocked because its content presents a potential security issue
550 Reject due to policy restrictions. For explanation visit https://postmaster.gmx.net/de/error-messages
554 Transaction failed Reject due to policy restrictions.
550 Ihre IP-Adresse ist gesperrt
Die Nachricht wurde als Spam eingestuft
550 Absenderadresse abgelehnt
550 HELO rejected
"""


def rows(text: str) -> list[str]:
    return [line for line in text.splitlines() if line]


@pytest.mark.parametrize("said", rows(HARD))
def test_about_the_address(said: str) -> None:
    assert CLASSES[reason_of(said)] is BounceClass.HARD, reason_of(said)


@pytest.mark.parametrize("said", rows(SOFT))
def test_for_the_moment(said: str) -> None:
    assert CLASSES[reason_of(said)] is BounceClass.SOFT, reason_of(said)


@pytest.mark.parametrize("said", rows(SENDER))
def test_our_own_fault(said: str) -> None:
    assert CLASSES[reason_of(said)] is BounceClass.SENDER, reason_of(said)


@pytest.mark.parametrize(
    ("said", "status", "reason"),
    [
        ("", "5.1.1", Reason.USER_UNKNOWN),
        ("", "5.1.2", Reason.HOST_UNKNOWN),
        ("", "5.1.8", Reason.SENDER_REJECTED),
        ("", "5.2.1", Reason.SUSPENDED),
        ("", "4.2.2", Reason.MAILBOX_FULL),
        ("", "5.3.4", Reason.TOO_BIG),
        ("", "4.4.7", Reason.EXPIRED),
        ("", "5.7.26", Reason.AUTHENTICATION),
        ("", "5.7.9", Reason.SECURITY),
        ("", "5.0.0", Reason.UNCLEAR),
        ("552 that is it", "", Reason.MAILBOX_FULL),
        ("550 hm (in reply to RCPT TO command)", "5.0.0", Reason.USER_UNKNOWN),
        ("550 hm (in reply to end of DATA command)", "5.0.0", Reason.UNCLEAR),
        ("550 user unknown (in reply to MAIL FROM command)", "", Reason.SENDER_REJECTED),
    ],
)
def test_status_code_and_phase_where_words_say_nothing(said: str, status: str, reason: Reason) -> None:
    assert reason_of(said, status) is reason


def test_an_address_or_a_link_says_nothing() -> None:
    assert reason_of("550 <user.unknown@spam.example> hm http://mailbox.example/full?blocked") is Reason.UNCLEAR


@pytest.mark.parametrize(
    ("said", "own", "status"),
    [
        ("550 5.7.26 no", "5.0.0", "5.7.26"),
        ("550 5.1.1 no", "5.2.2", "5.2.2"),
        ("550 no", "5.0.0", "5.0.0"),
        ("host 192.0.2.4 said no, 5.4.3.2", "", ""),
        ("450 450 4.2.2 full", "", "4.2.2"),
        ("", "4.4.0 (other network status)", "4.4.0"),
    ],
)
def test_the_status_that_tells_most(said: str, own: str, status: str) -> None:
    assert specific_status(said, own) == status


def test_codes() -> None:
    assert code_in("host said: 550-5.1.1 no") == "550"
    assert code_in("250 2.0.0 ok") == ""
    assert code_in("call 5551234") == ""


def test_every_reason_has_a_class() -> None:
    assert set(CLASSES) == set(Reason)
    assert all(CLASSES[reason] is BounceClass.SOFT for reason in NOT_THE_MAILBOX)


@given(st.text(max_size=3000), st.text(max_size=20))
def test_any_text_has_a_reason(said: str, status: str) -> None:
    assert reason_of(said, status) in Reason


@pytest.mark.parametrize(
    "piece", ["user ", "mailbox is ", "a" * 50 + "@", "5.1.", "550 ", "exceed mailbox ", "<", "sender address "]
)
def test_a_long_answer_costs_little(piece: str) -> None:
    started = time.perf_counter()
    reason_of(piece * (200_000 // len(piece)))
    assert time.perf_counter() - started < 1.0
