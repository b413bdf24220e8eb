from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.render.lint.css import addresses, parse_declarations, parse_sheet


def test_rules_with_their_places() -> None:
    text = (
        "/* } */ a, b { color: red; x: url(data:a;b) }\n"
        "@media screen { @supports (x) { c { y: 'q;}' ! important } } }\n"
        "@import 'z';"
    )
    sheet = parse_sheet(text, 100)
    assert [(rule.selector, rule.around, rule.in_media) for rule in sheet.rules] == [
        ("a, b", (), False),
        ("c", ("@media screen", "@supports (x)"), True),
    ]
    assert [rule.selector for rule in sheet.at_rules] == ["@media screen", "@supports (x)", "@import 'z'"]
    assert sheet.broken == ()
    for rule in sheet.rules:
        assert text.startswith(rule.selector, rule.start - 100)
        for declaration in rule.declarations:
            assert text.startswith(declaration.name, declaration.start - 100)
    (important,) = sheet.rules[1].declarations
    assert (important.value, important.important) == ("'q;}'", True)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a { color }", "no declaration"),
        ("a { x: y", "no }"),
        ("a", "no {"),
        ("{ x: y }", "no selector"),
        ("a { x: y } }", "too many"),
        ("a { } } b { }", "too many"),
        ("@({", "no }"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, problem: str) -> None:
    assert any(problem in broken.problem for broken in parse_sheet(text).broken)


@given(st.text(st.sampled_from(list("a:;{}()'\"@/*! \n&#\\")), max_size=60))
def test_any_text_is_read(text: str) -> None:
    for rule in parse_sheet(text).rules:
        for declaration in rule.declarations:
            assert text.lower().startswith(declaration.name, declaration.start)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["color", "-x-y", "margin-top"]), st.sampled_from(["1px", "'a;b'", "f(;)", "&quot;a&quot;"])
        )
    )
)
def test_declarations_come_back(pairs: list[tuple[str, str]]) -> None:
    text = ";".join(f" {name} : {value} " for name, value in pairs)
    assert [(each.name, each.value) for each in parse_declarations(text)] == pairs


def test_addresses() -> None:
    value = "url(a.png) URL( 'b.png' ) url(&quot;c.png&quot;) none"
    assert list(addresses(value)) == ["a.png", "b.png", "c.png"]
