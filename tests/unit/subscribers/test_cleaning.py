from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.cleaning import clean_line, show


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("", ""),
        ("  Anna ", "Anna"),
        ("Anna\r\nBcc: ben@example.org", "Anna Bcc: ben@example.org"),
        ("Anna \n\n Maria", "Anna Maria"),
        ("Anna\u2028Maria\u2029", "Anna Maria"),
        ("Anna\x85Maria\x0bRosa\x0c", "Anna Maria Rosa"),
        ("An\x00na\x07\x1b[1m\x7f", "Anna[1m"),
        ("Mu\u0308ller", "Müller"),
        ("A\ud800nna", "Anna"),
        ("Anna  Maria", "Anna  Maria"),
        ("👩‍🚀 Şebnem O’Neill-ß", "👩‍🚀 Şebnem O’Neill-ß"),
        ("= +@{{ 7*7 }}<b>", "= +@{{ 7*7 }}<b>"),
    ],
)
def test_clean_line(text: str, cleaned: str) -> None:
    assert clean_line(text) == cleaned


@given(st.text(st.characters(codec=None)))
def test_one_line_that_stays_as_it_is(text: str) -> None:
    cleaned = clean_line(text)
    assert clean_line(cleaned) == cleaned
    assert len(cleaned.splitlines()) <= 1
    assert unicodedata.is_normalized("NFC", cleaned)
    cleaned.encode()


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Zs"])))
def test_nothing_else_is_lost(text: str) -> None:
    assert clean_line(text) == unicodedata.normalize("NFC", text)


@given(st.text(st.characters(codec=None)))
def test_show_is_printable_and_short(text: str) -> None:
    assert show(text).isprintable()
    assert len(show(text)) <= 12 * 80
