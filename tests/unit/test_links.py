"""Links and the signed tokens in them."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.links import Links, Purpose, TokenFacts, make_token, read_token

SECRET = b"a secret of the tests, 32 octets"
PURPOSES: tuple[Purpose, ...] = ("unsubscribe", "settings", "message", "bounce")
HANDLES = st.binary(min_size=8, max_size=8).map(bytes.hex)
EDITIONS = st.integers(0, 2**32 - 1)
TOKEN = make_token(SECRET, "unsubscribe", "0123456789abcdef", 7)


@given(st.sampled_from(PURPOSES), HANDLES, EDITIONS)
def test_a_token_says_what_was_put_into_it(purpose: Purpose, handle: str, edition: int) -> None:
    token = make_token(SECRET, purpose, handle, edition)
    assert read_token(SECRET, purpose, token) == TokenFacts(handle, edition)
    assert token == make_token(SECRET, purpose, handle, edition)
    assert len(token) == 32
    assert set(token) <= set(string.ascii_lowercase + string.digits)


@pytest.mark.parametrize("made_for", PURPOSES)
@pytest.mark.parametrize("used_for", PURPOSES)
def test_a_token_is_good_for_its_own_purpose_alone(made_for: Purpose, used_for: Purpose) -> None:
    token = make_token(SECRET, made_for, "0123456789abcdef", 7)
    assert (read_token(SECRET, used_for, token) is not None) is (made_for == used_for)


@pytest.mark.parametrize("place", range(32))
def test_no_character_can_be_altered(place: int) -> None:
    for letter in string.ascii_lowercase + "234567":
        altered = TOKEN[:place] + letter + TOKEN[place + 1 :]
        assert (read_token(SECRET, "unsubscribe", altered) is not None) is (altered == TOKEN)


def test_letter_case_does_not_matter() -> None:
    assert read_token(SECRET, "unsubscribe", TOKEN.upper()) == TokenFacts("0123456789abcdef", 7)
    assert read_token(SECRET, "unsubscribe", TOKEN.title()) == TokenFacts("0123456789abcdef", 7)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a",
        TOKEN[:-1],
        TOKEN + "a",
        TOKEN + "=",
        TOKEN + TOKEN,
        TOKEN[:24],
        " " + TOKEN,
        TOKEN + "\n",
        "\u212a" * 32,
        "ä" * 32,
        "\ud800" * 32,
        "a" * 32,
        "a" * 100_000,
        "0" * 32,
    ],
)
def test_what_is_no_token_is_refused(token: str) -> None:
    assert read_token(SECRET, "unsubscribe", token) is None


@given(st.text())
def test_no_text_is_taken_for_a_token_or_raises(text: str) -> None:
    assert read_token(SECRET, "unsubscribe", text) is None


def test_another_secret_knows_nothing_of_it() -> None:
    assert read_token(b"another secret of the same length", "unsubscribe", TOKEN) is None


def test_links() -> None:
    links = Links("https://probe.example", SECRET)
    handle = "0123456789abcdef"
    settings = make_token(SECRET, "settings", handle, 7)
    assert links.unsubscribe(handle, 7) == f"https://probe.example/abmelden/{TOKEN}"
    assert links.settings(handle, 7) == f"https://probe.example/einstellungen/{settings}"
    assert links.unsubscribe_mailto("abo@probe.example", handle, 7) == (
        f"mailto:abo@probe.example?subject=Abmelden%20{TOKEN}"
    )
    message_id = links.message_id("probe.example", handle, 7)
    assert message_id == f"<{make_token(SECRET, 'message', handle, 7)}@probe.example>"


@given(HANDLES, EDITIONS)
def test_a_bounce_address_survives_folding_and_fits(handle: str, edition: int) -> None:
    address = Links("https://probe.example", SECRET).bounce_address("b.example", handle, edition)
    local, _, domain = address.partition("@")
    assert domain == "b.example"
    assert len(local) <= 64
    assert read_token(SECRET, "bounce", local.upper().removeprefix("B-")) == TokenFacts(handle, edition)
