from __future__ import annotations

import email
import email.header
import email.policy
import re
from email.message import EmailMessage

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.render import headers

TEXTS = st.one_of(st.text(max_size=300), st.text('ab äß€😀\u200d"\\,;:<>@=?_.()\r\n\u2028\x0b\x85', max_size=200))


def parsed(field: bytes) -> EmailMessage:
    message = email.message_from_bytes(field + b"\r\nX-After: yes\r\n\r\nbody\r\n", policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert message["X-After"] == "yes"
    return message


def decoded(field: bytes) -> str:
    """What the old, plain decoder of RFC 2047 reads, which knows nothing of the new one."""
    value = re.sub(rb"\r\n(?=[ \t])", b"", field.partition(b": ")[2]).decode("ascii")
    return str(email.header.make_header(email.header.decode_header(value)))


def check_shape(field: bytes) -> None:
    lines = field.split(b"\r\n")
    assert all(line.strip() for line in lines)
    assert all(line.startswith(b" ") for line in lines[1:])
    assert all(len(line) <= 78 for line in lines)
    assert b"\r" not in field.replace(b"\r\n", b"")
    assert b"\n" not in field.replace(b"\r\n", b"")
    for word in re.findall(rb"=\?utf-8\?[qb]\?[^?]*\?=", field):
        assert len(word) <= 75
    for line in lines:
        assert b"=?" not in line or len(line) <= 76


@given(TEXTS)
@example("=?utf-8?q?gef=C3=A4lscht?=")
@example("x" * 400)
@example("wort " * 60)
@example("👩‍👩‍👧‍👦" * 30)
@example("a  b   c" * 20)
def test_any_parser_decodes_a_subject_to_what_went_in(text: str) -> None:
    field = headers.unstructured("Subject", text)
    if headers.one_line(text):
        check_shape(field)
    assert list(parsed(field).keys()) == ["Subject", "X-After"]
    assert decoded(field) == headers.one_line(text)
    assert parsed(field)["Subject"] == headers.one_line(text)


@given(TEXTS)
@example('Dr. "Kim" Weber, \\ GmbH')
@example("Weber <kim@andere.example>")
@example("Müller-Lüdenscheidt " * 8)
def test_any_parser_decodes_a_display_name_to_what_went_in(text: str) -> None:
    field = headers.mailbox("To", text, "kim@leser.example")
    check_shape(field)
    (address,) = parsed(field)["To"].addresses
    assert address.addr_spec == "kim@leser.example"
    # Python's newer parser adds spaces between the encoded-words of a phrase (gh-128110), and drops a no-break space
    # beside another, so it is asked without them; whoever decodes the words alone gets every one.
    assert "".join(address.display_name.split()) == "".join(headers.one_line(text).split())
    if b"=?" in field:
        assert decoded(field.rpartition(b"<")[0].rstrip()) == headers.one_line(text)


@given(TEXTS)
def test_the_identifier_of_a_list_is_never_encoded(text: str) -> None:
    field = headers.list_id(text, "morgen.news.example")
    check_shape(field)
    assert field.endswith(b"<morgen.news.example>")
    assert list(parsed(field).keys()) == ["List-Id", "X-After"]


@given(st.integers(1, 300), st.integers(1, 300))
def test_links_are_never_encoded_and_each_stands_on_its_own_line_if_long(one: int, two: int) -> None:
    links = (f"https://kurier.example/{'a' * one}", f"mailto:b@kurier.example?subject={'b' * two}")
    field = headers.urls("List-Unsubscribe", *links)
    assert re.findall(rb"<([^>]*)>", field) == [link.encode() for link in links]
    assert b"=?" not in field
    for line in field.split(b"\r\n"):
        assert len(line) <= 78 or len(line.strip(b" ,<>")) > 70


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        (headers.unstructured("Subject", "Kurz"), b"Subject: Kurz"),
        (headers.unstructured("Subject", "a\r\nBcc: x@y.example"), b"Subject: a Bcc: x@y.example"),
        (headers.unstructured("Subject", "Recht viele Grüße"), b"Subject: =?utf-8?q?Recht_viele_Gr=C3=BC=C3=9Fe?="),
        (headers.unstructured("Subject", "日本語"), b"Subject: =?utf-8?b?5pel5pys6Kqe?="),
        (headers.mailbox("To", "", "a@b.example"), b"To: a@b.example"),
        (headers.mailbox("To", "Dr. Weber", "a@b.example"), b'To: "Dr. Weber" <a@b.example>'),
        (headers.mailbox("To", "A", "a@b.example\r\nBcc: c@d.example"), b"To: A <a@b.exampleBcc:c@d.example>"),
        (headers.list_id("", "a.b.example"), b"List-Id: <a.b.example>"),
        (headers.structured("Feedback-ID", "x" * 70), b"Feedback-ID:\r\n " + b"x" * 70),
    ],
)
def test_examples(field: bytes, wanted: bytes) -> None:
    assert field == wanted
