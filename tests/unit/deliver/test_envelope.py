"""Nothing in an address or a message becomes a command."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.deliver.envelope import has_bare_line_end, needs_smtputf8, stuffed, wire_address


@pytest.mark.parametrize(
    ("address", "wire"),
    [
        ("anna.muster@news.example", "anna.muster@news.example"),
        ("o'neill+tag=x@sub.news.example", "o'neill+tag=x@sub.news.example"),
        ('"a b"@news.example', '"a b"@news.example'),
        ('"a\\"b>"@news.example', '"a\\"b>"@news.example'),
        ("a@[192.0.2.1]", "a@[192.0.2.1]"),
        ("jörg@news.example", "jörg@news.example"),
        ("anna@grüße.example", "anna@xn--gre-6ka8l.example"),
        ("anna@straße.example", "anna@xn--strae-oqa.example"),
    ],
)
def test_addresses_keep_their_meaning(address: str, wire: str) -> None:
    assert wire_address(address) == wire


@pytest.mark.parametrize(
    "address",
    [
        "",
        "anna",
        "@news.example",
        "anna@",
        "a b@news.example",
        "a@b@news.example",
        "<a@news.example>",
        "a@news.example> SIZE=1",
        "a@news.example\r\nDATA",
        "a@news.example\n",
        "a\u2028b@news.example",
        "a\x00@news.example",
        '"a\r\nb"@news.example',
        "a@news.example,b@news.example",
        "a..b@news.example",
        "a@ümlaut..example",
        "\udcffa@news.example",
    ],
)
def test_what_is_no_single_mailbox_is_refused(address: str) -> None:
    with pytest.raises(ValueError):
        wire_address(address)


@given(st.text(max_size=80))
def test_no_text_brings_a_second_command_or_parameter(text: str) -> None:
    try:
        wire = wire_address(text)
    except ValueError:
        return
    assert wire.isprintable()
    outside = wire if not wire.startswith('"') else wire[wire.rindex('"') + 1 :]
    assert not set(outside) & set(' <>,;:"\t') or "[" in outside


def test_smtputf8_is_for_names_and_headers_beyond_ascii() -> None:
    assert not needs_smtputf8("a@news.example", b"Subject: x")
    assert needs_smtputf8("jörg@news.example", b"Subject: x")
    assert needs_smtputf8("a@news.example", "Subject: ü".encode())


@pytest.mark.parametrize(
    "data", [b"a\nb\r\n", b"a\rb\r\n", b"\r\n\r", b"a\n\r\n", b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\r\n"]
)
def test_a_bare_line_end_is_found(data: bytes) -> None:
    assert has_bare_line_end(data)


@given(st.lists(st.text("ab.", max_size=4), min_size=1))
def test_stuffed_bytes_hold_the_message_and_one_end(lines: list[str]) -> None:
    data = "".join(f"{line}\r\n" for line in lines).encode()
    assert not has_bare_line_end(data)
    received, end, rest = (b"\r\n" + stuffed(data)).partition(b"\r\n.\r\n")
    assert (end, rest) == (b"\r\n.\r\n", b"")
    assert (received + b"\r\n").replace(b"\r\n..", b"\r\n.").removeprefix(b"\r\n") == data
