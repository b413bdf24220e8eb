"""What a rule chose, as an editor arranged it."""

from __future__ import annotations

import pytest

from digest.compose.arrangement import arrange, is_outdated, origin_hash, reword
from digest.model.arrangement import Arrangement, Override, WrittenArticle
from digest.model.article import Article

ARTICLE = Article(
    title="Titel", source="Stadt", lead="Vorspann", image_url="https://a.example/b.jpg", picture_alt="Alt"
)


@pytest.mark.parametrize(
    ("arrangement", "pinned", "limit", "after", "first"),
    [
        (Arrangement(), "", 3, "abc", 0),
        (Arrangement(), "d", 3, "dab", 1),
        (Arrangement(dropped=("a",)), "", 3, "bc", 0),
        (Arrangement(order=("d", "c", "b", "a")), "", 3, "dcba", 0),
        (Arrangement(order=("d", "c")), "", 3, "dca", 0),
        (Arrangement(order=("d", "c"), dropped=("d",)), "", 3, "ca", 0),
        (Arrangement(order=("d", "c")), "c", 9, "cdabe", 1),
        (Arrangement(order=("z",)), "", None, "zabcde", 0),
    ],
)
def test_what_a_rule_chose_gives_way(
    arrangement: Arrangement, pinned: str, limit: int | None, after: str, first: int
) -> None:
    keys, count = arrange("abcde", arrangement, pinned, limit)
    assert ("".join(keys), count) == (after, first)


def test_what_is_written_stands_before_what_was_chosen() -> None:
    written = Arrangement(written=(WrittenArticle(key="h", article=ARTICLE),))
    assert arrange("ab", written, "", 2) == (["h", "a"], 0)


def test_no_more_than_an_edition_holds() -> None:
    keys, first = arrange([str(n) for n in range(100)], Arrangement(), ["99"])
    assert (len(keys), keys[0], first) == (60, "99", 1)


def test_other_words_and_no_picture() -> None:
    assert reword(ARTICLE, None) is ARTICLE
    assert reword(ARTICLE, Override(lead="")).lead == ""
    bare = reword(ARTICLE, Override(image_url=""))
    assert (bare.image_url, bare.title) == (None, "Titel")
    other = reword(ARTICLE, Override(image_url="https://a.example/c.jpg"))
    # What the old picture showed is not what the new one shows.
    assert (other.image_url, other.picture_alt) == ("https://a.example/c.jpg", "")


def test_words_that_were_written_for_another_version() -> None:
    hashed = origin_hash(ARTICLE)
    assert hashed == origin_hash(Article(title="Titel", source="Stadt", lead="Vorspann"))
    assert hashed != origin_hash(Article(title="Titel", source="Stadt", lead="Anderer"))
    assert not is_outdated(None, hashed)
    assert not is_outdated(Override(lead="x", basis=hashed), hashed)
    assert is_outdated(Override(lead="x", basis="anders"), hashed)
