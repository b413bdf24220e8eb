from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers import addresses
from subscribers.addresses import address_key, parse_address, parse_domain
from subscribers.errors import AddressError


@pytest.mark.parametrize(
    ("text", "email", "smtputf8"),
    [
        ("anna@example.org", "anna@example.org", False),
        ("  anna@example.org\u00a0", "anna@example.org", False),
        ("Anna.Weber+news@EXAMPLE.Org", "Anna.Weber+news@example.org", False),
        ("o'neil@sub.example.com", "o'neil@sub.example.com", False),
        ("anna@bücher.example", "anna@xn--bcher-kva.example", False),
        ("anna@XN--BCHER-KVA.example", "anna@xn--bcher-kva.example", False),
        ("jörg@example.org", "jörg@example.org", True),
        ("jo\u0308rg@example.org", "jörg@example.org", True),
        ("PostMaster@example.org", "postmaster@example.org", False),
        ("anna@leser.test", "anna@leser.test", False),
        ("a" * 64 + "@example.org", "a" * 64 + "@example.org", False),
    ],
)
def test_canonical_form(text: str, email: str, smtputf8: bool) -> None:
    address = parse_address(text)
    assert (address.email, address.smtputf8) == (email, smtputf8)
    assert f"{address.local}@{address.domain}" == email
    assert address.domain.isascii()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "anna",
        "anna@",
        "@example.org",
        "anna@@example.org",
        "anna@example",
        "anna@localhost",
        "anna@example..org",
        ".anna@example.org",
        "anna.@example.org",
        "an na@example.org",
        "anna@exa mple.org",
        "anna@-example.org",
        "anna@127.0.0.1",
        "anna@[127.0.0.1]",
        '"anna weber"@example.org',
        "Anna Weber <anna@example.org>",
        "anna@example.org, ben@example.org",
        "mailto:anna@example.org?x",
        "anna@example.org\n",
        "anna@example.org\r\nBcc: ben@example.org",
        "an\x00na@example.org",
        "anna@example.org\u2028",
        "an\ud800na@example.org",
        "a" * 65 + "@example.org",
        "anna@" + "a" * 64 + ".org",
        "anna@" + "abcdefghi." * 30 + "org",
        "ö" * 40 + "@example.org",
        "x" * 100_000,
        "anna@xn--.org",
    ],
)
def test_refused_with_one_sentence_that_names_it(text: str) -> None:
    with pytest.raises(AddressError) as refused:
        parse_address(text)
    message = str(refused.value)
    assert message.isprintable()
    assert len(message) < 400
    assert text.strip()[:2] in message
    assert refused.value.exit_code == 2


@given(st.emails() | st.from_regex(r"[A-Za-z.+_'-]{1,10}@[A-Za-z0-9.-]{1,20}", fullmatch=True))
def test_the_short_way_and_the_long_way_agree(text: str) -> None:
    def outcome(parse: object) -> object:
        try:
            return parse(text)  # type: ignore[operator]
        except AddressError:
            return None

    assert outcome(parse_address) == outcome(addresses._parse_any)


@given(st.emails())
def test_an_accepted_address_is_accepted_again_unchanged(text: str) -> None:
    try:
        address = parse_address(text)
    except AddressError:
        return
    assert parse_address(address.email) == address


def test_key_ignores_case_and_depends_on_the_secret(secret: bytes) -> None:
    key = address_key(secret, "Anna@example.org")
    assert key == address_key(secret, "anna@EXAMPLE.org")
    assert len(key) == 64
    assert key != address_key(b"another", "anna@example.org")
    assert key != address_key(secret, "anne@example.org")


@pytest.mark.parametrize("text", ["Bücher.example", "@bücher.example", " xn--bcher-kva.example"])
def test_domain(text: str) -> None:
    assert parse_domain(text) == "xn--bcher-kva.example"


def test_no_domain() -> None:
    with pytest.raises(AddressError):
        parse_domain("a@b@c")
