"""A mail -> what it says."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.bounces.model import Finding, MailKind
from subscribers.bounces.reading import read_mail
from tests.unit.subscribers.bounces.mails import TOKENS, feedback, mail, original, report


def only(raw: bytes) -> Finding:
    (finding,) = read_mail(raw).findings
    return finding


@pytest.mark.parametrize(
    ("fields", "bounce_class", "reason", "status", "waiting"),
    [
        ("Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no", "hard", "userunknown", "5.1.1", False),
        ("Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 552 5.2.2 full", "soft", "mailboxfull", "5.2.2", False),
        ("Action: failed\nStatus: 5.7.1 (policy)", "sender", "policyviolation", "5.7.1", False),
        ("Action: delayed\nStatus: 4.4.7", "soft", "expired", "4.4.7", True),
        ("Action: delayed\nStatus: 4.1.1\nDiagnostic-Code: smtp; 450 user unknown", "soft", "expired", "4.1.1", True),
        ("Action: failed\nStatus: 4.4.3\nDiagnostic-Code: x; Host not found", "hard", "hostunknown", "4.4.3", False),
        ("Action: delivered\nStatus: 2.0.0", "ignored", "delivered", "2.0.0", False),
        ("Action: relayed (to somebody)\nStatus: 2.1.9", "ignored", "delivered", "2.1.9", False),
        ("Action: expired\nStatus: ", "soft", "expired", "", False),
        ("Action: failed\nStatus: 5.0.0", "soft", "onhold", "5.0.0", False),
        ("Status: 5.1.1\n folded on\nAction: FAILED", "hard", "userunknown", "5.1.1", False),
    ],
)  # fmt: skip
def test_a_report_of_the_standard(fields: str, bounce_class: str, reason: str, status: str, waiting: bool) -> None:
    finding = only(report(fields))
    assert finding.address == "anna@leser.example"
    told = (str(finding.bounce_class), str(finding.reason), finding.status, finding.waiting)
    assert told == (bounce_class, reason, status, waiting)


@pytest.mark.parametrize(
    ("recipient", "address", "first"),
    [
        ("Final-Recipient: rfc822;anna@leser.example", "anna@leser.example", ""),
        ("Final-Recipient: RFC822; <Anna@LESER.example>", "Anna@leser.example", ""),
        ("Final-Recipient: utf-8; änne@leser.example", "änne@leser.example", ""),
        ("Original-Recipient: <anna@leser.example>", "anna@leser.example", ""),
        (
            "Original-Recipient: rfc822; anna@leser.example\nFinal-Recipient: rfc822; a.weber@firma.example",
            "a.weber@firma.example",
            "anna@leser.example",
        ),
        ("Final-Recipient: LOCAL; anna\nOriginal-Recipient: rfc822; anna@leser.example", "anna@leser.example", ""),
    ],
)
def test_whom_a_report_is_about(recipient: str, address: str, first: str) -> None:
    finding = only(report(recipient=recipient))
    assert (finding.address, finding.original) == (address, first)


def test_a_report_of_several_recipients() -> None:
    other = "\n\nFinal-Recipient: rfc822; bert@leser.example\nAction: failed\nStatus: 5.2.2"
    found = read_mail(report("Action: failed\nStatus: 5.1.1" + other)).findings
    assert [(each.address, str(each.bounce_class)) for each in found] == [
        ("anna@leser.example", "hard"),
        ("bert@leser.example", "soft"),
    ]


def test_words_tell_where_the_fields_do_not() -> None:
    text = "<anna@leser.example>: host mx.leser.example said:\n    550 5.1.1 no such user (in reply to RCPT TO command)"
    finding = only(
        report("Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 554 5.0.0 Service unavailable", text=text)
    )
    assert (finding.reason, finding.bounce_class) == ("userunknown", "hard")


POSTFIX_LIKE = """\
This is the mail system at host mx.probe.example.

<anna@leser.example>: host mx.leser.example[192.0.2.4] said: 550 5.1.1 user
    unknown (in reply to RCPT TO command)

<bert@leser.example>: host mx.leser.example[192.0.2.4] said: 452 4.2.2 over
    quota (in reply to RCPT TO command)
"""
GERMAN = """\
Ihre Nachricht an <anna@leser.example> konnte nicht zugestellt werden.

Grund: Das Postfach des Empfängers ist voll.

--- Ursprüngliche Nachricht ---
""" + original()
EXCHANGE_LIKE = """\
Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Gruppen:

anna@leser.example
Die eingegebene E-Mail-Adresse konnte nicht gefunden werden.
"""
TRANSCRIPT = """\
   ----- The following addresses had permanent fatal errors -----
<anna@leser.example>

   ----- Transcript of session follows -----
While talking to mx.leser.example:
>>> RCPT To:<anna@leser.example>
<<< 550 5.7.1 Your network is on our block list
554 <anna@leser.example>... Service unavailable
"""
QMAIL_LIKE = """\
Hi. This is the mail program at mx.probe.example.

<anna@leser.example>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

""" + original()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (POSTFIX_LIKE, [("anna@leser.example", "hard"), ("bert@leser.example", "soft")]),
        (GERMAN, [("anna@leser.example", "soft")]),
        (EXCHANGE_LIKE, [("anna@leser.example", "hard")]),
        (TRANSCRIPT, [("anna@leser.example", "sender")]),
        (QMAIL_LIKE, [("anna@leser.example", "hard")]),
        ("Did not reach the following recipient: anna@leser.example", [("anna@leser.example", "soft")]),
        (
            "<html><p>Unzustellbar: <b>anna@leser.example</b></p><p>Unbekannter Benutzer",
            [("anna@leser.example", "hard")],
        ),
        ("RCPT TO:<anna@leser.example>\n550 hm\nuser unknown", [("anna@leser.example", "hard")]),
    ],
)
def test_a_bounce_in_words(text: str, told: list[tuple[str, str]]) -> None:
    kind = "text/html" if text.startswith("<html") else "text/plain"
    raw = mail(
        text,
        From="MAILER-DAEMON@mx.probe.example",
        To=f"b-{TOKENS['bounce']}@bounces.probe.example",
        Subject="Unzustellbar",
        Content_Type=f"{kind}; charset=utf-8",
    )
    reading = read_mail(raw)
    assert reading.kind is MailKind.REPORT
    assert [(each.address, str(each.bounce_class)) for each in reading.findings] == told


def test_a_warning_suppresses_nobody() -> None:
    finding = only(mail(QMAIL_LIKE, From="MAILER-DAEMON@mx.probe.example", Subject="Warning: message delayed 4 hours"))
    assert (finding.bounce_class, finding.waiting) == ("soft", True)


@pytest.mark.parametrize(
    ("kind", "bounce_class"),
    [
        ("abuse", "complaint"),
        ("fraud", "complaint"),
        ("opt-out", "complaint"),
        ("not-spam", "ignored"),
        ("auth-failure", "sender"),
    ],
)
def test_a_complaint(kind: str, bounce_class: str) -> None:
    reading = read_mail(feedback(kind))
    assert reading.kind is MailKind.FEEDBACK
    assert [(each.address, str(each.bounce_class)) for each in reading.findings] == [
        ("anna@leser.example", bounce_class)
    ]


def test_a_complaint_that_hides_its_author_still_names_the_message() -> None:
    reading = read_mail(feedback(fields="Original-Mail-From: <b-x@bounces.probe.example>"))
    assert reading.findings[0].bounce_class == "complaint"
    assert reading.tokens.bounce == (TOKENS["bounce"],)


@pytest.mark.parametrize(
    ("headers", "text", "reason"),
    [
        ({"Subject": "Abwesend: Haushalt beschlossen"}, "Ich bin im Urlaub.", "vacation"),
        ({"Subject": "Automatische Antwort: Haushalt"}, "", "vacation"),
        ({"Subject": "Out of Office: Haushalt"}, "", "vacation"),
        (
            {"Subject": "AW: Haushalt", "Auto_Submitted": "auto-replied"},
            "Ich bin bis Montag nicht im Büro.",
            "vacation",
        ),
        ({"Subject": "Re: Haushalt", "X_Autoreply": "yes"}, "I am away.", "vacation"),
        ({"Subject": "Ihre Nachricht", "Auto_Submitted": "auto-generated"}, "Ticket 4711 wurde angelegt.", "automatic"),
        ({"Subject": "Re: Haushalt"}, "Please confirm your message so that it gets delivered.", "challenge"),
        ({"Subject": "Liste", "List_Id": "<liste.example>"}, "Guten Tag", "automatic"),
    ],
)
def test_machines_that_answer_are_ignored(headers: dict[str, str], text: str, reason: str) -> None:
    reading = read_mail(mail(text, **headers))
    assert reading.kind is MailKind.AUTOMATIC
    assert (reading.findings[0].bounce_class, reading.findings[0].reason) == ("ignored", reason)


def test_an_absence_note_that_quotes_our_footer_is_no_wish_to_leave() -> None:
    text = "Ich bin im Urlaub.\n\n> Newsletter abbestellen: https://probe.example/abmelden/" + TOKENS["unsubscribe"]
    assert read_mail(mail(text, Subject="Abwesenheitsnotiz", Auto_Submitted="auto-replied")).kind is MailKind.AUTOMATIC


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        (f"Abmelden {TOKENS['unsubscribe']}", ""),
        ("Abmelden", "irgendetwas aus einer Signatur"),
        ("unsubscribe", ""),
        ("Re: Haushalt beschlossen", "Abmelden"),
        ("AW: Haushalt beschlossen", "Bitte abmelden!\n\nAm 6. März schrieb Der Morgen:\n> Guten Morgen"),
        ("Re: Haushalt beschlossen", "Ich möchte mich vom Newsletter abmelden."),
        ("Re: Haushalt beschlossen", "Bitte melden Sie mich ab. Danke!"),
        ("Re: Haushalt beschlossen", "keine weiteren E-Mails bitte"),
        ("Re: Haushalt beschlossen", "STOP"),
        ("Newsletter abbestellen", ""),
    ],
)
def test_a_wish_to_leave(subject: str, text: str) -> None:
    assert read_mail(mail(text, Subject=subject)).kind is MailKind.LEAVE


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Re: Haushalt beschlossen", "Danke für den guten Überblick!"),
        ("Re: Haushalt", "Wie kann ich mich von der Mailingliste meiner Firma abmelden? Ihr Newsletter soll bleiben."),
        ("Frage zum Newsletter", "Warum wurde der Haushalt erst jetzt beschlossen?"),
        ("Re: Haushalt", "Ich melde mich morgen."),
        ("Re: Haushalt", "Ein Fehler im Artikel: der Haushalt wurde nicht zugestellt, sondern beschlossen."),
        ("", "Guten Tag"),
    ],
)
def test_what_a_person_writes_is_a_reply(subject: str, text: str) -> None:
    reading = read_mail(mail(text, Subject=subject))
    assert reading.kind is MailKind.REPLY
    assert not reading.automatic
    assert reading.sender == "bert@leser.example"


def test_a_receipt_is_ignored() -> None:
    receipt = "Content-Type: message/disposition-notification\n\nDisposition: manual; displayed\n\n"
    body = f"--=b\n\nRead.\n--=b\n{receipt}--=b--\n"
    raw = mail(body, Subject="Gelesen: Haushalt", Content_Type='multipart/report; boundary="=b"')
    assert read_mail(raw).findings[0].reason == "receipt"


def test_tokens_are_found_wherever_servers_leave_them() -> None:
    assert read_mail(report()).tokens.bounce == (TOKENS["bounce"],)
    assert read_mail(report()).tokens.message == (TOKENS["message"],)
    assert read_mail(report()).tokens.unsubscribe == (TOKENS["unsubscribe"],)
    fixed = read_mail(report(To="bounces@probe.example", quoted=f"Message-ID: <{'d' * 32}@probe.example>\n\n"))
    assert fixed.tokens.message == ("d" * 32,)
    assert read_mail(report(To=f"b-{'E' * 32}@bounces.probe.example")).tokens.bounce[0] == "e" * 32
    reply = read_mail(mail("Abmelden", In_Reply_To=f"<{'f' * 32}@probe.example>", Subject="Re: Haushalt"))
    assert reply.tokens.message == ("f" * 32,)
    assert read_mail(mail("Guten Tag")).tokens == type(reply.tokens)()


def test_tokens_in_an_encoded_part() -> None:
    inner = base64.encodebytes(f"Could not deliver.\n\nMessage-ID: <{'g' * 32}@probe.example>\n".encode()).decode()
    raw = mail(inner, Content_Type="text/plain", Content_Transfer_Encoding="base64", Subject="Undeliverable")
    assert read_mail(raw).tokens.message == ("g" * 32,)


def test_a_second_copy_has_the_same_identity_by_another_way() -> None:
    assert read_mail(report()).identity == read_mail(b"Received: from b\n" + report()).identity
    assert read_mail(report()).identity != read_mail(report(Message_ID="<2@mx>", **{"Message-ID": ""})).identity


def test_charsets_and_mbox_lines() -> None:
    german = "Ihre Nachricht an anna@leser.example konnte nicht zugestellt werden: Empfänger unbekannt"
    head = b"From MAILER-DAEMON Fri Mar  6 05:00:00 2026\nFrom: MAILER-DAEMON@x.example\nSubject: Unzustellbar\n"
    for charset, octets in (
        ("utf-8", german.encode()),
        ("iso-8859-1", german.encode("latin-1")),
        ("x-?", german.encode()),
    ):
        raw = head + f"Content-Type: text/plain; charset={charset}\n\n".encode() + octets
        assert only(raw).bounce_class == "hard", charset


HOSTILE = {
    "nothing": b"",
    "no mail": json.dumps({"a": "b@c.example"}).encode(),
    "zeros": b"\0" * 10_000,
    "headers alone": b"Subject: x\n" * 50_000,
    "a header of a megabyte": b"Content-Type: multipart/mixed" + b";" * 1_000_000 + b"\n\nx",
    "a parameter of digits": b"Content-Type: text/plain; a*" + b"9" * 9_000 + b'*="x"\n\nx',
    "nested parts": b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(5_000)),
    "nested mails": b"Content-Type: message/rfc822\n\n" * 20_000,
    "blocks of a report": b"Content-Type: message/delivery-status\n\n"
    + b"Final-Recipient: rfc822; a@b.example\n\n" * 50_000,
    "lines": b"From: MAILER-DAEMON@x.example\n\n" + b"\n" * 1_000_000,
    "addresses": b"From: MAILER-DAEMON@x.example\n\n" + b"a@b.example " * 80_000,
    "no end": b"From: MAILER-DAEMON@x.example\n\n" + b"a" * 1_000_000,
    "at signs": b"From: MAILER-DAEMON@x.example\n\n" + b"@" * 500_000,
    "quotes": b"From: MAILER-DAEMON@x.example\n\n" + b'"' * 500_000,
    "tags": b"From: MAILER-DAEMON@x.example\nContent-Type: text/html\n\n" + b"<" * 500_000,
    "comments": b"From: MAILER-DAEMON@x.example\nContent-Type: text/html\n\n" + b"<!--" * 200_000,
    "slow codec": b"From: MAILER-DAEMON@x.example\nContent-Type: text/plain; charset=punycode\n\n" + b"a-" * 200_000,
    "no codec": b"Content-Type: text/plain; charset=zlib_codec\nFrom: MAILER-DAEMON@x.example\n\nabc",
    "encoded words": b"Subject: " + b"=?utf-8?b?" * 300_000 + b"\n\nx",
    "comments in an address": b"From: " + b"(" * 500_000 + b"\n\nx",
    "broken words": b"From: =?x?b?=?= <=?utf-8?q?=ff?=>\nSubject: =?utf-8?b?!!!?=\n\nx",
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_mail_is_read_in_bounded_time(raw: bytes) -> None:
    started = time.process_time()
    reading = read_mail(raw)
    assert time.process_time() - started < 5
    assert len(reading.findings) <= 200
    assert all(len(each.diagnostic) <= 500 and each.diagnostic.isprintable() for each in reading.findings)


@given(st.binary(max_size=3000))
def test_any_octets_are_read(raw: bytes) -> None:
    read_mail(raw)
    read_mail(b"From: MAILER-DAEMON@x.example\nContent-Type: multipart/report; boundary=b\n\n--b\n" + raw)


@given(st.text(max_size=200), st.sampled_from(["Subject", "From", "To", "Content-Type", "Content-Transfer-Encoding"]))
def test_any_header_is_read(value: str, name: str) -> None:
    read_mail(f"{name}: {value}\n\nCould not be delivered to a@b.example".encode("utf-8", "surrogatepass"))


@given(st.integers(0, 2000), st.binary(min_size=1, max_size=20))
def test_a_damaged_report_is_read(place: int, octets: bytes) -> None:
    raw = report()
    place %= len(raw)
    read_mail(raw[:place] + octets + raw[place + len(octets) :])


def test_the_public_collection(shared: Path) -> None:
    """95 % of the recipients that are expected, each in its class; two are read otherwise, knowingly."""
    folder = shared / "data" / "bounces"
    expected = json.loads((folder / "expected.json").read_text("utf-8"))
    total = right = 0
    for name, recipients in expected.items():
        found = {each.address.lower(): each for each in read_mail((folder / name).read_bytes()).findings}
        for wanted in recipients:
            total += 1
            told = found.get(wanted["recipient"].lower())
            right += told is not None and told.bounce_class == wanted["class"]
    assert right / total >= 0.95
