from __future__ import annotations

import pytest

from subscribers.segments.folding import cases_of, fold

_BEHIND_ALL_CAPITALS = 0x1E944


@pytest.mark.parametrize(
    ("text", "folded"),
    [("KÖLN", "köln"), ("STRAẞE", "straße"), ("STRASSE", "strasse"), ("İ", "İ"), ("Ω Москва", "ω москва"), ("ǅ", "ǅ")],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded
    assert len(fold(text)) == len(text)


def test_the_cases_of_a_sign_are_those_that_fold_alike() -> None:
    assert cases_of("ö") == cases_of("Ö") == "Öö"
    assert cases_of("ß") == cases_of("ẞ") == "ßẞ"
    assert cases_of("7") == "7"
    alike: dict[str, set[str]] = {}
    for sign in map(chr, range(_BEHIND_ALL_CAPITALS)):
        alike.setdefault(fold(sign), set()).add(sign)
    wrong = [sign for signs in alike.values() if len(signs) > 1 for sign in signs if set(cases_of(sign)) != signs]
    assert wrong == []
