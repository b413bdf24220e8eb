"""Which articles an edition carries, in which order, and how much of each it quotes."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.compose.selection import SourceRule, excerpt, select_articles
from digest.model.article import Article

NOON = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)


def article(title: str, source: str = "a", hours: float | None = 0.0, **values: object) -> Article:
    published = None if hours is None else NOON + timedelta(hours=hours)
    return Article(title=title, source=source, published=published, **values)  # type: ignore[arg-type]


def titles(articles: tuple[Article, ...]) -> str:
    return "".join(each.title for each in articles)


@pytest.mark.parametrize(
    ("candidates", "rules", "max_articles", "expected"),
    [
        pytest.param([article("A", hours=0), article("B", hours=2), article("C", hours=1)], {}, 9, "BCA", id="newest"),
        pytest.param([article("A", hours=None), article("B", hours=-99)], {}, 9, "BA", id="undated last"),
        pytest.param(
            [article("A", "light", 5), article("B", "heavy", 0)],
            {"heavy": SourceRule(weight=2.0), "light": SourceRule(weight=0.5)},
            9,
            "BA",
            id="weight before age",
        ),
        pytest.param(
            [article(name, "a", hours) for hours, name in enumerate("ABCD")] + [article("X", "b", -1)],
            {"a": SourceRule(max_items=2)},
            9,
            "DCX",
            id="each source has its most",
        ),
        pytest.param([article(name, "a", hours) for hours, name in enumerate("ABCD")], {}, 2, "DC", id="limit"),
        pytest.param([article("B"), article("A")], {}, 9, "AB", id="ties by title"),
        pytest.param([], {}, 9, "", id="none"),
    ],
)
def test_selection(candidates: list[Article], rules: dict[str, SourceRule], max_articles: int, expected: str) -> None:
    assert titles(select_articles(candidates, rules, max_articles)) == expected


ARTICLES = st.builds(
    article,
    st.sampled_from("AB"),
    st.sampled_from(("a", "b", "unknown")),
    st.one_of(st.none(), st.sampled_from((-1.0, 0.0, 1.0))),
    url=st.sampled_from((None, "https://a.example/1", "https://a.example/2")),
)


@given(st.lists(ARTICLES, max_size=12, unique=True), st.integers(1, 12), st.randoms(use_true_random=False))
def test_the_order_of_the_candidates_makes_no_difference(
    candidates: list[Article], most: int, dice: random.Random
) -> None:
    rules = {"a": SourceRule(weight=2.0, max_items=3), "b": SourceRule(max_items=1)}
    chosen = select_articles(candidates, rules, most)
    dice.shuffle(candidates)
    assert select_articles(candidates, rules, most) == chosen
    assert len(chosen) <= most
    assert sum(each.source == "a" for each in chosen) <= 3
    assert sum(each.source == "b" for each in chosen) <= 1


@pytest.mark.parametrize(
    ("lead", "body", "limit", "expected"),
    [
        ("Kurz.", (), 400, "Kurz."),
        ("", ("Erster Absatz.", "Zweiter."), 400, "Erster Absatz."),
        ("", (), 400, ""),
        ("Ein Anruf überrascht, Kyjiw schweigt.", (), 24, "Ein Anruf überrascht …"),
        ("Donaudampfschifffahrtsgesellschaft", (), 10, ""),
        ("Genau zehn", (), 10, "Genau zehn"),
        ("Etwas", (), 0, ""),
    ],
)
def test_excerpts(lead: str, body: tuple[str, ...], limit: int, expected: str) -> None:
    assert excerpt(article("T", lead=lead, body=body), limit) == expected


@given(st.text(max_size=200), st.integers(0, 120))
def test_an_excerpt_never_exceeds_its_bound(lead: str, limit: int) -> None:
    shown = excerpt(article("T", lead=lead), limit)
    assert len(shown) <= limit
    assert shown == lead or shown == "" or lead.startswith(shown.removesuffix(" …"))
