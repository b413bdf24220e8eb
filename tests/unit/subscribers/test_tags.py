from __future__ import annotations

import pytest

from subscribers.errors import WrongValueError
from subscribers.tags import with_tags, without_tags


@pytest.mark.parametrize(
    ("known", "more", "tags"),
    [
        ((), ["vip"], ("vip",)),
        (("vip",), ["VIP", "Messe"], ("vip", "Messe")),
        (("Köln",), ["KÖLN; presse", " a\tb "], ("Köln", "presse", "a b")),
    ],
)
def test_with(known: tuple[str, ...], more: list[str], tags: tuple[str, ...]) -> None:
    assert with_tags(known, more) == tags


def test_without() -> None:
    assert without_tags(("vip", "Köln", "vip2"), ["VIP", "köln", "nie"]) == ("vip2",)


@pytest.mark.parametrize("tags", [[], [""], [" ; "], ["x" * 101], [str(number) for number in range(100)]])
def test_what_is_refused(tags: list[str]) -> None:
    with pytest.raises(WrongValueError, match="tags"):
        with_tags(("vip",), tags)
