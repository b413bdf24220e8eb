"""Cells that begin like a formula, out and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.csv_formulas import neutralise, restore


@pytest.mark.parametrize(
    "cell", ["=1+1", "+49 30", "-", "@SUM(A1)", "\tx", "\rx", "＝1", "＋1", "－1", "＠x", "'=1", "''=1"]
)
def test_a_spreadsheet_takes_it_for_text(cell: str) -> None:
    harmless = neutralise(cell)
    assert harmless == f"'{cell}"
    assert restore(harmless) == cell


@pytest.mark.parametrize("cell", ["", "Anna", "'x", "'", "O'Hara", "1-1", "a=b", "’=x"])
def test_others_are_left_alone(cell: str) -> None:
    assert neutralise(cell) == cell
    assert restore(cell) == cell


@given(st.text(st.sampled_from("'=+-@\t\r＝ax "), max_size=6) | st.text(max_size=20))
def test_every_cell_comes_back(cell: str) -> None:
    assert restore(neutralise(cell)) == cell
    assert neutralise(cell)[:1] not in tuple("=+-@\t\r＝＋－＠")


@pytest.mark.parametrize(
    ("cell", "harmless"),
    [
        ("Anna;=1+1", "Anna;'=1+1"),
        ("vip,@SUM(A1)", "vip,'@SUM(A1)"),
        ('x;"=1"', 'x;"\'=1"'),
        ("x;''=1", "x;'''=1"),
        ("=1;-2,+3", "'=1;'-2,'+3"),
        ("a\n=1", "a\n'=1"),
        ("\t=1", "'\t'=1"),
    ],
)
def test_no_other_delimiter_lets_a_formula_begin(cell: str, harmless: str) -> None:
    assert neutralise(cell) == harmless
    assert restore(harmless) == cell


@given(st.text(alphabet="'=;,\t\n\"a-"))
def test_cells_of_nothing_but_signs_come_back(cell: str) -> None:
    assert restore(neutralise(cell)) == cell
    for delimiter in ";,\t\n":
        assert not any(part[:1] == "=" for part in neutralise(cell).split(delimiter))
