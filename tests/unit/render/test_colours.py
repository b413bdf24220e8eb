from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.render.colours import AA, contrast, readable

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("one", "other", "ratio"), [("#000000", "#ffffff", 21), ("#777777", "#ffffff", 4.48), ("#abcdef", "#abcdef", 1)]
)
def test_contrast(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == contrast(other, one) == pytest.approx(ratio, abs=0.01)


@given(COLOURS, st.sampled_from(["#ffffff", "#f4f1ea", "#1c1f24", "#121417"]))
def test_any_accent_can_be_read(colour: str, ground: str) -> None:
    assert contrast(readable(colour, ground), ground) >= AA


def test_a_colour_that_can_be_read_stays_as_it_is() -> None:
    assert readable("#0b5c8a", "#ffffff") == "#0b5c8a"


@pytest.mark.parametrize("text", ["red", "#fff", "0b5c8aa", "#gggggg"])
def test_what_is_no_colour_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no colour|invalid literal"):
        contrast(text, "#ffffff")
