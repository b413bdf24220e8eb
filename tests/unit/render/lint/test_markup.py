from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.render.lint.markup import Tag, tokens
from digest.render.lint.tree import Fence, Tree

FENCE = re.compile(r"<!--m([oc])(\d+)e-->")
SIGNS = st.text(st.sampled_from(list("<>/=\"'! \nabmj-&;")), max_size=80)


@given(SIGNS)
def test_the_tokens_are_the_whole_text_in_order(text: str) -> None:
    end = 0
    for token in tokens(text):
        if getattr(token, "kind", "") == "problem":
            assert token.start >= end
            # What is said of a broken tag stands before the tag itself.
            end = token.start if text[token.start : token.end] != "<" else token.end
            continue
        assert token.start == end
        end = token.end
    assert end == len(text)


@given(SIGNS)
def test_attributes_stand_where_they_say(text: str) -> None:
    for token in tokens(text):
        for attribute in token.attributes if isinstance(token, Tag) else ():
            assert text.startswith(attribute.name, attribute.start)
            assert text.startswith(attribute.value, attribute.at)


@given(
    st.recursive(
        st.just(""),
        lambda inner: st.tuples(st.sampled_from("abip"), inner, inner).map(
            lambda t: f"<{t[0]} x='1'>{t[1]}</{t[0]}>{t[2]}"
        ),
    )
)
def test_well_formed_markup_has_no_mistakes(text: str) -> None:
    tree = Tree(text, FENCE)
    assert tree.mistakes == []
    assert sum(1 for _ in tree) == text.count("x=")


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("<a><b></a>", [3]),
        ("<a></b></a>", [3]),
        ("<a>", [0]),
        ("<a x=1></a>", [0]),
        ("<a x></a>", [0]),
        ('<a x="1" x="2"></a>', [0]),
        ("<a", [0, 0]),
        ("1 < 2", [2]),
        ("<!-- x", [0]),
        ("<br><img src='x'><hr/></br>", []),
        ("<mj-style>a > b { } <i></mj-style>", []),
    ],
)
def test_mistakes_have_places(text: str, places: list[int]) -> None:
    assert [mistake.start for mistake in Tree(text, FENCE).mistakes] == places


def test_what_is_nested_very_deep_is_read() -> None:
    tree = Tree("<b>" * 5_000 + "</b>" * 5_000, FENCE)
    assert sum(1 for _ in tree) == 5_000


def test_fences_are_known_raw_and_bare() -> None:
    tree = Tree("<mj-body><mj-raw><!--mo3e--></mj-raw><p></p><!--mc3e--></mj-body>", FENCE)
    body = tree.root.children[0]
    assert [(item.opens, item.form) for item in body.items if isinstance(item, Fence)] == [
        (True, "raw"),
        (False, "comment"),
    ]
    assert [child.name for child in body.children] == ["p"]
