from __future__ import annotations

import pytest

from digest.render.lint.spec import fits, in_words, mjml_spec


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (
            "unit(px,%){1,4}",
            ["0", "1px", "5% 0", "1px 2px 3px 4.5px", "0 24px"],
            ["", "1", "1em", "1px 2px 3px 4px 5px", "-1px", "1px,2px"],
        ),
        ("unit(px,auto)", ["auto", "3px"], ["3%", "autopx"]),
        ("unit(px,%,)", ["1.4", "120%", "24px"], ["normal", "1.4em"]),
        ("unitWithNegative(px,em)", ["-0.4px", "1em", "0"], ["1%", "--1px"]),
        ("color", ["#fff", "#0b5c8a", "Tomato", "rgba(0, 0, 0, .5)", "transparent"], ["#ffff", "0b5c8a", "grue"]),
        ("enum(left,center,right)", ["left"], ["Left", "centre", ""]),
        ("boolean", ["true"], ["yes", ""]),
        ("integer", ["12"], ["1.5", "-1"]),
        ("string", ["", "anything"], []),
    ],
)
def test_values_and_kinds(kind: str, good: list[str], bad: list[str]) -> None:
    assert [value for value in good if not fits(value, kind)] == []
    assert [value for value in bad if fits(value, kind)] == []
    assert in_words(kind)


def test_the_table_has_what_templates_are_made_of() -> None:
    spec = mjml_spec()
    assert spec.parents("mj-column") == ["mj-group", "mj-section"]
    assert spec.kind("mj-text", "padding") == "unit(px,%){1,4}"
    assert spec.kind("mj-text", "css-class") == "string"
    assert spec.kind("mj-all", "background-color") == "color"
    assert spec.kind("mj-text", "src") is None
