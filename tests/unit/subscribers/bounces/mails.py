"""Mails made up for these tests."""

from __future__ import annotations

ORIGINAL = """\
Return-Path: <b-{bounce}@bounces.probe.example>
From: Der Morgen <morgen@probe.example>
To: anna@leser.example
Subject: Haushalt beschlossen
Message-ID: <{message}@probe.example>
List-Unsubscribe: <https://probe.example/abmelden/{unsubscribe}>,
 <mailto:leave@probe.example?subject=Abmelden%20{unsubscribe}>
MIME-Version: 1.0

Guten Morgen!
"""
TOKENS = {"bounce": "a" * 32, "message": "b" * 32, "unsubscribe": "c" * 32}


def original(**tokens: str) -> str:
    return ORIGINAL.format(**(TOKENS | tokens))


def mail(body: str, **headers: str) -> bytes:
    """A plain mail; `To_` and the like stand for names with a hyphen."""
    given = {
        "From": "Bert <bert@leser.example>",
        "To": "leave@probe.example",
        "Message-ID": "<1@leser.example>",
    } | headers
    head = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in given.items() if value)
    return f"{head}\n{body}".encode()


def report(
    fields: str = "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 user unknown",
    *,
    recipient: str = "Final-Recipient: rfc822; anna@leser.example",
    text: str = "Your message could not be delivered.",
    quoted: str | None = None,
    **headers: str,
) -> bytes:
    """A report of RFC 3464 about one recipient."""
    return mail(
        f"--=b\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
        "--=b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.leser.example\n\n"
        f"{recipient}\n{fields}\n\n"
        f"--=b\nContent-Type: message/rfc822\n\n{original() if quoted is None else quoted}\n--=b--\n",
        **(
            {
                "Return_Path": "<>",
                "From": "Mail Delivery System <MAILER-DAEMON@mx.leser.example>",
                "To": f"b-{TOKENS['bounce']}@bounces.probe.example",
                "Subject": "Undelivered Mail Returned to Sender",
                "Content_Type": 'multipart/report; report-type=delivery-status; boundary="=b"',
            }
            | headers
        ),
    )


def feedback(kind: str = "abuse", fields: str = "Original-Rcpt-To: anna@leser.example") -> bytes:
    """A complaint of RFC 5965."""
    return mail(
        "--=b\nContent-Type: text/plain\n\nThis is an email abuse report.\n"
        "--=b\nContent-Type: message/feedback-report\n\n"
        f"Feedback-Type: {kind}\nUser-Agent: probe/1\nVersion: 1\n{fields}\n\n"
        f"--=b\nContent-Type: message/rfc822\n\n{original()}\n--=b--\n",
        From="feedback@provider.example",
        Subject="FW: Haushalt beschlossen",
        Content_Type='multipart/report; report-type=feedback-report; boundary="=b"',
    )
