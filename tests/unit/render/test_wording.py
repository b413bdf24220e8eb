from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.render.wording import shorten, wrap


@given(st.text(max_size=200), st.integers(10, 100))
def test_shortened_text_is_a_beginning_of_the_text_and_fits(text: str, length: int) -> None:
    short = shorten(text, length)
    assert len(short) <= length or short == text
    if short != text:
        assert short.endswith("…")
        assert text.startswith(short[:-1].rstrip())


@pytest.mark.parametrize(
    ("text", "length", "short"),
    [
        ("Kurz", 4, "Kurz"),
        ("Eins zwei drei", 10, "Eins zwei …"[:4] + " …"),
        ("Eins zwei drei", 11, "Eins zwei …"),
        ("Eins – zwei und drei", 9, "Eins …"),
        ("x" * 20, 10, "x" * 9 + "…"),
        ("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 12, "👩‍👩‍👧‍👦…"),
        ("e\u0301" * 8, 10, "e\u0301" * 4 + "…"),
        ("", 10, ""),
    ],
)
def test_text_is_cut_at_a_word_and_never_inside_a_sign(text: str, length: int, short: str) -> None:
    assert shorten(text, length) == short


@given(st.text("ab ä-€😀", max_size=300), st.integers(0, 10))
def test_wrapping_loses_nothing_and_leaves_room_on_the_first_line(text: str, taken: int) -> None:
    lines = wrap(text, 30, taken=taken).split("\n")
    assert " ".join(lines).split() == text.split()
    for number, line in enumerate(lines):
        room = 30 - (taken if number == 0 else 0)
        assert len(line) <= room or " " not in line


def test_a_no_break_space_is_no_place_to_break() -> None:
    assert wrap("aaaa 2,4\u00a0%", 8) == "aaaa\n2,4\u00a0%"
