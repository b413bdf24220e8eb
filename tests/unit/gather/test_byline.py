"""Bylines: names out of a line, and names into one."""

from __future__ import annotations

import pytest

from digest.gather.byline import join_names, read_byline


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("James Whitmore", ("James Whitmore",)),
        ("Von Anna Muster und Max Beispiel, dpa", ("Anna Muster", "Max Beispiel", "dpa")),
        ("Dr. Eva von der Au", ("Dr. Eva von der Au",)),
        ("Ein Gastbeitrag von Jean-Luc O'Neill", ("Jean-Luc O'Neill",)),
        ("James Whitmore, Washington", ("James Whitmore",)),
        ("Anna Muster (dpa)", ("Anna Muster", "dpa")),
        ("Autor: kb", ("kb",)),
        ("afp/dpa", ("afp", "dpa")),
        ("Von wegen ruhig", ()),
        ("Minister ruft Kanzler an", ()),
        ("Anna Muster hat das Wort.", ()),
        ("Anna Muster 2025", ()),
        ("", ()),
    ],
)
def test_names_of_a_line(line: str, names: tuple[str, ...]) -> None:
    assert read_byline(line) == names


def test_names_as_a_german_byline_has_them() -> None:
    assert [join_names(names) for names in ((), ("A",), ("A", "B"), ("A", "B", "C"), ("A", " ", "A"))] == [
        "", "A", "A und B", "A, B und C", "A",
    ]  # fmt: skip
