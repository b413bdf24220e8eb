from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from digest.render.lint.editorial import check_credits, check_edition, check_prices
from digest.render.lint.look import check_look
from tests.unit.render.made_up import NOW, article, content, newsletter, snapshot


def rules(*articles: Any, **changes: Any) -> list[tuple[str, str, str]]:
    return [
        (finding.rule, finding.level, finding.file)
        for finding in check_edition(content(articles, **changes), "edition 7")
    ]


def test_a_good_edition_has_no_findings() -> None:
    assert rules(article(0), article(1)) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"title": " "}, ("empty-title", "error")),
        ({"title": "Wort " * 25}, ("long-title", "warning")),
        ({"title": "Überschrift Nummer 0 über die STRASSE!"}, ("duplicate-headline", "warning")),
        ({"lead": "Lorem ipsum dolor sit amet"}, ("placeholder", "error")),
        ({"kicker": "{{ kicker }}"}, ("placeholder", "error")),
        ({"lead": "TODO: noch schreiben"}, ("placeholder", "warning")),
        ({"image_credit": "XXX"}, ("placeholder", "warning")),
    ],
)
def test_what_an_editor_overlooked(changes: dict[str, str], expected: tuple[str, str]) -> None:
    assert rules(article(0), article(1, **changes)) == [(*expected, "edition 7, article 2")]


def test_words_that_only_look_alike_are_left_alone() -> None:
    assert rules(article(0, title="XXXLutz und Tödoktor", lead="Der Todo-Plan, die Methode {a}")) == []


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("x" * 60, []),
        ("x" * 61, [("subject", "warning")]),
        ("x" * 78, [("subject", "warning")]),
        ("x" * 79, [("subject", "error")]),
        (" ", [("empty-subject", "error")]),
        ("TODO", [("placeholder", "warning")]),
    ],
)
def test_the_subject(subject: str, expected: list[tuple[str, str]]) -> None:
    assert [found[:2] for found in rules(article(), subject=subject)] == expected


def test_an_edition_without_articles_is_as_the_newsletter_says() -> None:
    assert [found[:2] for found in rules()] == [("no-articles", "error")]
    assert [found[:2] for found in rules(newsletter=newsletter(empty="send"))] == [("no-articles", "warning")]


def test_prices_that_are_missing_or_old() -> None:
    hour = timedelta(hours=1)
    full = snapshot()
    edition = content(1)
    some = replace(full, quotes=full.quotes[:1])
    for prices, now, texts in (
        (full, NOW + hour, []),
        (full, NOW + hour * 2, ["2025-10-17 06:10"]),
        (some, NOW, ["ETH, LTC"]),
        (None, NOW, ["BTC, ETH, LTC"]),
    ):
        assert [finding.text for finding in check_prices(edition, prices, hour, now, "e")] == texts
    assert list(check_prices(replace(edition, coins=()), None, hour, NOW, "e")) == []


def test_a_picture_needs_a_credit_only_where_it_is_shown() -> None:
    bare = article(0, image_url="https://kurier.example/a.jpg?b=1&c=2", image_credit=" ")
    shown = '<img src="https://kurier.example/a.jpg?b=1&c=2">'
    (finding,) = check_credits([bare], shown, "edition 7")
    assert (finding.rule, finding.file) == ("missing-credit", "edition 7, article 1")
    assert list(check_credits([bare], "", "e")) == []
    assert list(check_credits([replace(bare, image_credit="dpa")], shown, "e")) == []


def test_pictures_of_other_hosts_in_articles_are_a_warning() -> None:
    image = '{% if article.image_url %}<mj-image src="{{ article.image_url }}" alt="" />{% endif %}'
    templates = dict(content(1).templates)
    name = "parts/article.mjml.j2"
    templates[name] = image + "\n" + templates[name]
    remote = article(0, image_url="https://bilder.example/a.jpg", image_credit="")
    found = check_look([content((remote,), templates=templates)], "edition 7")
    assert {(finding.rule, finding.level) for finding in found} >= {
        ("third-party", "warning"),
        ("missing-credit", "error"),
    }
    assert ("third-party", "error") not in {(finding.rule, finding.level) for finding in found}
