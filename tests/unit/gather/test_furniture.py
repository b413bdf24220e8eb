"""Lines that belong to the page, credits and pointers to other articles."""

from __future__ import annotations

import pytest

from digest.gather.furniture import is_furniture, read_credit, split_credit, split_related


@pytest.mark.parametrize(
    ("line", "furniture"),
    [
        ("crossmenu", True),
        ("Bleiben Sie informiert!", True),
        ("3 Min. Lesezeit", True),
        ("© 2025 Verlag", True),
        ("* * *", True),
        ("Mit Absendung des Formulars willige ich ein", True),
        ("Die Kommentare der Leser waren freundlich.", False),
        ("Suche nach dem Schuldigen", False),
    ],
)
def test_furniture(line: str, furniture: bool) -> None:
    assert is_furniture(line) is furniture


@pytest.mark.parametrize(
    ("line", "credit"),
    [
        ("Foto: Jana Ott/Bildwerk", "Jana Ott/Bildwerk"),
        ("(Symbolbild: dpa)", "dpa"),
        ("Foto: © Jana Ott / Bildwerk", "Jana Ott / Bildwerk"),
        ("© AFP", "AFP"),
        ("© 2025 Verlag", ""),
        ("Bild: Die Zeitung schrieb. Und nun?", ""),
        ("Das Foto zeigt ihn.", ""),
    ],
)
def test_credits(line: str, credit: str) -> None:
    assert read_credit(line) == credit


def test_a_credit_at_a_captions_end() -> None:
    assert split_credit("Der Hafen. (Foto: Max M./dpa)") == ("Der Hafen.", "Max M./dpa")
    assert split_credit("Er sagte: Kein Foto.") == ("Er sagte: Kein Foto.", "")


@pytest.mark.parametrize(
    ("paragraph", "own", "titles"),
    [
        ("Lesen Sie auch: Eins", "", ("Eins",)),
        ("Ein Satz. Lesen Sie auch: Eins Lesen Sie auch: Zwei", "Ein Satz.", ("Eins", "Zwei")),
        ("Lies auch: Eins | Zwei", "", ("Eins", "Zwei")),
        ("Mehr zum Thema", "", ()),
        ("Lesen Sie auch:", "", ()),
        ("Lesen Sie auch zwischen den Zeilen.", "Lesen Sie auch zwischen den Zeilen.", None),
    ],
)
def test_pointers_to_other_articles(paragraph: str, own: str, titles: tuple[str, ...] | None) -> None:
    assert split_related(paragraph) == (own, titles)
