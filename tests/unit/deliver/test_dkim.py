"""Signatures as another implementation (dkimpy) checks them, over messages as they are really assembled."""

from __future__ import annotations

import email
import email.policy
import re
from base64 import b64encode
from collections.abc import Callable
from functools import cache
from hashlib import sha256

import dkim
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from dkim.canonicalization import Relaxed
from hypothesis import example, given, settings
from hypothesis import strategies as st

from digest.deliver.dkim import SIGNED, Signer, relaxed_body
from digest.deliver.dkim_keys import dns_record
from digest.model.delivery import Message
from digest.model.market import Snapshot
from tests.unit.render.made_up import NOW, article, assembler, content, full_snapshot, recipient, site, snapshot


@cache
def key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def signer(domain: str = "news.example", selector: str = "digest") -> Signer:
    return Signer(domain, selector, key())


def verifies(data: bytes, by: Signer | None = None) -> bool:
    record = dns_record(by or signer())

    def look_up(name: bytes, timeout: int = 5) -> bytes | None:
        return record.value.encode() if name.decode().rstrip(".") == record.name else None

    return bool(dkim.verify(data, dnsfunc=look_up))


def made(data: bytes) -> Message:
    return Message(mail_from="a@news.example", rcpt_to="b@leser.example", message_id="<1@news.example>", data=data)


def assembled(**changes: object) -> Message:
    return PICTURED.message(recipient(**changes), NOW)


def split(data: bytes) -> tuple[bytes, bytes]:
    head, _, body = data.partition(b"\r\n\r\n")
    return head, body


HOSTILE = st.text(st.sampled_from(" \t.-F=\u00a0\u2028äß€😀a") | st.characters(codec="utf-8"), max_size=120)
PICTURED = assembler(content(3), full_snapshot())


def check_assembled(message: Message) -> None:
    _, body = split(message.data)
    assert message.canonical
    assert Relaxed.canonicalize_body(body) == relaxed_body(body) == body
    signed = signer().sign(message)
    assert signed.data.endswith(message.data)
    assert verifies(signed.data)


@given(greeting=HOSTILE, subject=HOSTILE, name=HOSTILE, coins=st.permutations(["BTC", "ETH", "LTC", "XRP"]))
@example(greeting="  zwei  Leerzeichen \t ", subject="=?utf-8?q?x?= " * 20, name="Ä" * 90, coins=["BTC"])
def test_whatever_a_person_brings_in_verifies(greeting: str, subject: str, name: str, coins: list[str]) -> None:
    person = recipient(greeting=greeting, subject=subject, name=name, coins=tuple(coins))
    check_assembled(PICTURED.message(person, NOW))


@settings(max_examples=12)
@given(title=HOSTILE, lead=HOSTILE, site_name=HOSTILE)
@example(title="a \n\n b", lead=" \t\u00a0 ", site_name="  x  ")
def test_whatever_an_edition_brings_in_verifies(title: str, lead: str, site_name: str) -> None:
    hostile = article(1, title=f"x{title}", lead=lead, author=site_name, body=(lead, f"{title} "))
    edition = content(
        (article(0), hostile, article(2)), site=site(imprint=f"Verlag {site_name}", sender_name=site_name)
    )
    check_assembled(assembler(edition, full_snapshot()).message(recipient(), NOW))


def test_pictures_are_in_what_is_signed() -> None:
    assert b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64" in assembled().data


@pytest.mark.parametrize("prices", [None, snapshot()])
def test_messages_without_pictures_without_articles(prices: Snapshot | None) -> None:
    check_assembled(assembler(content(0), prices).message(recipient(choice=b""), NOW))


@given(
    st.lists(
        st.tuples(
            st.sampled_from([*SIGNED, "X-Other", "subject", "LIST-ID"]),
            st.text(st.sampled_from('ab \t:;=<>,@"é'), max_size=30),
            st.sampled_from(["", "\r\n ", "\r\n\t", "  \r\n \t "]),
            st.text(st.sampled_from("xy \t"), max_size=10),
        ),
        max_size=14,
    ),
    st.lists(st.text(st.sampled_from("Guten. \t"), max_size=20), max_size=5),
)
def test_any_other_message_verifies(fields: list[tuple[str, str, str, str]], lines: list[str]) -> None:
    head = ["From: a@news.example", *(f"{name}: x{value}{fold}x{rest}" for name, value, fold, rest in fields)]
    data = "\r\n".join((*head, "", *lines, "")).encode()
    assert verifies(signer().sign(made(data)).data)


def test_the_field_obeys_its_limits() -> None:
    head, _ = split(signer().sign(assembled()).data)
    field = re.split(rb"\r\n(?![ \t])", head)[0]
    assert field.startswith(b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=news.example;")
    assert max(map(len, field.split(b"\r\n"))) < 78
    tags = dict(part.strip().split("=", 1) for part in re.sub(r"\s", "", field.decode().split(":", 1)[1]).split(";"))
    assert set(tags) == {"v", "a", "c", "d", "s", "t", "h", "bh", "b"}
    assert tags["t"] == str(int(NOW.timestamp()))
    parsed = email.message_from_bytes(assembled().data, policy=email.policy.compat32)
    signed = tags["h"].split(":")
    assert {name: signed.count(name) for name in SIGNED} == {name: len(parsed.get_all(name, [])) + 1 for name in SIGNED}


def test_long_names_do_not_break_lines_that_need_not_be_long() -> None:
    domain = ".".join(["sehr-lange-zeitung" * 3] * 4) + ".example"
    long = signer(domain, "s" * 60)
    signed = long.sign(assembled())
    assert verifies(signed.data, long)
    lines = split(signed.data)[0].split(b"\r\n")[:20]
    assert [line for line in lines if len(line) > 77 and b" d=" not in line] == []


def test_a_second_copy_is_byte_equal() -> None:
    assert signer().sign(assembled()) == signer().sign(assembled())
    message, later = (assembler(content(3)).message(recipient(), moment) for moment in (NOW, NOW.replace(minute=11)))
    assert signer().sign(message).data != signer().sign(later).data


@pytest.mark.parametrize("name", SIGNED)
def test_one_more_of_what_is_signed_breaks_it(name: str) -> None:
    signed = signer().sign(assembled()).data
    assert verifies(signed)
    assert not verifies(f"{name}: Angreifer <x@angriff.example>\r\n".encode() + signed)
    head, body = split(signed)
    assert not verifies(head + f"\r\n{name}: Angreifer <x@angriff.example>".encode() + b"\r\n\r\n" + body)


@pytest.mark.parametrize("name", [name for name in SIGNED if name != "Reply-To"])
def test_a_field_that_is_changed_or_taken_away_breaks_it(name: str) -> None:
    signed = signer().sign(assembled()).data
    field = re.search(rb"(?m)^%b:(.|\r\n )*\r\n" % name.encode(), signed)
    assert field
    assert not verifies(signed.replace(field[0], b""))
    assert not verifies(signed.replace(field[0], field[0].replace(b": ", b": x ", 1).replace(b":\r\n", b": x\r\n", 1)))


def test_a_changed_body_breaks_it() -> None:
    signed = signer().sign(assembled()).data
    assert not verifies(signed.replace(b"Vorspann", b"Nachspann", 1))
    assert not verifies(signed + b"angeh=C3=A4ngt\r\n")


def _refolded(data: bytes) -> bytes:
    head, body = split(data)
    fields = [re.sub(rb"\r\n ", b" ", field) for field in re.split(rb"\r\n(?! )", head)]
    return b"\r\n".join(re.sub(rb"(.{30,60}) ", rb"\1\r\n\t", field) for field in fields) + b"\r\n\r\n" + body


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "refolded": _refolded,
    "names in capitals": lambda data: data.replace(b"\r\nSubject:", b"\r\nSUBJECT:").replace(b"\r\nTo:", b"\r\nto:"),
    "more spaces": lambda data: data.replace(b"\r\nSubject: ", b"\r\nSubject:   ").replace(b"\r\nTo: ", b"\r\nTo:\t"),
    "spaces in the body": lambda data: data.replace(b",=\r\n", b",= \t\r\n").replace(
        b"Guten Morgen", b"Guten\t Morgen"
    ),
    "empty lines at the end": lambda data: data + b"\r\n\r\n",
    "trace fields above": lambda data: b"Received: from a by b\r\nReturn-Path: <a@b.example>\r\n" + data,
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_relays_do_survives(change: str) -> None:
    signed = signer().sign(assembled(name="Jürgen Größer-Müller von der Straße", subject="Grüße " * 30)).data
    changed = CHANGES[change](signed)
    assert changed != signed
    assert verifies(changed)


def test_a_mailbox_beyond_ascii_is_signed_as_it_is() -> None:
    message = assembled(address="jörg@leser.example", name="Jörg")
    assert not message.data.isascii()
    assert verifies(signer().sign(message).data)


@pytest.mark.parametrize("date", ["", "Date: gestern\r\n", "Date: Fri, 17 Oct 99999 06:10:00 +0200\r\n"])
def test_without_a_readable_date_there_is_no_time(date: str) -> None:
    signed = signer().sign(made(f"From: a@news.example\r\n{date}\r\nx\r\n".encode())).data
    assert b" t=" not in signed
    assert verifies(signed)


@pytest.mark.parametrize("data", [b"From: a@news.example\r\n\r\n", b"From: a@news.example\r\n\r\n\r\n\r\n"])
def test_an_empty_body_is_nothing(data: bytes) -> None:
    signed = signer().sign(made(data)).data
    assert b"bh=" + b64encode(sha256(b"").digest()) in signed
    assert verifies(signed)


def test_the_envelope_stays() -> None:
    message = assembled()
    signed = signer().sign(message)
    assert msgspec.structs.replace(signed, data=message.data) == message
