"""Bounces in the words of many servers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from subscribers.bounces.model import MailKind
from subscribers.bounces.reading import read_mail
from tests.unit.subscribers.bounces.mails import mail

_DIVIDER = re.compile(r"^=== (.+) \| (.+) \| (.+)\n", re.MULTILINE)
_, *_PIECES = _DIVIDER.split(Path(__file__).with_name("formats.txt").read_text("utf-8"))
FORMATS = {name: rest for name, *rest in zip(*(_PIECES[place::4] for place in range(4)), strict=True)}


@pytest.mark.parametrize("name", FORMATS)
def test_a_format(name: str) -> None:
    bounce_class, subject, text = FORMATS[name]
    reading = read_mail(mail(text, From="MAILER-DAEMON@mx.example.net", To="wir@probe.example", Subject=subject))
    assert reading.kind is MailKind.REPORT
    told = [(each.address, str(each.bounce_class)) for each in reading.findings]
    assert told == [("anna@leser.example", bounce_class)]


def test_a_bounce_that_names_nobody_is_one_all_the_same() -> None:
    text = "Your mail could not be delivered because they are not accepting mail from wir@probe.example:\n    anna\n"
    reading = read_mail(mail(text, From="MAILER-DAEMON@mx.example.net", To="wir@probe.example", Subject="Problem"))
    assert [(each.address, str(each.bounce_class)) for each in reading.findings] == [("", "sender")]


def test_a_banner_about_us_blames_nobody() -> None:
    text = "<anna@leser.example>: host mx[192.0.2.4] said: 554 IP=192.0.2.7 - A problem occurred (in reply to RCPT TO)"
    (finding,) = read_mail(mail(text, From="MAILER-DAEMON@mx.example.net", Subject="Undelivered")).findings
    assert finding.bounce_class == "sender"
